import AssayCore
import Foundation
import Testing

@testable import AssayStatistics

@Suite struct CusumTests {
    /// More series than the bounds are for, so that a rate that is right passes for any of them.
    private static let repetitions = 4_000

    /// Differences at a constant level with noise of standard deviation 1, a step from a point on, and standard errors
    /// with some degrees of freedom.
    private func series(
        _ points: Int, degrees: Int, step: Double = 0, from start: Int = 0, repetition: Int, autocorrelation: Double = 0
    ) -> (values: [Double], errors: [Double]) {
        var random = CounterRandom(key: 53, index: UInt64(points * 1_000_000 + repetition))
        var noise = 0.0
        var values: [Double] = []
        for point in 0..<points {
            let innovation = random.normal()
            noise =
                point == 0
                ? innovation
                : autocorrelation * noise + (1 - autocorrelation * autocorrelation).squareRoot() * innovation
            values.append(7 + noise + (point >= start ? step : 0))
        }
        let errors = (0..<points).map { _ in
            random.scaledChiSquare(degreesOfFreedom: Double(degrees)).squareRoot()
        }
        return (values, errors)
    }

    private func alarms(_ points: Int, degrees: Int, step: Double = 0, from start: Int = 0) -> Double {
        let threshold = CusumCalibration.shared.distribution(points: points, degreesOfFreedom: degrees)
            .threshold(falseAlarms: 0.05)
        let found = (0..<CusumTests.repetitions).count { repetition in
            let (values, errors) = series(points, degrees: degrees, step: step, from: start, repetition: repetition)
            let z = Cusum.recursiveResiduals(values, standardErrors: errors)
            return Cusum.run(z.map(Cusum.influence), threshold: threshold).alarm != nil
        }
        return Double(found) / Double(CusumTests.repetitions)
    }

    @Test(arguments: [(3, 19), (5, 999), (8, 999), (8, 10), (20, 63)])
    func healthySeriesRaiseNoMoreAlarmsThanTheyMay(points: Int, degrees: Int) {
        let rate = alarms(points, degrees: degrees)
        #expect(rate <= 0.05 + 2 * (0.05 * 0.95 / 1_000).squareRoot(), "\(rate)")
        #expect(rate > 0.02, "\(rate)")
    }

    @Test func aStepOfThreeStandardErrorsIsFoundWithinAHandfulOfCheckpoints() {
        #expect(alarms(10, degrees: 999, step: 3, from: 5) > 0.9)
        #expect(alarms(20, degrees: 999, step: 2, from: 10) > 0.8)
        #expect(alarms(6, degrees: 63, step: 5, from: 3) > 0.9)
    }

    /// Winsorised sums alone could never pass a threshold of more than three at the newest checkpoint.
    @Test func aJumpThatNoNoiseMakesIsToldAtTheNewestCheckpoint() {
        #expect(alarms(5, degrees: 999, step: 10, from: 4) > 0.95)
        #expect(alarms(20, degrees: 999, step: 14, from: 19) > 0.95)
    }

    @Test func influenceByHand() {
        let expected = [(0, 0), (2.5, 2.5), (-2.5, -2.5), (3, 3), (4, 3), (-5, -3), (7, 5), (-9, -7)]
        for (z, value) in expected { #expect(Cusum.influence(z) == value, "\(z)") }
    }

    @Test func theOnsetIsNearTheStep() {
        let threshold = CusumCalibration.shared.distribution(points: 16, degreesOfFreedom: 999)
            .threshold(falseAlarms: 0.05)
        var near = 0
        var found = 0
        for repetition in 0..<500 {
            let (values, errors) = series(16, degrees: 999, step: 4, from: 8, repetition: repetition)
            let z = Cusum.recursiveResiduals(values, standardErrors: errors)
            let trace = Cusum.run(z.map(Cusum.influence), threshold: threshold)
            guard let alarm = trace.alarm, let onset = trace.onset else { continue }
            found += 1
            // Residual i belongs to point i + 1.
            let split = Cusum.split(values, standardErrors: errors, from: onset + 1, through: alarm + 1)
            if abs(split - 8) <= 1 { near += 1 }
        }
        #expect(found > 480 && Double(near) > 0.9 * Double(found), "\(near) of \(found)")
    }

    @Test func splitByHand() {
        let values = [0, 0.1, -0.1, 1, 1.1, 0.9]
        let ones = [Double](repeating: 1, count: 6)
        #expect(Cusum.split(values, standardErrors: ones, from: 1, through: 5) == 3)
        // The end is the alarm: later points are not known then.
        #expect(Cusum.split(values, standardErrors: ones, from: 2, through: 3) == 3)
        #expect(Cusum.split(values, standardErrors: ones, from: 4, through: 4) == 4)
    }

    @Test func recursiveResidualsByHand() {
        let z = Cusum.recursiveResiduals([1, 3, 2, 6], standardErrors: [1, 1, 1, 1])
        let expected = [2 / 2.0.squareRoot(), 0, 4 / (4.0 / 3).squareRoot()]
        #expect(zip(z, expected).allSatisfy { abs($0 - $1) < 1e-12 })
        // A precise point counts for more in the mean before: (1 * 4 + 3) / 5.
        let weighted = Cusum.recursiveResiduals([1, 3, 2], standardErrors: [0.5, 1, 1])
        #expect(abs(weighted[1] - 0.6 / 1.2.squareRoot()) < 1e-12)
        // 9 is 9 / sqrt 2 deviations from 0, and moves the mean as 3 sqrt 2 does.
        let outlier = Cusum.recursiveResiduals([0, 9, 0], standardErrors: [1, 1, 1])
        #expect(abs(outlier[0] - 9 / 2.0.squareRoot()) < 1e-12)
        #expect(abs(outlier[1] + 1.5 * 2.0.squareRoot() / 1.5.squareRoot()) < 1e-12)
    }

    @Test func sumsAlarmAndOnsetByHand() {
        let trace = Cusum.run([0.2, -1, 1.5, 2, 1.5, -9], threshold: 3)
        let rise = [0, 0, 1, 2.5, 3.5, 0]
        let fall = [0, 0.5, 0, 0, 0, 8.5]
        #expect(zip(trace.rise, rise).allSatisfy { abs($0 - $1) < 1e-12 })
        #expect(zip(trace.fall, fall).allSatisfy { abs($0 - $1) < 1e-12 })
        #expect(trace.alarm == 4 && trace.onset == 2 && trace.isRise && trace.largest == 8.5)
        #expect(Cusum.run([], threshold: 1).alarm == nil)
    }

    @Test func whiteningRemovesTheAutocorrelationThatWouldRaiseFalseAlarms() {
        // Of 60 checkpoints with known mean: the threshold of independent values, then AR(1) with and without whitening.
        func rate(_ autocorrelation: Double, whitened: Bool) -> Double {
            let found = (0..<1_000).count { repetition in
                var z = series(60, degrees: 999, repetition: repetition, autocorrelation: autocorrelation)
                    .values.map { $0 - 7 }
                if whitened { z = Cusum.whitened(z, autocorrelation: autocorrelation) }
                return Cusum.run(z, threshold: 5).alarm != nil
            }
            return Double(found) / 1_000
        }
        let (independent, raw, white) = (
            rate(0, whitened: false), rate(0.4, whitened: false), rate(0.4, whitened: true)
        )
        #expect(independent < 0.16 && raw > 0.35 && abs(white - independent) < 0.04, "\(independent) \(raw) \(white)")
    }

    @Test func thresholdsGrowWithThePointsAndShrinkWithTheRate() {
        let few = CusumCalibration.shared.distribution(points: 4, degreesOfFreedom: 50)
        let many = CusumCalibration.shared.distribution(points: 10, degreesOfFreedom: 50)
        #expect(few.threshold(falseAlarms: 0.05) < many.threshold(falseAlarms: 0.05))
        #expect(many.threshold(falseAlarms: 0.05) < many.threshold(falseAlarms: 0.001))
        #expect(many.threshold(falseAlarms: 1e-9) == .infinity)
        let bar = many.threshold(falseAlarms: 0.01)
        #expect(many.pValue(bar.nextUp) <= 0.01 && many.pValue(0) == 1)
        // Standard errors from few clusters are themselves uncertain.
        let rough = CusumCalibration.shared.distribution(points: 10, degreesOfFreedom: 5)
        #expect(rough.threshold(falseAlarms: 0.05) > many.threshold(falseAlarms: 0.05))
    }
}
