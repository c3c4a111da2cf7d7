import AssayCore
import AssayMetrics
import AssayServing
import AssayStore
import Foundation
import Testing

@testable import AssayPipeline

@Suite struct ServingTests {
    private static let section = """
        serving:
          cache: {formats: [float32, bfloat16+float32], lengths: [64, 4096], held-length: 64}
          trace: {kind: chat, sessions: 4, block: 32, policies: [turns, every-128], capacities-mib: [1]}
          speculation: {draft: window, lengths: [2], prompts: 1, tokens: 6, passes: 2, tasks: [recall, tools]}
          crossover: {lengths: [16, 32], repeats: 2, memory-mib: 0.1, largest-batch: 3, steps: 1}

        """

    private func workbench() throws -> Workbench {
        let workbench = try Workbench()
        try workbench.edit("evals/batches/tiny.yaml", "compare:\n", Self.section + "compare:\n")
        return workbench
    }

    @Test("a batch measures serving once, and shows and exports it")
    func batch() throws {
        let workbench = try workbench()
        let first = try workbench.run()
        // Each arm: bytes, bytes held, trace; two are drafted for; two are held against the control.
        #expect(first.work.served == 3 * 3 + 2 + 2)
        for key in [
            "cache-bytes", "memory-break-even", "token-hit-rate", "accepted-length", "speculative-speedup",
            "crossover-length",
        ] { #expect(first.summary.contains(key), "\(key)") }
        let store = try workbench.store()
        let checkpoints = try store.checkpoints(CheckpointSelector(arm: "hybrid", batch: first.plan.identity))
        let last = try #require(checkpoints.max { $0.step < $1.step })
        let measured = try store.measurements(ofCheckpoint: last.hash, ofBatch: first.plan.identity)
        #expect(Set(measured.map(\.kind)) == Set(MeasurementKind.allCases))
        let values = measured.flatMap(\.values)
        for definition in MetricCatalogue.all where ["V1", "V2", "V3", "V4"].contains(definition.id) {
            #expect(values.contains { $0.metric == definition.key }, "\(definition.key)")
        }
        for value in values { #expect(MetricCatalogue.definition(value.metric) != nil, "\(value.metric)") }
        let shown = try Display.checkpoint(last.hash.short, store: store)
        #expect(shown.contains("crossover timed on") && shown.contains("state-miss-recompute"))
        let exported = try String(
            contentsOf: workbench.results.appendingPathComponent("tiny/metrics.csv"), encoding: .utf8)
        #expect(exported.contains("speculative-speedup") && exported.contains("token-hit-rate"))
    }

    @Test("what is recorded is not measured again, and timings are in no digest")
    func incremental() throws {
        let workbench = try workbench()
        let first = try workbench.run()
        let second = try workbench.run()
        #expect(second.work.isNothing)
        #expect(second.digest == first.digest)
        // Another machine would time otherwise, and count the same.
        let other = try self.workbench()
        #expect(try other.run().digest == first.digest)
        // A changed section is another plan; what is common stays recorded.
        try workbench.edit("evals/batches/tiny.yaml", "lengths: [16, 32]", "lengths: [16, 24]")
        #expect(try workbench.run().work.served == 2)
    }

    @Test("a batch without the section is what it was")
    func absent() throws {
        let workbench = try Workbench()
        let run = try workbench.run()
        #expect(run.work.served == 0)
        #expect(!run.plan.definition.contains("serving"))
        #expect(try workbench.store().measurements(kind: .trace).isEmpty)
    }

    @Test(
        "mistakes in the section are named with their place",
        arguments: [
            ("draft: window", "draft: windw", "window"), ("kind: chat", "kind: chatt", "chat"),
            ("policies: [turns, every-128]", "policies: [turn]", "turns"),
            ("formats: [float32, bfloat16+float32]", "formats: [int3]", "float32"),
            ("tasks: [recall, tools]", "tasks: [recal]", "recall"), ("sessions: 4", "sessions: 0", "sessions"),
            ("block: 32", "blok: 32", "block"), ("lengths: [2]", "modes: [replays]", "replay"),
        ])
    func mistakes(_ old: String, _ new: String, _ hint: String) throws {
        let workbench = try workbench()
        try workbench.edit("evals/batches/tiny.yaml", old, new)
        do {
            _ = try BatchPlan.read(workbench.batch)
            Issue.record("'\(new)' was taken")
        } catch let error as AssayError {
            #expect(error.location?.contains("tiny.yaml:") == true, "\(error)")
            #expect("\(error)".contains(hint), "\(error)")
        }
    }
}
