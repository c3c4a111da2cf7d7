import AssayCore
import Foundation
import Testing

@testable import AssayEndpoints

/// The client against a server on this machine that misbehaves on command: nothing is lost that the server can answer, and
/// nothing is asked more often than it may be.
@Suite(.serialized) struct ClientTests {
    /// What a sound server leads to.
    private func expectAnswered(_ found: [Int: ServedOutcome], _ questions: [ServedQuestion], likelihood: Bool = true) {
        #expect(found.count == questions.count)
        for (place, question) in questions.enumerated() {
            let answer = found[place]?.answer
            #expect(answer?.text == BackwardsModel.answer(question.prompt) && answer?.isCut == false)
            let nll = question.gold.map { -$0.map(BackwardsModel.logProbability).reduce(0, +) }
            #expect(!likelihood || abs((answer?.goldNLL ?? .nan) - (nll ?? 0)) < 1e-9)
            #expect(!likelihood || answer?.goldTokens == question.gold?.count)
        }
    }

    @Test func `answers and likelihoods are those of the server, whatever comes first`() throws {
        let server = try LoopbackServer { .status(200, BackwardsModel.reply($0)) }
        let asked = questions(40)
        let (found, reason) = try outcomes(try server.client { $0.parallel = 8 }, asked)
        #expect(reason == nil)
        expectAnswered(found, asked)
        #expect(server.requests == 80)
        let chat = try outcomes(try server.client(dialect: .chat), asked)
        expectAnswered(chat.found, asked, likelihood: false)
        #expect(server.requests == 120)
    }

    @Test func `requests are those of the protocol, with the key in a header`() throws {
        let seen = Seen()
        let server = try LoopbackServer {
            seen.add($0)
            return .status(200, BackwardsModel.reply($0))
        }
        let key = (variable: "TEST_KEY", value: "sk-1234567890")
        _ = try outcomes(try server.client(key: key), questions(1))
        _ = try outcomes(try server.client(dialect: .chat), questions(1))
        let requests = seen.all
        #expect(requests.map(\.path) == ["/v1/completions", "/v1/completions", "/v1/chat/completions"])
        #expect(requests.map { $0.headers["authorization"] } == ["Bearer sk-1234567890", "Bearer sk-1234567890", nil])
        let bodies = requests.map { String(decoding: $0.body, as: UTF8.self) }
        #expect(
            bodies[0] == """
                {"max_tokens":8,"model":"backwards","prompt":"Say backwards: w0é","stop":["\\n"],"temperature":0}
                """)
        #expect(bodies[1].contains("\"echo\":true") && bodies[1].contains("w0é é0w\""))
        #expect(bodies[2].contains("\"messages\":[{\"content\":\"Say backwards: w0é\",\"role\":\"user\"}]"))
    }

    @Test(
        "a fault that passes costs attempts and no answer",
        arguments: [
            .status(500, "{\"error\": {\"message\": \"out of memory\"}}"), .status(503, ""), .status(429, "slow down"),
            .status(200, "not JSON"), .status(200, "{\"choices\": 3}"), .status(200, "[]"), .closed,
            .cutOff(BackwardsModel.json(["choices": [["index": 0, "text": "half"]]]), after: 20),
            .raw(Array("HTTP/1.1 200 OK\r\nContent-Length: zebra\r\n\r\n".utf8)), .raw([0, 255, 1, 2]),
        ] as [LoopbackServer.Reply])
    func passingFaults(_ fault: LoopbackServer.Reply) throws {
        // Two of three requests fail.
        let server = try LoopbackServer { $0.number % 3 == 2 ? .status(200, BackwardsModel.reply($0)) : fault }
        let asked = questions(6)
        let (found, reason) = try outcomes(
            try server.client {
                $0.parallel = 2
                $0.attempts = 40
            }, asked)
        #expect(reason == nil)
        expectAnswered(found, asked)
    }

    @Test func `a question that is never answered is lost alone`() throws {
        let server = try LoopbackServer { request in
            let body = String(decoding: request.body, as: UTF8.self)
            if body.contains("w3é") { return .status(500, "{\"error\": {\"message\": \"no\\nmemory\"}}") }
            if body.contains("w5é") { return .status(400, "{\"message\": \"too long\"}") }
            if body.contains("w7é") { return .status(200, "{\"choices\": []}") }
            return .status(200, BackwardsModel.reply(request))
        }
        let asked = questions(10)
        let (found, reason) = try outcomes(try server.client { $0.attempts = 3 }, asked)
        #expect(reason == nil && found.count == 10)
        #expect(found[3] == .lost(.unavailable(status: 500, message: "no memory")))
        #expect(found[5] == .lost(.rejected(status: 400, message: "too long")))
        #expect(found[7] == .lost(.malformed("0 choices, where one was asked for")))
        for place in [0, 1, 2, 4, 6, 8, 9] { #expect(found[place]?.answer != nil) }
    }

    @Test func `a server that is silent is given up in time and asked again`() throws {
        let server = try LoopbackServer {
            $0.number == 0 ? .silence(seconds: 3) : .status(200, BackwardsModel.reply($0))
        }
        let asked = questions(1)
        let (found, reason) = try outcomes(try server.client { $0.timeout = 0.3 }, asked)
        #expect(reason == nil)
        expectAnswered(found, asked)
    }

    @Test func `waits double up to a limit, and are what the server asks for`() throws {
        let pauses = Pauses()
        let server = try LoopbackServer {
            switch $0.number {
            case 0..<4: .status(503, "")
            case 4: .status(429, "", ["Retry-After": "7"])
            default: .status(200, BackwardsModel.reply($0))
            }
        }
        _ = try outcomes(try server.client(pauses: pauses), questions(1))
        let waits = pauses.seconds
        #expect(waits.count == 5)
        for (i, wait) in waits.prefix(4).enumerated() {
            let longest = 0.5 * exp2(Double(i))
            #expect((longest / 2...longest).contains(wait))
        }
        #expect(waits.last.map { $0 >= 7 && $0 <= 8 } == true)
    }

    @Test func `a server that goes away ends the run with what was answered, and the next run asks only the rest`()
        throws
    {
        let server = try LoopbackServer(lastRequest: 20) { .status(200, BackwardsModel.reply($0)) }
        let asked = questions(30)
        var kept: [Int: ServedOutcome] = [:]
        let reason = try server.client { $0.attempts = 3 }.ask(asked) { kept[$0] = $1 }
        guard case .unreachable(_)? = reason else {
            Issue.record("\(String(describing: reason))")
            return
        }
        #expect((5..<30).contains(kept.count) && kept.values.allSatisfy { $0.answer != nil })
        try server.start()
        let rest = asked.indices.filter { kept[$0] == nil }
        let before = server.requests
        let second = try outcomes(try server.client(), rest.map { asked[$0] })
        #expect(second.reason == nil && server.requests == before + 2 * rest.count)
        for (i, place) in rest.enumerated() { kept[place] = second.found[i] }
        expectAnswered(kept, asked)
    }

    @Test func `a server that restarts in the middle loses nothing`() throws {
        let server = try LoopbackServer(lastRequest: 20) { .status(200, BackwardsModel.reply($0)) }
        let asked = questions(30)
        // It comes back at the third wait of all.
        let pauses = Pauses { if $0 == 2 { try? server.start() } }
        let (kept, reason) = try outcomes(try server.client(pauses: pauses) { $0.attempts = 50 }, asked)
        #expect(reason == nil && pauses.seconds.count >= 3)
        expectAnswered(kept, asked)
    }

    @Test func `limits of requests and tokens end a run before they are passed`() throws {
        let server = try LoopbackServer { .status(200, BackwardsModel.reply($0)) }
        let requests = try outcomes(try server.client { $0.requestLimit = 9 }, questions(30))
        // Requests that were counted may be given up before they are sent, when another one finds the limit.
        #expect((5...9).contains(server.requests) && requests.reason == .exhausted("the 9 requests of a run are"))
        #expect(requests.found.count <= 4 && requests.found.values.allSatisfy { $0.answer != nil })
        // 7 and 9 tokens a question, one question at a time.
        let client = try server.client {
            $0.tokenLimit = 33
            $0.parallel = 1
        }
        let tokens = try outcomes(client, questions(30))
        #expect(tokens.found.count == 2 && client.used.tokens == 39 && client.used.requests == 5)
        #expect(tokens.reason == .exhausted("the 33 tokens of a run are"))
    }

    @Test func `no likelihood is asked for again where there is none`() throws {
        for refusal: LoopbackServer.Reply in [
            .status(400, "{\"error\": {\"message\": \"echo is not known\"}}"),
            .status(200, BackwardsModel.json(["choices": [["text": "x"]]])),
        ] {
            let server = try LoopbackServer { request in
                let isEcho = String(decoding: request.body, as: UTF8.self).contains("echo")
                return isEcho ? refusal : .status(200, BackwardsModel.reply(request))
            }
            let (found, reason) = try outcomes(try server.client { $0.parallel = 1 }, questions(10))
            #expect(reason == nil && found.values.allSatisfy { $0.answer.map { $0.goldNLL == nil } == true })
            #expect(server.requests == 11)
        }
    }

    @Test func `a wrong key or model ends everything at once`() throws {
        for status in [401, 403, 404] {
            let server = try LoopbackServer { _ in .status(status, "{\"error\": {\"message\": \"no such model\"}}") }
            let (found, reason) = try outcomes(try server.client { $0.parallel = 1 }, questions(10))
            #expect(found.isEmpty && reason == .refused(status: status, message: "no such model"))
            #expect(server.requests == 1)
        }
    }

    @Test func `the key is told by no error, and follows no redirection`() throws {
        let secret = "sk-abcdef0123456789"
        let other = try LoopbackServer { .status(200, BackwardsModel.reply($0)) }
        for reply: LoopbackServer.Reply in [
            .status(401, "{\"error\": {\"message\": \"Incorrect API key provided: \(secret)\"}}"),
            .status(400, secret), .status(200, "{\"error\": {\"message\": \"\(secret)\"}}"),
            .status(200, "{\"choices\": [{\"text\": \"\(secret)"),
            .status(302, "", ["Location": other.base + "/completions"]),
            .status(500, "<html>\(secret)</html>"),
        ] {
            let server = try LoopbackServer { _ in reply }
            let client = try server.client(key: ("TEST_KEY", secret)) { $0.attempts = 2 }
            let (found, reason) = try outcomes(client, questions(1))
            #expect(reason != nil || !found.isEmpty)
            var told = "\(found) \(String(describing: reason)) \(client.settings) \(client)"
            dump(found, to: &told)
            #expect(!told.contains(secret))
        }
        #expect(other.requests == 0)
        let missing = try #require(throws: AssayError.self) { try other.client(key: ("TEST_KEY", "")) }
        #expect("\(missing)".contains("TEST_KEY") && missing.kind == .usage)
        let broken = try #require(throws: AssayError.self) { try other.client(key: ("TEST_KEY", secret + "\n")) }
        #expect(!"\(broken)".contains(secret))
    }

    @Test func `a reply without end is cut off`() throws {
        let server = try LoopbackServer { _ in
            .status(200, String(repeating: " ", count: URLSessionTransport.replyLimit + 1))
        }
        let (found, _) = try outcomes(try server.client { $0.attempts = 1 }, questions(1))
        #expect(found[0] == .lost(.malformed("longer than 16 MiB")))
    }

    @Test func `what a caller throws ends the asking`() throws {
        struct Full: Error {}
        let server = try LoopbackServer { .status(200, BackwardsModel.reply($0)) }
        #expect(throws: Full.self) { try server.client().ask(questions(200)) { _, _ in throw Full() } }
        #expect(server.requests < 400)
        let reason = try server.client().ask(questions(5), shouldStop: { true }) { _, _ in }
        #expect(reason == .stopped)
    }
}

/// Requests in the order in which they came.
private final class Seen: @unchecked Sendable {
    private let lock = NSLock()
    private var requests: [LoopbackServer.Request] = []
    func add(_ request: LoopbackServer.Request) { lock.withLock { requests.append(request) } }
    var all: [LoopbackServer.Request] { lock.withLock { requests } }
}
