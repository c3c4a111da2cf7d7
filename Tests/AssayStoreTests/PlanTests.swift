import AssayCore
import Foundation
import Testing

@testable import AssayStore

struct PlanTests {
    @Test func `runs, steps, checkpoints, tasks and batches come back as they were recorded`() throws {
        let folder = try TemporaryFolder()
        let store = try Sample.filled(folder.store)
        #expect(try store.batches() == [Sample.batch])
        #expect(try store.runs() == [Sample.run()])
        #expect(try store.run(Sample.run().identity) == Sample.run())
        #expect(try store.tasks() == [Sample.task])
        #expect(try store.task(Sample.task.identity) == Sample.task)
        #expect(try store.tasks(ofBatch: Sample.batch.identity).map(\.name) == ["hops"])
        #expect(try store.checkpoints() == [Sample.checkpoint()])
        #expect(try store.cells(ofCheckpoint: Sample.checkpoint().hash).map(\.key) == [Sample.key()])
        #expect(try store.hasCell(Sample.key()))
        #expect(try !store.hasCell(Sample.key(path: .recurrent)))
        let arms = try store.arms(ofBatch: Sample.batch.identity)
        #expect(arms == [BatchArmRecord(arm: "control", seed: 1, run: Sample.run().identity)])
    }

    @Test func `a seed of 64 bits survives`() throws {
        let folder = try TemporaryFolder()
        let store = try Store(url: folder.store, mode: .readWrite)
        try store.record(Sample.run(seed: .max))
        #expect(try store.runs().map(\.seed) == [.max])
    }

    @Test func `the status of a run goes on, with its reason, and recording the run again leaves it`() throws {
        let folder = try TemporaryFolder()
        let store = try Sample.filled(folder.store)
        let status = RunStatus.failed(reason: "loss spike at step 40")
        try store.set(status, ofRun: Sample.run().identity)
        try store.record(Sample.run())
        #expect(try store.runs().map(\.status) == [status])
    }

    @Test func `repeated training steps are accepted when equal, NaN included, and refused when not`() throws {
        let folder = try TemporaryFolder()
        let store = try Sample.filled(folder.store)
        let run = Sample.run().identity
        let steps = [
            TrainingStepRecord(step: 1, loss: 4.1, gradientNorm: 1.5, learningRate: 1e-3, tokens: 512),
            TrainingStepRecord(step: 2, loss: .nan, gradientNorm: .infinity, learningRate: 1e-3, tokens: 1024),
        ]
        try store.record(steps, ofRun: run)
        try store.record(steps, ofRun: run)
        let back = try store.trainingSteps(ofRun: run)
        #expect(back.count == 2)
        #expect(back[0] == steps[0])
        #expect(back[1].loss.isNaN && back[1].gradientNorm == .infinity)
        var other = steps
        other[0].loss = 4.1000000001
        let error = failure { try store.record(other, ofRun: run) }
        #expect(error?.kind == .defect)
        #expect(error?.problem.contains("loss") == true)
    }

    @Test func `other content under the identity of a plan is a defect that names the column`() throws {
        let folder = try TemporaryFolder()
        let store = try Sample.filled(folder.store)
        var run = Sample.run()
        run.recipe = "{}"
        #expect(failure { try store.record(run) }?.problem.contains("recipe is") == true)
        var batch = Sample.batch
        batch.definition = "{}"
        #expect(failure { try store.record(batch) }?.problem.contains("definition is") == true)
        var task = Sample.task
        task.measuredFloors = [:]
        #expect(failure { try store.record(task) }?.problem.contains("measured_floors is") == true)
        var point = Sample.checkpoint()
        point.hash = ContentHash(of: "other weights")
        #expect(failure { try store.record(point) }?.kind == .defect)
    }

    @Test func `what is built upon must be there first`() throws {
        let folder = try TemporaryFolder()
        let store = try Store(url: folder.store, mode: .readWrite)
        #expect(failure { try store.record(Sample.checkpoint()) }?.problem.contains("no arm_run") == true)
        #expect(failure { try store.record(Sample.cell([]), items: [], responses: []) }?.kind == .defect)
    }

    @Test func `two runs may share weights, and the cell is shared too`() throws {
        let folder = try TemporaryFolder()
        let store = try Sample.filled(folder.store)
        try store.record(Sample.run("twin"))
        var twin = Sample.checkpoint("twin")
        twin.hash = Sample.checkpoint().hash
        try store.record(twin)
        #expect(try store.checkpoints(CheckpointSelector(hashPrefix: twin.hash.short)).map(\.arm) == ["full", "twin"])
        #expect(try store.cells(ofCheckpoint: twin.hash).count == 1)
    }

    @Test func `checkpoints are found by arm, seed, step, hash prefix and the batch's names`() throws {
        let folder = try TemporaryFolder()
        let store = try Sample.filled(folder.store)
        for seed in [UInt64(1), 2] {
            try store.record(Sample.run(seed: seed))
            for step in [1000, 2000] { try store.record(Sample.checkpoint(seed: seed, step: step)) }
        }
        #expect(try store.checkpoints(named: "full").map(\.step) == [1000, 2000, 1000, 2000])
        #expect(try store.checkpoints(named: "full@2000").map(\.seed) == [1, 2])
        #expect(try store.checkpoints(named: "full:seed=2@1000") == [Sample.checkpoint(seed: 2, step: 1000)])
        let hash = Sample.checkpoint(seed: 2, step: 2000).hash
        #expect(try store.checkpoints(named: String(hash.hexadecimal.prefix(10))).map(\.hash) == [hash])
        #expect(try store.checkpoints(named: "control").map(\.arm) == ["control", "control"])
        #expect(
            try store.checkpoints(CheckpointSelector(arm: "control", batch: Sample.batch.identity)).count == 2)
        #expect(try store.checkpoints(CheckpointSelector(arm: "full", batch: Sample.batch.identity)).isEmpty)
    }

    @Test(arguments: [
        ("ful", "Did you mean 'full'?"), ("full@3000", "It has seeds 1 and steps 1000"),
        ("full:seed=9", "It has seeds 1 and steps 1000"), ("full@soon", "Write ARM"), ("full:sed=1", "Write ARM"),
        ("@1000", "Write ARM"), ("zzzzzzzz", "Known: control, full"),
    ])
    func `a selector that fits nothing says what there is`(text: String, remedy: String) throws {
        let folder = try TemporaryFolder()
        let store = try Sample.filled(folder.store)
        let error = failure { _ = try store.checkpoints(named: text) }
        #expect(error?.kind == .usage)
        #expect(error?.remedy?.hasPrefix(remedy) == true, "\(error as Any)")
    }

    @Test func `provenance keeps each invocation with its times and end`() throws {
        let folder = try TemporaryFolder()
        let store = try Sample.filled(folder.store)
        let started = Date(timeIntervalSince1970: 1_800_000_000.25)
        var record = ProvenanceRecord(
            batch: Sample.batch.identity, assayVersion: "0.1", machine: "Linux x86_64", processor: "2 x EPYC",
            kernels: "avx2", swiftVersion: "6.3.1", command: "assay run a.yaml", started: started)
        let id = try store.begin(record)
        #expect(try store.provenance() == [record])
        try store.end(id, outcome: "finished", at: started.addingTimeInterval(60))
        record.ended = started.addingTimeInterval(60)
        record.outcome = "finished"
        #expect(try store.provenance(ofBatch: Sample.batch.identity) == [record])
        #expect(try store.provenance(ofBatch: ContentHash(of: "none")).isEmpty)
    }

    @Test func `writing and reading responses is fast enough for a million of them`() throws {
        let folder = try TemporaryFolder()
        let speed = try StoreSpeed.measure(responses: 60_000, in: folder.url)
        // A million in 15 s, with room for a loaded machine.
        #expect(speed.writtenPerSecond > 40_000)
        #expect(speed.readPerSecond > 40_000)
        #expect(try FileManager.default.contentsOfDirectory(atPath: folder.url.path).isEmpty)
        print("store:", speed)
    }
}
