import AssayCore
import Foundation
import Testing

@testable import AssayStatistics

@Suite struct ControlChartTests {
    /// Kinds of healthy series.
    enum Null: String, CaseIterable {
        case independent, autocorrelated, heavyTailed, trended
    }

    private static let autocorrelation = 0.4

    /// A series of 40 points, perhaps with a step in standard deviations.
    private func series(_ null: Null, _ repetition: Int, step: Double = 0, from change: Int = 20) -> [Double] {
        var random = CounterRandom(domain: "control-chart/\(null.rawValue)", index: UInt64(repetition))
        var noise = 0.0
        return (0..<40).map { point in
            switch null {
            case .independent, .trended: noise = random.normal()
            case .heavyTailed: noise = random.studentT4() / 2.0.squareRoot()
            case .autocorrelated:
                let phi = ControlChartTests.autocorrelation
                noise = point == 0 ? random.normal() : phi * noise + (1 - phi * phi).squareRoot() * random.normal()
            }
            return 5 + 0.3 * (noise + (point >= change ? step : 0)) + (null == .trended ? 0.2 * Double(point) : 0)
        }
    }

    private func monitor(_ chart: ControlChart, _ null: Null) -> SeriesMonitor {
        SeriesMonitor(
            chart, trend: null == .trended ? .linear : .level,
            autocorrelation: null == .autocorrelated ? ControlChartTests.autocorrelation : 0)
    }

    @Test(arguments: ControlChart.allCases, Null.allCases)
    func falseAlarmsOfAThousandHealthySeriesAreWithinTheirNominalRate(_ chart: ControlChart, _ null: Null) throws {
        let monitor = monitor(chart, null)
        let rate = Double((0..<1_000).count { monitor.watch(series(null, $0))?.alarm != nil }) / 1_000
        #expect(rate <= 0.05 + 2 * (0.05 * 0.95 / 1_000).squareRoot(), "\(chart), \(null): \(rate)")
        // Heavy tails set the threshold, so that normal noise is well below the rate.
        if null == .heavyTailed { #expect(rate > 0.025, "\(chart): \(rate)") }
    }

    @Test func stepsAreFoundAndWhere() throws {
        var found: [ControlChart: Int] = [:]
        var near = 0
        for repetition in 0..<300 {
            for chart in ControlChart.allCases {
                let outcome = try #require(
                    monitor(chart, .independent).watch(series(.independent, repetition, step: 3)))
                if let alarm = outcome.alarm, alarm >= 20 {
                    found[chart, default: 0] += 1
                    if chart == .cusum, let onset = outcome.onset, abs(onset - 20) <= 1 { near += 1 }
                }
            }
        }
        #expect(
            (found[.cusum] ?? 0) > 270 && (found[.ewma] ?? 0) > 270 && (found[.shiryaevRoberts] ?? 0) > 270, "\(found)")
        #expect(Double(near) > 0.8 * Double(found[.cusum] ?? 0), "\(near) of \(found[.cusum] ?? 0)")
        // A jump of a single point is what Shewhart's chart is for.
        let spikes = (0..<300).count { repetition in
            var values = series(.independent, repetition)
            values[30] += 0.3 * 9
            return monitor(.shewhart, .independent).watch(values)?.alarm == 30
        }
        #expect(spikes > 240, "\(spikes)")
    }

    @Test func standardisedValuesAreStandardNormalFromTheFirstOn() {
        for (trend, null) in [(SelfStarting.Trend.level, Null.independent), (.linear, .trended)] {
            let z = (0..<4_000).map { SelfStarting.standardised(series(null, $0), trend: trend) }
            #expect(z[0].count == 40 - SelfStarting.firstPoint(trend))
            for place in [2, 10, 30] {
                let values = z.map { $0[place] }
                let mean = values.reduce(0, +) / 4_000
                let variance = values.reduce(0) { $0 + $1 * $1 } / 4_000
                #expect(abs(mean) < 0.065 && abs(variance - 1) < 0.1, "\(trend) \(place): \(mean), \(variance)")
            }
        }
    }

    @Test func runLengthsOfTheTextbook() {
        // Two-sided CUSUM with k = 0.5: 168 for h = 4, 465 for h = 5 (Montgomery, Statistical Quality Control, table 9.3);
        // EWMA with weight 0.2 and L = 2.859: 370 in the limit (Crowder 1989), with its exact variance a little less.
        func meanRun(_ chart: ControlChart, _ threshold: Double) -> Double {
            let repeats = 1_000
            let total = (0..<repeats).reduce(0) { sum, repetition in
                var random = CounterRandom(domain: "run-length", index: UInt64(repetition))
                let z = (0..<4_000).map { _ in random.normal() }
                return sum + (chart.path(z).firstIndex { $0 > threshold } ?? 4_000) + 1
            }
            return Double(total) / Double(repeats)
        }
        #expect(abs(meanRun(.cusum, 4) - 168) < 17, "\(meanRun(.cusum, 4))")
        #expect(abs(meanRun(.ewma, 2.859) - 365) < 37, "\(meanRun(.ewma, 2.859))")
        #expect(abs(meanRun(.shewhart, 3) - 370.4) < 37, "\(meanRun(.shewhart, 3))")
        // An e-detector's mean run is at least the exponential of its threshold.
        let run = meanRun(.shiryaevRoberts, log(200))
        #expect(run > 200, "\(run)")
    }

    @Test func flatAndShortSeriesRaiseNothing() throws {
        #expect(SeriesMonitor().watch([1, 2, 3]) == nil)
        let flat = try #require(SeriesMonitor().watch(Array(repeating: 0.3, count: 20)))
        #expect(flat.alarm == nil && flat.pValue == 1)
        // Noiseless, then a jump: as sure as it can be told.
        let jump = try #require(SeriesMonitor(.shewhart).watch(Array(repeating: 0.3, count: 10) + [0.4, 0.4, 0.4]))
        #expect(jump.path[8] == SelfStarting.largest)
        let line = (0..<30).map { 0.1 * Double($0) }
        #expect(SeriesMonitor(trend: .linear).watch(line)?.alarm == nil && SeriesMonitor().watch(line)?.alarm != nil)
    }

    @Test func changePointsHoldTheirLevelAndFindTheStep() throws {
        var alarms = 0
        for repetition in 0..<400 {
            let null: Null = repetition % 2 == 0 ? .independent : .heavyTailed
            if try #require(ChangePoint.scan(series(null, repetition), draws: 199)).pValue <= 0.05 { alarms += 1 }
        }
        #expect(Double(alarms) / 400 <= 0.05 + 2 * (0.05 * 0.95 / 400).squareRoot(), "\(alarms)")
        let near = (0..<200).count { repetition in
            let found = ChangePoint.scan(series(.independent, repetition, step: 2), draws: 199)
            return found.map { $0.pValue <= 0.05 && abs($0.point - 20) <= 2 } ?? false
        }
        #expect(near > 170, "\(near)")
        let step = try #require(ChangePoint.scan([0, 0.1, -0.1, 0, 1, 1.1, 0.9, 1]))
        // Welch's and Student's t agree here: means 0 and 1, pooled variance 0.04 / 6.
        #expect(step.point == 4 && isNear(step.statistic, 1 / (0.04 / 6 * 0.5).squareRoot(), 1e-9))
        #expect(ChangePoint.scan([1, 2, 3]) == nil && ChangePoint.scan([1, 1, 1, 1]) == nil)
    }

    @Test func adaptiveWindowsCutAtAChangeAndHardlyWithout() {
        var (alarms, found) = (0, 0)
        for repetition in 0..<300 {
            var random = CounterRandom(key: 91, index: UInt64(repetition))
            var window = AdaptiveWindow(delta: 0.05)
            var cuts = [false, false]
            for index in 0..<2_000 {
                let wasCut = window.take(random.chance(index < 1_000 ? 0.7 : 0.5) ? 1 : 0)
                if wasCut { cuts[index < 1_000 ? 0 : 1] = true }
            }
            if cuts[0] { alarms += 1 }
            if cuts[1] { found += 1 }
            #expect(window.count < 1_500 && abs(window.mean - 0.5) < 0.12)
        }
        #expect(alarms <= 21 && found == 300, "\(alarms) and \(found) of 300")
        var window = AdaptiveWindow()
        for index in 0..<1_000 { _ = window.take(Double(index % 2)) }
        #expect(window.count == 1_000 && window.mean == 0.5)
    }
}
