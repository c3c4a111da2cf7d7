import AssayCore
import Testing

@testable import AssayStatistics

@Suite struct TaskSetTests {
    let fixtures: StatisticsFixtures

    init() throws { fixtures = try StatisticsFixtures.load() }

    @Test func chiSquareAndFMatchSciPy() throws {
        for row in fixtures.chiSquareTail {
            #expect(isNear(ChiSquare.upperTail(row[0], degreesOfFreedom: row[1]), row[2], 1e-9), "\(row)")
        }
        for row in fixtures.chiSquareQuantile {
            #expect(isNear(ChiSquare.quantile(row[0], degreesOfFreedom: row[1]), row[2], 1e-9), "\(row)")
        }
        for row in fixtures.fTail {
            #expect(isNear(FisherF.upperTail(row[0], numerator: row[1], denominator: row[2]), row[3], 1e-9), "\(row)")
        }
        for row in fixtures.homogeneity {
            let test = try #require(ChiSquare.homogeneity(row[0].map { Int($0) }, row[1].map { Int($0) }))
            #expect(isNear(test.statistic, row[2][0]) && isNear(test.pValue, row[2][1]))
        }
        #expect(ChiSquare.homogeneity([0, 3], [0, 5]) == nil && ChiSquare.homogeneity([1, 2], [0, 0]) == nil)
    }

    @Test func kolmogorovSmirnovMatchesSciPysExactTest() throws {
        for row in fixtures.kolmogorovSmirnov {
            let test = try #require(KolmogorovSmirnov.test(row[0], row[1]))
            #expect(isNear(test.statistic, row[2][0]) && isNear(test.pValue, row[2][1], 1e-9), "\(test), \(row[2])")
        }
        for row in fixtures.kolmogorovLimit { #expect(abs(KolmogorovSmirnov.limitP(row[0]) - row[1]) < 1e-9, "\(row)") }
        let known = try #require(KolmogorovSmirnov.test([1, 2, 3, 4, 5], [3, 4, 5, 6, 7]))
        #expect(isNear(known.statistic, 0.4) && abs(known.pValue - 0.8730159) < 5e-8)
        #expect(KolmogorovSmirnov.test([], [1]) == nil)
        #expect(KolmogorovSmirnov.test([1, 1], [1, 1]).map { $0.statistic == 0 && $0.pValue == 1 } == true)
    }

    @Test func stabilityHasACutoffOfItsOwnSize() throws {
        #expect(abs(PopulationStability.cutoff(bins: 10, 200, 200) - 0.169) < 5e-4)
        #expect(abs(PopulationStability.cutoff(bins: 10, 1_000, 1_000) - 0.034) < 5e-4)
        func passing(_ size: Int, shift: Double, repeats: Int) throws -> (cutoff: Double, p: Double, folk: Double) {
            var counts = (0, 0, 0)
            for repetition in 0..<repeats {
                var random = CounterRandom(key: 81, index: UInt64(repetition))
                let old = (0..<size).map { _ in random.normal() }
                let new = (0..<size).map { _ in random.normal() + shift }
                let found = try #require(PopulationStability(old, new, draws: 99))
                if found.index > found.cutoff { counts.0 += 1 }
                if found.pValue <= 0.05 { counts.1 += 1 }
                if found.index > 0.1 { counts.2 += 1 }
            }
            let n = Double(repeats)
            return (Double(counts.0) / n, Double(counts.1) / n, Double(counts.2) / n)
        }
        let null = try passing(200, shift: 0, repeats: 400)
        // Within two standard errors of 5 %; the customary cut-off is passed by a third.
        #expect(null.cutoff < 0.072 && null.p < 0.072 && null.folk > 0.2, "\(null)")
        let moved = try passing(1_000, shift: 0.2, repeats: 40)
        #expect(moved.cutoff > 0.7 && moved.p > 0.7 && moved.folk < 0.2, "\(moved)")
        #expect(PopulationStability([1, 1], [1, 1]) == nil && PopulationStability([], [1]) == nil)
    }

    @Test func mantelHaenszelMatchesItsDefinition() throws {
        for row in fixtures.mantelHaenszel {
            let strata = row.tables.map {
                MantelHaenszel.Stratum(
                    referenceRight: $0[0], referenceWrong: $0[1], focalRight: $0[2], focalWrong: $0[3])
            }
            let test = try #require(MantelHaenszel(strata))
            #expect(isNear(test.oddsRatio, row.expected[0]) && isNear(test.statistic, row.expected[1], 1e-9))
            #expect(isNear(test.pValue, row.expected[2], 1e-9))
        }
        #expect(MantelHaenszel([.init(referenceRight: 3, referenceWrong: 0, focalRight: 4, focalWrong: 0)]) == nil)
    }
}
