/// Which way a metric is better.
public enum MetricDirection: String, Sendable, Codable, CaseIterable {
    /// More is better.
    case higherIsBetter = "higher"
    /// Less is better.
    case lowerIsBetter = "lower"

    /// Turns a difference so that positive is better.
    public var sign: Double { self == .higherIsBetter ? 1 : -1 }
}

/// What a comparison says of the candidate.
public enum Verdict: String, Sendable, Codable, CaseIterable {
    /// Worse, beyond chance.
    case regression
    /// Not worse by the margin: shown, not merely "not significant".
    case noRegression = "no-regression"
    /// Better, beyond chance.
    case improvement
    /// The data do not tell.
    case undecided

    /// As printed in tables.
    public var title: String {
        switch self {
        case .regression: "REGRESSION"
        case .noRegression: "NO REGRESSION"
        case .improvement: "IMPROVEMENT"
        case .undecided: "UNDECIDED"
        }
    }
}

/// A verdict with what goes with it.
public struct Decision: Sendable, Hashable {
    /// The verdict.
    public var verdict: Verdict
    /// The whole interval lies beyond the margin, on the side of the verdict.
    public var isMaterial: Bool
    /// Two one-sided tests put the difference within the margin both ways (TOST).
    public var isEquivalent: Bool
    /// Why it is undecided; nil otherwise.
    public var reason: String?

    /// A decision.
    public init(verdict: Verdict, isMaterial: Bool, isEquivalent: Bool, reason: String? = nil) {
        self.verdict = verdict
        self.isMaterial = isMaterial
        self.isEquivalent = isEquivalent
        self.reason = reason
    }
}

/// The rule that turns a comparison into a verdict.
///
/// REGRESSION: adjusted p < alpha and the (1 - alpha) interval lies below zero (turned so that positive is better).
/// NO REGRESSION: the one-sided (1 - alpha) lower bound is above -margin. IMPROVEMENT: as REGRESSION, above zero.
/// UNDECIDED: everything else.
public struct DecisionRule: Sendable, Hashable {
    /// Chance of error of a single decision.
    public var alpha: Double
    /// The largest loss that does not matter, in the metric's unit.
    public var margin: Double
    /// Which way is better.
    public var direction: MetricDirection
    /// A difference within the margin is never called, however certain: for guard rails such as rounding differences.
    public var ignoresImmaterial: Bool
    /// Fewest clusters that can carry a decision: with five, no swap of sides reaches p = 0.05.
    public static let fewestClusters = 6

    /// A rule.
    public init(alpha: Double = 0.05, margin: Double, direction: MetricDirection, ignoresImmaterial: Bool = false) {
        self.alpha = alpha
        self.margin = margin
        self.direction = direction
        self.ignoresImmaterial = ignoresImmaterial
    }

    /// Decides.
    /// - Parameters:
    ///   - comparison: the difference.
    ///   - adjustedP: its p value, adjusted for the number of tests.
    ///   - slack: how much lost items could lower and raise the difference, both >= 0; nil when that has no bound.
    public func decide(
        _ comparison: PairedComparison, adjustedP: Double?, slack: (low: Double, high: Double)? = (0, 0)
    ) -> Decision {
        guard comparison.estimate.isFinite else { return undecided(comparison.reason ?? "not defined") }
        guard let slack else { return undecided("lost items without bound") }
        if let reason = tooFew(comparison) { return undecided(reason) }
        guard let wide = oriented(comparison, level: 1 - alpha, slack),
            let narrow = oriented(comparison, level: 1 - 2 * alpha, slack), let adjustedP, margin >= 0
        else { return undecided(comparison.reason ?? "no standard error") }
        let isEquivalent = narrow.low > -margin && narrow.high < margin
        let bar = ignoresImmaterial ? margin : 0
        func decision(_ verdict: Verdict, material: Bool = false) -> Decision {
            Decision(verdict: verdict, isMaterial: material, isEquivalent: isEquivalent, reason: nil)
        }
        if adjustedP < alpha, wide.high < -bar { return decision(.regression, material: wide.high < -margin) }
        if adjustedP < alpha, wide.low > bar { return decision(.improvement, material: wide.low > margin) }
        // A margin relative to a baseline of zero is zero; equal sides are within it all the same.
        if narrow.low > -margin || (narrow.low == 0 && narrow.high == 0) { return decision(.noRegression) }
        return Decision(
            verdict: .undecided, isMaterial: false, isEquivalent: false,
            reason: why(wide: wide, bar: bar, slack: slack))
    }

    private func undecided(_ reason: String) -> Decision {
        Decision(verdict: .undecided, isMaterial: false, isEquivalent: false, reason: reason)
    }

    private func tooFew(_ comparison: PairedComparison) -> String? {
        let few = comparison.units < DecisionRule.fewestClusters
        switch comparison.unit {
        case .items where few: return "\(comparison.units) clusters, a decision needs \(DecisionRule.fewestClusters)"
        case .seeds where few && comparison.hasNoSpread: return "\(comparison.units) seeds without any spread"
        default: return nil
        }
    }

    /// The interval turned so that positive is better, widened by what lost items could do.
    private func oriented(
        _ comparison: PairedComparison, level: Double, _ slack: (low: Double, high: Double)
    ) -> (low: Double, high: Double)? {
        guard let interval = comparison.interval(level: level) else { return nil }
        let low = interval.low - slack.low
        let high = interval.high + slack.high
        return direction == .higherIsBetter ? (low, high) : (-high, -low)
    }

    private func why(
        wide: (low: Double, high: Double), bar: Double, slack: (low: Double, high: Double)
    ) -> String {
        if wide.high < -bar || wide.low > bar { return "not beyond chance after adjustment" }
        if slack.low + slack.high > wide.high - wide.low - (slack.low + slack.high) { return "too many lost items" }
        return "the interval spans zero and the margin"
    }
}
