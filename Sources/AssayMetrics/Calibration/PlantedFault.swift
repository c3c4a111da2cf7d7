import AssayStatistics

/// Damage that is planted on purpose into a recorded model, its data or its tasks.
public enum PlantedFault: String, Sendable, Codable, CaseIterable {
    /// Nothing is damaged: the same weights, computed in other chunks. What fires here is a false alarm.
    case nothing
    /// Attention sees half as far.
    case window
    /// The state, or the cache, is rounded to a narrow format after every token.
    case state
    /// A layer of full attention is left out.
    case layer
    /// A head is left out.
    case head
    /// Positions are off.
    case positions
    /// The model was trained on a mixture with the weights of its tasks swapped.
    case mixture
    /// The items come from other counters of the same generator. What fires here is a false alarm.
    case items
    /// The items come from the generator with other parameters.
    case generator

    /// For people.
    public var title: String {
        switch self {
        case .nothing: "nothing"
        case .window: "window halved"
        case .state: "state quantised"
        case .layer: "full-attention layer dropped"
        case .head: "head removed"
        case .positions: "positions shifted"
        case .mixture: "mixture swapped"
        case .items: "fresh items"
        case .generator: "generator changed"
        }
    }

    /// Whether something is damaged, so that the suite should see it.
    public var isDamage: Bool { self != .nothing && self != .items }
}

/// What one metric said of a planted fault.
public struct FaultOutcome: Sendable, Codable, Hashable {
    /// The arm.
    public var arm: String
    /// The fault.
    public var fault: PlantedFault
    /// How it was planted, such as `drop=2`.
    public var detail: String
    /// The metric's key, or `task-set:` and a covariate of the items.
    public var metric: String
    /// The task.
    public var task: String
    /// The condition's name.
    public var condition: String
    /// The sound value.
    public var baseline: Double?
    /// The value with the fault.
    public var candidate: Double?
    /// Their difference.
    public var estimate: Double?
    /// Lower end of its interval.
    public var low: Double?
    /// Upper end.
    public var high: Double?
    /// The loss that would be found in 80 % of repeats.
    public var detectable: Double?
    /// Adjusted over the report of this fault.
    public var adjustedP: Double?
    /// The verdict; nil for covariates of the items.
    public var verdict: Verdict?
    /// Whether it fired: REGRESSION, or a covariate of the items that differs beyond chance.
    public var fired: Bool

    /// An outcome of a comparison.
    public init(arm: String, fault: PlantedFault, detail: String, result: ComparisonResult) {
        self.arm = arm
        self.fault = fault
        self.detail = detail
        metric = result.metric
        task = result.task
        condition = result.condition
        (baseline, candidate, estimate) = (result.baselineValue, result.candidateValue, result.estimate)
        (low, high) = (result.low, result.high)
        detectable = result.minimumDetectableEffect
        adjustedP = result.adjustedPValue
        verdict = result.verdict
        fired = result.verdict == .regression
    }

    /// An outcome of a test of the items.
    public init(arm: String, fault: PlantedFault, detail: String, task: String, shift: CovariateShift, alpha: Double) {
        self.arm = arm
        self.fault = fault
        self.detail = detail
        metric = FaultOutcome.metric(of: shift.covariate)
        self.task = task
        condition = ""
        (baseline, candidate) = (shift.reference, shift.candidate)
        estimate = shift.candidate - shift.reference
        adjustedP = shift.adjustedPValue
        fired = shift.adjustedPValue < alpha
    }

    /// What a test of the items is called among metrics.
    static func metric(of covariate: ItemCovariate) -> String { "task-set:" + covariate.rawValue }

    /// Whether the loss was at least what the comparison says it finds in 80 % of repeats.
    public var isDetectable: Bool {
        guard let estimate, let detectable, detectable > 0,
            let direction = MetricCatalogue.definition(metric)?.direction
        else { return false }
        return -estimate * direction.sign >= detectable
    }
}
