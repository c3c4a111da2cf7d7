import Foundation

/// ADWIN: a window over a stream of values in [0, 1], such as right and wrong answers in the order in which they came, that
/// forgets its older part when the two parts differ (Bifet and Gavalda, SDM 2007).
///
/// Made for thousands of values; over a handful of checkpoints it never fires.
public struct AdaptiveWindow: Sendable {
    /// Values that were summed up together.
    private struct Bucket {
        var count: Double
        var sum: Double
        /// Sum of squared distances from their mean.
        var squares: Double

        mutating func join(_ other: Bucket) {
            let total = count + other.count
            let distance = sum / count - other.sum / other.count
            squares += other.squares + distance * distance * count * other.count / total
            sum += other.sum
            count = total
        }
    }

    /// Buckets of one size that are kept.
    private static let bucketsPerSize = 5

    /// The bound on the chance of a false alarm at a point.
    public let delta: Double
    /// How many values come between two looks.
    public let clock: Int
    /// Newest first: at most five of each size, sizes double.
    private var buckets: [Bucket] = []
    private var taken = 0

    /// An empty window.
    public init(delta: Double = 0.002, clock: Int = 32) {
        precondition(delta > 0 && delta < 1 && clock >= 1, "a window needs a chance of error and a clock")
        self.delta = delta
        self.clock = clock
    }

    /// Values in the window.
    public var count: Int { Int(buckets.reduce(0) { $0 + $1.count }) }
    /// Their mean; NaN without any.
    public var mean: Double { buckets.reduce(0) { $0 + $1.sum } / buckets.reduce(0) { $0 + $1.count } }

    /// Takes a value in [0, 1].
    /// - Returns: whether the window was cut, because the level has changed.
    public mutating func take(_ value: Double) -> Bool {
        precondition((0...1).contains(value), "ADWIN is for values in [0, 1]")
        buckets.insert(Bucket(count: 1, sum: value, squares: 0), at: 0)
        merge()
        taken += 1
        guard taken % clock == 0 else { return false }
        var wasCut = false
        while cut() { wasCut = true }
        return wasCut
    }

    private mutating func merge() {
        var start = 0
        while start < buckets.count {
            let size = buckets[start].count
            let end = buckets[start...].firstIndex { $0.count != size } ?? buckets.count
            guard end - start > AdaptiveWindow.bucketsPerSize else { return }
            buckets[end - 2].join(buckets[end - 1])
            buckets.remove(at: end - 1)
            start = end - 2
        }
    }

    /// Drops the oldest bucket if some division of the window shows a change.
    private mutating func cut() -> Bool {
        guard buckets.count >= 2 else { return false }
        var whole = buckets[0]
        for bucket in buckets.dropFirst() { whole.join(bucket) }
        let logTerm = log(2 * log(whole.count) / delta)
        var newer = Bucket(count: 0, sum: 0, squares: 0)
        for bucket in buckets.dropLast() {
            newer.count += bucket.count
            newer.sum += bucket.sum
            let older = (count: whole.count - newer.count, sum: whole.sum - newer.sum)
            let m = 1 / (1 / newer.count + 1 / older.count)
            let variance = whole.squares / whole.count
            let bound = (2 / m * variance * logTerm).squareRoot() + 2 / (3 * m) * logTerm
            if abs(newer.sum / newer.count - older.sum / older.count) > bound {
                buckets.removeLast()
                return true
            }
        }
        return false
    }
}
