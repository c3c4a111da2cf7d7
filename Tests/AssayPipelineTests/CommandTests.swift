import AssayCore
import AssayStore
import Foundation
import Testing

@testable import AssayPipeline

@Suite struct CommandTests {
    private static let batch = "evals/batches/tiny.yaml"

    /// Runs a command over the finished batch.
    private func run(_ arguments: String...) throws -> Command.Result {
        try Command(arguments, in: try Finished.tiny.get().folder).wait()
    }

    /// The only line of a refusal.
    private func refusal(_ result: Command.Result, _ status: Int32) throws -> String {
        #expect(result.status == status, "\(result.errors)")
        #expect(result.output.isEmpty)
        let lines = result.errors.split(separator: "\n")
        #expect(lines.count == 1, "\(result.errors)")
        return try #require(lines.first.map(String.init))
    }

    // MARK: - Running

    @Test func aBatchRunByTheCommandHoldsTheSameBits() throws {
        let bench = try Workbench()
        let first = try Command.run("run", Self.batch, "--jobs", "2", in: bench.folder)
        #expect(first.status == 0, "\(first.errors)")
        #expect(first.output.contains("hybrid against full"))
        #expect(first.output.contains("Trained 3 runs"))
        #expect(try bench.digest() == Finished.tiny.get().digest())
        let second = try Command.run("run", Self.batch, "--jobs", "1", in: bench.folder)
        #expect(second.status == 0)
        #expect(second.output.contains("Nothing to do"))
        #expect(try bench.digest() == Finished.tiny.get().digest())
        #expect(try bench.store().provenance().count == 2)
    }

    @Test func stagesCanBeRunOneByOne() throws {
        let bench = try Workbench()
        for stage in ["generate", "train", "evaluate", "measure", "run"] {
            let result = try Command.run(stage, Self.batch, in: bench.folder)
            #expect(result.status == 0, "\(stage): \(result.errors)")
        }
        #expect(try bench.digest() == Finished.tiny.get().digest())
    }

    @Test func aDryRunPrintsThePlanAndDoesNothing() throws {
        let bench = try Workbench()
        let result = try Command.run("run", Self.batch, "--dry-run", in: bench.folder)
        #expect(result.status == 0)
        #expect(result.output.contains("3 arms x 1 seeds"))
        #expect(!FileManager.default.fileExists(atPath: bench.results.path))
    }

    // MARK: - Refusals

    @Test func wrongUsageExitsWith64() throws {
        for arguments in [
            ["trian"], ["run"], ["run", Self.batch, "--jobs", "0"], ["diff", "full"], ["list", "armz"],
        ] {
            let result = try Command(arguments, in: try Finished.tiny.get().folder).wait()
            #expect(result.status == 64, "\(arguments)")
            #expect(result.errors.contains("Usage:") || result.errors.contains("See 'assay"), "\(result.errors)")
        }
        let line = try refusal(try run("diff", "full", "fulll"), 64)
        #expect(line.contains("Did you mean 'full'?"))
        #expect(try refusal(try run("diff", "full", "hybrid", "--batch", "tinny"), 64).contains("'tiny'?"))
        #expect(try refusal(try run("drift", "full"), 64).contains("control itself"))
        #expect(try refusal(try run("export", "metrics", "--batch", "tin"), 64).contains("'tiny'?"))
        #expect(try refusal(try run("sample", "successor", "hops"), 64).contains("name=value"))
        #expect(try refusal(try run("show", "metric", "accurcy"), 64).contains("there is no metric"))
        #expect(try refusal(try run("show", "checkpoint", "full@3"), 64).contains("steps 0, 6, 10, 12"))
    }

    @Test func badInputExitsWith65AndNamesTheLine() throws {
        let bench = try Workbench()
        let missing = try refusal(try Command.run("run", "evals/batches/tin.yaml", in: bench.folder), 65)
        #expect(missing.contains("evals/batches/tin.yaml: there is no such file"))
        try bench.edit("evals/recipes/tiny.yaml", "steps: 12", "stesp: 12")
        let mistyped = try refusal(try Command.run("run", Self.batch, in: bench.folder), 65)
        #expect(mistyped.hasPrefix("assay: evals/recipes/tiny.yaml:1: 'stesp' is not a key of a recipe"))
        #expect(mistyped.hasSuffix("Did you mean 'steps'?"))
        #expect(!FileManager.default.fileExists(atPath: bench.results.path))
        let empty = try refusal(try Command.run("diff", "full", "hybrid", in: bench.folder), 65)
        #expect(empty.contains("there is no store yet"))
        let sample = try refusal(try Command.run("sample", "sucessor", in: bench.folder), 65)
        #expect(sample.contains("Did you mean 'successor'?"))
    }

    @Test func aSecondWriterIsRefused() throws {
        let bench = try Workbench()
        let store = try Store(url: bench.storeFile, mode: .readWrite)
        let line = try refusal(try Command.run("run", Self.batch, in: bench.folder), 74)
        #expect(line.contains("in use by another run (process \(ProcessInfo.processInfo.processIdentifier))"))
        #expect(try Command.run("list", "runs", in: bench.folder).status == 0)
        try store.close()
        #expect(try Command.run("generate", Self.batch, in: bench.folder).status == 0)
    }

    @Test func aResultsFolderThatCannotBeWrittenIsRefused() throws {
        let bench = try Workbench()
        try bench.write("file", "")
        let line = try refusal(try Command.run("run", Self.batch, "--results", "file/results", in: bench.folder), 74)
        #expect(line.contains("file/results"))
        // Root may write everywhere.
        guard getuid() != 0 else { return }
        try FileManager.default.createDirectory(at: bench.results, withIntermediateDirectories: true)
        try FileManager.default.setAttributes([.posixPermissions: 0o555], ofItemAtPath: bench.results.path)
        let readOnly = try refusal(try Command.run("run", Self.batch, in: bench.folder), 74)
        #expect(readOnly.contains("Permission denied"))
    }

    @Test func aFolderOfCheckpointsThatCannotBeWrittenIsRefused() throws {
        let bench = try Workbench()
        try bench.write("results/checkpoints", "no folder")
        let result = try Command.run("run", Self.batch, in: bench.folder)
        #expect(result.status == 74, "\(result.errors)")
        #expect(result.errors.contains("results/checkpoints"))
        try FileManager.default.removeItem(at: bench.results.appendingPathComponent("checkpoints"))
        #expect(try Command.run("run", Self.batch, in: bench.folder).status == 0)
        #expect(try bench.digest() == Finished.tiny.get().digest())
    }

    @Test func aDamagedStoreIsRefused() throws {
        let bench = try Workbench()
        for text in ["not a database at all", "SQLite format 3\0" + String(repeating: "x", count: 5000)] {
            try bench.write("results/assay.sqlite", text)
            for arguments in [["run", Self.batch], ["diff", "full", "hybrid"], ["export", "runs"]] {
                let line = try refusal(try Command(arguments, in: bench.folder).wait(), 65)
                #expect(line.contains("damaged"), "\(line)")
            }
            #expect(try String(contentsOf: bench.storeFile, encoding: .utf8) == text)
        }
    }

    @Test func aStoreOfANewerVersionIsRefused() throws {
        let bench = try Workbench()
        let digest = try bench.run(through: .train).digest
        let version = try bench.replaceVersion(with: [0, 0, 3, 231])
        for arguments in [["run", Self.batch], ["list", "runs"]] {
            let line = try refusal(try Command(arguments, in: bench.folder).wait(), 65)
            #expect(line.contains("written by a newer assay (schema 999"), "\(line)")
        }
        #expect(try bench.replaceVersion(with: version) == [0, 0, 3, 231])
        #expect(try bench.digest() == digest)
    }

    // MARK: - Reading

    @Test func diffPrintsEveryFormatAndExitsByTheVerdict() throws {
        let json = try run("diff", "full@12", "full@0", "--format", "json")
        #expect(json.status == 1)
        let objects = try JSONSerialization.jsonObject(with: Data(json.output.utf8)) as? [[String: Any]]
        #expect(objects?.contains { $0["verdict"] as? String == "regression" } == true)
        let csv = try run("diff", "full@12", "full@0", "--format", "csv", "--all")
        #expect(csv.status == 1)
        let rows = CSV.parse(csv.output)
        #expect(rows.count > (objects?.count ?? 0))
        #expect(rows.allSatisfy { $0["baseline"] == "full@12" && $0["candidate"] == "full@0" })
        #expect(try run("diff", "full", "full").output.contains("full against full"))
        let seeds = try Command.run("diff", "full", "full", in: try Finished.seeds.get().folder)
        #expect(seeds.status == 3, "\(seeds.output)")
        #expect(try run("drift", "window", "--format", "json").output.hasPrefix("["))
    }

    @Test func everythingCanBeExported() throws {
        let bench = try Finished.tiny.get()
        let counts = ["runs": 3, "training": 36, "checkpoints": 12]
        for subject in ["runs", "training", "checkpoints", "responses", "metrics", "verdicts", "drift"] {
            let csv = try run("export", subject)
            #expect(csv.status == 0, "\(csv.errors)")
            let rows = CSV.parse(csv.output)
            #expect(rows.count > 0)
            if let count = counts[subject] { #expect(rows.count == count) }
            let file = bench.url("\(subject).json")
            let json = try run("export", subject, "--format", "json", "--batch", "tiny", "-o", file.path)
            #expect(json.status == 0)
            #expect(json.errors.contains("\(rows.count) rows"))
            let objects = try JSONSerialization.jsonObject(with: Data(contentsOf: file)) as? [[String: Any]]
            #expect(objects?.count == rows.count)
        }
        let responses = CSV.parse(try run("export", "responses").output)
        #expect(try responses.count == bench.store().responseCount())
        #expect(try run("export", "runs", "-o", "no/such/folder/runs.csv").status != 70)
    }

    @Test func theProgramTellsWhatItIs() throws {
        let version = try run("--version")
        #expect(version.status == 0)
        #expect(version.output == Assay.version + "\n")
        let help = try run("--help")
        for word in ["run", "diff", "drift", "export", "list", "show", "sample", "doctor"] {
            #expect(help.output.contains("\n  \(word) "), "\(word)")
        }
        for shell in ["bash", "zsh", "fish"] {
            let script = try run("--generate-completion-script", shell)
            #expect(script.status == 0)
            #expect(script.output.contains("doctor"))
        }
    }

    @Test func listsNameWhatThereIs() throws {
        let expected = [
            "architectures": "1 gated-delta-net, 1 full", "recipes": "tiny", "suites": "tiny",
            "batches": "A batch for tests.", "tasks": "associative-recall", "mixers": "gated-delta-net",
            "metrics": "accuracy", "runs": "finished", "checkpoints": "step-000010",
        ]
        for (subject, word) in expected {
            let result = try run("list", subject)
            #expect(result.status == 0, "\(result.errors)")
            #expect(result.output.contains(word), "\(subject)")
        }
    }

    @Test func showsAndSamplesPrintOneThingWhole() throws {
        let expected: [([String], String)] = [
            (["show", "architecture", "hybrid"], "gated-delta-net"), (["show", "batch", "tiny"], "full (control)"),
            (["show", "checkpoint", "hybrid@10"], "arm hybrid, seed 1, step 10"),
            (["show", "task", "successor"], "an item:"), (["show", "metric", "Q2"], "Q2"),
            (["sample", "successor", "hops=2", "--count", "2"], "cluster 1, sequence 0"),
            (["sample", "tool-world", "--training"], "tool-world"),
            (["sample", "needle", "--floors"], "floor, measured"),
        ]
        for (arguments, word) in expected {
            let result = try Command(arguments, in: try Finished.tiny.get().folder).wait()
            #expect(result.status == 0, "\(result.errors)")
            #expect(result.output.contains(word), "\(arguments): \(result.output)")
        }
    }

    @Test func theDoctorFindsWhatIsWrong() throws {
        let bench = try Workbench()
        try bench.run()
        let sound = try Command.run("doctor", in: bench.folder)
        #expect(sound.status == 0, "\(sound.output)")
        #expect(sound.output.contains("ok    matrix products"))
        #expect(sound.output.contains("12, all sound"))
        let checkpoint = try #require(try bench.store().checkpoints().first)
        try FileManager.default.removeItem(atPath: checkpoint.path)
        let wrong = try Command.run("doctor", in: bench.folder)
        #expect(wrong.status == 1)
        #expect(wrong.output.contains("WRONG checkpoints: \(checkpoint.path) is gone"))
    }
}

extension Workbench {
    /// Replaces the user version in the header of the store's file: four bytes from byte 60, the highest first.
    /// - Returns: what was there.
    fileprivate func replaceVersion(with bytes: [UInt8]) throws -> [UInt8] {
        var data = try Data(contentsOf: storeFile)
        let old = Array(data[60..<64])
        data.replaceSubrange(60..<64, with: bytes)
        try data.write(to: storeFile)
        return old
    }
}
