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
    /// The smallest p value that the test could give; nil where that does not limit it.
    public private(set) var resolution: Double?
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
    /// The look at which it was taken, when the data were drawn in portions: intervals and p value pay for all looks.
    public private(set) var look: SequentialLook?

    /// The t interval of the estimate at a level such as 0.95, wide enough for all looks when there were several; nil
    /// without a standard error.
    public func interval(level: Double) -> (low: Double, high: Double)? {
        guard let standardError, estimate.isFinite else { return nil }
        let upper = look.map { 1 - 0.5 * $0.momentaryAlpha(1 - level) } ?? 0.5 + level / 2
        let half =
            standardError.value == 0
            ? 0
            : standardError.value
                * StudentT.quantile(upper, degreesOfFreedom: Double(standardError.degreesOfFreedom))
        return (estimate - half, estimate + half)
    }

    /// The same comparison as the look of a sequential test.
    public func looked(at look: SequentialLook) -> PairedComparison {
        var result = self
        result.look = look
        result.pValue = sharpP.map(look.pValue)
        return result
    }

    /// The p value of the moment. Random swaps cannot tell a p value below one in their number; where none of them was as
    /// extreme, the t test of the clusters goes on, because first looks need p values far below that.
    private var sharpP: Double? {
        guard let pValue, test == .signFlip, let drawn = resolution, pValue <= drawn * 1.000001, let standardError
        else {
            return pValue
        }
        guard standardError.value > 0 else { return min(pValue, evenSwaps) }
        return min(
            pValue,
            StudentT.twoSided(
                estimate / standardError.value, degreesOfFreedom: Double(standardError.degreesOfFreedom)))
    }

    /// The exact p of units that all differ by the same amount.
    private var evenSwaps: Double { (0..<max(0, min(1_000, units - 1))).reduce(1) { p, _ in p / 2 } }

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
            result.resolution = outcome.resolution
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
            pValue = estimate == 0 ? 1 : evenSwaps
            test = .signFlipExact
        }
    }

    /// A standard error below the rounding of its terms is none.
    private static func rounded(_ error: StandardError, scale: Double) -> StandardError {
        error.value <= 1e-13 * scale ? StandardError(value: 0, degreesOfFreedom: error.degreesOfFreedom) : error
    }
}
