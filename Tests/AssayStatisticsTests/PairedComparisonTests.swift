import AssayCore
import Foundation
import Testing

@testable import AssayStatistics

/// Sums of clusters for a mean: the score sum and the count.
func meanSums(_ clusters: [[Double]]) -> ClusterSums {
    ClusterSums(width: 2, values: clusters.flatMap { [$0.reduce(0, +), Double($0.count)] })
}

/// The mean.
let meanOf: Functional = { $0[1] > 0 ? $0[0] / $0[1] : .nan }

@Suite struct PairedComparisonTests {
    @Test func signFlipMatchesBruteForce() throws {
        for row in try StatisticsFixtures.load().signFlip {
            let outcome = SignFlip.test(differences: row.differences)
            #expect(outcome.isExact && isNear(outcome.pValue, row.pValue), "\(row.differences): \(outcome.pValue)")
        }
    }

    @Test func sampledSignFlipAgreesWithExactEnumeration() {
        var random = CounterRandom(key: 5, index: 0)
        let differences = (0..<16).map { _ in random.normal() + 0.4 }
        let exact = SignFlip.test(differences: differences)
        // A further cluster with a tiny difference forces sampling without changing the answer.
        let sampled = SignFlip.test(differences: differences + [1e-9])
        #expect(exact.isExact && !sampled.isExact)
        #expect(abs(exact.pValue - sampled.pValue) < 4 * (exact.pValue / 10_000).squareRoot())
    }

    @Test func clustersThatDoNotDifferDoNotCount() {
        let outcome = SignFlip.test(differences: [1, 1, 1] + Array(repeating: 0, count: 500))
        #expect(outcome.isExact && outcome.pValue == 0.25)
    }

    @Test func jackknifeOfAMeanIsTheTextbookStandardError() throws {
        let means = [0.2, 0.5, 0.9, 0.4, 0.7, 0.1]
        let zero = meanSums(means.map { _ in [0, 0] })
        let sums = meanSums(means.map { [$0 - 0.05, $0 + 0.05] })
        let result = PairedComparison.clusters(baseline: zero, candidate: sums, meanOf)
        let mean = means.reduce(0, +) / 6
        let deviation = (means.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / 5).squareRoot()
        let error = try #require(result.standardError)
        #expect(isNear(error.value, deviation / 6.0.squareRoot()) && error.degreesOfFreedom == 5)
        let interval = try #require(result.interval(level: 0.95))
        #expect(isNear(interval.high - mean, 2.5705818366147395 * error.value, 1e-9))
    }

    @Test func strataAddTheirVariances() throws {
        let first = ClusterSums(
            width: 4, values: [1, 2, 0, 0, 2, 2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 2], strata: [0, 0, 1, 1])
        let error = try #require(Jackknife.standardError(first) { $0[0] / $0[1] + $0[2] / $0[3] })
        // Stratum means 0.5, 1 and 0.5, 0: each has variance 0.125 / 2.
        #expect(isNear(error.value, 0.125.squareRoot()) && error.degreesOfFreedom == 2)
    }

    @Test func orderOfClustersDoesNotMatter() {
        var random = CounterRandom(key: 9, index: 1)
        var pairs = (0..<12).map { _ in (random.unit(), random.unit()) }
        func compared() -> PairedComparison {
            .clusters(baseline: meanSums(pairs.map { [$0.0] }), candidate: meanSums(pairs.map { [$0.1] }), meanOf)
        }
        let before = compared()
        random.shuffle(&pairs)
        let after = compared()
        #expect(isNear(before.pValue ?? -1, after.pValue ?? -2))
        #expect(isNear(before.standardError?.value ?? -1, after.standardError?.value ?? -2))
    }

    @Test func swappingTheSidesTurnsTheSignAndNothingElse() {
        var random = CounterRandom(key: 3, index: 7)
        let a = meanSums((0..<40).map { _ in [random.unit(), random.unit()] })
        let b = meanSums((0..<40).map { _ in [random.unit(), random.unit()] })
        let ratio: Functional = { log($0[0] / $0[1]) }
        let forth = PairedComparison.clusters(baseline: a, candidate: b, ratio)
        let back = PairedComparison.clusters(baseline: b, candidate: a, ratio)
        #expect(isNear(forth.estimate, -back.estimate))
        #expect(isNear(forth.pValue ?? -1, back.pValue ?? -2))
        #expect(isNear(forth.standardError?.value ?? -1, back.standardError?.value ?? -2))
    }

    @Test func equalSidesHavePOneAndAnIntervalOfZero() throws {
        let sums = meanSums((0..<8).map { [Double($0 % 2), 1] })
        let result = PairedComparison.clusters(baseline: sums, candidate: sums, meanOf)
        #expect(result.pValue == 1 && result.estimate == 0)
        let interval = try #require(result.interval(level: 0.95))
        #expect(interval.low == 0 && interval.high == 0)
        #expect(
            DecisionRule(margin: 0.02, direction: .higherIsBetter).decide(result, adjustedP: 1).verdict == .noRegression
        )
    }

    @Test func degenerateInputGivesAReasonNotACrash() {
        let none = PairedComparison.clusters(
            baseline: ClusterSums(width: 2, values: []), candidate: ClusterSums(width: 2, values: []), meanOf)
        #expect(none.reason == "no items" && none.pValue == nil)
        let one = PairedComparison.clusters(baseline: meanSums([[1]]), candidate: meanSums([[0]]), meanOf)
        #expect(one.reason == "one cluster" && one.standardError == nil && one.interval(level: 0.95) == nil)
        let empty = PairedComparison.clusters(
            baseline: ClusterSums(width: 2, values: [0, 0]), candidate: ClusterSums(width: 2, values: [0, 0]), meanOf)
        #expect(empty.reason == "not defined on these items" && empty.pValue == nil)
        let nan = PairedComparison.clusters(
            baseline: meanSums([[.nan], [1], [0]]), candidate: meanSums([[1], [1], [0]]), meanOf)
        #expect(nan.pValue == nil && nan.standardError == nil)
    }

    @Test func seedsAreComparedByThePairedT() throws {
        for row in try StatisticsFixtures.load().pairedT {
            let result = PairedComparison.seeds(baseline: row.first, candidate: row.second)
            #expect(result.unit == .seeds && isNear(result.pValue ?? -1, row.pValue, 1e-9))
            #expect(isNear(result.estimate / (result.standardError?.value ?? 0), row.statistic, 1e-9))
        }
    }

    @Test func seedsWithoutSpreadAreNotCertainty() {
        let result = PairedComparison.seeds(baseline: [0.9, 0.9, 0.9], candidate: [0.5, 0.5, 0.5])
        #expect(result.pValue == 0.25)
        #expect(PairedComparison.seeds(baseline: [1], candidate: [0]).reason == "one seed")
    }

    @Test func tenThousandDrawsOverAThousandClustersAreFast() {
        var random = CounterRandom(key: 11, index: 0)
        let differences = (0..<1_000).map { _ in random.normal() }
        let patterns = SignPatterns(clusters: 1_000)
        var best = Double.infinity
        for _ in 0..<3 {
            let start = threadSeconds()
            _ = SignFlip.test(differences: differences, patterns: patterns)
            best = min(best, threadSeconds() - start)
        }
        #expect(best < 0.1, "\(best) s")
    }
}

/// CPU time of this thread.
func threadSeconds() -> Double {
    var time = timespec()
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
    return Double(time.tv_sec) + 1e-9 * Double(time.tv_nsec)
}
