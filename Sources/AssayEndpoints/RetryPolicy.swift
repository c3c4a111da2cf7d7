import AssayCore
import Foundation

/// How long to wait before a request is made again: exponential back-off with jitter, and what the server asks for.
struct RetryPolicy: Sendable {
    /// Attempts of a request.
    var attempts = 8
    /// Seconds of the first wait, before jitter; each further one is twice as long.
    var firstDelay = 0.5
    /// The longest wait of our own.
    var longestDelay = 30.0
    /// The longest wait that a server can ask for; it is not asked again before.
    var longestAsked = 300.0

    /// Seconds to wait after attempt `attempt`, counted from 0.
    /// - Parameters:
    ///   - asked: what `Retry-After` says.
    ///   - draw: a number in [0, 1), so that requests that failed together do not come back together.
    /// - Returns: nil when the server asks for more than it is waited.
    func delay(after attempt: Int, asked: Double?, draw: Double) -> Double? {
        let own = min(longestDelay, firstDelay * exp2(Double(min(attempt, 60)))) * (0.5 + draw / 2)
        guard let asked else { return own }
        return asked <= longestAsked ? max(asked, own) : nil
    }

    /// What a `Retry-After` header asks for: seconds, or a date of HTTP.
    static func seconds(_ header: String, now: Date) -> Double? {
        let text = header.trimmingCharacters(in: .whitespaces)
        if let seconds = Double(text), seconds.isFinite { return max(0, seconds) }
        let format = DateFormatter()
        format.locale = Locale(identifier: "en_US_POSIX")
        format.timeZone = TimeZone(identifier: "GMT")
        format.dateFormat = "EEE, dd MMM yyyy HH:mm:ss zzz"
        return format.date(from: text).map { max(0, $0.timeIntervalSince(now)) }
    }
}
