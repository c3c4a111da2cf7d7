import AssayCore
import AssayStore
import Foundation
import Testing

@testable import AssayPipeline

/// A store that the two runs of Tests/Fixtures/lm-eval were imported into.
private final class ImportedStore {
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent("assay-import-\(UUID().uuidString)")
    let store: Store

    static func fixture(_ name: String) -> URL {
        URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .appendingPathComponent("Fixtures/lm-eval/\(name)")
    }

    init() throws { store = try Store(url: folder.appendingPathComponent("assay.sqlite"), mode: .readWrite) }

    deinit {
        try? store.close()
        try? FileManager.default.removeItem(at: folder)
    }

    @discardableResult
    func add(_ name: String, arm: String? = nil, step: Int = 0) throws -> LMEvalImporter.Summary {
        try LMEvalImporter(store).run(ImportedStore.fixture(name), arm: arm, step: step)
    }
}

@Suite struct LMEvalImportTests {
    @Test func `two runs of lm-evaluation-harness are compared item by item`() throws {
        let imported = try ImportedStore()
        let summary = try imported.add("base")
        #expect(summary.arm == "base" && summary.items == 92 && summary.omitted.isEmpty)
        try imported.add("changed")
        let diff = try CheckpointDiff(store: imported.store, baseline: "base", candidate: "changed", batch: nil)
        let accuracy = diff.primary.filter { $0.metric == "accuracy" }
        #expect(accuracy.map(\.task).sorted() == summary.tasks)
        // The estimates are the differences of the means that the harness wrote.
        for result in accuracy {
            let means = try ["base", "changed"].map { arm -> Double in
                let checkpoint = try #require(try imported.store.checkpoints(named: arm).first)
                let cell = try #require(
                    try imported.store.cells(ofCheckpoint: checkpoint.hash).first { $0.taskName == result.task })
                let scores = try imported.store.scoredItems(ofCell: cell.identity).compactMap(\.response.score)
                return scores.reduce(0, +) / Double(scores.count)
            }
            #expect(abs((result.estimate ?? .nan) - (means[1] - means[0])) < 1e-12, "\(result.task)")
            #expect(result.unit == .items && result.seeds == 1)
        }
        let same = try CheckpointDiff(store: imported.store, baseline: "base", candidate: "base", batch: nil)
        #expect(same.exitStatus != 1)
    }

    @Test func `importing again does nothing, and other results need another name or step`() throws {
        let imported = try ImportedStore()
        try imported.add("base", arm: "model")
        let digest = try imported.store.contentDigest()
        try imported.add("base", arm: "model")
        #expect(try imported.store.contentDigest() == digest)
        #expect(throws: AssayError.self) { try imported.add("changed", arm: "model") }
        #expect(try imported.store.contentDigest() == digest)
        try imported.add("changed", arm: "model", step: 100)
        let diff = try CheckpointDiff(store: imported.store, baseline: "model@0", candidate: "model@100", batch: nil)
        #expect(!diff.primary.isEmpty)
        #expect(throws: AssayError.self) { try imported.add("base", arm: "a@3") }
    }

    @Test func `a document that is asked otherwise is refused before anything is recorded`() throws {
        let imported = try ImportedStore()
        try imported.add("base")
        let digest = try imported.store.contentDigest()
        let copy = imported.folder.appendingPathComponent("copy")
        try FileManager.default.copyItem(at: ImportedStore.fixture("changed"), to: copy)
        let name = try #require(
            try FileManager.default.contentsOfDirectory(atPath: copy.path).first { $0.hasPrefix("samples_assay_copy") })
        let file = copy.appendingPathComponent(name)
        let text = try String(contentsOf: file, encoding: .utf8)
        let altered = text.replacingOccurrences(of: "\"prompt_hash\": \"", with: "\"prompt_hash\": \"0000000000")
        let cut = altered.split(separator: "\n").map { line -> String in
            // 64 digits again: ten went in front, ten go behind.
            let parts = line.components(separatedBy: "\"prompt_hash\": \"")
            return parts[0] + "\"prompt_hash\": \"" + parts[1].prefix(64) + parts[1].dropFirst(74)
        }
        try Data((cut.joined(separator: "\n") + "\n").utf8).write(to: file)
        do {
            _ = try LMEvalImporter(imported.store).run(copy, arm: "changed", step: 0)
            Issue.record("another prompt was accepted")
        } catch let error as AssayError {
            #expect(error.problem.contains("prompt of document"), "\(error)")
        }
        #expect(try imported.store.contentDigest() == digest)
    }

    @Test func `the commands import and compare`() throws {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("assay-import-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        for name in ["base", "changed"] {
            let result = try Command.run("import", "lm-eval", ImportedStore.fixture(name).path, in: folder)
            #expect(result.status == 0, "\(result.errors)")
            #expect(result.output.contains("\(name): 92 items"))
        }
        let diff = try Command.run("diff", "base", "changed", in: folder)
        #expect([0, 1, 3].contains(diff.status), "\(diff.errors)")
        #expect(diff.output.contains("assay_colours/acc"))
        let wrong = try Command.run("import", "lm-eval", folder.path, in: folder)
        #expect(wrong.status == 65 && wrong.errors.contains("results_"))
    }

    @Test func `the command tokenize prints ids and takes them back`() throws {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent(
            "assay-tokenize-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        let file =
            #"{"model": {"type": "BPE", "vocab": {"a": 0, "b": 1, "ab": 2}, "merges": ["a b"]}, "decoder": {"type": "Fuse"}}"#
        try Data(file.utf8).write(to: folder.appendingPathComponent("tokenizer.json"))
        let forth = try Command.run("tokenize", ".", "abb", "--format", "json", in: folder)
        #expect(
            forth.status == 0 && forth.output.contains(#""ids":[2,1]"#) && forth.output.contains(#""decoded":"abb""#),
            "\(forth.errors)")
        let back = try Command.run("tokenize", "tokenizer.json", "--ids", "2,1", "--format", "csv", in: folder)
        #expect(back.status == 0 && back.output.contains("abb"), "\(back.errors)")
        #expect(try Command.run("tokenize", "none", "a", in: folder).status == 65)
        #expect(try Command.run("tokenize", ".", "--ids", "x", in: folder).status == 64)
    }
}
