import AssayCore
import AssayStatistics

/// A comparison that waits for its adjusted p value, and then for its verdict.
struct PendingResult {
    let definition: MetricDefinition
    let task: String
    let condition: String
    let slice: String
    let isPrimary: Bool
    let comparison: PairedComparison
    /// One a seed.
    let seeds: [SidePair]
    /// Over clusters, whatever the unit is.
    let itemError: StandardError?
    let slack: (low: Double, high: Double)?
    /// What needs no understanding, for metrics that have such a floor.
    let floor: Double?
    var adjustedP: Double?

    init(
        definition: MetricDefinition, task: String, condition: String, slice: String, isPrimary: Bool,
        comparison: PairedComparison, seeds: [SidePair], itemError: StandardError?, slack: (low: Double, high: Double)?,
        floor: Double?
    ) {
        self.definition = definition
        self.task = task
        self.condition = condition
        self.slice = slice
        self.isPrimary = isPrimary
        self.comparison = comparison
        self.seeds = seeds
        self.itemError = itemError
        self.slack = slack
        self.floor = floor
    }

    /// The result with its verdict.
    func decided(_ options: ComparisonOptions) -> ComparisonResult {
        let isDefined = comparison.estimate.isFinite
        let margin = isDefined ? options.margin(definition.margin, baseline: comparison.baseline) : 0
        let rule = DecisionRule(
            alpha: options.alpha, margin: margin, direction: definition.direction,
            ignoresImmaterial: definition.isGuardRail)
        let decision = checked(rule.decide(comparison, adjustedP: adjustedP, slack: slack))
        let interval = slack.flatMap { slack in
            comparison.interval(level: 1 - options.alpha).map { ($0.low - slack.low, $0.high + slack.high) }
        }
        return ComparisonResult(
            metric: definition.key, task: task, condition: condition, slice: slice,
            baselineValue: finite(comparison.baseline), candidateValue: finite(comparison.candidate),
            estimate: finite(comparison.estimate), standardError: comparison.standardError?.value,
            degreesOfFreedom: comparison.standardError?.degreesOfFreedom, low: interval?.0, high: interval?.1,
            pValue: comparison.pValue, adjustedPValue: adjustedP,
            minimumDetectableEffect: comparison.standardError.map {
                Power.minimumDetectableEffect(standardError: $0, alpha: momentaryAlpha(options))
            },
            margin: isDefined ? margin : nil, pairs: seeds.map(\.pairs).min() ?? 0,
            clusters: seeds.map(\.strata.count).min() ?? 0, lost: seeds.reduce(0) { $0 + $1.lost },
            unit: comparison.unit,
            seeds: seeds.count, verdict: decision.verdict, isMaterial: decision.isMaterial,
            isEquivalent: decision.isEquivalent, isPrimary: isPrimary,
            itemsNeeded: decision.verdict == .undecided ? itemsNeeded(margin, options) : nil,
            note: note(decision, options), direction: definition.direction,
            itemStandardError: itemError?.value, itemDegreesOfFreedom: itemError?.degreesOfFreedom)
    }

    /// What makes "no regression" an empty word: a baseline that cannot lose, or values cut off on both sides.
    private func checked(_ decision: Decision) -> Decision {
        var reason: String?
        if seeds.contains(where: { $0.censoring.baseline != nil && $0.censoring.baseline == $0.censoring.candidate }) {
            reason = "both sides are beyond the loads measured"
        } else if decision.verdict == .noRegression, isAtFloor, !seeds.allSatisfy(\.isIdentical) {
            reason = "the baseline is not above the floor, so that a loss could not show"
        }
        guard let reason else { return decision }
        return Decision(verdict: .undecided, isMaterial: false, isEquivalent: false, reason: reason)
    }

    private var isAtFloor: Bool {
        guard let floor else { return false }
        if seeds.count == 1 { return (seeds[0].baselineLow ?? floor) <= floor }
        let zeros = Array(repeating: floor, count: seeds.count)
        let above = PairedComparison.seeds(baseline: zeros, candidate: seeds.map(\.comparison.baseline))
        return (above.interval(level: 0.9)?.low ?? 0) <= 0
    }

    /// The level of one test, lower than that of all looks together.
    private func momentaryAlpha(_ options: ComparisonOptions) -> Double {
        comparison.look?.momentaryAlpha(options.alpha) ?? options.alpha
    }

    private func itemsNeeded(_ margin: Double, _ options: ComparisonOptions) -> Int? {
        guard let error = comparison.standardError,
            let units = Power.requiredUnits(
                effect: margin, standardError: error, units: comparison.units, alpha: momentaryAlpha(options))
        else { return nil }
        if comparison.unit == .seeds { return max(units, seeds.count) }
        let items = Double(units) * Double(seeds[0].pairs) / Double(comparison.units)
        return items < 1e12 ? Int(items.rounded(.up)) : nil
    }

    private func note(_ decision: Decision, _ options: ComparisonOptions) -> String? {
        var notes: [String] = []
        if let reason = decision.reason { notes.append(reason) }
        let lost = seeds.reduce(0) { $0 + $1.lost }
        if lost > 0 { notes.append("\(lost) lost: the interval allows for the worst") }
        if seeds.contains(where: { min($0.coverage.baseline, $0.coverage.candidate) < $0.pairs }) {
            let first = seeds[0]
            notes.append(
                "conditional: \(first.coverage.baseline) and \(first.coverage.candidate) of \(first.pairs) items")
        }
        let cut = seeds.compactMap { $0.censoring.baseline ?? $0.censoring.candidate }
        if decision.reason == nil, !cut.isEmpty { notes.append("one side is beyond the loads measured") }
        if comparison.test == .studentT, comparison.unit == .items { notes.append("p from the cluster t") }
        if decision.verdict == .regression || decision.verdict == .improvement, !decision.isMaterial {
            notes.append(decision.isEquivalent ? "within the margin" : "may be within the margin")
        }
        if let look = comparison.look, !look.isLast {
            notes.append(
                "stopped at look \(look.look + 1) of \(look.fractions.count): the estimate leans away from zero")
        }
        if decision.verdict == .undecided, let adjustedP, adjustedP >= options.alpha,
            adjustedP <= options.falseDiscoveryRate
        {
            notes.append("a lead at false-discovery rate \(options.falseDiscoveryRate)")
        }
        return notes.isEmpty ? nil : notes.joined(separator: "; ")
    }

    private func finite(_ value: Double) -> Double? { value.isFinite ? value : nil }
}
