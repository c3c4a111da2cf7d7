import AssayCore
import AssayStatistics
import Testing

@testable import AssayMetrics

@Suite struct DriftTests {
    private func series(
        _ differences: [Double], metric: String = "accuracy", error: Double = 0.01,
        direction: MetricDirection = .higherIsBetter
    ) -> DriftSeries {
        DriftSeries(
            metric: metric, task: "t", condition: "parallel", slice: "all", direction: direction,
            points: differences.enumerated().map { index, difference in
                DriftObservation(
                    step: 100 * (index + 1), control: 0.8, candidate: 0.8 + difference, estimate: difference,
                    standardError: error, degreesOfFreedom: 63)
            })
    }

    @Test func aDropIsFoundWithItsOnsetAndDirection() throws {
        let result = try #require(detectDrift([series([0, 0.005, -0.004, -0.06, -0.07, -0.065])]).first)
        #expect(result.direction == .worse && result.onsetStep == 400 && (result.alarmStep ?? 0) >= 400)
        #expect(abs((result.magnitude ?? 0) + 0.0653) < 0.001 && (result.pValue ?? 1) < 0.01)
        #expect(result.points.count == 6 && result.points[3].standardised < -4 && result.points[4].fall > 3)
        let rise = try #require(
            detectDrift([series([0, 0.005, -0.004, 0.06, 0.07, 0.065], metric: "nll", direction: .lowerIsBetter)]).first
        )
        #expect(rise.direction == .worse && rise.onsetStep == 400)
    }

    @Test func aConstantDifferenceIsNoDrift() throws {
        let result = try #require(detectDrift([series([-0.3, -0.305, -0.298, -0.301, -0.295])]).first)
        #expect(result.alarmStep == nil && result.direction == .none && result.threshold != nil)
    }

    @Test func healthyRunsRaiseAnAlarmInAnyMetricNoMoreOftenThanSaid() {
        let alarms = (0..<1_000).count { run in
            var random = CounterRandom(key: 71, index: UInt64(run))
            let all = (0..<10).map { _ in series((0..<6).map { _ in 0.01 * random.normal() }) }
            return detectDrift(all).contains { $0.alarmStep != nil }
        }
        #expect(Double(alarms) / 1_000 < 0.05 + 2 * (0.05 * 0.95 / 1_000).squareRoot(), "\(alarms)")
    }

    @Test func degenerateSeriesGiveANoteNotACrash() throws {
        #expect(detectDrift([]).isEmpty)
        let few = try #require(detectDrift([series([0, -0.5])]).first)
        #expect(few.alarmStep == nil && few.threshold == nil && few.note?.contains("at least 3") == true)
        let flat = try #require(detectDrift([series([0, 0, 0, 0], error: 0)]).first)
        #expect(flat.alarmStep == nil && flat.note == nil)
        let sharp = try #require(detectDrift([series([0, 0, 0, 1], error: 0)]).first)
        #expect(sharp.alarmStep == nil && sharp.note?.contains("no spread") == true)
        var mixed = series([0, 0, -0.3, -0.3])
        mixed.points[0].standardError = 0
        let result = try #require(detectDrift([mixed]).first)
        #expect(result.direction == .worse && result.note == "1 checkpoints without spread")
    }

    @Test func seriesAreMadeFromComparisonsInOrderOfSteps() throws {
        func result(_ step: Int) throws -> (step: Int, results: [ComparisonResult]) {
            var random = CounterRandom(key: 1, index: UInt64(step))
            let a = CellData.made(answers(clusters: 40, questions: 4, 0.9, &random))
            let b = CellData.made(answers(clusters: 40, questions: 4, step > 200 ? 0.5 : 0.9, &random))
            return (step, try compare(baseline: [[a]], candidate: [[b]]))
        }
        let series = DriftSeries.series(try [500, 100, 300, 200, 400].map(result))
        let accuracy = try #require(series.first { $0.metric == "accuracy" })
        #expect(accuracy.points.map(\.step) == [100, 200, 300, 400, 500])
        let found = try #require(detectDrift(series).first { $0.metric == "accuracy" })
        #expect(found.direction == .worse && found.onsetStep == 300)
    }
}
