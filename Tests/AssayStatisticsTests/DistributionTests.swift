import AssayStatistics
import Testing

@Suite struct DistributionTests {
    let fixtures: StatisticsFixtures

    init() throws { fixtures = try StatisticsFixtures.load() }

    @Test func gammaAndBetaFunctionsMatchSciPy() {
        for row in fixtures.logGamma {
            #expect(isNear(SpecialFunctions.logGamma(row[0]), row[1]), "logGamma(\(row[0]))")
        }
        for row in fixtures.logBeta {
            #expect(isNear(SpecialFunctions.logBeta(row[0], row[1]), row[2]), "logBeta(\(row[0]), \(row[1]))")
        }
        for row in fixtures.incompleteBeta {
            let value = SpecialFunctions.incompleteBeta(row[0], row[1], row[2])
            #expect(abs(value - row[3]) < 1e-10, "I_\(row[0])(\(row[1]), \(row[2])) = \(value), SciPy \(row[3])")
        }
    }

    @Test func normalDistributionMatchesSciPy() {
        for row in fixtures.normalCumulative { #expect(isNear(Normal.cumulative(row[0]) / row[1], 1)) }
        for row in fixtures.normalQuantile { #expect(isNear(Normal.quantile(row[0]), row[1]), "at \(row[0])") }
    }

    @Test func studentTMatchesSciPyAlsoFarInTheTails() {
        for row in fixtures.tUpperTail {
            let value = StudentT.upperTail(row[0], degreesOfFreedom: row[1])
            // Relative as well, down to tails that a double can hold.
            #expect(
                abs(value - row[2]) < 1e-10 && (row[2] < 1e-300 || isNear(value / row[2], 1, 1e-8)),
                "t \(row[0]), df \(row[1])")
        }
        for row in fixtures.tQuantile {
            let value = StudentT.quantile(row[0], degreesOfFreedom: row[1])
            #expect(isNear(value, row[2], 1e-9), "p \(row[0]), df \(row[1]): \(value), SciPy \(row[2])")
        }
    }

    @Test func knownQuantilesOfTheDesign() {
        for (df, value) in [(7.0, 2.364624), (19, 2.093024), (39, 2.022691)] {
            #expect(abs(StudentT.quantile(0.975, degreesOfFreedom: df) - value) < 5e-7)
        }
    }

    @Test func binomialTailsMatchSciPy() {
        for row in fixtures.binomialCumulative {
            let value = Binomial.cumulative(Int(row[0]), trials: Int(row[1]), probability: row[2])
            #expect(isNear(value, row[3]), "\(row)")
        }
        let sum = (0...20).reduce(0.0) { $0 + Binomial.mass($1, trials: 20, probability: 0.3) }
        #expect(isNear(sum, 1))
    }

    @Test func argumentsOutsideTheirRangeGiveNaNNotACrash() {
        #expect(SpecialFunctions.logGamma(-1).isNaN)
        #expect(SpecialFunctions.incompleteBeta(2, 1, 1).isNaN)
        #expect(Normal.quantile(-0.1).isNaN && Normal.quantile(0) == -.infinity)
        #expect(StudentT.quantile(0.975, degreesOfFreedom: 0).isNaN)
        #expect(StudentT.upperTail(.nan, degreesOfFreedom: 3).isNaN)
    }

    @Test func exactMcNemarOfTheDesign() {
        #expect(isNear(McNemar.exact(5, 15), 0.04138946533203125))
        #expect(isNear(McNemar.midP(5, 15), 0.026603698730468753))
        #expect(McNemar.exact(0, 0) == 1 && McNemar.exact(4, 4) == 1)
    }

    @Test func passAllAndPassAnyOfTheDesign() {
        #expect(isNear(Reliability.allPass(successes: 6, trials: 8, k: 4), 0.21428571428571427))
        #expect(Reliability.anyPass(successes: 6, trials: 8, k: 4) == 1)
        #expect(Reliability.allPass(successes: 2, trials: 1, k: 1).isNaN)
    }

    /// SciPy's `binomtest(k, n).proportion_ci(0.95, method="exact")`.
    @Test func exactIntervalsMatchSciPy() {
        let rows = [
            (0, 5, 0, 0.5218237501049814), (5, 5, 0.47817624989501856, 1),
            (4, 5, 0.28358206388191054, 0.9949492366205319),
            (1, 20, 0.0012650894979560339, 0.24873276277202772), (7, 10, 0.3475471499399921, 0.9332604888222655),
        ]
        for (successes, trials, low, high) in rows {
            let interval = ProportionInterval.exact(successes: successes, trials: trials, level: 0.95)
            #expect(isNear(interval.low, low) && isNear(interval.high, high), "\(successes) of \(trials)")
        }
    }

    @Test func wilsonIntervalsMatchSciPy() {
        for row in fixtures.wilson {
            let interval = ProportionInterval.wilson(
                proportion: row[0] / row[1], trials: row[1], critical: Normal.quantile(0.975))
            #expect(abs(interval.low - row[2]) < 1e-9 && abs(interval.high - row[3]) < 1e-9, "\(row)")
        }
    }
}
