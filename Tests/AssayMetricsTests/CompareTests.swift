import AssayCore
import AssayStatistics
import Foundation
import Testing

@testable import AssayMetrics

@Suite struct CompareTests {
    private func sides(_ first: Double, _ second: Double, clusters: Int = 100, key: UInt64 = 1) -> (CellData, CellData)
    {
        var random = CounterRandom(key: key, index: 0)
        return (
            .made(floor: 0.05, answers(clusters: clusters, questions: 8, first, &random)),
            .made(floor: 0.05, answers(clusters: clusters, questions: 8, second, &random))
        )
    }

    @Test func aWorseCandidateIsARegressionOnEveryMetricWhicheverWayIsBetter() throws {
        let (good, bad) = sides(0.9, 0.7)
        let results = try compare(baseline: [[good]], candidate: [[bad]])
        let accuracy = try #require(results.result("accuracy"))
        #expect(accuracy.verdict == .regression && accuracy.isMaterial && accuracy.isPrimary)
        #expect(abs((accuracy.estimate ?? 0) + 0.2) < 0.04 && (accuracy.high ?? 0) < 0)
        #expect(accuracy.unit == .items && accuracy.seeds == 1 && accuracy.pairs == 800 && accuracy.clusters == 100)
        let nll = try #require(results.result("nll"))
        #expect(nll.verdict == .regression && (nll.estimate ?? 0) > 0)
        let back = try compare(baseline: [[bad]], candidate: [[good]])
        #expect(back.result("accuracy")?.verdict == .improvement && back.result("nll")?.verdict == .improvement)
    }

    @Test func theSameCheckpointTwiceShowsNoRegression() throws {
        let (cell, _) = sides(0.8, 0.8, clusters: 10)
        let results = try compare(baseline: [[cell]], candidate: [[cell]])
        #expect(!results.isEmpty)
        for result in results {
            #expect(result.verdict == .noRegression && result.pValue == 1, "\(result.metric)")
            #expect(result.low == 0 && result.high == 0 && result.isEquivalent)
        }
        let (tiny, _) = sides(0.8, 0.8, clusters: 5)
        #expect(try compare(baseline: [[tiny]], candidate: [[tiny]]).allSatisfy { $0.verdict == .undecided })
    }

    @Test func equalModelsOnNewAnswersAreFlaggedNoMoreOftenThanAlpha() throws {
        let repeats = 200
        var reports = 0
        var rejected = 0
        for repetition in 0..<repeats {
            let (a, b) = sides(0.75, 0.75, clusters: 24, key: UInt64(1_000 + repetition))
            let results = try compare(
                baseline: [[a]], candidate: [[b]], options: ComparisonOptions(draws: 1_000))
            if results.contains(where: { $0.verdict == .regression || $0.verdict == .improvement }) { reports += 1 }
            if (results.result("accuracy")?.pValue ?? 1) <= 0.05 { rejected += 1 }
        }
        // The 99.9 % point of Bin(200, 0.05) is 21; fewer than 3 would be as unlikely.
        #expect(Binomial.cumulative(21, trials: repeats, probability: 0.05) > 0.999)
        #expect(reports <= 21 && (2...21).contains(rejected), "\(reports) reports, \(rejected) rejections")
    }

    @Test func aWideIntervalIsUndecidedAndSaysHowMuchDataWouldSettleIt() throws {
        let (a, b) = sides(0.8, 0.76, clusters: 12, key: 5)
        let result = try #require(try compare(baseline: [[a]], candidate: [[b]]).result("accuracy"))
        #expect(result.verdict == .undecided && result.note != nil)
        let needed = try #require(result.itemsNeeded)
        let ratio = (result.minimumDetectableEffect ?? 0) / 0.02
        #expect(Double(needed) > 0.6 * 96 * ratio * ratio && Double(needed) < 1.1 * 96 * ratio * ratio, "\(needed)")
    }

    @Test func seedsAreTheUnitWhenThereAreSeveral() throws {
        let pairs = (0..<4).map { sides(0.9, 0.7, clusters: 30, key: UInt64(60 + $0)) }
        let results = try compare(baseline: pairs.map { [$0.0] }, candidate: pairs.map { [$0.1] })
        let accuracy = try #require(results.result("accuracy"))
        #expect(accuracy.unit == .seeds && accuracy.seeds == 4 && accuracy.degreesOfFreedom == 3)
        #expect(accuracy.verdict == .regression)
        let differences = try pairs.map {
            try #require(try compare(baseline: [[$0.0]], candidate: [[$0.1]]).result("accuracy")?.estimate)
        }
        let mean = differences.reduce(0, +) / 4
        #expect(abs((accuracy.estimate ?? 0) - mean) < 1e-12)
        let spread = (differences.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / 3 / 4).squareRoot()
        #expect(abs((accuracy.standardError ?? 0) - spread) < 1e-12)
    }

    @Test func pValuesAreAdjustedOverAllPairsOfAReport() throws {
        let (a, b) = sides(0.9, 0.86, clusters: 30)
        let alone = try #require(try compare(baseline: [[a]], candidate: [[b]]).result("accuracy"))
        let same = (baseline: [[a]], candidate: [[a]])
        let report = try compare([(baseline: [[a]], candidate: [[b]]), same, same, same])
        let together = try #require(report[0].result("accuracy"))
        #expect(report.count == 4 && together.pValue == alone.pValue)
        #expect((together.adjustedPValue ?? 0) > (alone.adjustedPValue ?? 1))
        #expect(try compare([]).isEmpty)
    }

    @Test func seedsStillTellHowWellTheirCheckpointsAreKnown() throws {
        // Three seeds with the very same answers on the same items: no more is known than from one.
        let (a, b) = sides(0.9, 0.7, clusters: 30)
        let one = try #require(try compare(baseline: [[a]], candidate: [[b]]).result("accuracy"))
        #expect(one.itemStandardError == one.standardError)
        let three = try #require(
            try compare(baseline: [[a], [a], [a]], candidate: [[b], [b], [b]]).result("accuracy"))
        #expect(abs((three.itemStandardError ?? 0) - (one.standardError ?? 1)) < 1e-12)
        #expect(three.standardError == 0 && three.verdict == .undecided && three.itemDegreesOfFreedom == 29)
        // Seeds on items of their own are independent.
        func others(_ cell: CellData) -> CellData {
            var cell = cell
            for index in cell.items.indices { cell.items[index].item.contentBits ^= 7 }
            return cell
        }
        let two = try #require(
            try compare(baseline: [[a], [others(a)]], candidate: [[b], [others(b)]]).result("accuracy"))
        #expect(abs((two.itemStandardError ?? 0) - (one.standardError ?? 1) / 2.0.squareRoot()) < 1e-12)
    }

    @Test func lostItemsAreExcludedPairwiseAndWidenTheInterval() throws {
        var (a, b) = sides(0.9, 0.6)
        let whole = try #require(try compare(baseline: [[a]], candidate: [[b]]).result("accuracy"))
        for index in 0..<40 {
            b.items[index * 20].response.status = .error
            b.items[index * 20].response.score = nil
        }
        a.items[1].response.status = .missing
        let some = try #require(try compare(baseline: [[a]], candidate: [[b]]).result("accuracy"))
        #expect(some.lost == 41 && some.pairs == 800 - 41)
        // 40 of 800 lost on the candidate's side: up to 0.05 in all.
        let widening = ((some.high ?? 0) - (some.low ?? 0)) - ((whole.high ?? 0) - (whole.low ?? 0))
        #expect(widening > 0.04 && widening < 0.06, "\(widening)")
        #expect(some.note?.contains("41 lost") == true && some.verdict == .regression)
        // Four in five lost: had they all been right, the candidate would be ahead.
        for index in b.items.indices where index % 5 != 0 { b.items[index].response.status = .error }
        let most = try #require(try compare(baseline: [[a]], candidate: [[b]]).result("accuracy"))
        #expect(most.verdict == .undecided)
    }

    @Test func aModelThatFailsOnEverythingIsUndecidedNotEqual() throws {
        var (a, b) = sides(0.9, 0.9)
        for index in b.items.indices {
            b.items[index].response = ResponseRecord(item: b.items[index].item.id, status: .error)
        }
        let results = try compare(baseline: [[a]], candidate: [[b]])
        #expect(results.result("accuracy")?.verdict == .undecided && results.result("accuracy")?.lost == 800)
        #expect(results.result("nll")?.verdict == .undecided)
        a.items = []
        b.items = []
        #expect(try compare(baseline: [[a]], candidate: [[b]]).allSatisfy { $0.verdict == .undecided })
    }

    @Test func differentItemsCellsOrSeedsAreRefused() throws {
        let (a, b) = sides(0.9, 0.9, clusters: 8)
        var other = b
        other.items.removeLast()
        #expect(throws: AssayError.self) { try compare(baseline: [[a]], candidate: [[other]]) }
        other = b
        other.items[3].item.contentBits ^= 1
        #expect(throws: AssayError.self) { try compare(baseline: [[a]], candidate: [[other]]) }
        other = b
        other.task = "other"
        #expect(throws: AssayError.self) { try compare(baseline: [[a]], candidate: [[other]]) }
        #expect(throws: AssayError.self) { try compare(baseline: [[a], [a]], candidate: [[b]]) }
        #expect(throws: AssayError.self) { try compare(baseline: [[a, a]], candidate: [[b, b]]) }
        #expect(try compare(baseline: [], candidate: []).isEmpty)
    }

    @Test func orderOfCellsAndItemsDoesNotMatter() throws {
        let (a, b) = sides(0.85, 0.8, clusters: 20)
        var (c, d) = sides(0.6, 0.6, clusters: 20, key: 9)
        c.task = "second"
        d.task = "second"
        let before = try compare(baseline: [[a, c]], candidate: [[b, d]])
        var shuffled = b
        shuffled.items.reverse()
        let after = try compare(baseline: [[a, c]], candidate: [[d, shuffled]])
        #expect(before == after)
    }

    @Test func aBaselineAtItsFloorCannotShowThatNothingWasLost() throws {
        var random = CounterRandom(key: 4, index: 4)
        let a = CellData.made(floor: 0.1, answers(clusters: 400, questions: 20, 0.1, &random))
        var b = a
        // One answer in 400 changes: far within the margin.
        for index in stride(from: 0, to: b.items.count, by: 400) { b.items[index].response.score = 0 }
        let floor = try #require(try compare(baseline: [[a]], candidate: [[b]]).result("accuracy"))
        #expect(floor.verdict == .undecided && floor.note?.contains("floor") == true)
        // One model against itself has lost nothing; two models that both get nothing right may differ in anything.
        #expect(try compare(baseline: [[a]], candidate: [[a]]).result("accuracy")?.verdict == .noRegression)
        var lost = CellData.made(floor: 0, answers(clusters: 40, questions: 4, 0, &random))
        let other = lost
        for index in lost.items.indices { lost.items[index].response.nll = 2 + Double(index % 7) }
        let nothing = try #require(try compare(baseline: [[lost]], candidate: [[other]]).result("accuracy"))
        #expect(nothing.baselineValue == 0 && nothing.estimate == 0)
        #expect(nothing.verdict == .undecided && nothing.note?.contains("floor") == true)
    }

    @Test func perHopResultsAndThePrimaryConditionOfATask() throws {
        var random = CounterRandom(key: 2, index: 0)
        let asked = answers(clusters: 40, questions: 4, 0.8, &random).map { item in
            var item = item
            item.hops = 1 << (item.question / 2)
            return item
        }
        let cells = [KernelPath.parallel, .recurrent].map { CellData.made("chain", family: .multiHop, path: $0, asked) }
        let results = try compare(baseline: [cells], candidate: [cells])
        #expect(results.result("hop-accuracy", "hops=2") != nil && results.result("nll", "hops=1") != nil)
        #expect(results.result("accuracy", "load=8") == nil && results.result("hop-accuracy-corrected") == nil)
        let primary = results.filter(\.isPrimary)
        #expect(Set(primary.map(\.condition)) == ["parallel"])
        #expect(Set(primary.map(\.metric)) == ["accuracy", "nll", "hop-decay"])
    }

    @Test func capacitiesBeyondTheLoadsAreUndecidedOnBothSidesAndMarkedOnOne() throws {
        func side(_ wrong: Int, bytes: Int) -> [CellData] {
            [4, 16].map { load in
                .made(
                    "r\(load)", generator: "recall", stateBytes: bytes,
                    (0..<40).map { Asked(cluster: $0, load: load, score: load == 16 && $0 < wrong ? 0 : 1) })
            }
        }
        let both = try compare(baseline: [side(1, bytes: 100)], candidate: [side(2, bytes: 100)])
        #expect(both.result("recall-capacity")?.verdict == .undecided)
        #expect(both.result("recall-capacity")?.note?.contains("beyond the loads") == true)
        let one = try compare(baseline: [side(1, bytes: 100)], candidate: [side(30, bytes: 50)])
        #expect(one.result("recall-capacity")?.verdict == .regression)
        #expect(one.result("recall-capacity")?.note?.contains("one side") == true)
        #expect(one.result("recall-capacity-per-kib")?.note?.contains("cluster t") == true)
    }

    @Test func roundingDifferencesBelowTheirMarginAreNoRegression() throws {
        func side(_ kl: Double) -> CellData {
            .made(
                path: .divergence,
                (0..<50).map {
                    Asked(
                        cluster: $0, score: 1,
                        detail: [
                            "tokens": 100, "klMean": kl * (1 + 0.01 * Double($0)), "logitDifferenceMax": 1e-4,
                            "flips": 0,
                            "closeTokens": 5, "closeFlips": 0,
                        ])
                })
        }
        let small = try compare(baseline: [[side(1e-8)]], candidate: [[side(1e-7)]])
        #expect(small.result("divergence-kl")?.verdict == .noRegression)
        let large = try compare(baseline: [[side(1e-8)]], candidate: [[side(5e-3)]])
        #expect(large.result("divergence-kl")?.verdict == .regression)
    }

    @Test func resultsCanBeStored() throws {
        let (a, b) = sides(0.9, 0.85, clusters: 10)
        let results = try compare(baseline: [[a]], candidate: [[b]])
        let text = try CanonicalJSON.text(results)
        #expect(try CanonicalJSON.value([AssayMetrics.ComparisonResult].self, from: text) == results)
    }

    @Test func sixTasksOfAThousandItemsTakeWellUnderTwoSeconds() throws {
        func side(_ share: Double, key: UInt64) -> [CellData] {
            (0..<6).map { task in
                var random = CounterRandom(key: key, index: UInt64(task))
                let asked = answers(clusters: 250, questions: 4, share, &random).map { item in
                    var item = item
                    item.hops = 1 << item.question
                    item.load = 4 << task
                    return item
                }
                return .made(
                    "t\(task)", generator: task < 3 ? "a" : "b", family: task < 3 ? .retrieval : .multiHop, asked)
            }
        }
        let (a, b) = (side(0.8, key: 1), side(0.78, key: 2))
        var time = timespec()
        clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
        let start = Double(time.tv_sec) + 1e-9 * Double(time.tv_nsec)
        let results = try compare(baseline: [a], candidate: [b])
        clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
        let seconds = Double(time.tv_sec) + 1e-9 * Double(time.tv_nsec) - start
        #expect(results.count > 60)
        #expect(seconds < 2, "\(seconds) s for \(results.count) results")
    }
}
