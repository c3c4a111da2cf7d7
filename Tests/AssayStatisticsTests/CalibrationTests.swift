import AssayCore
import Foundation
import Testing

@testable import AssayStatistics

/// The error rates of the procedures, measured on simulated evaluations. All draws are fixed, so a test that passes
/// passes always.
@Suite struct CalibrationTests {
    /// Right and wrong answers of two models whose difference varies by template: standard deviation 0.5 logit.
    private struct Design {
        var clusters: Int
        var items: Int
        var drop = 0.0
        var templateEffect = 0.5

        func draw(_ random: inout CounterRandom) -> (baseline: ClusterSums, candidate: ClusterSums) {
            var first: [[Double]] = []
            var second: [[Double]] = []
            for _ in 0..<clusters {
                let level = 0.5 + random.normal()
                let effect = templateEffect * random.normal() - drop
                first.append((0..<items).map { _ in answer(level, &random) })
                second.append((0..<items).map { _ in answer(level + effect, &random) })
            }
            return (meanSums(first), meanSums(second))
        }

        private func answer(_ logit: Double, _ random: inout CounterRandom) -> Double {
            random.chance(1 / (1 + exp(-logit))) ? 1 : 0
        }
    }

    /// The shares of repeats with sign-flip p <= 0.05, with t p <= 0.05, and with the truth inside the t interval.
    private func rates(_ design: Design, repeats: Int) -> (signFlip: Double, studentT: Double) {
        let patterns = SignPatterns(draws: 2_000, clusters: design.clusters)
        var rejected = (0, 0)
        for repetition in 0..<repeats {
            var random = CounterRandom(key: 41, index: UInt64(design.clusters * 100_000 + repetition))
            let (baseline, candidate) = design.draw(&random)
            let result = PairedComparison.clusters(
                baseline: baseline, candidate: candidate, meanOf, patterns: patterns)
            if (result.pValue ?? 1) <= 0.05 { rejected.0 += 1 }
            if let interval = result.interval(level: 0.95), interval.low > 0 || interval.high < 0 { rejected.1 += 1 }
        }
        return (Double(rejected.0) / Double(repeats), Double(rejected.1) / Double(repeats))
    }

    @Test(arguments: [8, 20, 40])
    func falseAlarmsStayNearNominalWithTemplateEffects(clusters: Int) {
        let repeats = 1_000
        let found = rates(Design(clusters: clusters, items: 800 / clusters), repeats: repeats)
        let bound = 0.05 + 3 * (0.05 * 0.95 / Double(repeats)).squareRoot()
        #expect(found.signFlip < bound && found.studentT < bound, "\(found)")
        #expect(found.signFlip > 0.02 && found.studentT > 0.025, "\(found)")
    }

    @Test func aRealDropIsFoundAboutAsOftenAsTheDesignSays() {
        for (clusters, power) in [(20, 0.49), (40, 0.79)] {
            let found = rates(Design(clusters: clusters, items: 800 / clusters, drop: 0.35), repeats: 400)
            #expect(abs(found.signFlip - power) < 0.14, "\(clusters) clusters: \(found)")
        }
    }

    @Test func intervalsOfClusteredProportionsCoverTheTruth() throws {
        var covered = 0
        let repeats = 1_000
        for repetition in 0..<repeats {
            var random = CounterRandom(key: 43, index: UInt64(repetition))
            // Beta-like clusters: an even mixture of 0.85 and 0.99 has mean 0.92.
            let scores = (0..<25).map { _ in
                let share = random.chance(0.5) ? 0.85 : 0.99
                return (0..<10).map { _ in random.chance(share) ? 1.0 : 0 }
            }
            let sums = meanSums(scores)
            let interval = try #require(
                ProportionInterval.clustered(
                    proportion: meanOf(sums.totals), standardError: Jackknife.standardError(sums, meanOf)?.value ?? 0,
                    items: 250, clusters: 25, level: 0.95))
            if interval.low <= 0.92, interval.high >= 0.92 { covered += 1 }
        }
        #expect((930...985).contains(covered), "\(covered) of \(repeats)")
    }

    @Test func aPerfectScoreStillHasAnInterval() throws {
        let interval = try #require(
            ProportionInterval.clustered(proportion: 1, standardError: 0, items: 400, clusters: 20, level: 0.95))
        #expect(interval.high == 1 && (0.75..<0.95).contains(interval.low), "\(interval)")
        #expect(
            ProportionInterval.clustered(proportion: 1, standardError: 0, items: 9, clusters: 1, level: 0.95) == nil)
    }

    @Test func adjustmentHoldsTheRateOfReportsWithAnyFalseAlarm() {
        let repeats = 1_000
        var alarms = 0
        for repetition in 0..<repeats {
            var random = CounterRandom(key: 47, index: UInt64(repetition))
            let adjusted = MultipleTests.benjaminiHochberg((0..<60).map { _ in random.unit() })
            if adjusted.contains(where: { $0 < 0.05 }) { alarms += 1 }
        }
        #expect(Double(alarms) / Double(repeats) < 0.05 + 3 * (0.05 * 0.95 / Double(repeats)).squareRoot())
        #expect(alarms > 25, "\(alarms)")
    }
}
