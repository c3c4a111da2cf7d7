import Foundation

/// Positions a second and time left, over the last few seconds.
struct SpeedMeter {
    private static let memory = 5.0

    private let clock = ContinuousClock()
    private var last: ContinuousClock.Instant
    private var seconds = 0.0
    private var positions = 0.0
    private var steps = 0.0

    init() { last = clock.now }

    /// Takes a step that ended now.
    mutating func observe(positions count: Int) {
        let now = clock.now
        let elapsed = (now - last) / .seconds(1)
        last = now
        // Exponential forgetting in time: a step counts exp(-age / memory).
        let keep = exp(-elapsed / SpeedMeter.memory)
        seconds = seconds * keep + elapsed
        positions = positions * keep + Double(count)
        steps = steps * keep + 1
    }

    var tokensPerSecond: Double { seconds > 0 ? positions / seconds : 0 }

    func secondsLeft(steps rest: Int) -> Double { steps > 0 ? Double(rest) * seconds / steps : 0 }
}
