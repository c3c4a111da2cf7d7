@preconcurrency import Dispatch
import Foundation

/// Whether the user asked to stop (Ctrl-C or a termination signal). Long stages look at it between safe points.
///
/// The first signal asks for a stop at the next safe point; the second ends the process at once, which loses nothing
/// that was recorded.
public final class Interruption: Sendable {
    private let state = State()
    private let sources: [any DispatchSourceSignal]

    /// Begins to listen for SIGINT and SIGTERM.
    public init(notice: @escaping @Sendable () -> Void = {}) {
        let queue = DispatchQueue(label: "assay.interruption")
        let state = state
        sources = [SIGINT, SIGTERM].map { number in
            // The default action must be off, or the process ends before the source hears of the signal.
            signal(number, SIG_IGN)
            let source = DispatchSource.makeSignalSource(signal: number, queue: queue)
            source.setEventHandler {
                if state.raise() {
                    notice()
                } else {
                    exit(130)
                }
            }
            source.resume()
            return source
        }
    }

    /// Whether a stop was asked for.
    public var isRaised: Bool { state.isRaised }

    private final class State: @unchecked Sendable {
        private let lock = NSLock()
        private var raised = false

        var isRaised: Bool { lock.withLock { raised } }

        /// True the first time.
        func raise() -> Bool {
            lock.withLock {
                defer { raised = true }
                return !raised
            }
        }
    }
}
