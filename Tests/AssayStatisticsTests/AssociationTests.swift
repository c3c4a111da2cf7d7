import AssayCore
import AssayStatistics
import Testing

@Suite struct AssociationTests {
    @Test func rankCorrelationsMatchSciPyWithAndWithoutTies() throws {
        for row in try StatisticsFixtures.load().associations {
            let rho = try #require(RankCorrelation.spearman(row.first, row.second))
            let tau = try #require(RankCorrelation.kendall(row.first, row.second))
            let p = try #require(RankCorrelation.kendallP(row.first, row.second))
            #expect(isNear(rho, row.spearman), "rho \(rho), SciPy \(row.spearman)")
            #expect(isNear(tau, row.kendall), "tau \(tau), SciPy \(row.kendall)")
            #expect(isNear(p, row.kendallP, 1e-9), "p \(p), SciPy \(row.kendallP)")
        }
    }

    @Test func knownAnswerOfKendall() throws {
        #expect(isNear(try #require(RankCorrelation.kendall([1, 2, 3, 4, 5], [2, 1, 3, 5, 4])), 0.6))
        let p = try #require(RankCorrelation.kendallP([1, 2, 3, 4, 5], [2, 1, 3, 5, 4]))
        #expect(abs(p - 0.2333333) < 1e-7)
    }

    @Test func constantValuesHaveNoCorrelation() {
        #expect(RankCorrelation.spearman([1, 1, 1], [1, 2, 3]) == nil)
        #expect(RankCorrelation.kendall([1, 2, 3], [4, 4, 4]) == nil)
        #expect(RankCorrelation.kendallP([1, 1], [1, 2]) == nil && RankCorrelation.pearson([1], [2]) == nil)
        #expect(RankCorrelation.pearson([-1e300, 1e300, 0], [-1e300, 1e300, 0]).map { isNear($0, 1) } == true)
    }

    /// The same counts by looking at every pair.
    private func slow(_ x: [Double], _ y: [Double], _ w: [Double]) -> PairCounts {
        var counts = PairCounts()
        for i in x.indices {
            for j in 0..<i {
                let product = (x[i] - x[j]) * (y[i] - y[j])
                let weight = w[i] * w[j]
                if product > 0 { counts.concordant += weight }
                if product < 0 { counts.discordant += weight }
                if x[i] == x[j], y[i] != y[j] { counts.tiedFirst += weight }
                if x[i] != x[j], y[i] == y[j] { counts.tiedSecond += weight }
            }
        }
        return counts
    }

    @Test func pairsAreCountedAsByLookingAtEachOne() {
        for repetition in 0..<200 {
            var random = CounterRandom(key: 77, index: UInt64(repetition))
            let n = 2 + random.below(25)
            let x = (0..<n).map { _ in Double(random.below(8)) - 3 }
            let y = (0..<n).map { _ in Double(random.below(6)) }
            let w = (0..<n).map { _ in Double(random.below(4)) }
            #expect(PairOrder(x, y).counts(weights: w) == slow(x, y, w))
            #expect(PairOrder(x, y).counts == slow(x, y, x.map { _ in 1 }))
        }
        #expect(PairOrder([], []).counts == PairCounts())
    }

    @Test func equalProxiesAreACoinAndEqualTargetsNoDecision() {
        let counts = PairOrder([1, 1, 2, 3], [1, 2, 2, 0]).counts
        // Pairs: (0,1) tied proxy; (0,2) right; (0,3), (1,3), (2,3) wrong; (1,2) equal targets.
        #expect(counts.decided == 5 && isNear(counts.decisionAccuracy, 1.5 / 5))
    }

    @Test func signalToNoiseIsOfTheRunsNotOfTheirMixture() throws {
        let runs = [[0.50, 0.52, 0.48], [0.60, 0.61, 0.59], [0.70, 0.70, 0.70]]
        let ratio = try #require(SignalToNoise(lastCheckpoints: runs))
        #expect(isNear(ratio.noise, (0.02 + 0.01) / 3 / 0.6, 1e-9))
        #expect(isNear(ratio.rangeRatio, 0.2 / 0.01, 1e-9) && isNear(ratio.spreadRatio, 0.1 / 0.01, 1e-9))
        #expect(SignalToNoise(lastCheckpoints: [[0.5, 0.5], [0.6, 0.6]]) == nil)
        #expect(SignalToNoise(lastCheckpoints: [[0.5], [0.6]]) == nil)
    }

    @Test func detectabilityOfBinaryPairsIsTheDesignsFormula() throws {
        // Independent items: 30 of 400 lost, 10 won.
        let differences = (0..<400).map { [$0 < 30 ? -1.0 : $0 < 40 ? 1 : 0] }
        let found = try #require(Detectability(differences: differences))
        #expect(isNear(found.discordance, 0.1) && found.designEffect == 1)
        #expect(isNear(found.itemVariance, (0.1 - 0.05 * 0.05) * 400 / 399, 1e-9))
        let expected = Power.minimumDetectableEffect(discordance: found.itemVariance, items: 400)
        #expect(abs(found.minimumDetectableEffect / expected - 1) < 0.01)
        // Clusters whose items all agree: ten items are worth one.
        let same = try #require(
            Detectability(differences: (0..<40).map { Array(repeating: Double($0 % 2), count: 10) }))
        #expect(isNear(same.correlation, 1, 1e-9) && isNear(same.designEffect, 10, 1e-9))
        #expect(Detectability(differences: [[1, 0]]) == nil && Detectability(differences: [[.nan], [1]]) == nil)
        let equal = try #require(Detectability(differences: [[0, 0], [0, 0]]))
        #expect(equal.minimumDetectableEffect == 0 && equal.correlation == 0)
    }
}
