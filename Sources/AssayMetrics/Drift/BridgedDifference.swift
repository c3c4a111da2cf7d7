import AssayStatistics

/// A difference between two sides on a new set of items beside the same on an old one, and the difference of the two: what the
/// change of the set did to the comparison (difference in differences), or, with a bridging model between the sides, their
/// difference freed of the change of the set.
public struct BridgedDifference: Sendable, Codable, Hashable {
    /// The metric's key.
    public var metric: String
    /// The task.
    public var task: String
    /// The condition's name.
    public var condition: String
    /// The difference on the old set.
    public var old: Double
    /// The difference on the new set.
    public var new: Double
    /// new - old.
    public var estimate: Double { new - old }
    /// Lower end of its interval.
    public var low: Double
    /// Upper end.
    public var high: Double
    /// Two-sided; nil when neither set shows any spread.
    public var pValue: Double?
    /// Benjamini-Hochberg adjusted over the differences.
    public var adjustedPValue: Double?
    /// Which way is better.
    public var direction: MetricDirection

    /// Holds the primary results on two sets against each other. The sets are independent samples of items, so the errors of
    /// the two differences add up.
    /// - Parameters:
    ///   - old: comparisons on the old set.
    ///   - new: the same on the new set, under the same task names.
    ///   - level: of the intervals.
    public static func differences(
        old: [ComparisonResult], new: [ComparisonResult], level: Double = 0.95
    ) -> [BridgedDifference] {
        var found = old.filter { $0.isPrimary }.compactMap { before -> BridgedDifference? in
            let after = new.first {
                $0.isPrimary && $0.metric == before.metric && $0.task == before.task
                    && $0.condition == before.condition && $0.slice == before.slice
            }
            return after.flatMap { difference(before, $0, level) }
        }
        let tested = found.indices.filter { found[$0].pValue != nil }
        let adjusted = MultipleTests.benjaminiHochberg(tested.compactMap { found[$0].pValue })
        for (index, p) in zip(tested, adjusted) { found[index].adjustedPValue = p }
        return found
    }

    private static func difference(
        _ old: ComparisonResult, _ new: ComparisonResult, _ level: Double
    ) -> BridgedDifference? {
        guard let before = old.estimate, let after = new.estimate, let first = old.error, let second = new.error,
            let error = StandardError.difference(first, second)
        else { return nil }
        let degrees = Double(error.degreesOfFreedom)
        let half = error.value * StudentT.quantile(0.5 + level / 2, degreesOfFreedom: degrees)
        return BridgedDifference(
            metric: old.metric, task: old.task, condition: old.condition, old: before, new: after,
            low: after - before - half, high: after - before + half,
            pValue: error.value > 0
                ? StudentT.twoSided((after - before) / error.value, degreesOfFreedom: degrees) : nil,
            direction: old.direction)
    }
}

extension ComparisonResult {
    fileprivate var error: StandardError? {
        guard let standardError, let degreesOfFreedom else { return nil }
        return StandardError(value: standardError, degreesOfFreedom: degreesOfFreedom)
    }
}
