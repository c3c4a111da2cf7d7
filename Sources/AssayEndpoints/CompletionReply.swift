import AssayCore
import Foundation

/// A reply of `/completions` or `/chat/completions`, read strictly: a member of another type, a missing one or a list of
/// another length is an error that names it.
struct CompletionReply: Sendable, Hashable {
    /// A token of the text with its likelihood.
    struct Token: Sendable, Hashable {
        let text: String
        /// Nil for a first token, which nothing foretells.
        let logProbability: Double?
        /// Where it begins in the text, in Unicode scalars, as the server says.
        let offset: Int?
    }

    /// What the model said, after the prompt or with it where an echo was asked for.
    let text: String
    /// Whether it was cut off at the limit of tokens.
    let isCut: Bool
    /// The tokens with their likelihoods; nil where the server does not tell.
    let tokens: [Token]?
    /// Tokens read and written, as the server counts them; nil where it does not.
    let usage: Int?

    /// Reads a reply.
    /// - Throws: ``EndpointError/malformed(_:)``.
    init(_ body: Data, dialect: EndpointSettings.Dialect) throws {
        do {
            let fields = try JSONFields(try JSONParser.value(body, location: "reply"), location: "reply")
            if let error = try? fields.optionalObject("error") {
                throw EndpointError.malformed("an error with the status of success: \(Self.message(of: error))")
            }
            let choices = try fields.objects("choices")
            guard choices.count == 1 else {
                throw EndpointError.malformed("\(choices.count) choices, where one was asked for")
            }
            let choice = choices[0]
            _ = try choice.optionalInteger("index", in: 0...0)
            isCut = try choice.optionalText("finish_reason") == "length"
            switch dialect {
            case .completions:
                text = try choice.text("text")
                tokens = try choice.optionalObject("logprobs").flatMap(Self.completionTokens)
            case .chat:
                text = try choice.object("message").text("content")
                tokens = try choice.optionalObject("logprobs").flatMap(Self.chatTokens)
            }
            usage = try fields.optionalObject("usage")?.optionalInteger("total_tokens", in: 0...Int(Int32.max))
        } catch let error as AssayError {
            throw EndpointError.malformed(error.location.map { "\($0): \(error.problem)" } ?? error.problem)
        }
    }

    private static func completionTokens(_ fields: JSONFields) throws -> [Token]? {
        guard let texts = try fields.optionalList("tokens"), let numbers = try fields.optionalList("token_logprobs")
        else { return nil }
        let offsets = try fields.optionalList("text_offset")
        guard texts.count == numbers.count, offsets.map({ $0.count == texts.count }) ?? true else {
            throw EndpointError.malformed("logprobs: lists of \(texts.count) tokens and \(numbers.count) likelihoods")
        }
        return try texts.indices.map { i in
            guard case .text(let text) = texts[i] else {
                throw EndpointError.malformed("logprobs.tokens[\(i)] is not a text")
            }
            var offset: Int?
            if let offsets {
                guard case .integer(let place) = offsets[i], place >= 0 else {
                    throw EndpointError.malformed("logprobs.text_offset[\(i)] is not a place in a text")
                }
                offset = place
            }
            return Token(
                text: text, logProbability: try logProbability(numbers[i], "logprobs.token_logprobs[\(i)]"),
                offset: offset)
        }
    }

    private static func chatTokens(_ fields: JSONFields) throws -> [Token]? {
        guard try fields.optionalList("content") != nil else { return nil }
        return try fields.objects("content").enumerated().map { i, token in
            guard let number = try token.value("logprob") else {
                throw EndpointError.malformed("logprobs.content[\(i)].logprob is missing")
            }
            return Token(
                text: try token.text("token"),
                logProbability: try logProbability(number, "logprobs.content[\(i)].logprob"), offset: nil)
        }
    }

    private static func logProbability(_ value: JSONValue, _ name: String) throws -> Double? {
        let number: Double
        switch value {
        case .null: return nil
        case .integer(let whole): number = Double(whole)
        case .number(let double): number = double
        default: throw EndpointError.malformed("\(name) is not a number")
        }
        // Rounding may leave a certain token a little above zero.
        guard number.isFinite, number <= 1e-3 else {
            throw EndpointError.malformed("\(name) is \(number), which is no logarithm of a probability")
        }
        return min(number, 0)
    }

    // MARK: Likelihood

    /// The likelihood of the end of an echoed text.
    struct Likelihood: Sendable, Hashable {
        /// Minus the sum of the logarithms, in nats.
        let total: Double
        /// Tokens that it is over.
        let tokens: Int
    }

    /// The likelihood of `answer` after `prompt`, where the reply echoes both. A token that begins in the prompt and ends in
    /// the answer counts.
    /// - Returns: nil where the server does not tell.
    /// - Throws: ``EndpointError/malformed(_:)`` when the tokens are not those of the text.
    func likelihood(of answer: String, after prompt: String) throws -> Likelihood? {
        guard let tokens else { return nil }
        let first = prompt.unicodeScalars.count
        let last = first + answer.unicodeScalars.count
        var total = 0.0
        var count = 0
        for (token, range) in zip(tokens, try ranges(of: tokens, in: prompt + answer))
        where range.upperBound > first && range.lowerBound < last {
            guard let logProbability = token.logProbability else {
                throw EndpointError.malformed("a token of the answer has no likelihood")
            }
            total -= logProbability
            count += 1
        }
        guard count > 0 else { throw EndpointError.malformed("no token of the answer is echoed") }
        return Likelihood(total: total, tokens: count)
    }

    /// Where the tokens stand in a text that they begin with: by their own texts where those spell it, else by the offsets.
    private func ranges(of tokens: [Token], in text: String) throws -> [Range<Int>] {
        var start = 0
        let own = tokens.map { token -> Range<Int> in
            let range = start..<(start + token.text.unicodeScalars.count)
            start = range.upperBound
            return range
        }
        let spelt = tokens.map(\.text).joined().unicodeScalars
        if spelt.starts(with: text.unicodeScalars) { return own }
        let offsets = tokens.compactMap(\.offset)
        guard offsets.count == tokens.count, zip(offsets, offsets.dropFirst()).allSatisfy({ $0 <= $1 }),
            self.text.unicodeScalars.starts(with: text.unicodeScalars)
        else { throw EndpointError.malformed("the tokens are not those of the text that was sent") }
        let ends = offsets.dropFirst() + [max(self.text.unicodeScalars.count, offsets.last ?? 0)]
        // Tokens that share a character have one offset: each has all of it.
        return zip(offsets, ends).map { $0..<max($1, $0 + 1) }
    }

    // MARK: Errors

    /// What the body of an error says, in one short line.
    static func message(_ body: Data) -> String {
        guard let value = try? JSONParser.value(body.prefix(1 << 16), location: "reply"),
            let fields = try? JSONFields(value, location: "reply")
        else { return line(String(decoding: body.prefix(400), as: UTF8.self)) }
        if let error = try? fields.optionalObject("error") { return message(of: error) }
        for name in ["error", "message", "detail"] {
            if let text = try? fields.optionalText(name) { return line(text) }
        }
        return "no message"
    }

    private static func message(of error: JSONFields) -> String {
        guard let text = try? error.optionalText("message") else { return "no message" }
        return line(text)
    }

    private static func line(_ text: String) -> String {
        let words = text.split { $0.isWhitespace || $0.isNewline || $0.unicodeScalars.contains { $0.value < 0x20 } }
        let line = words.joined(separator: " ")
        return line.isEmpty ? "no message" : line.count > 200 ? line.prefix(200) + "..." : line
    }
}
