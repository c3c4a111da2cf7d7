import Foundation

/// A value that threads share, one at a time.
final class Guarded<Value>: @unchecked Sendable {
    private var value: Value
    private let lock = NSLock()

    /// Takes the value into its care.
    init(_ value: sending Value) { self.value = value }

    /// Reads or changes the value while no other thread does.
    func withValue<Result>(_ body: (inout Value) throws -> Result) rethrows -> Result {
        lock.lock()
        defer { lock.unlock() }
        return try body(&value)
    }
}
