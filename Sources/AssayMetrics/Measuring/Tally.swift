import AssayStatistics

/// The contributions of one side's items to a metric.
struct Tally: Sendable {
    let group: CellGroup
    let kernel: MetricKernel
    let contributions: [Contribution]

    init(group: CellGroup, kernel: MetricKernel) {
        self.group = group
        self.kernel = kernel
        contributions = group.places.map { kernel.contribution(group.cells[$0.cell], $0.place) }
    }

    /// Which items the metric asks for.
    var asked: [Bool] {
        contributions.map { if case .none = $0 { false } else { true } }
    }

    /// Which items count.
    var counted: [Bool] {
        contributions.map { if case .counts = $0 { true } else { false } }
    }

    /// The sums of some items, for the clusters that have any of them.
    func sums(of items: [Bool]) -> ClusterSums {
        let width = 2 * kernel.slots
        var rows = [Int](repeating: -1, count: group.strata.count)
        var strata: [Int] = []
        var values: [Double] = []
        for (position, contribution) in contributions.enumerated() where items[position] {
            guard case .counts(let slot, let numerator, let denominator) = contribution else { continue }
            let cluster = group.clusterOf[position]
            if rows[cluster] < 0 {
                rows[cluster] = strata.count
                strata.append(group.strata[cluster])
                values.append(contentsOf: repeatElement(0, count: width))
            }
            values[rows[cluster] * width + 2 * slot] += numerator
            values[rows[cluster] * width + 2 * slot + 1] += denominator
        }
        return ClusterSums(width: width, values: values, strata: strata)
    }

    /// Items that meet the metric's condition, among some.
    func meeting(_ items: [Bool]) -> Int {
        zip(contributions, items).reduce(0) { count, pair in
            guard pair.1, case .counts(_, _, let denominator) = pair.0, denominator > 0 else { return count }
            return count + 1
        }
    }

    /// Smallest and largest value of a counted item; nil without any.
    var observedRange: ClosedRange<Double>? {
        let values = contributions.compactMap { contribution -> Double? in
            guard case .counts(_, let numerator, let denominator) = contribution, denominator > 0 else { return nil }
            return numerator / denominator
        }
        guard let low = values.min(), let high = values.max() else { return nil }
        return low...high
    }

    /// The smallest and largest value that the metric could have had if the lost items had been graded.
    ///
    /// A lost item weighs as much as the mean of the others of its slot. Every slot with lost items is tried at both
    /// ends, because more right answers in one slot may lower a metric (a slope).
    /// - Parameters:
    ///   - items: the items of the slice, lost ones included.
    ///   - range: of an item's value.
    func extremes(of items: [Bool], range: ClosedRange<Double>) -> (low: Double, high: Double)? {
        let totals = sums(of: items).totalsOrZero(width: 2 * kernel.slots)
        var counts = [Double](repeating: 0, count: kernel.slots)
        var lost = counts
        for (position, contribution) in contributions.enumerated() where items[position] {
            switch contribution {
            case .none: continue
            case .lost(let slot): lost[slot] += 1
            case .counts(let slot, _, _): counts[slot] += 1
            }
        }
        let slots = lost.indices.filter { lost[$0] > 0 }
        guard slots.count <= 10 else { return nil }
        var low = Double.infinity
        var high = -Double.infinity
        for corner in 0..<(1 << slots.count) {
            var point = totals
            for (bit, slot) in slots.enumerated() {
                let weight = counts[slot] > 0 ? totals[2 * slot + 1] / counts[slot] : 1
                let end = corner >> bit & 1 == 0 ? range.lowerBound : range.upperBound
                point[2 * slot] += lost[slot] * weight * end
                point[2 * slot + 1] += lost[slot] * weight
            }
            let value = kernel.evaluate(point)
            guard value.isFinite else { return nil }
            low = min(low, value)
            high = max(high, value)
        }
        return (low, high)
    }
}

extension ClusterSums {
    /// The totals, zeros for no clusters.
    func totalsOrZero(width: Int) -> [Double] { count == 0 ? Array(repeating: 0, count: width) : totals }
}
