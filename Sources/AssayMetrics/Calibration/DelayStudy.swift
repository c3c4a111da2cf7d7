import AssayCore
import AssayStatistics

/// How many checkpoints pass until a loss that came at one of them is noticed.
public struct DetectionDelay: Sendable, Codable, Hashable {
    /// The metric's key.
    public var metric: String
    /// The task.
    public var task: String
    /// The condition's name.
    public var condition: String
    /// The loss in minimum detectable effects; 0 for none.
    public var factor: Double
    /// Checkpoints of a series.
    public var checkpoints: Int
    /// Checkpoints before the loss; all of them when there is none.
    public var healthy: Int
    /// Series.
    public var series: Int
    /// Series with an alarm while nothing was lost.
    public var falseAlarms: Int
    /// Series whose first alarm came after the loss.
    public var found: Int
    /// Checkpoints with the loss up to and with the one at which it was noticed: the median of those that were.
    public var median: Double?
    /// The time within which nine of ten of those were noticed.
    public var ninetieth: Double?
    /// The chance of a false alarm that the detector was set to, for this series alone.
    public var nominal: Double
}

/// Strings comparisons together as if they were the checkpoints of a run, and watches them as `assay drift` does.
public struct DelayStudy: Sendable {
    /// Checkpoints of a series.
    public static let checkpoints = 20
    /// Checkpoints before the loss.
    public static let healthy = 10
    /// Series for each size of a loss.
    public static let series = 1_000

    /// Comparisons without a loss, of which each could be a checkpoint.
    let healthyResults: [ComparisonResult]
    /// The chance of a false alarm in a series.
    let falseAlarms: Double

    /// A study.
    /// - Parameters:
    ///   - healthy: comparisons of one metric over one task without a loss.
    ///   - falseAlarms: the chance of a false alarm in a series.
    public init(healthy: [ComparisonResult], falseAlarms: Double) {
        healthyResults = healthy
        self.falseAlarms = falseAlarms
    }

    /// Watches series whose later checkpoints are drawn from comparisons with a loss; without those, healthy series.
    /// - Returns: nil where comparisons have no spread to judge by.
    public func delay(factor: Double, damaged: [ComparisonResult]) -> DetectionDelay? {
        guard let example = healthyResults.first, healthyResults.allSatisfy({ $0.itemStandardError ?? 0 > 0 }),
            factor == 0 || !damaged.isEmpty
        else { return nil }
        let onset = factor == 0 ? DelayStudy.checkpoints : DelayStudy.healthy
        let key = ContentHash(of: "assay/calibration/delay/\(example.metric)/\(example.task)/\(factor)").leadingBits
        var (early, waits) = (0, [Double]())
        for number in 0..<DelayStudy.series {
            var random = CounterRandom(key: key, index: UInt64(number))
            let results = (0..<DelayStudy.checkpoints).map {
                random.pick($0 < onset ? healthyResults : damaged)
            }
            let series = DriftSeries.series(results.enumerated().map { (step: $0.offset, results: [$0.element]) })
            let found = detectDrift(series, options: DriftOptions(falseAlarms: falseAlarms)).first
            guard let alarm = found?.alarmStep else { continue }
            if alarm < onset { early += 1 } else { waits.append(Double(alarm - onset + 1)) }
        }
        waits.sort()
        return DetectionDelay(
            metric: example.metric, task: example.task, condition: example.condition, factor: factor,
            checkpoints: DelayStudy.checkpoints, healthy: onset, series: DelayStudy.series, falseAlarms: early,
            found: waits.count, median: waits.isEmpty ? nil : Quantile.of(sorted: waits, at: 0.5),
            ninetieth: waits.isEmpty ? nil : Quantile.of(sorted: waits, at: 0.9), nominal: falseAlarms)
    }
}
