import AssayCore
import Foundation
import Testing

@testable import AssayImport

/// The folder of a run that was made with lm-evaluation-harness (Tests/Fixtures/make_lm_eval_fixtures.py).
private func fixture(_ name: String) -> URL {
    URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .appendingPathComponent("Fixtures/lm-eval/\(name)")
}

/// A copy of a run whose files a test may change.
private final class RunCopy {
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent("assay-lm-eval-\(UUID().uuidString)")

    init(_ name: String = "base") throws { try FileManager.default.copyItem(at: fixture(name), to: folder) }

    deinit { try? FileManager.default.removeItem(at: folder) }

    func file(_ prefix: String) throws -> URL {
        let names = try FileManager.default.contentsOfDirectory(atPath: folder.path)
        return folder.appendingPathComponent(try #require(names.first { $0.hasPrefix(prefix) }))
    }

    /// Changes a file and returns the message of the error that reading gives then; nil when it gives none.
    func problem(_ prefix: String, _ change: (inout String) -> Void) throws -> String? {
        let file = try file(prefix)
        let original = try String(contentsOf: file, encoding: .utf8)
        defer { try? Data(original.utf8).write(to: file) }
        var text = original
        change(&text)
        try Data(text.utf8).write(to: file)
        do {
            _ = try LMEvalReader.read(folder)
            return nil
        } catch let error as AssayError {
            return "\(error)"
        }
    }
}

@Suite struct LMEvalTests {
    @Test func `the mean of the samples is what the harness itself computed`() throws {
        for name in ["base", "changed"] {
            let run = try LMEvalReader.read(fixture(name))
            #expect(
                run.scores.map(\.name) == ["assay_colours/acc", "assay_colours/acc_norm", "assay_copy/exact_match"])
            #expect(run.modelSource == "hf" && run.omitted.isEmpty)
            let copy = try RunCopy(name)
            let results = try withExtendedLifetime(copy) {
                try JSONFields(try JSONParser.file(try copy.file("results_")), location: name).object("results")
            }
            for scores in run.scores {
                let mean = scores.samples.compactMap(\.score).reduce(0, +) / Double(scores.samples.count)
                let value = try results.object(scores.task).value("\(scores.metric),none")
                guard case .number(let published)? = value else {
                    Issue.record("no number for \(scores.name)")
                    continue
                }
                #expect(abs(mean - published) < 1e-12, "\(scores.name)")
            }
            #expect(run.scores.map(\.choices) == [4, 4, nil])
            #expect(run.scores.map(\.samples.count) == [36, 36, 20])
            #expect(run.scores.map(\.version) == ["1.0", "1.0", "2.0"])
        }
    }

    @Test func `two runs of the same tasks have the same items, and other grades`() throws {
        let base = try LMEvalReader.read(fixture("base"))
        let changed = try LMEvalReader.read(fixture("changed"))
        for (a, b) in zip(base.scores, changed.scores) {
            #expect(a.samples.map(\.item) == b.samples.map(\.item))
            #expect(Set(a.samples.map(\.item)).count == a.samples.count)
            let known = Dictionary(uniqueKeysWithValues: a.samples.map { ($0.item, $0.contentBits) })
            try LMEvalMatch.check(b.samples, against: known, task: b.name, location: "changed")
        }
        #expect(base.scores[0].samples.map(\.score) != changed.scores[0].samples.map(\.score))
        #expect(base.identity != changed.identity)
        #expect(base.identity == (try LMEvalReader.read(fixture("base"))).identity)
    }

    @Test func `a changed prompt or target is refused and the first document is named`() throws {
        let samples = try LMEvalReader.read(fixture("base")).scores[0].samples
        var known = Dictionary(uniqueKeysWithValues: samples.map { ($0.item, $0.contentBits) })
        func problem() -> String {
            do {
                try LMEvalMatch.check(samples, against: known, task: "assay_colours/acc", location: "DIR")
                return ""
            } catch {
                return "\(error)"
            }
        }
        #expect(problem() == "")
        let (early, late) = (samples[3], samples[20])
        known[late.item]? ^= 1
        #expect(problem().contains("target of document \(late.document.hexadecimal.prefix(12))"))
        known[early.item]? ^= 1 << 40
        #expect(problem().contains("prompt of document \(early.document.hexadecimal.prefix(12))"))
    }

    @Test func `malformed, missing and contradictory files are refused with file and line`() throws {
        let copy = try RunCopy()
        let samples = "samples_assay_copy"
        let cases: [(String, String, (inout String) -> Void)] = [
            (
                samples, "jsonl:2: is not JSON",
                { $0 = $0.replacingOccurrences(of: "\"doc_id\": 1,", with: "\"doc_id\" 1,") }
            ),
            (samples, "20", { $0 = $0.split(separator: "\n").dropLast().joined(separator: "\n") }),
            (samples, "also on line 1", { $0 += $0.split(separator: "\n")[0] + "\n" }),
            (samples, "doc_hash", { $0 = $0.replacingOccurrences(of: "doc_hash", with: "hash") }),
            (
                samples, "64 hexadecimal",
                { $0 = $0.replacingOccurrences(of: "\"doc_hash\": \"", with: "\"doc_hash\": \"zz") }
            ),
            (samples, "exact_match", { $0 = $0.replacingOccurrences(of: "\"exact_match\": 0.0", with: "\"em\": 0.0") }),
            (samples, "must be an object", { $0 = "[1]\n" + $0 }),
            ("results_", "is not JSON", { $0.removeLast(20) }),
            (
                "results_", "results.assay_copy is missing",
                {
                    $0 = $0.replacingOccurrences(
                        of: "\"assay_copy\": {\n   \"name\"", with: "\"other\": {\n   \"name\"")
                }
            ),
        ]
        for (file, words, change) in cases {
            let problem = try copy.problem(file, change)
            #expect(problem?.contains(words) == true, "\(words): \(problem ?? "no error")")
        }
        try FileManager.default.removeItem(at: try copy.file(samples))
        #expect(throws: AssayError.self) { try LMEvalReader.read(copy.folder) }
        try FileManager.default.removeItem(at: try copy.file("results_"))
        #expect(throws: AssayError.self) { try LMEvalReader.read(copy.folder) }
        #expect(throws: AssayError.self) { try LMEvalReader.read(copy.folder.appendingPathComponent("none")) }
    }

    @Test func `a metric that is no score is left out and said, and NaN is a lost item`() throws {
        let copy = try RunCopy()
        let file = try copy.file("samples_assay_colours")
        let text = try String(contentsOf: file, encoding: .utf8)
        let lines = text.split(separator: "\n").enumerated().map { index, line in
            var line = String(line)
            if index == 0, let range = line.range(of: "\"acc\": ") {
                line.replaceSubrange(range, with: "\"acc\": NaN, \"x\": ")
            }
            return line.replacingOccurrences(of: "\"acc_norm\": ", with: "\"acc_norm\": [1, 2], \"y\": ")
        }
        try Data((lines.joined(separator: "\n") + "\n").utf8).write(to: file)
        let run = try LMEvalReader.read(copy.folder)
        #expect(run.scores.map(\.name) == ["assay_colours/acc", "assay_copy/exact_match"])
        #expect(run.omitted.count == 1 && run.omitted[0].contains("acc_norm"))
        #expect(run.scores[0].samples.count { $0.score == nil } == 1)
    }

    @Test func `mutated files are read or refused but never crash`() throws {
        let copy = try RunCopy()
        var random = CounterRandom(domain: "lm-eval mutations", index: 0)
        for name in ["results_", "samples_assay_copy"] {
            let file = try copy.file(name)
            let original = [UInt8](try Data(contentsOf: file))
            for _ in 0..<150 {
                var bytes = original
                for _ in 0...Int(random.next() % 3) {
                    let place = Int(random.next() % UInt64(bytes.count))
                    if random.next() % 2 == 0 {
                        bytes[place] = UInt8(truncatingIfNeeded: random.next())
                    } else {
                        bytes.removeSubrange(place..<min(bytes.count, place + Int(random.next() % 40)))
                    }
                }
                try Data(bytes).write(to: file)
                do {
                    _ = try LMEvalReader.read(copy.folder)
                } catch {
                    #expect(error is AssayError, "\(error)")
                }
            }
            try Data(original).write(to: file)
        }
    }
}
