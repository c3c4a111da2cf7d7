import AssayCore

/// Why a served model gave no answer. Texts hold no key.
public enum EndpointError: Error, Sendable, Hashable, CustomStringConvertible {
    /// The server could not be reached in any attempt, or broke the connection in each.
    case unreachable(String)
    /// It did not answer in time in any attempt.
    case timedOut(seconds: Double)
    /// It said in every attempt that it could not now: 429 or 5xx.
    case unavailable(status: Int, message: String)
    /// It will answer nothing: a wrong key, model or address.
    case refused(status: Int, message: String)
    /// It will not answer this: 400 or 422, such as a prompt that is too long.
    case rejected(status: Int, message: String)
    /// It replied with what is no reply of the protocol.
    case malformed(String)
    /// What a run may ask is used up.
    case exhausted(String)
    /// The run was asked to stop.
    case stopped

    /// Whether no other question would be answered now either: what is left is asked in the next run.
    public var isFinal: Bool {
        switch self {
        case .unreachable, .refused, .exhausted, .stopped: true
        case .unavailable(let status, _): status == 429 || status == 503
        case .timedOut, .rejected, .malformed: false
        }
    }

    /// What went wrong, on one line.
    public var description: String {
        switch self {
        case .unreachable(let why): "the server cannot be reached: \(why)"
        case .timedOut(let seconds): "no reply in \(Int(seconds.rounded(.up))) s"
        case .unavailable(let status, let message): "the server is not able to reply (\(status)): \(message)"
        case .refused(let status, let message): "the server refuses (\(status)): \(message)"
        case .rejected(let status, let message): "the server rejects the request (\(status)): \(message)"
        case .malformed(let problem): "the reply is malformed: \(problem)"
        case .exhausted(let what): "\(what) used up"
        case .stopped: "stopped"
        }
    }

    /// What to do about it.
    public var remedy: String {
        switch self {
        case .unreachable: "Is it running, at this address? What was answered is kept: run again to go on"
        case .refused: "Look at 'model' and 'key', and at the address, which most servers want to end in /v1"
        case .exhausted: "Run again to go on, or raise the limit"
        default: "What was answered is kept: run again to go on"
        }
    }
}
