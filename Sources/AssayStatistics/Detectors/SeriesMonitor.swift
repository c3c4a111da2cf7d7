import AssayCore
import Foundation

/// Watches a series whose level and noise are not known beforehand for a change, with a chance of a false alarm over the
/// whole series that is held for normal noise and for noise with heavy tails (Student's t on 4 degrees of freedom).
public struct SeriesMonitor: Sendable, Hashable {
    /// What the monitor saw.
    public struct Outcome: Sendable, Hashable {
        /// The detector's number at each monitored point.
        public var path: [Double]
        /// The first monitored point of the series.
        public var firstPoint: Int
        /// What the numbers must pass for an alarm.
        public var threshold: Double
        /// The share of healthy series that reach as high.
        public var pValue: Double
        /// The first point with an alarm.
        public var alarm: Int?
        /// Where the change that raised it most likely began.
        public var onset: Int?
    }

    /// The detector.
    public var chart: ControlChart
    /// What a healthy series does.
    public var trend: SelfStarting.Trend
    /// The autocorrelation of healthy noise at lag one, known from earlier series.
    public var autocorrelation: Double
    /// The chance that a healthy series raises an alarm.
    public var falseAlarms: Double

    /// A monitor.
    public init(
        _ chart: ControlChart = .cusum, trend: SelfStarting.Trend = .level, autocorrelation: Double = 0,
        falseAlarms: Double = 0.05
    ) {
        precondition(abs(autocorrelation) < 1, "an autocorrelation lies between -1 and 1")
        self.chart = chart
        self.trend = trend
        self.autocorrelation = autocorrelation
        self.falseAlarms = falseAlarms
    }

    /// Watches a series of finite values; nil when it is too short to be watched.
    public func watch(_ values: [Double]) -> Outcome? {
        let z = SelfStarting.standardised(values, trend: trend, autocorrelation: autocorrelation)
        guard z.count >= 2 else { return nil }
        let null = ChartCalibration.shared.distribution(chart, trend: trend, points: z.count)
        let path = chart.path(z)
        let threshold = null.threshold(falseAlarms: falseAlarms)
        let first = SelfStarting.firstPoint(trend, autocorrelation: autocorrelation)
        let alarm = path.firstIndex { $0 > threshold }
        let ones = [Double](repeating: 1, count: z.count)
        return Outcome(
            path: path, firstPoint: first, threshold: threshold, pValue: null.pValue(path.max() ?? 0),
            alarm: alarm.map { $0 + first },
            onset: alarm.map { first + ($0 == 0 ? 0 : Cusum.split(z, standardErrors: ones, from: 1, through: $0)) })
    }
}

/// Thresholds of control charts by simulation of the whole pipeline.
public final class ChartCalibration: @unchecked Sendable {
    private struct Key: Hashable {
        var trend: SelfStarting.Trend
        var points: Int
    }

    /// How many healthy series of each noise are simulated.
    public static let simulations = 10_000
    /// Shared by all callers: the distributions are the same for everyone.
    public static let shared = ChartCalibration()

    private let lock = NSLock()
    private var known: [Key: [ControlChart: NullDistribution]] = [:]

    /// An empty cache.
    public init() {}

    /// The null distribution of a chart over a number of monitored points.
    public func distribution(_ chart: ControlChart, trend: SelfStarting.Trend, points: Int) -> NullDistribution {
        lock.lock()
        defer { lock.unlock() }
        let key = Key(trend: trend, points: points)
        let charts = known[key] ?? ChartCalibration.simulate(key)
        known[key] = charts
        return charts[chart] ?? NullDistribution(kinds: [])
    }

    /// All charts over the same series.
    private static func simulate(_ key: Key) -> [ControlChart: NullDistribution] {
        let length = key.points + SelfStarting.firstPoint(key.trend)
        var largest: [ControlChart: [[Double]]] = [:]
        for heavyTailed in [false, true] {
            let name = "assay/chart/\(key.trend.rawValue)/\(key.points)/\(heavyTailed ? "t4" : "normal")"
            let seed = ContentHash(of: name).leadingBits
            var tops = [[Double]](repeating: [], count: ControlChart.allCases.count)
            for series in 0..<simulations {
                var random = CounterRandom(key: seed, index: UInt64(series))
                let values = (0..<length).map { _ in heavyTailed ? random.studentT4() : random.normal() }
                let z = SelfStarting.standardised(values, trend: key.trend)
                for (index, chart) in ControlChart.allCases.enumerated() {
                    tops[index].append(chart.path(z).max() ?? 0)
                }
            }
            for (index, chart) in ControlChart.allCases.enumerated() {
                largest[chart, default: []].append(tops[index])
            }
        }
        return largest.mapValues { NullDistribution(kinds: $0) }
    }
}
