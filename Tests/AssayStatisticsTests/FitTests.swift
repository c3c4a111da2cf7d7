import AssayCore
import AssayStatistics
import Foundation
import Testing

@Suite struct FitTests {
    let fixtures: StatisticsFixtures

    init() throws { fixtures = try StatisticsFixtures.load() }

    @Test func predictiveFIsThatOfTheFitsWithAndWithoutTheNewPoints() throws {
        for row in fixtures.chow {
            let line = try #require(LinearFit(row[0], row[1]))
            let test = try #require(line.prediction(of: row[3], at: row[2]))
            #expect(isNear(test.f, row[4][0], 1e-9) && isNear(test.pValue, row[4][1], 1e-9), "\(test) \(row[4])")
        }
        let line = try #require(LinearFit([0, 1, 2, 3], [1, 3, 5, 8]))
        let one = try #require(line.prediction(of: [20], at: [5]))
        let error = 20 - line.value(at: 5)
        #expect(isNear(one.f, error * error / (line.residualVariance * (1 + line.leverage(at: 5))), 1e-9))
        #expect(LinearFit([1, 1, 1], [1, 2, 3]) == nil && LinearFit([1, 2], [1, 2]) == nil)
    }

    @Test func powerLawsMatchSciPysLeastSquares() throws {
        for row in fixtures.powerLaws {
            let law = try #require(PowerLaw(budgets: row[0], losses: row[1]))
            #expect(isNear(law.floor, row[2][0], 1e-3) && isNear(law.exponent, row[2][2], 1e-3), "\(law), \(row[2])")
            // What matters are the losses, which the constants share out in different ways.
            let expected = row[2][0] + row[2][1] * pow(2_000, -row[2][2])
            #expect(isNear(law.loss(at: 2_000), expected, 1e-6))
            let budget = try #require(law.budget(for: law.loss(at: 700)))
            #expect(isNear(budget, 700, 1e-9))
            #expect(law.budget(for: law.floor) == nil)
        }
        #expect(PowerLaw(budgets: [1, 2, 3], losses: [3, 2, 1]) == nil)
        #expect(PowerLaw(budgets: [1, 2, 3, 4], losses: [1, 2, 3, 4]) == nil)
        #expect(PowerLaw(budgets: [1, 2, 3, .nan], losses: [1, 2, 3, 4]) == nil)
    }

    /// Losses of an arm that needs `1 / gain` of the control's compute.
    private func losses(gain: (Double) -> Double, noise: Double, _ random: inout CounterRandom) -> [BudgetLosses] {
        [100.0, 300, 1_000, 3_000, 10_000].map { budget in
            let law = PowerLaw(floor: 1.7, scale: 40, exponent: 0.3)
            return BudgetLosses(
                budget: budget,
                losses: (0..<3).map { _ in law.loss(at: budget * gain(budget)) + noise * random.normal() })
        }
    }

    @Test func gainAndItsSlopeAreFoundWithoutNoise() throws {
        var random = CounterRandom(key: 1, index: 1)
        let control = losses(gain: { _ in 1 }, noise: 0, &random)
        let constant = try ComputeEquivalentGain(
            arm: losses(gain: { _ in 1.5 }, noise: 0, &random), control: control, at: 3_000, draws: 20)
        #expect(isNear(constant.gain.value, 1.5, 1e-3) && abs(constant.slope.value) < 1e-3)
        // An advantage that shrinks as C^-0.1.
        let shrinking = try ComputeEquivalentGain(
            arm: losses(gain: { 3 * pow($0, -0.1) }, noise: 0, &random), control: control, at: 3_000, draws: 20)
        #expect(isNear(shrinking.slope.value, -0.1, 1e-2), "\(shrinking.slope)")
    }

    @Test func gainIntervalsCoverTheTruth() throws {
        var covered = (0, 0)
        let repeats = 60
        for repetition in 0..<repeats {
            var random = CounterRandom(key: 2, index: UInt64(repetition))
            let control = losses(gain: { _ in 1 }, noise: 0.01, &random)
            let arm = losses(gain: { _ in 1.3 }, noise: 0.01, &random)
            let found = try ComputeEquivalentGain(arm: arm, control: control, at: 3_000, level: 0.9, draws: 100)
            if let low = found.gain.low, let high = found.gain.high, low <= 1.3, high >= 1.3 { covered.0 += 1 }
            if let low = found.slope.low, let high = found.slope.high, low <= 0, high >= 0 { covered.1 += 1 }
        }
        // 90 % less three standard errors of 60 repeats.
        #expect(covered.0 >= 47 && covered.1 >= 47, "\(covered)")
    }

    @Test func tooLittleDataForAGainIsSaid() {
        var random = CounterRandom(key: 1, index: 1)
        let control = losses(gain: { _ in 1 }, noise: 0, &random)
        #expect(throws: AssayError.self) {
            try ComputeEquivalentGain(arm: Array(control.prefix(3)), control: control, at: 1_000)
        }
        let thin = control.map { BudgetLosses(budget: $0.budget, losses: Array($0.losses.prefix(2))) }
        #expect(throws: AssayError.self) { try ComputeEquivalentGain(arm: thin, control: control, at: 1_000) }
        #expect(throws: AssayError.self) { try ComputeEquivalentGain(arm: control, control: control, at: .nan) }
    }

    @Test func fiellersEndsAreWhereTheTestTurns() throws {
        let (a, b, covariance, t) = ((value: 3.0, standardError: 0.5), (value: 2.0, standardError: 0.3), 0.05, 2.1)
        guard case .bounded(let low, let high) = Fieller.interval(a, over: b, covariance: covariance, critical: t)
        else {
            Issue.record("not bounded")
            return
        }
        for ratio in [low, high] {
            let variance = 0.25 - 2 * ratio * covariance + ratio * ratio * 0.09
            #expect(isNear(abs(3 - ratio * 2), t * variance.squareRoot(), 1e-9))
        }
        #expect(low < 1.5 && high > 1.5)
        // A denominator near zero leaves out only the ratios near zero, or nothing.
        guard case .outside(let from, let to) = Fieller.interval((3, 0.5), over: (0.1, 0.3), critical: 2) else {
            Issue.record("not outside")
            return
        }
        #expect(from < 0 && to > 0)
        #expect(Fieller.interval((0.1, 0.5), over: (0.1, 0.3), critical: 2) == .everything)
    }

    @Test func marginTestsMatchSciPy() throws {
        for row in fixtures.tost {
            let zeros = [Double](repeating: 0, count: row[0].count)
            let comparison = PairedComparison.seeds(baseline: zeros, candidate: row[0])
            let error = try #require(comparison.standardError)
            let p = (
                MarginTests.nonInferiority(estimate: comparison.estimate, standardError: error, margin: row[1][0]),
                MarginTests.equivalence(estimate: comparison.estimate, standardError: error, margin: row[1][0])
            )
            #expect(isNear(p.0 ?? -1, row[2][0], 1e-9) && isNear(p.1 ?? -1, row[2][1], 1e-9), "\(p), \(row[2])")
        }
        let none = StandardError(value: 0, degreesOfFreedom: 3)
        #expect(MarginTests.equivalence(estimate: 0, standardError: none, margin: 1) == nil)
    }

    @Test func holmMatchesItsDefinitionAndEBHRejectsTheLargest() {
        for row in fixtures.holm {
            #expect(zip(MultipleTests.holm(row[0]), row[1]).allSatisfy { isNear($0, $1) })
        }
        // M / (q k) at q = 0.1 and M = 4: 40, 20, 13.3, 10.
        #expect(MultipleTests.eBenjaminiHochberg([1, 25, 30, 5], rate: 0.1) == [false, true, true, false])
        #expect(MultipleTests.eBenjaminiHochberg([39, 1, 1, 1], rate: 0.1) == [false, false, false, false])
        #expect(MultipleTests.eBenjaminiHochberg([], rate: 0.1).isEmpty)
    }

    @Test func quantilesAreNumPys() {
        #expect(Quantile.of(sorted: [1, 2, 4, 8], at: 0.5) == 3 && Quantile.of(sorted: [1, 2, 4, 8], at: 1) == 8)
        #expect(isNear(Quantile.of(sorted: [1, 2, 4, 8], at: 0.05), 1.15) && Quantile.of(sorted: [], at: 0.5).isNaN)
        #expect(Quantile.interval([.nan, .nan, 1], level: 0.9) == nil)
    }

    @Test func bootstrapSamplesHaveAllClustersWithEqualChance() {
        let times = ClusterBootstrap(clusters: 5, draws: 4_000).values { $0 }
        #expect(times.allSatisfy { $0.reduce(0, +) == 5 })
        for cluster in 0..<5 {
            let mean = times.reduce(0) { $0 + $1[cluster] } / 4_000
            #expect(abs(mean - 1) < 4 * (0.8 / 4_000).squareRoot())
        }
        #expect(times[0] == ClusterBootstrap(clusters: 5, draws: 1).values { $0 }[0])
    }
}
