import AssayStatistics

/// How often the pipeline calls a difference where there is none.
public struct FalseAlarms: Sendable, Codable, Hashable {
    /// One metric over one task, in all repeats.
    public struct Row: Sendable, Codable, Hashable {
        /// The metric's key.
        public var metric: String
        /// The task or generator.
        public var task: String
        /// The condition's name.
        public var condition: String
        /// The slice.
        public var slice: String
        /// Whether it is one of the few that decide.
        public var isPrimary: Bool
        /// Repeats in which there was a test.
        public var repeats: Int
        /// Repeats with p below alpha, before any adjustment.
        public var rejected: Int
        /// Repeats whose interval of level 1 - alpha leaves out zero.
        public var missed: Int
    }

    /// How the sides were made.
    public var null: NullKind
    /// Chance of error of a decision.
    public var alpha: Double
    /// Comparisons of two whole sides.
    public var repeats: Int
    /// Those with any REGRESSION or IMPROVEMENT, after the adjustment over the report.
    public var alarmed: Int
    /// Those with a REGRESSION or IMPROVEMENT on a primary metric.
    public var alarmedPrimary: Int
    /// One for each metric, task, condition and slice.
    public var rows: [Row]

    /// The largest number of alarms that chance alone gives in 97.5 % of calibrations: above, alarms are too frequent.
    public func limit(_ repeats: Int) -> Int {
        (0...repeats).first { Binomial.cumulative($0, trials: repeats, probability: alpha) >= 0.975 } ?? repeats
    }

    /// Whether reports raise no more alarms than they may.
    public var isWithinBounds: Bool { alarmed <= limit(repeats) }

    /// Rows with more rejections, or more intervals that miss zero, than chance gives.
    public var beyond: [Row] { rows.filter { max($0.rejected, $0.missed) > limit($0.repeats) } }

    /// The exact 95 % interval of the rate at which reports raise an alarm.
    public var interval: (low: Double, high: Double)? {
        repeats > 0 ? ProportionInterval.exact(successes: alarmed, trials: repeats, level: 0.95) : nil
    }

    /// Counts over the results of each repeat.
    public init(null: NullKind, alpha: Double, results: [[ComparisonResult]]) {
        self.null = null
        self.alpha = alpha
        repeats = results.count
        func isAlarm(_ result: ComparisonResult) -> Bool {
            result.verdict == .regression || result.verdict == .improvement
        }
        alarmed = results.count { $0.contains(where: isAlarm) }
        alarmedPrimary = results.count { $0.contains { $0.isPrimary && isAlarm($0) } }
        var order: [[String]] = []
        var rows: [[String]: Row] = [:]
        for result in results.joined() {
            guard let p = result.pValue else { continue }
            let key = [result.metric, result.task, result.condition, result.slice]
            if rows[key] == nil { order.append(key) }
            var row =
                rows[key]
                ?? Row(
                    metric: result.metric, task: result.task, condition: result.condition, slice: result.slice,
                    isPrimary: result.isPrimary, repeats: 0, rejected: 0, missed: 0)
            row.repeats += 1
            if p < alpha { row.rejected += 1 }
            if let low = result.low, let high = result.high, low > 0 || high < 0 { row.missed += 1 }
            rows[key] = row
        }
        self.rows = order.compactMap { rows[$0] }
    }
}
