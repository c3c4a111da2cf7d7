import Foundation

/// Seconds of the monotonic clock that a piece of work takes.
func seconds(_ body: () throws -> Void) rethrows -> Double {
    let clock = ContinuousClock()
    let duration = try clock.measure(body).components
    return Double(duration.seconds) + Double(duration.attoseconds) * 1e-18
}

/// The middle value, or the mean of the two middle ones.
func median(_ values: [Double]) -> Double {
    let sorted = values.sorted()
    guard !sorted.isEmpty else { return .nan }
    return (sorted[(sorted.count - 1) / 2] + sorted[sorted.count / 2]) / 2
}

/// Repeats work until a budget of time is spent, and gives the seconds of each repeat.
/// - Parameters:
///   - budget: seconds to spend.
///   - repeats: at least so many repeats are made whatever they take, and at most so many.
func repeated(budget: Double, repeats: ClosedRange<Int>, _ body: () throws -> Void) rethrows -> [Double] {
    var all: [Double] = []
    var spent = 0.0
    while all.count < repeats.lowerBound || (spent < budget && all.count < repeats.upperBound) {
        all.append(try seconds(body))
        spent += all[all.count - 1]
    }
    return all
}
