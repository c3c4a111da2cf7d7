import AssayCore
import Foundation
import Testing

@testable import AssayEndpoints

/// Damaged replies of servers: each is read, or refused by a typed error. `ASSAY_MUTATIONS` sets the number of cases.
@Suite struct ReplyMutationTests {
    private static let cases = ProcessInfo.processInfo.environment["ASSAY_MUTATIONS"].flatMap(UInt64.init) ?? 1_000

    /// What servers send: a text with likelihoods, a chat, an error.
    private static let sound: [(dialect: EndpointSettings.Dialect, body: String)] = [
        (
            .completions,
            """
            {"id": "cmpl-1", "choices": [{"index": 0, "text": "Q: é\\n", "finish_reason": "length", "logprobs": {"tokens":
            ["Q", ":", " é", "\\n"], "token_logprobs": [null, -0.5, -1.25e0, -3], "text_offset": [0, 1, 2, 4],
            "top_logprobs": [null, {"a": -1}]}}], "usage": {"prompt_tokens": 4, "total_tokens": 5}}
            """
        ),
        (
            .chat,
            """
            {"choices": [{"index": 0, "message": {"role": "assistant", "content": "yes \\ud83d\\ude00"}, "logprobs":
            {"content": [{"token": "yes", "logprob": -0.25, "bytes": [121]}]}, "finish_reason": "stop"}], "usage":
            {"total_tokens": 12}}
            """
        ),
        (.completions, "{\"error\": {\"message\": \"no such model\", \"code\": 404}}"),
    ]

    private static let pieces = [
        "", "{", "}", "[", "]", "\"", ",", ":", "null", "true", "-1", "1e999", "9223372036854775808", "\\u", "\\ud800",
        "\u{0}",
        "\"choices\"", "\"text\"", "\"tokens\"", "[[[[[[[[", "0", "-0.0", "NaN",
    ]

    private static func damaged(_ text: String, _ random: inout CounterRandom) -> Data {
        var bytes = Array(text.utf8)
        for _ in 0...random.below(3) where !bytes.isEmpty {
            let place = random.below(bytes.count)
            switch random.below(5) {
            case 0: bytes[place] = UInt8(truncatingIfNeeded: random.below(256))
            case 1: bytes.removeSubrange(place...)
            case 2: bytes.removeSubrange(place..<min(bytes.count, place + 1 + random.below(24)))
            case 3:
                bytes.replaceSubrange(
                    place..<min(bytes.count, place + random.below(6)), with: pieces[random.below(pieces.count)].utf8)
            default: bytes.insert(contentsOf: bytes[random.below(bytes.count)...].prefix(40), at: place)
            }
        }
        return Data(bytes)
    }

    @Test("a damaged reply is read or refused, and so is what it says of an error")
    func replies() throws {
        for (dialect, body) in Self.sound.prefix(2) { _ = try CompletionReply(Data(body.utf8), dialect: dialect) }
        var refused: UInt64 = 0
        for seed in 0..<Self.cases {
            var random = CounterRandom(domain: "replies", index: seed)
            let (dialect, body) = Self.sound[random.below(Self.sound.count)]
            let data = Self.damaged(body, &random)
            let message = CompletionReply.message(data)
            #expect(!message.isEmpty && message.count <= 203 && !message.contains("\n"), "case \(seed)")
            do {
                let reply = try CompletionReply(data, dialect: dialect)
                _ = try reply.likelihood(of: " é\n", after: "Q:")
            } catch let error as EndpointError {
                refused += 1
                guard case .malformed(let problem) = error else {
                    Issue.record("case \(seed): \(error)")
                    continue
                }
                #expect(!problem.isEmpty)
            } catch {
                Issue.record("case \(seed): an error without a type: \(error)")
            }
        }
        #expect(refused > Self.cases / 2 && refused < Self.cases)
    }
}
