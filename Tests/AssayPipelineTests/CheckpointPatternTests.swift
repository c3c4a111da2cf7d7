import AssayCore
import AssayModels
import Foundation
import Testing

@testable import AssayPipeline

/// Which checkpoints a pattern finds and in what order, and what makes one unfinished: a nightly batch meets folders that a
/// training is still writing.
@Suite struct CheckpointPatternTests {
    @Test(arguments: [
        ("step-0001000", "step-*", 1000), ("step1000-tokens2B", "step*", 1000), ("step1000-tokens2B", "*", 1000),
        ("checkpoint-250", "checkpoint-*", 250), ("kda-1.3b-step-7", "*", 7), ("step_20k", "step_*", 20_000),
        ("iter_500_hf", "iter_*_hf", 500), ("3-of-9", "3-of-?", 9), ("Steps=4", "*", 4),
    ])
    func `a name tells its step`(name: String, pattern: String, step: Int) {
        #expect(CheckpointPattern.step(of: name, like: pattern) == step)
    }

    @Test func `a name without a number tells none`() {
        #expect(CheckpointPattern.step(of: "final", like: "*") == nil)
        #expect(CheckpointPattern.step(of: "model2-final", like: "model2-*") == nil)
        #expect(CheckpointPattern.namedStep("/models/SmolLM2-135M.gguf") == nil)
    }

    @Test(arguments: [
        ("abc", "a*c", true), ("abc", "*", true), ("", "*", true), ("abc", "a?c", true), ("abc", "a?", false),
        ("aXbXc", "a*X*c", true), ("aaab", "*ab", true), ("aaab", "*aab?", false), ("abc", "abc*", true),
    ])
    func `stars and question marks fit as in a shell`(name: String, pattern: String, fits: Bool) {
        #expect(CheckpointPattern.fits(Array(name.unicodeScalars)[...], Array(pattern.unicodeScalars)[...]) == fits)
    }

    @Test func `paths come by step, and neither hidden ones nor files where folders are wanted`() throws {
        let bench = try Workbench()
        for name in ["step-10", "step-9", "step-100", ".step-11.tmp", "steps"] {
            try bench.write("runs/one/\(name)/x", "")
        }
        try bench.write("runs/one/step-12", "a file")
        try bench.write("runs/two/step-3/x", "")
        func found(_ pattern: String, seed: UInt64 = 1) -> [String] {
            CheckpointPattern(pattern, folder: bench.url("evals/batches"), seed: seed).matches().map {
                "\($0.url.lastPathComponent) \($0.step)"
            }
        }
        #expect(found("../../runs/one/step-*/") == ["step-9 9", "step-10 10", "step-100 100"])
        #expect(found("../../runs/one/step-*") == ["step-9 9", "step-10 10", "step-12 12", "step-100 100"])
        #expect(found("../../runs/*/step-*/").count == 4)
        #expect(found("../../runs/one/step-1?/") == ["step-10 10"])
        #expect(found("../../runs/one/step-9") == ["step-9 9"])
        #expect(found("../../runs/one/step-{seed}", seed: 10) == ["step-10 10"])
        #expect(found("../../runs/none/*/") == [])
    }

    // MARK: - Unfinished checkpoints

    private static let fixtures = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
        .deletingLastPathComponent()
        .appendingPathComponent("Fixtures/systems")

    /// A copy of a checkpoint in which something is changed; what looking it over says.
    private func survey(_ name: String, _ change: (URL) throws -> Void) throws -> String {
        let bench = try Workbench()
        let folder = bench.url("copy")
        try FileManager.default.copyItem(at: Self.fixtures.appendingPathComponent(name), to: folder)
        try change(folder)
        do {
            let survey = try CheckpointReader.survey(folder)
            return "whole, \(survey.files.count) files"
        } catch let error as IncompleteCheckpoint {
            return "unfinished: \(error.reason)"
        } catch { return "wrong: \(error)" }
    }

    private func cut(_ url: URL) throws {
        let data = try Data(contentsOf: url)
        try data.prefix(data.count / 2).write(to: url)
    }

    @Test func `a checkpoint is unfinished while a file of it is missing or short`() throws {
        let manager = FileManager.default
        #expect(try survey("llama-1") { _ in } == "whole, 2 files")
        #expect(try survey("deepseek_v32-1") { _ in } == "whole, 7 files")
        let problems = [
            try survey("llama-1") { try manager.removeItem(at: $0.appendingPathComponent("config.json")) },
            try survey("llama-1") { try cut($0.appendingPathComponent("config.json")) },
            try survey("llama-1") { try manager.removeItem(at: $0.appendingPathComponent("model.safetensors")) },
            try survey("llama-1") { try cut($0.appendingPathComponent("model.safetensors")) },
            try survey("llama-1") { try Data().write(to: $0.appendingPathComponent("model.safetensors")) },
            try survey("deepseek_v32-1") {
                try manager.removeItem(at: $0.appendingPathComponent("model-00003-of-00006.safetensors"))
            },
            try survey("deepseek_v32-1") { try cut($0.appendingPathComponent("model-00006-of-00006.safetensors")) },
            try survey("deepseek_v32-1") { try cut($0.appendingPathComponent("model.safetensors.index.json")) },
        ]
        for problem in problems { #expect(problem.hasPrefix("unfinished: ")) }
    }

    @Test func `what is whole and cannot be computed is wrong, not unfinished`() throws {
        let problem = try survey("llama-1") { folder in
            let file = folder.appendingPathComponent("config.json")
            let text = try String(contentsOf: file, encoding: .utf8)
            try text.replacing("{", with: "{\"attention_temperature\": 3,", maxReplacements: 1)
                .write(to: file, atomically: true, encoding: .utf8)
        }
        #expect(problem.hasPrefix("wrong: ") && problem.contains("attention_temperature"))
    }

    @Test func `a file is hashed once, and again when it changed`() throws {
        let bench = try Workbench()
        try bench.write("file", "one")
        let url = bench.url("file")
        // Files that were changed a moment ago are hashed each time: a further change could leave the same stamp.
        var kept: [String: ContentHash] = [:]
        var asked = 0
        let digests = FileDigests(
            known: { path, stamp in
                asked += 1
                return kept["\(path) \(stamp)"]
            }, keep: { kept["\($0) \($1)"] = $2 })
        let first = try digests.digest(of: url)
        #expect(kept.isEmpty)
        kept["\(url.path) \(try #require(FileStamp(url)))"] = ContentHash(of: "remembered")
        #expect(try digests.digest(of: url) == ContentHash(of: "remembered"))
        try bench.write("file", "another")
        #expect(try digests.digest(of: url) == ContentHash(of: "another"))
        #expect(first == ContentHash(of: "one") && asked == 3)
    }
}
