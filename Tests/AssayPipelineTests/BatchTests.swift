import AssayCore
import AssayMetrics
import AssayStore
import Foundation
import Testing

@testable import AssayPipeline

@Suite struct BatchTests {
    @Test func aBatchEndsWithMetricsVerdictsDriftAndFiles() throws {
        let bench = try Workbench()
        let run = try bench.run()
        #expect(run.work.trained == 3)
        #expect(run.work.evaluated == run.plan.cellCount)
        #expect(run.work.measured == run.plan.checkpointCount)
        #expect(run.work.compared == 4)
        #expect(run.plan.checkpointCount == 12)

        let store = try bench.store()
        let checkpoints = try store.checkpoints(CheckpointSelector(batch: run.plan.identity))
        #expect(checkpoints.map(\.step).filter { $0 == 10 }.count == 3)
        for checkpoint in checkpoints {
            let cells = try store.cells(ofCheckpoint: checkpoint.hash)
            #expect(cells.count == run.plan.tasks.reduce(0) { $0 + $1.conditions.count })
            let values = try #require(try store.measurements(ofCheckpoint: checkpoint.hash).last?.values)
            #expect(Set(values.map(\.task)).isSuperset(of: ["recall", "values", "successor", "tools"]))
        }
        let comparisons = try store.comparisons(ofBatch: run.plan.identity)
        #expect(comparisons.map(\.candidate) == ["hybrid", "window"])
        #expect(comparisons.allSatisfy { $0.baseline == "full" && $0.results.contains(where: \.isPrimary) })
        let drifts = try store.drifts(ofBatch: run.plan.identity)
        #expect(drifts.map(\.arm) == ["hybrid", "window"])
        #expect(drifts.flatMap(\.results).contains { $0.points.map(\.step) == [0, 6, 10, 12] })
        #expect(try store.runs().allSatisfy { $0.status == .finished })
        #expect(try store.trainingSteps(ofRun: run.plan.arms[0].trainings[0].identity).count == 12)

        let files = try FileManager.default.contentsOfDirectory(atPath: bench.results.path + "/tiny")
        let subjects = ["runs", "checkpoints", "metrics", "verdicts", "drift"]
        #expect(Set(files) == Set(subjects.flatMap { ["\($0).csv", "\($0).json", "\($0).md"] } + ["report.md"]))
        let metrics = try CSV.read(bench.results.appendingPathComponent("tiny/metrics.csv"))
        #expect(Set(metrics.map { $0["arm"] }) == ["full", "hybrid", "window"])
        #expect(run.summary.contains("hybrid against full"))
    }

    @Test func aSecondRunDoesNoWorkAndChangesNoBit() throws {
        let bench = try Workbench()
        let first = try bench.run()
        let files = try bench.checkpointFiles()
        let verdicts = try Data(contentsOf: bench.results.appendingPathComponent("tiny/verdicts.csv"))
        let second = try bench.run(workers: 1)
        #expect(second.work.isNothing)
        #expect(second.work.trainedBefore == 3)
        #expect(second.work.evaluatedBefore == second.plan.cellCount)
        #expect(second.digest == first.digest)
        #expect(try bench.checkpointFiles() == files)
        #expect(try Data(contentsOf: bench.results.appendingPathComponent("tiny/verdicts.csv")) == verdicts)
        #expect(second.summary.contains("Nothing to do"))
    }

    @Test func theNumberOfWorkersChangesNoBit() throws {
        let runs = try [1, 2, 3].map { workers in
            let bench = try Workbench()
            return (digest: try bench.run(workers: workers).digest, files: try bench.checkpointFiles())
        }
        #expect(runs[0].digest == runs[1].digest)
        #expect(runs[0].digest == runs[2].digest)
        #expect(runs[0].files == runs[1].files)
        #expect(runs[0].files == runs[2].files)
        #expect(runs[0].files.count == 12)
    }

    @Test(arguments: [3, 20, 45, 80, 120])
    func aBatchThatWasStoppedGoesOnToTheSameBits(after questions: Int) throws {
        let bench = try Workbench()
        let stop = Countdown(questions)
        #expect(throws: Interrupted.self) { try bench.run(shouldStop: { stop.isOver() }) }
        let rest = try bench.run()
        #expect(try rest.digest == Finished.tiny.get().digest())
        #expect(try bench.store().provenance().map(\.outcome) == ["stopped", "finished"])
    }

    @Test func anArmThatBlowsUpEndsWithAReasonAndTheOthersGoOn() throws {
        let bench = try Workbench()
        try bench.write(
            "evals/recipes/wild.yaml",
            TinyPlans.files["evals/recipes/tiny.yaml"]!.replacing(
                "learning-rate: 0.02", with: "learning-rate: 10\nweight-decay: 10"))
        try bench.edit(
            "evals/batches/tiny.yaml", "architecture: hybrid, recipe: tiny", "architecture: hybrid, recipe: wild")
        let run = try bench.run()
        let store = try bench.store()
        let status = try #require(try store.runs(arm: "hybrid").first?.status)
        #expect(status.name == "failed")
        #expect(status.reason?.contains("at step") == true)
        #expect(run.notices.contains { $0.hasPrefix("hybrid, seed 1: training was given up") })
        #expect(run.notices.contains { $0.hasPrefix("hybrid is not compared") })
        #expect(try store.comparisons(ofBatch: run.plan.identity).map(\.candidate) == ["window"])
        let again = try bench.run()
        #expect(again.work.isNothing)
        #expect(again.digest == run.digest)
    }

    @Test func theOverviewStatesThePlanAndItsCost() throws {
        let bench = try Workbench()
        let text = try BatchPlan.read(bench.batch).overview()
        #expect(text.contains("3 arms x 1 seeds, 4 tasks, 12 checkpoints"))
        for word in ["full (control)", "1 gated-delta-net, 1 full", "2 sliding-window", "0 6 10 12", "tool-world"] {
            #expect(text.contains(word), "\(word)")
        }
        #expect(!FileManager.default.fileExists(atPath: bench.results.path))
    }

    @Test func equalArmsDoNotDiffer() throws {
        let bench = try Workbench()
        // Models this small may answer no question of two hops: how accuracy decays with hops is then undecided.
        try bench.edit("evals/recipes/tiny.yaml", "  successor: 1\n", "")
        try bench.edit("evals/suites/tiny.yaml", TinyPlans.successor + "\n", "")
        try bench.edit(
            "evals/batches/tiny.yaml", "  window: {architecture: window, recipe: tiny}\n",
            "  again: {architecture: full, recipe: tiny}\n  once-more: {architecture: full, recipe: tiny}\n")
        let run = try bench.run()
        #expect(run.work.trained == 2)
        let store = try bench.store()
        for name in ["again", "once-more"] {
            let comparison = try #require(
                try store.comparisons(ofBatch: run.plan.identity).first { $0.candidate == name })
            #expect(comparison.results.allSatisfy { $0.estimate == nil || $0.estimate == 0 })
            #expect(comparison.results.allSatisfy { $0.verdict != .regression && $0.verdict != .improvement })
            let drift = try #require(try store.drifts(ofBatch: run.plan.identity).first { $0.arm == name })
            #expect(drift.results.allSatisfy { $0.alarmStep == nil })
            let diff = try CheckpointDiff(store: store, baseline: "full", candidate: name, batch: nil)
            #expect(diff.exitStatus == 0, "\(diff.headline)")
        }
        #expect(try Command.run("diff", "full", "full", in: bench.folder).status == 0)
    }
}

/// Says no a number of times, then yes.
final class Countdown: @unchecked Sendable {
    private let lock = NSLock()
    private var left: Int

    init(_ count: Int) { left = count }

    func isOver() -> Bool {
        lock.withLock {
            left -= 1
            return left < 0
        }
    }
}
