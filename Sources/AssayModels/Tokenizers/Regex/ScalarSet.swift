/// A set of Unicode scalars as sorted ranges without overlap.
struct ScalarSet: Sendable, Hashable {
    /// Ascending; between two ranges lies at least one scalar that is not in the set.
    let ranges: [ClosedRange<UInt32>]

    static let all = ScalarSet([0...0x10FFFF])
    static let none = ScalarSet([])

    /// The union of ranges in any order.
    init(_ parts: [ClosedRange<UInt32>]) {
        var joined: [ClosedRange<UInt32>] = []
        for part in parts.sorted(by: { $0.lowerBound < $1.lowerBound }) {
            if let last = joined.last, part.lowerBound <= last.upperBound &+ 1 {
                joined[joined.count - 1] = last.lowerBound...max(last.upperBound, part.upperBound)
            } else {
                joined.append(part)
            }
        }
        ranges = joined
    }

    init(_ scalars: some Sequence<Unicode.Scalar>) { self.init(scalars.map { $0.value...$0.value }) }

    /// A set from the lengths of its runs: outside, inside, outside, ... from scalar 0 on.
    init(runs: String) {
        var start: UInt32 = 0
        var parts: [ClosedRange<UInt32>] = []
        for (index, run) in runs.split(separator: " ").enumerated() {
            let length = UInt32(run) ?? 0
            if index % 2 == 1 { parts.append(start...start + length - 1) }
            start += length
        }
        ranges = parts
    }

    func union(_ other: ScalarSet) -> ScalarSet { ScalarSet(ranges + other.ranges) }

    func intersection(_ other: ScalarSet) -> ScalarSet { inverted.union(other.inverted).inverted }

    /// All other scalars.
    var inverted: ScalarSet {
        var gaps: [ClosedRange<UInt32>] = []
        var start: UInt32 = 0
        for range in ranges {
            if range.lowerBound > start { gaps.append(start...range.lowerBound - 1) }
            start = range.upperBound + 1
        }
        if start <= 0x10FFFF { gaps.append(start...0x10FFFF) }
        return ScalarSet(gaps)
    }

    func contains(_ scalar: UInt32) -> Bool {
        var low = 0
        var high = ranges.count
        while low < high {
            let middle = (low + high) / 2
            if ranges[middle].upperBound < scalar { low = middle + 1 } else { high = middle }
        }
        return low < ranges.count && ranges[low].lowerBound <= scalar
    }
}
