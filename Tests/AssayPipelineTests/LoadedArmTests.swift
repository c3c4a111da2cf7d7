import AssayCore
import AssayStore
import Foundation
import Testing

@testable import AssayPipeline

/// Checkpoints that lie in folders as arms of a batch: they must be judged as trained ones are, each once.
@Suite struct LoadedArmTests {
    /// A bench with the checkpoints of a finished batch as two runs of somebody else, and a batch over them.
    private func bench(steps: [Int] = [0, 6, 10, 12]) throws -> Workbench {
        let bench = try Workbench()
        for arm in ["full", "hybrid"] { try add(steps, of: arm, to: bench) }
        try bench.write(
            "evals/batches/tiny.yaml",
            """
            suite: tiny
            control: full
            arms:
              full: {checkpoints: ../../runs/full/step-*/}
              hybrid: {checkpoints: ../../runs/hybrid/step-*/}
            conditions: [parallel, recurrent, divergence]
            reports: [csv]

            """)
        return bench
    }

    private func add(_ steps: [Int], of arm: String, to bench: Workbench) throws {
        let store = try Finished.tiny.get().store()
        for checkpoint in try store.checkpoints(CheckpointSelector(arm: arm)) where steps.contains(checkpoint.step) {
            let folder = bench.url("runs/\(arm)")
            try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
            try FileManager.default.copyItem(
                at: URL(fileURLWithPath: checkpoint.path), to: folder.appendingPathComponent("step-\(checkpoint.step)"))
        }
    }

    @Test func `loaded checkpoints get the verdicts that trained ones get`() throws {
        let bench = try bench()
        let run = try bench.run()
        #expect(run.work.found == 8 && run.work.trained == 0 && run.work.leftOut == 0)
        #expect(run.work.evaluated == run.plan.cellCount)
        #expect(run.notices == [])
        let (own, trained) = (try bench.store(), try Finished.tiny.get().store())
        // The same weights are the same checkpoint, with the same responses.
        func cells(_ store: Store) throws -> Set<ContentHash> {
            Set(
                try store.checkpoints(CheckpointSelector(arm: "hybrid")).flatMap {
                    try store.cells(ofCheckpoint: $0.hash).map(\.identity)
                })
        }
        #expect(try cells(own) == cells(trained))
        let mine = try #require(try own.comparisons(ofBatch: run.plan.identity).first)
        #expect(mine.baseline == "full" && mine.candidate == "hybrid" && !mine.results.isEmpty)
        #expect(try own.drifts(ofBatch: run.plan.identity).first?.results.first?.points.map(\.step) == [0, 6, 10, 12])
        #expect(try CheckpointDiff(store: own, baseline: "full@6", candidate: "hybrid@6", batch: nil).results.count > 0)
        #expect(try DriftReport(store: own, arm: "hybrid", control: nil, batch: nil).results.count > 0)
        #expect(try Display.checkpoint("hybrid@12", store: own).contains("step 12"))
        let again = try bench.run()
        #expect(again.work.isNothing && again.work.foundBefore == 8 && again.digest == run.digest)
    }

    @Test func `only what is new is evaluated, in the same batch`() throws {
        let bench = try bench(steps: [0, 6])
        let first = try bench.run()
        try add([10], of: "hybrid", to: bench)
        let second = try bench.run()
        #expect(second.plan.identity == first.plan.identity)
        #expect(second.work.found == 1 && second.work.foundBefore == 4)
        #expect(second.work.evaluated == first.plan.cellCount / 4)
        // The control has no step 10 yet: both are compared where both are.
        let store = try bench.store()
        #expect(
            try store.comparisons(ofBatch: second.plan.identity).last?.candidateCheckpoints
                == store.checkpoints(CheckpointSelector(arm: "hybrid", step: 6)).map(\.hash))
    }

    @Test func `a half-written checkpoint is left for the next run and stops nothing`() throws {
        let bench = try bench(steps: [0, 6])
        try FileManager.default.createDirectory(
            at: bench.url("runs/hybrid/step-8"), withIntermediateDirectories: true)
        let weights = bench.url("runs/full/step-6/model.safetensors")
        let whole = try Data(contentsOf: weights)
        try whole.prefix(whole.count - 4).write(to: weights)
        let first = try bench.run()
        #expect(first.work.found == 3 && first.work.leftOut == 2)
        #expect(first.notices.contains { $0.contains("step-8 is not whole and is left for the next run: it has no") })
        #expect(first.notices.contains { $0.contains("step-6 is not whole") && $0.contains("bytes") })
        #expect(first.plan.overview().contains("is left for the next run"))
        try whole.write(to: weights)
        #expect(try bench.run().work.found == 1)
    }

    @Test func `altered weights are told and not evaluated, and the others are`() throws {
        let bench = try bench(steps: [6])
        try add([10], of: "hybrid", to: bench)
        let weights = bench.url("runs/hybrid/step-10/model.safetensors")
        var data = try Data(contentsOf: weights)
        data[data.count - 3] ^= 1
        try data.write(to: weights)
        let run = try bench.run()
        #expect(run.work.evaluated == run.plan.cellCount * 2 / 3)
        #expect(run.notices.contains { $0.contains("hybrid@10 is not evaluated") })
    }

    @Test func `other weights at a recorded step are refused, the arm's new name makes them a new run`() throws {
        let bench = try bench(steps: [0, 6])
        try bench.run()
        let place = bench.url("runs/hybrid/step-6")
        try FileManager.default.removeItem(at: place)
        try FileManager.default.copyItem(at: bench.url("runs/hybrid/step-0"), to: place)
        let second = try bench.run()
        #expect(second.work.leftOut == 1 && second.work.evaluated == 0)
        #expect(second.notices.contains { $0.contains("other weights than were recorded of step 6") })
        try bench.edit("evals/batches/tiny.yaml", "  hybrid: {", "  again: {")
        #expect(try bench.run().work.found == 2)
    }

    @Test func `a path that is not there is an error, a pattern without matches is not`() throws {
        let bench = try bench(steps: [6])
        try bench.edit("evals/batches/tiny.yaml", "../../runs/hybrid/step-*/", "../../runs/kda/step-*/")
        #expect(try bench.run().notices.contains { $0.contains("nothing fits") })
        try bench.edit("evals/batches/tiny.yaml", "../../runs/kda/step-*/", "../../runs/kda/step-6")
        #expect(throws: AssayError.self) { try bench.run() }
    }

    @Test func `one arm may be trained and the other loaded`() throws {
        let bench = try bench(steps: [12])
        try bench.edit(
            "evals/batches/tiny.yaml", "  full: {checkpoints: ../../runs/full/step-*/}",
            "  full: {architecture: full, recipe: tiny}")
        #expect(throws: AssayError.self) { try bench.run() }
        try bench.edit("evals/batches/tiny.yaml", "control: full", "control: full\nseeds: [1]")
        let run = try bench.run()
        #expect(run.work.trained == 1 && run.work.found == 1)
        #expect(try bench.store().comparisons(ofBatch: run.plan.identity).map(\.candidate) == ["hybrid"])
        #expect(run.plan.overview().contains("hugging-face") == false)
    }
}
