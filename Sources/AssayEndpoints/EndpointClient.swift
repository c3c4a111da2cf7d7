import AssayCore
import Foundation

/// Asks a served model, many questions at a time: with attempts, waits and limits. It blocks, and is used by one caller at a
/// time.
public final class EndpointClient: Sendable {
    /// Where and how much.
    public let settings: EndpointSettings
    let budget: EndpointBudget
    private let key: EndpointKey?
    private let transport: any HTTPTransport
    private let retries: RetryPolicy
    private let pause: @Sendable (Double, @Sendable () -> Bool) -> Void
    /// Ends the transport.
    private let finish: @Sendable () -> Void

    /// A client; the key is read from the environment.
    /// - Throws: ``AssayError`` when the variable of the key is not set.
    public convenience init(
        _ settings: EndpointSettings, environment: [String: String] = ProcessInfo.processInfo.environment
    ) throws {
        // Before there is a transport that would have to be ended.
        _ = try settings.keyVariable.map { try EndpointKey(variable: $0, environment: environment) }
        let transport = URLSessionTransport(parallel: settings.parallel)
        try self.init(
            settings, environment: environment, transport: transport,
            retries: RetryPolicy(attempts: settings.attempts), finish: { transport.close() })
    }

    init(
        _ settings: EndpointSettings, environment: [String: String] = [:], transport: any HTTPTransport,
        retries: RetryPolicy, finish: @escaping @Sendable () -> Void = {},
        pause: @escaping @Sendable (Double, @Sendable () -> Bool) -> Void = EndpointClient.sleep
    ) throws {
        self.settings = settings
        self.transport = transport
        self.retries = retries
        self.pause = pause
        self.finish = finish
        budget = EndpointBudget(settings)
        key = try settings.keyVariable.map { try EndpointKey(variable: $0, environment: environment) }
    }

    deinit { finish() }

    /// Requests, attempts included, and tokens so far.
    public var used: (requests: Int, tokens: Int) { budget.used }

    /// Waits, but no longer than until it should stop.
    static let sleep: @Sendable (Double, @Sendable () -> Bool) -> Void = { seconds, shouldStop in
        let end = Date(timeIntervalSinceNow: seconds)
        while end.timeIntervalSinceNow > 0, !shouldStop() {
            Thread.sleep(forTimeInterval: min(0.05, max(0.001, end.timeIntervalSinceNow)))
        }
    }

    // MARK: - One request

    /// Makes a request until it is answered.
    /// - Throws: ``EndpointError``, without the key in any text.
    func ask(_ body: Data, shouldStop: @Sendable () -> Bool) throws -> CompletionReply {
        var headers = ["Content-Type": "application/json", "Accept": "application/json"]
        headers["Authorization"] = key?.header
        var random = CounterRandom(domain: "endpoint back-off", index: UInt64.random(in: 0..<(1 << 32)))
        var attempts = 0
        while true {
            if shouldStop() { throw EndpointError.stopped }
            try budget.takeRequest()
            switch attempt(body, headers, shouldStop) {
            case .success(let reply):
                budget.add(tokens: reply.usage ?? Self.tokens(of: body) + Self.tokens(of: Data(reply.text.utf8)))
                return reply
            case .failure(let failed):
                attempts += 1
                guard Self.isWorthRepeating(failed.error), attempts < retries.attempts,
                    let delay = retries.delay(
                        after: attempts - 1,
                        asked: failed.retryAfter.flatMap { RetryPolicy.seconds($0, now: Date()) }, draw: random.unit())
                else { throw failed.error }
                pause(delay, shouldStop)
            }
        }
    }

    /// An attempt without an answer.
    private struct FailedAttempt: Error {
        var error: EndpointError
        /// The header that says when to come back.
        var retryAfter: String?
    }

    private func attempt(
        _ body: Data, _ headers: [String: String], _ shouldStop: @Sendable () -> Bool
    ) -> Result<CompletionReply, FailedAttempt> {
        func failure(_ error: EndpointError, _ header: String? = nil) -> Result<CompletionReply, FailedAttempt> {
            .failure(FailedAttempt(error: error, retryAfter: header))
        }
        do {
            let reply = try transport.post(
                body, to: settings.address, headers: headers, timeout: settings.timeout, shouldStop: shouldStop)
            guard (200..<300).contains(reply.status) else { return failure(error(of: reply), reply.retryAfter) }
            return .success(try CompletionReply(reply.body, dialect: settings.dialect))
        } catch let problem as HTTPFailure {
            return switch problem {
            case .connection(let why): failure(.unreachable(why))
            case .timedOut: failure(.timedOut(seconds: settings.timeout))
            case .tooLarge: failure(.malformed("longer than \(URLSessionTransport.replyLimit >> 20) MiB"))
            case .stopped: failure(.stopped)
            }
        } catch EndpointError.malformed(let problem) {
            return failure(.malformed(key?.redacted(problem) ?? problem))
        } catch {
            return failure(.malformed("an error that is not known"))
        }
    }

    private func error(of reply: HTTPReply) -> EndpointError {
        let text = CompletionReply.message(reply.body)
        let message = key?.redacted(text) ?? text
        return switch reply.status {
        case 408, 425, 429, 500...: .unavailable(status: reply.status, message: message)
        case 400, 413, 422: .rejected(status: reply.status, message: message)
        default: .refused(status: reply.status, message: message)
        }
    }

    /// A reply that breaks off is what a server that is going down leaves, so it is asked again, too.
    private static func isWorthRepeating(_ error: EndpointError) -> Bool {
        switch error {
        case .unreachable, .timedOut, .unavailable, .malformed: true
        case .refused, .rejected, .exhausted, .stopped: false
        }
    }

    /// What a text is taken to have, where the server does not count.
    private static func tokens(of data: Data) -> Int { data.count / 4 + 1 }
}
