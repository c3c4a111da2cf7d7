/// What a comparison is about.
public enum ComparisonUnit: String, Sendable, Codable, CaseIterable {
    /// Two checkpoints: the items are the sample, training noise is no part of the error.
    case items
    /// Two architectures: the training seeds are the sample.
    case seeds
}

/// The difference of a metric between two sides over paired clusters or paired seeds.
public struct PairedComparison: Sendable, Hashable {
    /// Where the p value comes from.
    public enum Test: String, Sendable, Codable {
        /// All swaps of sides.
        case signFlipExact = "sign-flip, exact"
        /// Random swaps of sides.
        case signFlip = "sign-flip"
        /// Student's t.
        case studentT = "t"
        /// No test was possible.
        case none
    }

    /// The metric on the first side; NaN when not defined.
    public var baseline: Double
    /// The metric on the second side.
    public var candidate: Double
    /// candidate - baseline.
    public var estimate: Double
    /// Its standard error; nil when it cannot be estimated.
    public var standardError: StandardError?
    /// Two-sided, not adjusted; nil when no test was possible.
    public var pValue: Double?
    /// Where the p value comes from.
    public var test: Test
    /// Clusters, or seeds.
    public var units: Int
    /// What the sample consists of.
    public var unit: ComparisonUnit
    /// Why something is missing, for people.
    public var reason: String?
    /// The estimate without each cluster, in order; empty for seeds.
    public var leaveOneOut: [Double] = []

    /// The t interval of the estimate at a level such as 0.95; nil without a standard error.
    public func interval(level: Double) -> (low: Double, high: Double)? {
        guard let standardError, estimate.isFinite else { return nil }
        let half =
            standardError.value == 0
            ? 0
            : standardError.value
                * StudentT.quantile(0.5 + level / 2, degreesOfFreedom: Double(standardError.degreesOfFreedom))
        return (estimate - half, estimate + half)
    }

    /// All units differ by the same amount, so that they say nothing of the spread.
    public var hasNoSpread: Bool { standardError?.value == 0 }

    /// Compares two sides over the same clusters: jackknife standard error, sign-flip p value.
    ///
    /// - Parameters:
    ///   - baseline: sums of the first side.
    ///   - candidate: sums of the second side, for the same clusters in the same order.
    ///   - baselineFunctional: the metric.
    ///   - candidateFunctional: the metric of the second side where it differs (a per-byte metric of models with
    ///     states of different size); sides cannot be swapped then, and the p value comes from t.
    ///   - patterns: random signs to share between calls.
    ///   - isTested: false leaves out the p value, for callers that only need the estimate and its error.
    public static func clusters(
        baseline: ClusterSums, candidate: ClusterSums, _ baselineFunctional: @escaping Functional,
        candidateFunctional: Functional? = nil, patterns: SignPatterns? = nil, isTested: Bool = true
    ) -> PairedComparison {
        let second = candidateFunctional ?? baselineFunctional
        let totals = (baseline.totals, candidate.totals)
        let values = (baselineFunctional(totals.0), second(totals.1))
        var result = PairedComparison(
            baseline: values.0, candidate: values.1, estimate: values.1 - values.0, standardError: nil, pValue: nil,
            test: .none, units: baseline.count, unit: .items, reason: nil)
        guard baseline.count > 0 else {
            result.reason = "no items"
            return result
        }
        guard result.estimate.isFinite else {
            result.reason = "not defined on these items"
            return result
        }
        result.leaveOneOut = (0..<baseline.count).map {
            second(candidate.totals(totals.1, without: $0)) - baselineFunctional(baseline.totals(totals.0, without: $0))
        }
        result.standardError = Jackknife.standardError(leaveOneOut: result.leaveOneOut, strata: baseline.strata)
            .map { rounded($0, scale: max(abs(values.0), abs(values.1))) }
        if result.standardError == nil {
            result.reason = baseline.count < 2 ? "one cluster" : "not defined without some clusters"
        }
        guard isTested else { return result }
        if candidateFunctional == nil {
            let outcome = SignFlip.test(
                baseline: baseline, candidate: candidate, patterns: patterns, baselineFunctional)
            result.pValue = outcome.pValue
            result.test = outcome.isExact ? .signFlipExact : .signFlip
        } else {
            result.takeTestFromT()
        }
        return result
    }

    /// Compares two arms over paired seeds: t on seeds - 1 degrees of freedom.
    public static func seeds(baseline: [Double], candidate: [Double]) -> PairedComparison {
        precondition(baseline.count == candidate.count, "unpaired seeds")
        let n = Double(baseline.count)
        let differences = zip(baseline, candidate).map { $1 - $0 }
        var result = PairedComparison(
            baseline: baseline.reduce(0, +) / n, candidate: candidate.reduce(0, +) / n,
            estimate: differences.reduce(0, +) / n, standardError: nil, pValue: nil, test: .none,
            units: baseline.count, unit: .seeds, reason: nil)
        guard result.estimate.isFinite else {
            result.reason = "not defined for every seed"
            return result
        }
        guard baseline.count >= 2 else {
            result.reason = "one seed"
            return result
        }
        let squares = differences.reduce(0) { $0 + ($1 - result.estimate) * ($1 - result.estimate) }
        let error = StandardError(
            value: (squares / (n - 1) / n).squareRoot(), degreesOfFreedom: baseline.count - 1)
        result.standardError = rounded(error, scale: max(abs(result.baseline), abs(result.candidate)))
        result.takeTestFromT()
        return result
    }

    /// Student's t; where the units do not spread it says nothing, and exact sign swaps stand in.
    private mutating func takeTestFromT() {
        guard let standardError else { return }
        if standardError.value > 0 {
            pValue = StudentT.twoSided(
                estimate / standardError.value, degreesOfFreedom: Double(standardError.degreesOfFreedom))
            test = .studentT
        } else {
            pValue = estimate == 0 ? 1 : (0..<min(1_000, units - 1)).reduce(1) { p, _ in p / 2 }
            test = .signFlipExact
        }
    }

    /// A standard error below the rounding of its terms is none.
    private static func rounded(_ error: StandardError, scale: Double) -> StandardError {
        error.value <= 1e-13 * scale ? StandardError(value: 0, degreesOfFreedom: error.degreesOfFreedom) : error
    }
}
