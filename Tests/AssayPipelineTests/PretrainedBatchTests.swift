import AssayCore
import AssayModels
import AssayStore
import Foundation
import Testing

@testable import AssayPipeline

/// Released checkpoints with tokenizers of their own, over tasks in English: recorded, measured and compared like others.
@Suite struct PretrainedBatchTests {
    private static let fixtures = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
        .deletingLastPathComponent()
        .appendingPathComponent("Fixtures/systems")

    /// Characters as tokens.
    private static let tokenizer: String = {
        let letters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ".map(String.init)
        let others = [" ", "\\n", ".", ":", ",", "'", "?", "[", "]", "(", "#", "~"]
        let vocabulary = (letters + others).enumerated().map { "\"\($1)\": \($0)" }.joined(separator: ", ")
        return #"{"model": {"type": "BPE", "unk_token": "~", "vocab": {\#(vocabulary)}, "merges": []}, "#
            + #""decoder": {"type": "Fuse"}}"#
    }()

    private func bench(tokenizers: Bool = true) throws -> Workbench {
        let bench = try Workbench()
        for (name, system, step) in [
            ("plain", "llama-1", 100), ("plain", "llama-1", 200), ("delta", "qwen3_next-1", 200),
        ] {
            let folder = bench.url("runs/\(name)/checkpoint-\(step)")
            try FileManager.default.createDirectory(
                at: folder.deletingLastPathComponent(), withIntermediateDirectories: true)
            try FileManager.default.copyItem(at: Self.fixtures.appendingPathComponent(system), to: folder)
            if tokenizers { try bench.write("runs/\(name)/checkpoint-\(step)/tokenizer.json", Self.tokenizer) }
        }
        // The weights of an earlier step are others.
        let weights = bench.url("runs/plain/checkpoint-100/model.safetensors")
        var data = try Data(contentsOf: weights)
        for place in stride(from: data.count - 1, to: data.count - 200, by: -2) { data[place] ^= 1 }
        try data.write(to: weights)
        try bench.write(
            "evals/suites/words.yaml",
            """
            tasks:
              recall:
                {generator: associative-recall, rendering: text, shots: 1, pairs: 2, queries: 1, length: 20, symbols: 8, clusters: 8}
              parity:
                {generator: parity, rendering: text, shots: 0, length: 24, questions: 2, clusters: 8}
              symbols: {generator: needle, distractors: 3, length: 40, symbols: 8, clusters: 6}

            """)
        try bench.write(
            "evals/batches/tiny.yaml",
            """
            suite: words
            control: plain
            arms:
              plain: {checkpoints: ../../runs/plain/checkpoint-*/}
              delta: {checkpoints: ../../runs/delta/checkpoint-*/}
            conditions: [parallel, recurrent, "recurrent:int8"]
            reports: [csv]

            """)
        return bench
    }

    @Test func `two models are measured and compared on texts`() throws {
        let bench = try bench()
        let run = try bench.run()
        // Two texts under two conditions; nobody here knows the symbols.
        #expect(run.plan.cellCount == 12 && run.work.evaluated == 12 && run.work.found == 3)
        #expect(run.notices == [])
        #expect(run.work.prefixes.hitRate > 0.2)
        #expect(run.summary.contains("were shared with another prompt"))
        let store = try bench.store()
        let comparison = try #require(try store.comparisons(ofBatch: run.plan.identity).first)
        #expect(Set(comparison.results.map(\.metric)).isSuperset(of: ["accuracy", "nll", "choice-accuracy"]))
        #expect(comparison.results.contains { $0.condition == "recurrent:int8" })
        let checkpoint = try #require(try store.checkpoints(CheckpointSelector(arm: "delta")).first)
        let cells = try store.cells(ofCheckpoint: checkpoint.hash)
        #expect(
            Set(try cells.compactMap { try store.task($0.key.task)?.generator }) == [
                "text/associative-recall", "text/parity",
            ])
        #expect(try Display.checkpoint("delta", store: store).contains("choice-accuracy"))
        #expect(run.plan.overview().contains("text, 1 examples"))
        let again = try bench.run()
        #expect(again.work.isNothing && again.digest == run.digest)
    }

    @Test func `a tokenizer is part of what a checkpoint is`() throws {
        let bench = try bench(tokenizers: false)
        let first = try bench.run()
        #expect(first.work.found == 0 && first.work.leftOut == 3)
        #expect(first.notices.contains { $0.contains("has no tokenizer.json") })
        try bench.write("tokenizer.json", Self.tokenizer)
        for arm in ["plain", "delta"] {
            try bench.edit(
                "evals/batches/tiny.yaml", "\(arm): {", "\(arm): {tokenizer: ../../tokenizer.json, ")
        }
        let second = try bench.run()
        #expect(second.work.found == 3 && second.work.evaluated == 12)
        try bench.write("tokenizer.json", Self.tokenizer.replacing("\"Fuse\"}", with: "\"Fuse\"} "))
        // Other bytes are another checkpoint: not the one that was recorded.
        let third = try bench.run()
        #expect(third.work.leftOut == 3 && third.work.evaluated == 0)
    }

    @Test func `an unsupported model and a wrong suite are told`() throws {
        let bench = try bench()
        let config = bench.url("runs/delta/checkpoint-200/config.json")
        let text = try String(contentsOf: config, encoding: .utf8)
        try text.replacing("\"model_type\": \"qwen3_next\"", with: "\"model_type\": \"mystery\"")
            .write(to: config, atomically: true, encoding: .utf8)
        #expect(throws: AssayError.self) { try bench.run() }
        try text.write(to: config, atomically: true, encoding: .utf8)
        try bench.edit("evals/suites/words.yaml", "associative-recall, rendering: text, shots: 1", "associative-recall")
        try bench.edit("evals/suites/words.yaml", "parity, rendering: text, shots: 0", "parity")
        #expect {
            try bench.run()
        } throws: {
            ($0 as? AssayError)?.problem.contains("can read no task of the suite") == true
        }
        try bench.edit("evals/suites/words.yaml", "parity, length", "parity, shots: 2, length")
        #expect {
            try bench.run()
        } throws: {
            ($0 as? AssayError)?.problem.contains("has 'shots', but no text") == true
        }
    }
}
