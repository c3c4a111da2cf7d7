import AssayCore
import AssayStore
import Foundation
import Testing

@testable import AssayPipeline

@Suite struct IncrementalWorkTests {
    private static let needle =
        "  needle: {generator: needle, distractors: 3, length: 40, symbols: 8, clusters: 6}\n"

    private func addTask(_ bench: Workbench) throws {
        try bench.edit("evals/suites/tiny.yaml", "tasks:\n", "tasks:\n" + Self.needle)
    }

    @Test func anAddedArmIsAllThatIsDone() throws {
        let bench = try Workbench()
        let first = try bench.run()
        try bench.edit(
            "evals/batches/tiny.yaml", "conditions:",
            "  half: {architecture: half, recipe: tiny}\nconditions:")
        try bench.write("evals/architectures/half.yaml", TinyPlans.architecture("full x1"))
        let second = try bench.run()
        #expect(second.work.trained == 1)
        #expect(second.work.trainedBefore == 3)
        #expect(second.work.evaluated == first.plan.cellCount / 3)
        #expect(second.work.measured == 4)
        #expect(try bench.store().comparisons(ofBatch: second.plan.identity).count == 3)
        #expect(try bench.run().work.isNothing)
    }

    @Test func anAddedTaskTrainsNothing() throws {
        let bench = try Workbench()
        try bench.run()
        let files = try bench.checkpointFiles()
        try addTask(bench)
        let second = try bench.run()
        #expect(second.work.trained == 0)
        #expect(second.work.evaluated == 12 * (second.plan.tasks.first { $0.name == "needle" }?.conditions.count ?? 0))
        #expect(second.work.measured == 12)
        #expect(try bench.checkpointFiles() == files)
        #expect(try bench.run().work.isNothing)
    }

    @Test func aRenamedArmIsNotTrainedAgainAndIsCalledByItsNewName() throws {
        let bench = try Workbench()
        try bench.run()
        try bench.edit("evals/batches/tiny.yaml", "  window: {", "  near: {")
        let second = try bench.run()
        #expect(second.work.trained == 0)
        #expect(second.work.evaluated == 0)
        let store = try bench.store()
        #expect(try store.comparisons(ofBatch: second.plan.identity).map(\.candidate) == ["hybrid", "near"])
        #expect(try store.drifts(ofBatch: second.plan.identity).map(\.arm) == ["hybrid", "near"])
        #expect(second.summary.contains("near against full"))
        #expect(!second.summary.contains("window"))
        #expect(try bench.run().work.isNothing)
    }

    @Test func aDeletedCheckpointIsTrainedAgainOnlyWhenItIsNeeded() throws {
        let bench = try Workbench()
        try bench.run()
        let files = try bench.checkpointFiles()
        let lost = try #require(try bench.store().checkpoints(CheckpointSelector(arm: "hybrid", step: 6)).first)
        try FileManager.default.removeItem(atPath: lost.path)
        #expect(try bench.run().work.isNothing)
        #expect(!FileManager.default.fileExists(atPath: lost.path))
        try addTask(bench)
        let third = try bench.run()
        #expect(third.work.trained == 1)
        #expect(third.work.trainedBefore == 2)
        #expect(try bench.checkpointFiles() == files)
    }

    @Test func aLostFolderOfARenamedArmIsMadeAgainWhereItIsLookedFor() throws {
        let bench = try Workbench()
        try bench.run()
        let files = try bench.checkpointFiles()
        try FileManager.default.removeItem(at: bench.results.appendingPathComponent("checkpoints"))
        try bench.edit("evals/batches/tiny.yaml", "  window: {", "  near: {")
        try addTask(bench)
        let second = try bench.run()
        #expect(second.work.trained == 3)
        #expect(Set(try bench.checkpointFiles().values) == Set(files.values))
        #expect(try bench.run().work.isNothing)
    }

    @Test func anAlteredCheckpointIsRefused() throws {
        let bench = try Workbench()
        try bench.run()
        let checkpoint = try #require(try bench.store().checkpoints(CheckpointSelector(arm: "window", step: 12)).first)
        let file = URL(fileURLWithPath: checkpoint.path).appendingPathComponent("model.safetensors")
        var data = try Data(contentsOf: file)
        data[data.count - 5] ^= 0x10
        try data.write(to: file)
        #expect(try bench.run().work.isNothing)
        try addTask(bench)
        let error = try #require(throws: AssayError.self) { try bench.run() }
        #expect(error.kind == .badInput)
        #expect(error.location?.contains("step-000012") == true)
        #expect(error.problem.contains("altered"))
        #expect(error.remedy?.contains("emove the folder") == true)
        try FileManager.default.removeItem(atPath: checkpoint.path)
        #expect(try bench.run().work.trained == 1)
        #expect(try bench.run().work.isNothing)
    }

    @Test func aTruncatedCheckpointIsRefused() throws {
        let bench = try Workbench()
        try bench.run()
        let checkpoint = try #require(try bench.store().checkpoints(CheckpointSelector(arm: "full", step: 0)).first)
        let file = URL(fileURLWithPath: checkpoint.path).appendingPathComponent("model.safetensors")
        try Data(contentsOf: file).dropLast(100).write(to: file)
        try addTask(bench)
        let error = try #require(throws: AssayError.self) { try bench.run() }
        #expect(error.kind == .badInput)
        #expect(error.problem.contains("truncated"))
    }

    @Test func aCheckpointOfAnotherStepIsRefused() throws {
        let bench = try Workbench()
        try bench.run()
        let store = try bench.store()
        let ends = try [6, 12].map { step in
            let found = try store.checkpoints(CheckpointSelector(arm: "full", step: step))
            return try #require(found.first).path
        }
        try FileManager.default.removeItem(atPath: ends[1])
        try FileManager.default.copyItem(atPath: ends[0], toPath: ends[1])
        try addTask(bench)
        let error = try #require(throws: AssayError.self) { try bench.run() }
        #expect(error.kind == .badInput)
        #expect(error.problem.contains("other weights"))
    }
}
