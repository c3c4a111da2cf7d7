import AssayCore
import Foundation

@testable import AssayEndpoints

/// A model that is served: it says the last word of a prompt backwards. A token is a character, and each is as likely as its
/// place in the alphabet says.
enum BackwardsModel {
    static func answer(_ prompt: String) -> String {
        String((prompt.split(separator: " ").last ?? "").reversed())
    }

    static func logProbability(_ character: Character) -> Double {
        -Double(character.unicodeScalars.first?.value ?? 0).truncatingRemainder(dividingBy: 32) / 16
    }

    /// The body of a sound reply to a request.
    static func reply(_ request: LoopbackServer.Request) -> String {
        guard let body = try? JSONSerialization.jsonObject(with: request.body) as? [String: Any] else { return "{}" }
        if let messages = body["messages"] as? [[String: Any]] {
            let text = answer(messages.last?["content"] as? String ?? "")
            return json([
                "choices": [["index": 0, "message": ["role": "assistant", "content": text], "finish_reason": "stop"]],
                "usage": ["total_tokens": 7],
            ])
        }
        let prompt = body["prompt"] as? String ?? ""
        guard body["echo"] as? Bool == true else {
            return json([
                "choices": [["index": 0, "text": answer(prompt), "finish_reason": "stop", "logprobs": NSNull()]],
                "usage": ["prompt_tokens": 5, "completion_tokens": 2, "total_tokens": 7],
            ])
        }
        let text = prompt + "!"
        return json([
            "choices": [
                [
                    "index": 0, "text": text, "finish_reason": "length",
                    "logprobs": [
                        "tokens": text.map { String($0) },
                        "token_logprobs": text.enumerated().map {
                            $0 == 0 ? NSNull() as Any : logProbability($1) as Any
                        },
                        "text_offset": Array(0..<text.count),
                    ] as [String: Any],
                ] as [String: Any]
            ],
            "usage": ["total_tokens": 9],
        ])
    }

    static func json(_ value: Any) -> String {
        guard let data = try? JSONSerialization.data(withJSONObject: value) else { return "" }
        return String(decoding: data, as: UTF8.self)
    }
}

/// What a client waited, instead of waiting.
final class Pauses: @unchecked Sendable {
    private let lock = NSLock()
    private var waited: [Double] = []
    /// Done at every pause, with how many there were before.
    private let action: @Sendable (Int) -> Void

    init(_ action: @escaping @Sendable (Int) -> Void = { _ in }) { self.action = action }

    var seconds: [Double] { lock.withLock { waited } }

    var pause: @Sendable (Double, @Sendable () -> Bool) -> Void {
        { [self] seconds, _ in
            let before = lock.withLock { () -> Int in
                waited.append(seconds)
                return waited.count - 1
            }
            action(before)
        }
    }
}

extension LoopbackServer {
    /// A client of this server that does not wait between attempts.
    func client(
        key: (variable: String, value: String)? = nil, dialect: EndpointSettings.Dialect = .completions,
        pauses: Pauses = Pauses(), _ edit: (inout EndpointSettings) -> Void = { _ in }
    ) throws -> EndpointClient {
        var settings = try EndpointSettings(base: base, model: "backwards")
        settings.dialect = dialect
        settings.keyVariable = key?.variable
        settings.timeout = 20
        edit(&settings)
        let transport = URLSessionTransport(parallel: settings.parallel)
        return try EndpointClient(
            settings, environment: key.map { [$0.variable: $0.value] } ?? [:], transport: transport,
            retries: RetryPolicy(attempts: settings.attempts), finish: { transport.close() }, pause: pauses.pause)
    }
}

/// Questions whose answers are known.
func questions(_ count: Int) -> [ServedQuestion] {
    (0..<count).map { i in
        let word = "w\(i)é"
        return ServedQuestion(
            prompt: "Say backwards: \(word)", gold: " " + String(word.reversed()), tokenLimit: 8, stops: ["\n"])
    }
}

/// Asks, and gathers the outcomes by place.
func outcomes(_ client: EndpointClient, _ questions: [ServedQuestion]) throws -> (
    found: [Int: ServedOutcome], reason: EndpointError?
) {
    var found: [Int: ServedOutcome] = [:]
    let reason = try client.ask(questions) { found[$0] = $1 }
    return (found, reason)
}

extension ServedOutcome {
    var answer: ServedAnswer? { if case .answered(let answer) = self { answer } else { nil } }
}
