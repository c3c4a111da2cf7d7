import AssayCore
import Foundation
import Testing

@testable import AssayStatistics

@Suite struct SequentialLookTests {
    @Test func repeatedPValuesMatchTheNormalDistributionOfTheLooks() throws {
        for row in try StatisticsFixtures.load().repeatedP {
            let (fractions, m, expected) = (row[0], row[1][0], row[1][1])
            #expect(abs(GroupSequential.exceedance(fractions, statistic: m) - expected) < 2e-5, "\(fractions), \(m)")
            // At the last look the statistic is z itself.
            let last = SequentialLook(method: .obrienFleming, fractions: fractions, look: fractions.count - 1)
            #expect(abs(last.pValue(Normal.twoSided(m)) - expected) < 2e-5)
        }
        // Far out, where the integral gives way to the sum of the looks.
        #expect(
            GroupSequential.exceedance([0.5, 1], statistic: 5.999)
                > GroupSequential.exceedance([0.5, 1], statistic: 6.001))
        #expect(GroupSequential.exceedance([0.5, 1], statistic: 0) == 1)
    }

    @Test func aPValueRejectsExactlyWhereItsBoundaryDoes() {
        for method in SpendingMethod.allCases {
            for look in 0..<4 {
                let place = SequentialLook(method: method, fractions: [0.25, 0.5, 0.75, 1], look: look)
                let level = place.momentaryAlpha(0.05)
                if method == .obrienFleming {
                    #expect(abs(place.pValue(level) - 0.05) < 1e-6)
                    #expect(place.pValue(0.9 * level) < 0.05 && place.pValue(1.1 * level) > 0.05)
                } else {
                    #expect(isNear(place.pValue(level), 0.05, 1e-9))
                }
                #expect(level < 0.05 && place.pValue(1) <= 1 && place.pValue(0) < 1e-9)
                #expect(place.isLast == (look == 3))
            }
        }
        // A design of one look is the test without looks.
        let single = SequentialLook(method: .obrienFleming, fractions: [1], look: 0)
        #expect(isNear(single.pValue(0.03), 0.03, 1e-9) && abs(single.momentaryAlpha(0.05) - 0.05) < 1e-7)
        // The early looks of O'Brien and Fleming spend next to nothing: |Z| >= 4.05 at a quarter of the data.
        let first = SequentialLook(method: .obrienFleming, fractions: [0.25, 0.5, 0.75, 1], look: 0)
        #expect(abs(first.momentaryAlpha(0.05) - Normal.twoSided(4.0486)) < 2e-7)
    }

    /// Paired differences of right and wrong answers, in clusters that share an effect.
    private func sums(
        _ clusters: Int, difference: Double, heavyTailed: Bool, _ random: inout CounterRandom
    ) -> (baseline: ClusterSums, candidate: ClusterSums) {
        var values: (a: [Double], b: [Double]) = ([], [])
        for _ in 0..<clusters {
            let effect = 0.08 * (heavyTailed ? random.studentT4() : random.normal())
            var rights = (a: 0.0, b: 0.0)
            for _ in 0..<4 {
                rights.a += random.chance(0.7) ? 1 : 0
                rights.b += random.chance(min(1, max(0, 0.7 + difference + effect))) ? 1 : 0
            }
            values.a += [rights.a, 4]
            values.b += [rights.b, 4]
        }
        return (ClusterSums(width: 2, values: values.a), ClusterSums(width: 2, values: values.b))
    }

    /// The share of experiments that reject at any look, and the mean share of the clusters that they used.
    private func course(
        _ method: SpendingMethod, looks: [Int], difference: Double, heavyTailed: Bool = false, repeats: Int, key: UInt64
    ) -> (rejected: Double, used: Double) {
        let total = looks[looks.count - 1]
        let patterns = SignPatterns(draws: 1_000, clusters: total)
        let fractions = looks.map { Double($0) / Double(total) }
        var (rejected, used) = (0, 0)
        for repetition in 0..<repeats {
            var random = CounterRandom(key: key, index: UInt64(repetition))
            let all = sums(total, difference: difference, heavyTailed: heavyTailed, &random)
            for (look, clusters) in looks.enumerated() {
                func first(_ sums: ClusterSums) -> ClusterSums {
                    ClusterSums(width: 2, values: Array(sums.values.prefix(2 * clusters)))
                }
                let comparison = PairedComparison.clusters(
                    baseline: first(all.baseline), candidate: first(all.candidate), { $0[0] / $0[1] },
                    patterns: patterns
                ).looked(at: SequentialLook(method: method, fractions: fractions, look: look))
                let isRejected = (comparison.pValue ?? 1) <= 0.05
                if isRejected { rejected += 1 }
                if isRejected || look == looks.count - 1 {
                    used += clusters
                    break
                }
            }
        }
        return (Double(rejected) / Double(repeats), Double(used) / Double(repeats * total))
    }

    @Test(arguments: SpendingMethod.allCases, [false, true])
    func falseAlarmsOverAllLooksAreWithinTheirNominalRate(_ method: SpendingMethod, heavyTailed: Bool) {
        let looks = method == .obrienFleming ? [24, 48, 72, 96] : Array(stride(from: 12, through: 96, by: 12))
        let rate = course(
            method, looks: looks, difference: 0, heavyTailed: heavyTailed, repeats: 1_000, key: heavyTailed ? 201 : 202
        ).rejected
        #expect(rate <= 0.05 + 2 * (0.05 * 0.95 / 1_000).squareRoot(), "\(method): \(rate)")
        // Paying for the looks does not mean never to reject.
        #expect(rate > (method == .obrienFleming ? 0.03 : 0.0005), "\(method): \(rate)")
    }

    @Test func powerIsAsStatedAndItemsAreSaved() {
        let looks = [24, 48, 72, 96]
        // A cluster's mean difference has variance (0.7 0.3 + 0.59 0.41) / 4 + 0.08^2, to which the effect of the cluster
        // itself takes 0.08^2 / 4 from the second term.
        let difference = -0.11
        let drift = abs(difference) * (96 / 0.1178).squareRoot()
        let design = GroupSequential(looks: 4)
        let stated = design.rejections(drift: drift).reduce(0, +)
        let found = course(.obrienFleming, looks: looks, difference: difference, repeats: 600, key: 203)
        #expect(abs(found.rejected - stated) < 0.05, "\(found.rejected), stated \(stated)")
        #expect(abs(found.used - design.expectedFraction(drift: drift)) < 0.05, "\(found.used)")
        // The mixture pays for any number of looks with power; a large difference ends both soon.
        let anytime = course(.anytime, looks: looks, difference: difference, repeats: 300, key: 203).rejected
        #expect(anytime > 0.4 && anytime < stated, "\(anytime)")
        for method in SpendingMethod.allCases {
            let large = course(method, looks: looks, difference: -0.3, repeats: 100, key: 204)
            #expect(large.rejected == 1 && large.used < 0.5, "\(method): \(large)")
        }
    }

    @Test func intervalsHoldAtEveryLookAtOnce() {
        let fractions = [0.25, 0.5, 0.75, 1]
        for method in SpendingMethod.allCases {
            let missed = (0..<600).count { repetition in
                var random = CounterRandom(key: 205, index: UInt64(repetition))
                let values = (0..<80).map { _ in 0.4 + random.normal() }
                return fractions.indices.contains { look in
                    let clusters = 20 * (look + 1)
                    let zeros = ClusterSums(width: 2, values: (0..<clusters).flatMap { _ in [0.0, 1] })
                    let sums = ClusterSums(width: 2, values: values.prefix(clusters).flatMap { [$0, 1] })
                    let interval = PairedComparison.clusters(
                        baseline: zeros, candidate: sums, { $0[0] / $0[1] }, isTested: false
                    ).looked(at: SequentialLook(method: method, fractions: fractions, look: look)).interval(level: 0.95)
                    return interval.map { $0.low > 0.4 || $0.high < 0.4 } ?? true
                }
            }
            // The 99 % point of Bin(600, 0.05) is 43.
            #expect(missed <= 43, "\(method): \(missed) of 600")
        }
    }

    @Test func wholeAgreementIsNotLostToTheNumberOfRandomSwaps() {
        // 40 clusters that all lost: random swaps alone could not fall below 1 / 1,001, and the first look asks for less.
        let patterns = SignPatterns(draws: 1_000, clusters: 40)
        let rights = (0..<40).flatMap { cluster -> [Double] in [cluster % 2 == 0 ? 3 : 4, 4] }
        let wrongs = (0..<40).flatMap { cluster -> [Double] in [cluster % 3 == 0 ? 1 : 0, 4] }
        let comparison = PairedComparison.clusters(
            baseline: ClusterSums(width: 2, values: rights), candidate: ClusterSums(width: 2, values: wrongs),
            { $0[0] / $0[1] }, patterns: patterns)
        let look = SequentialLook(method: .obrienFleming, fractions: [0.2, 0.4, 0.6, 0.8, 1], look: 0)
        #expect((comparison.pValue ?? 0) > 9e-4 && (comparison.looked(at: look).pValue ?? 1) < 0.01)
        // Where all clusters lost the same, the exact share of swaps stands in.
        let flat = PairedComparison.clusters(
            baseline: ClusterSums(width: 2, values: (0..<40).flatMap { _ in [4.0, 4] }),
            candidate: ClusterSums(width: 2, values: (0..<40).flatMap { _ in [0.0, 4] }), { $0[0] / $0[1] },
            patterns: patterns)
        #expect((flat.looked(at: look).pValue ?? 1) < 0.01 && flat.looked(at: look).interval(level: 0.95)?.low == -1)
    }
}
