import AssayStatistics

/// A metric compared between two sides, with its verdict.
public struct ComparisonResult: Sendable, Codable, Hashable {
    /// The metric's key.
    public var metric: String
    /// The task, or the generator when several of its tasks form one value.
    public var task: String
    /// The condition's name.
    public var condition: String
    /// `all` or `hops=4`.
    public var slice: String
    /// The baseline's value over the pairs.
    public var baselineValue: Double?
    /// The candidate's value over the pairs.
    public var candidateValue: Double?
    /// candidate - baseline.
    public var estimate: Double?
    /// Its standard error.
    public var standardError: Double?
    /// Degrees of freedom of the standard error.
    public var degreesOfFreedom: Int?
    /// Lower end of the (1 - alpha) interval of the difference, lost items allowed for.
    public var low: Double?
    /// Upper end.
    public var high: Double?
    /// Two-sided p value.
    public var pValue: Double?
    /// Benjamini-Hochberg adjusted over all results of the comparison.
    public var adjustedPValue: Double?
    /// The difference that would be found in 80 % of repeats.
    public var minimumDetectableEffect: Double?
    /// The largest loss that does not matter, in the metric's unit.
    public var margin: Double?
    /// Items compared; with several seeds, of the seed that has the fewest.
    public var pairs: Int
    /// Clusters that they come from.
    public var clusters: Int
    /// Items left out because one side or both have no grade, over all seeds.
    public var lost: Int
    /// Whether items (two checkpoints) or seeds (two architectures) are the sample.
    public var unit: ComparisonUnit
    /// Training seeds of each side.
    public var seeds: Int
    /// The verdict.
    public var verdict: Verdict
    /// The whole interval lies beyond the margin, on the side of the verdict.
    public var isMaterial: Bool
    /// Shown to be within the margin both ways.
    public var isEquivalent: Bool
    /// One of the few that decide.
    public var isPrimary: Bool
    /// How many items (of clusters like these; with several seeds: seeds) would find a difference of the margin in 80 %
    /// of repeats; only when undecided.
    public var itemsNeeded: Int?
    /// What a reader must know: why it is undecided, lost items, coverage.
    public var note: String?
    /// Turns a difference so that positive is better.
    public var direction: MetricDirection
    /// The standard error of the estimate over clusters of items, whatever the unit is: how well these checkpoints are
    /// known, apart from what other seeds would give. Drift is judged by it.
    public var itemStandardError: Double?
    /// Its degrees of freedom.
    public var itemDegreesOfFreedom: Int?

    /// A result.
    public init(
        metric: String, task: String, condition: String, slice: String, baselineValue: Double? = nil,
        candidateValue: Double? = nil, estimate: Double? = nil, standardError: Double? = nil,
        degreesOfFreedom: Int? = nil, low: Double? = nil, high: Double? = nil, pValue: Double? = nil,
        adjustedPValue: Double? = nil, minimumDetectableEffect: Double? = nil, margin: Double? = nil, pairs: Int,
        clusters: Int, lost: Int = 0, unit: ComparisonUnit = .items, seeds: Int = 1, verdict: Verdict,
        isMaterial: Bool = false, isEquivalent: Bool = false, isPrimary: Bool = false, itemsNeeded: Int? = nil,
        note: String? = nil, direction: MetricDirection, itemStandardError: Double? = nil,
        itemDegreesOfFreedom: Int? = nil
    ) {
        self.metric = metric
        self.task = task
        self.condition = condition
        self.slice = slice
        self.baselineValue = baselineValue
        self.candidateValue = candidateValue
        self.estimate = estimate
        self.standardError = standardError
        self.degreesOfFreedom = degreesOfFreedom
        self.low = low
        self.high = high
        self.pValue = pValue
        self.adjustedPValue = adjustedPValue
        self.minimumDetectableEffect = minimumDetectableEffect
        self.margin = margin
        self.pairs = pairs
        self.clusters = clusters
        self.lost = lost
        self.unit = unit
        self.seeds = seeds
        self.verdict = verdict
        self.isMaterial = isMaterial
        self.isEquivalent = isEquivalent
        self.isPrimary = isPrimary
        self.itemsNeeded = itemsNeeded
        self.note = note
        self.direction = direction
        self.itemStandardError = itemStandardError
        self.itemDegreesOfFreedom = itemDegreesOfFreedom
    }
}
