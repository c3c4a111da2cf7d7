import AssayCore
import Foundation
import Testing

@testable import AssayEndpoints

/// Replies are read strictly: whatever a server sends, an error says what is wrong with it.
@Suite struct ReplyTests {
    private func reply(_ text: String, _ dialect: EndpointSettings.Dialect = .completions) throws -> CompletionReply {
        try CompletionReply(Data(text.utf8), dialect: dialect)
    }

    @Test(
        "a malformed reply is an error that names what is wrong",
        arguments: [
            ("", "not JSON"), ("{", "not JSON"), ("[]", "must be an object"), ("{}", "choices is missing"),
            ("{\"choices\": {}}", "must be a list"), ("{\"choices\": []}", "0 choices"),
            ("{\"choices\": [1]}", "choices[0] must be an object"),
            ("{\"choices\": [{}]}", "choices[0].text is missing"),
            ("{\"choices\": [{\"text\": 5}]}", "must be a text"),
            ("{\"choices\": [{\"text\": \"a\"}, {\"text\": \"b\"}]}", "2 choices"),
            ("{\"choices\": [{\"text\": \"a\", \"index\": 1}]}", "choices[0].index"),
            ("{\"choices\": [{\"text\": \"a\", \"text\": \"b\"}]}", "given twice"),
            ("{\"choices\": [{\"text\": \"a\"}], \"usage\": {\"total_tokens\": -1}}", "total_tokens"),
            ("{\"choices\": [{\"text\": \"a\"}], \"usage\": {\"total_tokens\": 1e300}}", "total_tokens"),
            ("{\"error\": {\"message\": \"no\\u0000pe\"}}", "success"),
            ("{\"choices\": [{\"text\": \"a\", \"logprobs\": []}]}", "must be an object"),
            (
                "{\"choices\": [{\"text\": \"a\", \"logprobs\": {\"tokens\": [\"a\"], \"token_logprobs\": []}}]}",
                "lists of 1 tokens and 0"
            ),
            (
                "{\"choices\": [{\"text\": \"a\", \"logprobs\": {\"tokens\": [\"a\"], \"token_logprobs\": [\"x\"]}}]}",
                "is not a number"
            ),
            (
                "{\"choices\": [{\"text\": \"a\", \"logprobs\": {\"tokens\": [7], \"token_logprobs\": [0]}}]}",
                "is not a text"
            ),
            (
                "{\"choices\": [{\"text\": \"a\", \"logprobs\": {\"tokens\": [\"a\"], \"token_logprobs\": [3]}}]}",
                "no logarithm of a probability"
            ),
            (String(repeating: "[", count: 100_000), "nested too deeply"),
        ])
    func malformed(_ text: String, _ words: String) throws {
        let error = try #require(throws: EndpointError.self) { try reply(text) }
        guard case .malformed(let problem) = error else {
            Issue.record("\(error)")
            return
        }
        #expect(problem.contains(words), "\(problem)")
    }

    @Test(arguments: [
        ("{\"choices\": [{\"message\": {\"content\": null}}]}", "content is missing"),
        ("{\"choices\": [{\"message\": \"a\"}]}", "must be an object"), ("{\"choices\": [{}]}", "message is missing"),
        (
            "{\"choices\": [{\"message\": {\"content\": \"a\"}, \"logprobs\": {\"content\": [{\"token\": \"a\"}]}}]}",
            "logprob is missing"
        ),
    ])
    func malformedChats(_ text: String, _ words: String) throws {
        let error = try #require(throws: EndpointError.self) { try reply(text, .chat) }
        #expect("\(error)".contains(words), "\(error)")
    }

    @Test func `what is not needed may be absent or more`() throws {
        let plain = try reply("{\"choices\": [{\"text\": \"a\"}], \"x\": [1, {}]}")
        #expect(plain.text == "a" && !plain.isCut && plain.tokens == nil && plain.usage == nil)
        let cut = try reply("{\"choices\": [{\"text\": \"\", \"finish_reason\": \"length\", \"logprobs\": null}]}")
        #expect(cut.isCut)
        let chat = try reply(
            "{\"choices\": [{\"message\": {\"content\": \"b\"}, \"logprobs\": {\"content\": [{\"token\": \"b\", "
                + "\"logprob\": -1, \"bytes\": [98]}]}}]}", .chat)
        #expect(chat.tokens == [.init(text: "b", logProbability: -1, offset: nil)])
    }

    private func echoed(_ tokens: [(String, Double?, Int)], text: String) throws -> CompletionReply {
        let values = tokens.map { $0.1.map { "\($0)" } ?? "null" }.joined(separator: ",")
        let texts = BackwardsModel.json(tokens.map { $0.0 })
        return try reply(
            "{\"choices\": [{\"text\": \(BackwardsModel.json([text]).dropFirst().dropLast()), \"logprobs\": "
                + "{\"tokens\": \(texts), \"token_logprobs\": [\(values)], \"text_offset\": \(tokens.map { $0.2 })}}]}")
    }

    @Test func `the likelihood of an answer is over the tokens that reach into it`() throws {
        let sound = try echoed(
            [("Q", nil, 0), (": a", -1, 1), ("b", -2, 4), ("c\n", -4, 5), ("more", -8, 7)], text: "Q: abc\nmore")
        #expect(try sound.likelihood(of: "abc\n", after: "Q: ") == .init(total: 7, tokens: 3))
        #expect(try sound.likelihood(of: "bc\n", after: "Q: a") == .init(total: 6, tokens: 2))
        // Tokens with half a character do not spell the text: then the server's offsets count.
        let bytes = try echoed(
            [("Q", nil, 0), ("\u{fffd}", -1, 1), ("\u{fffd}", -2, 1), ("x", -4, 2)], text: "Qéx")
        #expect(try bytes.likelihood(of: "éx", after: "Q") == .init(total: 7, tokens: 3))
        #expect(throws: EndpointError.self) { try sound.likelihood(of: "xyz", after: "Q: ") }
        #expect(throws: EndpointError.self) { try sound.likelihood(of: "Q: abc", after: "") }
        #expect(try reply("{\"choices\": [{\"text\": \"a\"}]}").likelihood(of: "a", after: "") == nil)
    }

    @Test func `waits are those of the header, of the clock, or our own`() throws {
        let now = Date(timeIntervalSince1970: 1_445_412_480)
        #expect(RetryPolicy.seconds("120", now: now) == 120)
        #expect(RetryPolicy.seconds(" 1.5 ", now: now) == 1.5)
        #expect(RetryPolicy.seconds("-3", now: now) == 0)
        #expect(RetryPolicy.seconds("Wed, 21 Oct 2015 07:29:00 GMT", now: now) == 60)
        #expect(RetryPolicy.seconds("soon", now: now) == nil)
        #expect(RetryPolicy.seconds("inf", now: now) == nil)
        let policy = RetryPolicy()
        #expect(policy.delay(after: 0, asked: nil, draw: 0) == 0.25)
        #expect(policy.delay(after: 3, asked: nil, draw: 0.5) == 3)
        #expect(policy.delay(after: 40, asked: nil, draw: 0) == 15)
        #expect(policy.delay(after: 0, asked: 60, draw: 0) == 60)
        #expect(policy.delay(after: 0, asked: 301, draw: 0) == nil)
    }

    @Test(arguments: [
        "", "localhost:8000", "ftp://host/v1", "http://", "http://me:secret@host/v1", "http://host/v1?key=secret",
        "http://host/v1#secret",
    ])
    func addressesThatAreNone(_ text: String) throws {
        let error = try #require(throws: AssayError.self) { try EndpointSettings(base: text, model: "m") }
        #expect(error.kind == .badInput && !"\(error)".contains("secret"))
    }

    @Test func `addresses end where the protocol begins`() throws {
        for text in ["http://127.0.0.1:8000/v1", "http://127.0.0.1:8000/v1//"] {
            var settings = try EndpointSettings(base: text, model: "m")
            #expect(settings.address.absoluteString == "http://127.0.0.1:8000/v1/completions")
            settings.dialect = .chat
            #expect(settings.address.absoluteString == "http://127.0.0.1:8000/v1/chat/completions")
        }
    }
}
