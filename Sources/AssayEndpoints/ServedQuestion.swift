import AssayCore
import Foundation

/// What a served model is asked: to go on with a text.
public struct ServedQuestion: Sendable, Hashable {
    /// The text before the answer.
    public var prompt: String
    /// The right answer, as it follows the prompt, of which the likelihood is asked; nil for none.
    public var gold: String?
    /// Tokens that may be said.
    public var tokenLimit: Int
    /// Texts at which it stops; they do not belong to the answer.
    public var stops: [String]

    /// A question.
    public init(prompt: String, gold: String?, tokenLimit: Int, stops: [String] = []) {
        self.prompt = prompt
        self.gold = gold
        self.tokenLimit = tokenLimit
        self.stops = stops
    }
}

/// What a served model said.
public struct ServedAnswer: Sendable, Hashable, Codable {
    /// The text after the prompt, up to the first of the stops.
    public var text: String
    /// Whether it was cut off at the limit of tokens.
    public var isCut: Bool
    /// Minus the logarithm of the likelihood of the right answer, in nats; nil where it was not asked or is not offered.
    public var goldNLL: Double?
    /// Tokens of the right answer; nil likewise.
    public var goldTokens: Int?

    /// An answer.
    public init(text: String, isCut: Bool, goldNLL: Double? = nil, goldTokens: Int? = nil) {
        self.text = text
        self.isCut = isCut
        self.goldNLL = goldNLL
        self.goldTokens = goldTokens
    }
}

extension EndpointSettings {
    private struct Completion: Encodable {
        var model: String
        var prompt: String
        var max_tokens: Int
        var temperature = 0.0
        var stop: [String]?
        var logprobs: Int?
        var echo: Bool?
    }

    private struct Chat: Encodable {
        struct Message: Encodable {
            var role = "user"
            var content: String
        }
        var model: String
        var messages: [Message]
        var max_tokens: Int
        var temperature = 0.0
        var stop: [String]?
    }

    /// The body that asks for an answer.
    func generation(_ question: ServedQuestion) throws -> Data {
        let stops = question.stops.isEmpty ? nil : question.stops
        return switch dialect {
        case .completions:
            try encoded(
                Completion(model: model, prompt: question.prompt, max_tokens: question.tokenLimit, stop: stops))
        case .chat:
            try encoded(
                Chat(
                    model: model, messages: [.init(content: question.prompt)], max_tokens: question.tokenLimit,
                    stop: stops))
        }
    }

    /// The body that asks for the likelihood of the right answer: an echo of it. Servers want to say one token at least.
    func likelihood(_ question: ServedQuestion, gold: String) throws -> Data {
        try encoded(
            Completion(model: model, prompt: question.prompt + gold, max_tokens: 1, logprobs: 1, echo: true))
    }

    private func encoded(_ value: some Encodable) throws -> Data { Data(try CanonicalJSON.text(value).utf8) }
}
