import AssayCore
import AssayMetrics
import AssayStore
import Foundation
import Testing

@testable import AssayPipeline

@Suite struct DiffTests {
    private func diff(_ a: String, _ b: String, in bench: Result<Workbench, any Error> = Finished.tiny) throws
        -> CheckpointDiff
    {
        try CheckpointDiff(store: try bench.get().store(), baseline: a, candidate: b, batch: nil)
    }

    @Test func anArmAgainstItselfShowsNoDifference() throws {
        for name in ["full", "hybrid@6", "window:seed=1@10"] {
            let diff = try diff(name, name)
            #expect(!diff.primary.isEmpty)
            #expect(diff.results.allSatisfy { $0.estimate == nil || $0.estimate == 0 })
            #expect(diff.primary.allSatisfy { $0.verdict == ($0.estimate == nil ? .undecided : .noRegression) })
            #expect(diff.exitStatus != 1, "\(diff.headline)")
        }
    }

    @Test func anUntrainedCheckpointIsARegression() throws {
        let worse = try diff("full@12", "full@0")
        #expect(worse.exitStatus == 1)
        let nll = try #require(worse.primary.first { $0.metric.contains("nll") || $0.metric.contains("likelihood") })
        #expect((nll.estimate ?? 0) > 0)
        #expect(nll.verdict == .regression)
        let better = try diff("full@0", "full@12")
        #expect(better.exitStatus != 1)
        #expect(better.primary.contains { $0.verdict == .improvement })
        // The two directions mirror each other.
        for (a, b) in zip(worse.primary, better.primary) where a.estimate != nil {
            #expect(abs((a.estimate ?? 0) + (b.estimate ?? 0)) < 1e-12)
        }
    }

    @Test func fewItemsLeaveArmsUndecided() throws {
        let diff = try diff("full", "hybrid")
        #expect(diff.primary.contains { $0.verdict == .undecided })
        #expect([1, 3].contains(diff.exitStatus))
        #expect(diff.primary.allSatisfy { $0.unit == .items && $0.seeds == 1 })
        #expect(diff.primary.contains { $0.minimumDetectableEffect != nil && $0.adjustedPValue != nil })
    }

    @Test func exitStatusFollowsFromThePrimaryVerdicts() throws {
        for (a, b) in [("full", "full"), ("full@12", "full@0"), ("full@0", "full@12"), ("full@12", "window@10")] {
            let diff = try diff(a, b)
            let verdicts = Set(diff.primary.map(\.verdict))
            let expected: Int32 = verdicts.contains(.regression) ? 1 : verdicts.contains(.undecided) ? 3 : 0
            #expect(diff.exitStatus == expected, "\(diff.headline)")
        }
        // Two seeds without any spread decide nothing.
        let same = try diff("full", "full", in: Finished.seeds)
        #expect(same.exitStatus == 3, "\(same.headline)")
    }

    @Test func anArmWithoutAStepMeansItsLastCheckpoint() throws {
        #expect(try diff("full", "hybrid").results == diff("full@12", "hybrid:seed=1@12").results)
    }

    @Test func checkpointsAreFoundByTheFirstDigitsOfTheirHash() throws {
        let store = try Finished.tiny.get().store()
        let hash = try #require(try store.checkpoints(CheckpointSelector(arm: "hybrid", step: 10)).first).hash
        let byHash = try diff("full@10", String(hash.hexadecimal.prefix(12)))
        #expect(try byHash.results == diff("full@10", "hybrid@10").results)
    }

    @Test func severalSeedsAreComparedWithTheSeedAsTheUnit() throws {
        let arms = try diff("full", "hybrid", in: Finished.seeds)
        #expect(arms.primary.contains { $0.unit == .seeds && $0.seeds == 2 })
        let single = try diff("full:seed=2@10", "hybrid:seed=2@10", in: Finished.seeds)
        #expect(single.primary.allSatisfy { $0.unit == .items && $0.seeds == 1 })
        let seeds = try diff("full:seed=1", "full:seed=2", in: Finished.seeds)
        #expect(seeds.primary.contains { $0.estimate != nil && $0.estimate != 0 })
    }

    @Test(arguments: [
        ("ful", "Did you mean 'full'?"), ("full@7", "steps 0, 6, 10, 12"), ("full:seed=9", "seeds 1"),
        ("full@", "whole number"), ("full:sed=1", "seed="), ("@3", "no arm"), ("abcdef0123", "Known: full"),
    ])
    func unknownSidesAreRefusedWithWhatThereIs(side: String, words: String) throws {
        let error = try #require(throws: AssayError.self) { try diff("full", side) }
        #expect(error.kind == .usage)
        #expect("\(error)".contains(words), "\(error)")
    }

    @Test func anUnknownBatchIsRefused() throws {
        let store = try Finished.tiny.get().store()
        let error = try #require(throws: AssayError.self) {
            try CheckpointDiff(store: store, baseline: "full", candidate: "hybrid", batch: "tinny")
        }
        #expect(error.exitStatus == 64)
        #expect("\(error)".contains("Did you mean 'tiny'?"))
    }

    @Test func everyFormatHoldsTheSameVerdicts() throws {
        let diff = try diff("full", "window")
        let csv = CSV.parse(try diff.render(as: .csv, onlyPrimary: true))
        let json = try JSONSerialization.jsonObject(
            with: Data(try diff.render(as: .json, onlyPrimary: true).utf8))
        let objects = try #require(json as? [[String: Any]])
        #expect(csv.map { $0["verdict"] } == diff.primary.map(\.verdict.rawValue))
        #expect(objects.map { $0["verdict"] as? String } == diff.primary.map(\.verdict.rawValue))
        #expect(objects.map { $0["metric"] as? String } == csv.map { $0["metric"] })
        for (row, result) in zip(csv, diff.primary) {
            #expect(row["difference"].flatMap(Double.init) == result.estimate)
        }
        #expect(try diff.render(as: .markdown, onlyPrimary: true).hasPrefix("|"))
        #expect(try diff.render(as: .table, onlyPrimary: true).contains(diff.headline))
        #expect(CSV.parse(try diff.render(as: .csv, onlyPrimary: false)).count == diff.results.count)
    }

    @Test func driftFollowsTheDifferenceToTheControlAtEqualSteps() throws {
        let store = try Finished.tiny.get().store()
        let report = try DriftReport(store: store, arm: "hybrid", control: nil, batch: nil)
        #expect(report.control == "full")
        let series = try #require(report.results.first { $0.points.count == 4 })
        #expect(series.points.map(\.step) == [0, 6, 10, 12])
        for point in series.points {
            #expect(abs(point.candidate - point.control - point.difference) < 1e-9)
            let sides = try diff("full@\(point.step)", "hybrid@\(point.step)").primary
            let same = sides.first { $0.metric == series.metric && $0.task == series.task }
            #expect(same?.estimate == point.difference)
        }
        let text = try report.render(as: .table)
        #expect(text.contains("@10"))
        #expect(text.contains("hybrid against full"))
        let csv = CSV.parse(try report.render(as: .csv))
        #expect(csv.count == report.results.reduce(0) { $0 + $1.points.count })
        let other = try DriftReport(store: store, arm: "full", control: "window", batch: "tiny")
        #expect(other.control == "window")
    }

    @Test(arguments: [("full", "is the control itself"), ("hybird", "hybrid")])
    func driftOfWhatIsNoArmIsRefused(arm: String, words: String) throws {
        let store = try Finished.tiny.get().store()
        let error = try #require(throws: AssayError.self) {
            try DriftReport(store: store, arm: arm, control: nil, batch: nil)
        }
        #expect(error.exitStatus == 64)
        #expect("\(error)".contains(words), "\(error)")
    }
}
