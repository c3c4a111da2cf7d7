import AssayCore
import AssayImport
import AssayMetrics
import AssayStore
import Foundation

/// Records a run of lm-evaluation-harness as an arm of the store, so that it is compared like any other.
public struct LMEvalImporter {
    /// What marks an imported cell where others have the version of the kernels.
    static let kernelVersion = "lm-eval"

    /// What was recorded.
    public struct Summary: Sendable {
        /// The name of the arm.
        public let arm: String
        /// Tasks with their metrics, in the order of the names.
        public let tasks: [String]
        /// Graded documents over all tasks and metrics.
        public let items: Int
        /// What of the files was left out, and why.
        public let omitted: [String]
    }

    private let store: Store

    /// An importer into a store that is open for writing.
    public init(_ store: Store) { self.store = store }

    /// Records the run of a folder.
    ///
    /// Every metric of every task is a task of its own with the documents as items. Importing the same folder again does
    /// nothing.
    /// - Parameters:
    ///   - arm: the name of the arm; nil for that of the model.
    ///   - step: the training step that the model is from.
    /// - Throws: ``AssayError`` when the files are wrong, when the arm has other results at this step, or when a document
    ///   was imported before with another prompt or target.
    public func run(_ folder: URL, arm name: String?, step: Int) throws -> Summary {
        let run = try LMEvalReader.read(folder)
        let arm = name ?? LMEvalImporter.armName(run.modelName)
        guard try CheckpointSelector(parsing: arm).description == arm, !arm.contains("@"), !arm.contains(":") else {
            throw AssayError(
                .usage, "'\(arm)' cannot be the name of an arm", remedy: "Name it with --arm, without '@' and ':'")
        }
        let tasks = run.scores.map { (scores: $0, record: LMEvalImporter.task($0)) }
        // Everything is checked before anything is recorded.
        for (scores, record) in tasks {
            try LMEvalMatch.check(
                scores.samples, against: try knownItems(record.identity), task: scores.name, location: folder.path)
        }
        let checkpoint = try checkpoint(arm, run, step: step, path: folder.path)
        for (scores, record) in tasks {
            try store.record(record)
            try self.record(scores, record, checkpoint)
        }
        return Summary(
            arm: arm, tasks: run.scores.map(\.name), items: run.scores.map(\.samples.count).reduce(0, +),
            omitted: run.omitted)
    }

    /// The last part of a model's name or path, without what a selector of checkpoints reads.
    private static func armName(_ model: String) -> String {
        let last = model.split(separator: "/").last.map(String.init) ?? "lm-eval"
        return last.replacingOccurrences(of: "@", with: "-").replacingOccurrences(of: ":", with: "-")
    }

    private static func task(_ scores: LMEvalScores) -> TaskRecord {
        TaskRecord(
            name: scores.name, generator: "lm-eval:\(scores.name)", version: 1, parameters: [:],
            stream: "version \(scores.version)", family: .imported,
            statedFloor: scores.choices.map { 1 / Double(max($0, 1)) } ?? 0, measuredFloors: [:])
    }

    /// The items of a task that earlier imports recorded, with their content.
    private func knownItems(_ task: ContentHash) throws -> [ItemID: UInt64] {
        var known: [ItemID: UInt64] = [:]
        for cell in try store.cells() where cell.key.task == task {
            try store.forEachScoredItem(ofCell: cell.identity) { known[$0.item.id] = $0.item.contentBits }
        }
        return known
    }

    private func checkpoint(_ arm: String, _ run: LMEvalRun, step: Int, path: String) throws -> CheckpointRecord {
        let identity = ContentHash(of: "lm-eval arm \(arm)")
        if try store.runs(arm: arm).contains(where: { $0.identity != identity }) {
            throw AssayError(
                .usage, "the store has an arm '\(arm)' that was trained", remedy: "Choose another name with --arm")
        }
        let checkpoint = CheckpointRecord(
            hash: run.identity, run: identity, arm: arm, seed: 0, step: step, path: path)
        let there = try store.checkpoints(CheckpointSelector(arm: arm, step: step))
        guard there.allSatisfy({ $0.hash == checkpoint.hash }) else {
            throw AssayError(
                .usage, "the arm '\(arm)' has other results at step \(step)",
                remedy: "Choose another name with --arm, or the training step with --step")
        }
        let source = try CanonicalJSON.text(["imported": "lm-eval"])
        try store.record(
            RunRecord(identity: identity, arm: arm, architecture: source, recipe: source, seed: 0, status: .finished))
        try store.record(checkpoint)
        return checkpoint
    }

    private func record(_ scores: LMEvalScores, _ task: TaskRecord, _ checkpoint: CheckpointRecord) throws {
        let samples = scores.samples.sorted { $0.item < $1.item }
        let items = samples.map {
            ItemRecord(id: $0.item, facts: 0, length: 0, distance: 0, load: 0, position: 0, contentBits: $0.contentBits)
        }
        let responses = samples.map {
            ResponseRecord(
                item: $0.item, status: $0.score == nil ? .error : .graded, score: $0.score, output: $0.output)
        }
        let key = CellKey(
            checkpoint: checkpoint.hash, task: task.identity, condition: .parallel,
            kernelVersion: LMEvalImporter.kernelVersion, graderVersion: 1, clusters: samples.count)
        try store.record(
            CellRecord(
                key: key, taskName: task.name, itemCount: items.count, lost: responses.count { $0.status != .graded },
                seconds: 0),
            items: items, responses: responses)
    }
}
