import AssayStatistics

/// How often a loss of known size is found on one task, beside what the comparison itself says it can find.
public struct PlantedPower: Sendable, Codable, Hashable {
    /// The metric's key.
    public var metric: String
    /// The task.
    public var task: String
    /// The condition's name.
    public var condition: String
    /// The planted loss in minimum detectable effects; 0 for none.
    public var factor: Double
    /// The planted loss in the metric's unit.
    public var size: Double
    /// The minimum detectable effect as the comparisons stated it, mean over repeats.
    public var stated: Double
    /// Comparisons.
    public var repeats: Int
    /// Those with p below alpha and an interval on the losing side.
    public var found: Int
    /// Those with the verdict REGRESSION, after the adjustment over the task's report.
    public var regressions: Int

    /// Counts.
    public init(
        metric: String, task: String, condition: String, factor: Double, size: Double, stated: Double, repeats: Int,
        found: Int, regressions: Int
    ) {
        self.metric = metric
        self.task = task
        self.condition = condition
        self.factor = factor
        self.size = size
        self.stated = stated
        self.repeats = repeats
        self.found = found
        self.regressions = regressions
    }

    /// The share found.
    public var power: Double { repeats > 0 ? Double(found) / Double(repeats) : .nan }

    /// The exact 95 % interval of the share.
    public var interval: (low: Double, high: Double)? {
        repeats > 0 ? ProportionInterval.exact(successes: found, trials: repeats, level: 0.95) : nil
    }
}

/// Measures the power of comparisons of one task by planting losses into pairs without a difference.
public struct PowerStudy: Sendable {
    /// One checkpoint on the task.
    let first: CellData
    /// Another one, on the same items.
    let second: CellData
    let metric: PlantedLoss.Metric
    let options: ComparisonOptions

    /// Repeats from which the size of a loss that equals its own minimum detectable effect is found.
    private static let pilots = 12
    private static let rounds = 5

    /// A study over the recorded cells of two checkpoints; nil where the metric has no difference to be tested.
    public init?(_ first: CellData, _ second: CellData, metric: PlantedLoss.Metric, options: ComparisonOptions) {
        self.first = first
        self.second = second
        self.metric = metric
        self.options = options
        let isEpisodes = first.family == .agent && first.condition.path.givesAnswers
        guard metric == .nll || (metric == .success) == isEpisodes else { return nil }
    }

    /// One comparison with a planted loss.
    /// - Parameter draw: the number of the repeat.
    public func result(loss: Double, draw: Int) throws -> ComparisonResult? {
        let pair = NullPair.exchanged([first], [second], draw: draw)
        let damaged = PlantedLoss(metric, size: loss).planted(in: pair.candidate[0], draw: draw)
        return try compare(baseline: [pair.baseline], candidate: [[damaged]], options: options)
            .first { $0.metric == metric.rawValue && $0.slice == Slice.all }
    }

    /// The loss that equals the minimum detectable effect which comparisons with that loss state; nil where there is no
    /// such loss: nothing to lose, or nothing that could be told.
    public func detectableLoss() throws -> Double? {
        var loss = 0.0
        for _ in 0..<PowerStudy.rounds {
            let stated = try (0..<PowerStudy.pilots).compactMap {
                // Numbers that no repeat has.
                try result(loss: loss, draw: -1 - $0)?.minimumDetectableEffect
            }
            guard stated.count == PowerStudy.pilots else { return nil }
            loss = stated.reduce(0, +) / Double(stated.count)
            guard loss > 0, loss.isFinite else { return nil }
        }
        if metric != .nll {
            guard let right = try PlantedLoss(metric, size: loss).right(in: first),
                let other = try PlantedLoss(metric, size: loss).right(in: second), loss < min(right, other)
            else { return nil }
        }
        return loss
    }

    /// Counts over repeats.
    public func power(factor: Double, loss: Double, results: [ComparisonResult?]) -> PlantedPower {
        let known = results.compactMap { $0 }
        let found = known.count { result in
            guard let p = result.pValue, let low = result.low, let high = result.high, p < options.alpha else {
                return false
            }
            return result.direction == .higherIsBetter ? high < 0 : low > 0
        }
        let stated = known.compactMap(\.minimumDetectableEffect)
        return PlantedPower(
            metric: metric.rawValue, task: first.task, condition: first.condition.name, factor: factor,
            size: factor * loss, stated: stated.reduce(0, +) / Double(max(1, stated.count)), repeats: known.count,
            found: found, regressions: known.count { $0.verdict == .regression })
    }
}
