import AssayCore
import AssayEvaluation
import AssayMetrics
import AssayStore
import Testing

@testable import AssayPipeline

/// `assay diff ARM ARM:CONDITION`: two ways to run the same checkpoint, held against each other.
@Suite struct SwapDiffTests {
    private static let task = "short-32"

    private func store() throws -> MadeUpStore {
        func condition(_ text: String, _ right: Int) throws -> (task: String, condition: Condition, right: [Int]) {
            (Self.task, try Condition(text), [right])
        }
        return try MadeUpStore([
            "full": [
                condition("parallel", 90), condition("recurrent", 88), condition("parallel:window=16", 40),
                condition("recurrent:window=16", 35), condition("recurrent:int8", 80),
                condition("recurrent:int8:window=16", 20),
            ],
            "other": [condition("parallel", 60), condition("parallel:window=16", 55)],
        ])
    }

    private func accuracies(_ a: String, _ b: String) throws -> [String: Double] {
        let made = try store()
        let diff = try CheckpointDiff(store: made.store, baseline: a, candidate: b, batch: nil)
        return Dictionary(
            diff.results.filter { $0.metric == "accuracy" && $0.slice == "all" }.compactMap { result in
                result.estimate.map { (result.condition, ($0 * 100).rounded()) }
            }, uniquingKeysWith: { first, _ in first })
    }

    @Test("a swap is held against the same condition without it, path by path")
    func swaps() throws {
        #expect(
            try accuracies("full", "full:window=16") == ["parallel": -50, "recurrent": -53, "recurrent:int8": -60])
        #expect(try accuracies("full:window=16", "full")["parallel"] == 50)
        #expect(try accuracies("full:window=16", "full:window=16")["parallel"] == 0)
        #expect(try accuracies("full:window=16", "other:window=16") == ["parallel": 15])
        #expect(try accuracies("full:seed=0@10", "full:seed=0@10:window=16")["recurrent"] == -53)
        // Without one, all that both have.
        #expect(try accuracies("full", "other") == ["parallel": -30, "parallel:window=16": 15])
    }

    @Test("a format is held against float32, and one condition against what it is measured by")
    func formats() throws {
        #expect(try accuracies("full", "full:int8") == ["recurrent": -8])
        #expect(try accuracies("full", "full:int8:window=16") == ["recurrent": -68])
        #expect(try accuracies("full", "full:recurrent:int8:window=16") == ["recurrent": -68])
        #expect(try accuracies("full:parallel", "full:recurrent") == ["parallel": -2])
        #expect(try accuracies("full:parallel:window=16", "other:parallel") == ["parallel": 20])
    }

    @Test func `a damaging swap is a regression with its exit status`() throws {
        let made = try store()
        let diff = try CheckpointDiff(store: made.store, baseline: "full", candidate: "full:window=16", batch: nil)
        #expect(diff.exitStatus == 1)
        #expect(diff.primary.contains { $0.metric == "accuracy" && $0.verdict == .regression })
        #expect(try diff.render(as: .table, onlyPrimary: true).contains("full:window=16 against full"))
    }

    @Test(
        "what was not run, or is no condition, is refused with what there is",
        arguments: [
            ("full:window=8", "recurrent:int8:window=16"), ("full:windw=8", "Did you mean 'window'?"),
            ("full:fp8", "Its conditions: parallel"), ("full:parallel:int8", "Leave ':int8' out"),
            ("full:", "'seed=' with a whole number nor a condition"), ("full:resumed", "was not evaluated so"),
        ])
    func refusals(_ side: String, _ words: String) throws {
        let made = try store()
        let error = try #require(throws: AssayError.self) {
            try CheckpointDiff(store: made.store, baseline: "full", candidate: side, batch: nil)
        }
        #expect(error.kind == .usage && "\(error)".contains(words), "\(error)")
    }

    @Test func `a batch runs swaps once, and refuses one that an arm cannot take before any work`() throws {
        let bench = try Workbench()
        let file = "evals/batches/tiny.yaml"
        for arm in ["hybrid", "window"] {
            try bench.edit(file, "  \(arm): {architecture: \(arm), recipe: tiny}\n", "")
        }
        try bench.edit(
            file, "[parallel, recurrent, divergence]", "[parallel, \"parallel:window=4:drop=1\", recurrent:int4]")
        let first = try bench.run()
        let again = try bench.run()
        #expect(first.work.evaluated > 0 && again.work.evaluated == 0 && again.digest == first.digest)
        let diff = try CheckpointDiff(
            store: try bench.store(), baseline: "full", candidate: "full:window=4:drop=1", batch: nil)
        #expect(diff.results.contains { $0.estimate != nil && $0.estimate != 0 })
        #expect(Set(diff.results.map(\.condition)) == ["parallel"])

        try bench.edit(file, "window=4:drop=1", "drop=9")
        let error = try #require(throws: AssayError.self) { try BatchPlan.read(bench.batch) }
        #expect(error.kind == .badInput && error.location?.hasSuffix("tiny.yaml:7") == true, "\(error)")
        #expect(error.problem.contains("arm 'full'") && error.problem.contains("2 layers"))
        #expect(error.remedy == "Name a layer from 0 to 1")
    }
}
