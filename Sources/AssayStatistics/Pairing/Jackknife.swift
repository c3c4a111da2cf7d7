/// A standard error with its degrees of freedom.
public struct StandardError: Sendable, Hashable {
    /// The standard error.
    public var value: Double
    /// Clusters minus strata.
    public var degreesOfFreedom: Int

    /// A standard error.
    public init(value: Double, degreesOfFreedom: Int) {
        self.value = value
        self.degreesOfFreedom = degreesOfFreedom
    }

    /// That of the difference of two independent estimates, with Welch and Satterthwaite's degrees of freedom (Biometrika 34,
    /// 1947) rounded down; nil when either has none.
    public static func difference(_ a: StandardError, _ b: StandardError) -> StandardError? {
        guard a.degreesOfFreedom >= 1, b.degreesOfFreedom >= 1 else { return nil }
        let (x, y) = (a.value * a.value, b.value * b.value)
        guard x + y > 0 else {
            return StandardError(value: 0, degreesOfFreedom: min(a.degreesOfFreedom, b.degreesOfFreedom))
        }
        let degrees = (x + y) * (x + y) / (x * x / Double(a.degreesOfFreedom) + y * y / Double(b.degreesOfFreedom))
        return StandardError(value: (x + y).squareRoot(), degreesOfFreedom: max(1, Int(degrees)))
    }
}

/// The delete-one-cluster jackknife.
public enum Jackknife {
    /// The standard error of a statistic from its values without each cluster; for a mean of equal clusters it is
    /// exactly sd / sqrt(clusters). With strata, the variances of the strata add up.
    ///
    /// Nil when there are too few clusters or a value without a cluster is not defined.
    public static func standardError(leaveOneOut values: [Double], strata: [Int]) -> StandardError? {
        var members: [Int: [Double]] = [:]
        for (value, stratum) in zip(values, strata) {
            guard value.isFinite else { return nil }
            members[stratum, default: []].append(value)
        }
        let degrees = values.count - members.count
        guard degrees >= 1 else { return nil }
        var variance = 0.0
        for (_, group) in members.sorted(by: { $0.key < $1.key }) {
            let n = Double(group.count)
            let mean = group.reduce(0, +) / n
            variance += (n - 1) / n * group.reduce(0) { $0 + ($1 - mean) * ($1 - mean) }
        }
        return StandardError(value: variance.squareRoot(), degreesOfFreedom: degrees)
    }

    /// The standard error of a functional of one set of sums.
    public static func standardError(_ sums: ClusterSums, _ functional: Functional) -> StandardError? {
        let totals = sums.totals
        let values = (0..<sums.count).map { functional(sums.totals(totals, without: $0)) }
        return standardError(leaveOneOut: values, strata: sums.strata)
    }
}
