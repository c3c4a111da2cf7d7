import AssayCore
import AssayStore
import Foundation

@testable import AssayPipeline

/// A temporary folder with the plans of a batch so small that it is trained and evaluated in a fraction of a second.
final class Workbench: Sendable {
    /// The temporary folder; `evals/` with the plans and `results/` are in it.
    let folder: URL

    /// In memory where the system offers that: every file is synchronised, which a busy disk takes its time for.
    private static let parent: URL = {
        let memory = URL(fileURLWithPath: "/dev/shm", isDirectory: true)
        return FileManager.default.isWritableFile(atPath: memory.path) ? memory : FileManager.default.temporaryDirectory
    }()

    init() throws {
        folder = Workbench.parent.resolvingSymlinksInPath()
            .appendingPathComponent("assay-pipeline-\(UUID().uuidString)", isDirectory: true)
        for (path, text) in TinyPlans.files { try write(path, text) }
    }

    deinit { try? FileManager.default.removeItem(at: folder) }

    /// The batch file.
    var batch: URL { url("evals/batches/tiny.yaml") }
    /// The results folder.
    var results: URL { folder.appendingPathComponent("results", isDirectory: true) }
    /// The file of the store.
    var storeFile: URL { results.appendingPathComponent("assay.sqlite") }

    /// A path in the folder.
    func url(_ path: String) -> URL { folder.appendingPathComponent(path) }

    /// Writes a file, with the folders that it needs.
    func write(_ path: String, _ text: String) throws {
        let url = url(path)
        try FileManager.default.createDirectory(
            at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
        try Data(text.utf8).write(to: url)
    }

    /// Replaces a piece of a file; the piece must be there.
    func edit(_ path: String, _ old: String, _ new: String) throws {
        let text = try String(contentsOf: url(path), encoding: .utf8)
        guard text.contains(old) else { throw AssayError(.defect, "'\(old)' is not in \(path)") }
        try write(path, text.replacing(old, with: new))
    }

    /// What a run of the batch left.
    struct Run {
        let plan: BatchPlan
        let work: BatchWork
        let notices: [String]
        let digest: ContentHash
        let summary: String
    }

    /// Runs the batch as the command does.
    /// - Throws: ``Interrupted`` when asked to stop, and whatever stopped the batch.
    @discardableResult
    func run(
        workers: Int = 2, through last: Stage = .report, shouldStop: @escaping @Sendable () -> Bool = { false }
    ) throws -> Run {
        let plan = try BatchPlan.read(batch)
        let store = try Store(url: storeFile, mode: .readWrite)
        defer { try? store.close() }
        var notices: [String] = []
        let runner = BatchRunner(
            plan: plan, store: store, results: results, workers: workers, progress: { _ in },
            notice: { notices.append($0) }, shouldStop: shouldStop)
        try runner.run(through: last, command: "test")
        return Run(
            plan: plan, work: runner.work, notices: notices, digest: try store.contentDigest(),
            summary: try BatchSummary(runner: runner).text(through: last))
    }

    /// Opens the store for reading.
    func store() throws -> Store { try Store(url: storeFile, mode: .readOnly) }

    /// The digest of what the store holds.
    func digest() throws -> ContentHash { try store().contentDigest() }

    /// The content of every checkpoint file by its path.
    func checkpointFiles() throws -> [String: Data] {
        let root = results.appendingPathComponent("checkpoints", isDirectory: true)
        let paths = FileManager.default.enumerator(atPath: root.path)?.compactMap { $0 as? String } ?? []
        var files: [String: Data] = [:]
        for path in paths where path.hasSuffix("model.safetensors") {
            files[path] = try Data(contentsOf: root.appendingPathComponent(path))
        }
        return files
    }
}

/// The plans: every family, three mixers, three checkpoints and the state before training.
enum TinyPlans {
    /// The task of several hops: a line of the suite.
    static let successor =
        "  successor: {generator: successor, facts: 6, hops: 2, questions: 2, length: 48, symbols: 8, clusters: 8}"

    static let files = [
        "evals/batches/tiny.yaml": """
        description: A batch for tests.
        suite: tiny
        control: full
        seeds: [1]
        arms:
          full: {architecture: full, recipe: tiny}
          hybrid: {architecture: hybrid, recipe: tiny}
          window: {architecture: window, recipe: tiny}
        conditions: [parallel, recurrent, divergence]
        compare:
          margins: {accuracy: 0.02, nll: 0.02}
          alpha: 0.05
          fdr: 0.10
        reports: [csv, json, markdown]

        """,
        "evals/suites/tiny.yaml": """
        tasks:
          recall:
            generator: associative-recall
            pairs: 4
            queries: 2
            length: 40
            symbols: 8
            clusters: 8
          values: {generator: multi-value-recall, keys: 2, values: 2, queries: 1, length: 40, symbols: 8, clusters: 6}
        \(successor)
          tools: {generator: tool-world, depth: 2, records: 3, length: 64, budget: 6, symbols: 8, clusters: 6}

        """,
        "evals/recipes/tiny.yaml": """
        steps: 12
        sequences-per-step: 6
        sequences-per-micro-batch: 2
        learning-rate: 0.02
        warm-up-steps: 2
        checkpoint-steps: [0, 6, 10]
        mixture:
          recall: 1
          values: 1
          successor: 1
          tools: 1

        """,
        "evals/architectures/full.yaml": architecture("full x2"),
        "evals/architectures/hybrid.yaml": architecture("[gated-delta-net, full] x1"),
        "evals/architectures/window.yaml": architecture("sliding-window x2")
            + """
            options:
              sliding-window:
                window: 8
                sinks: 2

            """,
    ]

    static func architecture(_ pattern: String) -> String {
        """
        width: 16
        heads: 2
        key-value-heads: 2
        head-dimension: 8
        hidden: 24
        pattern: "\(pattern)"
        short-convolution: 2
        initial-deviation: 0.125

        """
    }
}

/// Batches that were run once, for tests that only read them.
enum Finished {
    /// The batch as it is.
    static let tiny = Result {
        let bench = try Workbench()
        removeAtExit(bench)
        try bench.run()
        return bench
    }

    /// Two arms with two seeds each.
    static let seeds = Result {
        let bench = try Workbench()
        removeAtExit(bench)
        try bench.edit("evals/batches/tiny.yaml", "seeds: [1]", "seeds: [1, 2]")
        try bench.edit("evals/batches/tiny.yaml", "  window: {architecture: window, recipe: tiny}\n", "")
        try bench.run()
        return bench
    }

    private static let folders = Folders()

    /// What static values hold is never released, so their folders are removed when the process ends.
    private static func removeAtExit(_ bench: Workbench) {
        if folders.add(bench.folder) == 1 { atexit { Finished.folders.remove() } }
    }

    private final class Folders: @unchecked Sendable {
        private let lock = NSLock()
        private var all: [URL] = []

        /// How many there are then.
        func add(_ folder: URL) -> Int {
            lock.withLock {
                all.append(folder)
                return all.count
            }
        }

        func remove() { lock.withLock { for folder in all { try? FileManager.default.removeItem(at: folder) } } }
    }
}
