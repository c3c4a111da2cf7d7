import AssayCore
import AssayEvaluation
import AssayMetrics
import AssayModels
import AssayStore
import AssayTraining
import Foundation

@testable import AssayPipeline

/// A store of arms that never existed: each answers a share of the questions right that the test gives.
final class MadeUpStore {
    /// Rights among 1,000 answers of a task, for every seed.
    typealias Arm = [(task: String, condition: Condition, right: [Int])]

    static let questions = 100
    let folder: URL
    let store: Store

    /// Arms by name, over a batch called `made-up`; every list of rights (out of ``questions``) has one entry a seed.
    /// - Parameter planned: the arms that the recorded plan names.
    init(
        _ arms: [String: Arm], unfinished: Set<String> = [], failed: [String: String] = [:], planned: [String] = []
    ) throws {
        folder = FileManager.default.temporaryDirectory.appendingPathComponent("assay-made-up-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        store = try Store(url: folder.appendingPathComponent("assay.sqlite"), mode: .readWrite)
        let batch = BatchRecord(
            identity: ContentHash(of: "made-up"), name: "made-up", control: arms.keys.min() ?? "",
            definition: try CanonicalJSON.text(["arms": planned.map { ["name": $0] }]))
        try store.record(batch)
        var tasks: [String: TaskRecord] = [:]
        for name in Set(arms.values.flatMap { $0.map(\.task) }).sorted() {
            let length = Int(name.split(separator: "-").last ?? "") ?? 64
            let task = TaskRecord(
                name: name, generator: "parity", version: 1, parameters: ["length": length, "questions": 8],
                stream: "evaluation/1", family: .stateTracking, statedFloor: 0.5, measuredFloors: [:])
            tasks[name] = task
            try store.record(task)
        }
        try store.record(taskNames: tasks.mapValues(\.identity), of: batch.identity)
        let architecture = try CanonicalJSON.text(
            Architecture(
                name: "made-up", width: 16, heads: 2, headDimension: 8, hiddenWidth: 16,
                layers: [LayerConfiguration(mixer: "full")], vocabularyCount: 256))
        let recipe = try CanonicalJSON.text(Recipe(steps: 10, mixture: [MixtureEntry(task: "short-32", weight: 1)]))
        for (name, arm) in arms.sorted(by: { $0.key < $1.key }) {
            for seed in 0..<(arm.map(\.right.count).max() ?? 1) {
                let run = RunRecord(
                    identity: ContentHash(of: "\(name) \(seed)"), arm: name, architecture: architecture,
                    recipe: recipe, seed: UInt64(seed))
                try store.record(run)
                try store.record([BatchArmRecord(arm: name, seed: UInt64(seed), run: run.identity)], of: batch.identity)
                if let reason = failed[name] { try store.set(.failed(reason: reason), ofRun: run.identity) }
                if failed[name] != nil || unfinished.contains(name) { continue }
                try store.set(.finished, ofRun: run.identity)
                let checkpoint = CheckpointRecord(
                    hash: ContentHash(of: "weights \(name) \(seed)"), run: run.identity, arm: name,
                    seed: UInt64(seed), step: 10, path: "checkpoints/\(name)-\(seed)")
                try store.record(checkpoint)
                for (task, condition, right) in arm {
                    guard let record = tasks[task] else { continue }
                    try self.record(checkpoint, record, condition, right: right[seed])
                }
            }
        }
    }

    deinit {
        try? store.close()
        try? FileManager.default.removeItem(at: folder)
    }

    private func record(_ checkpoint: CheckpointRecord, _ task: TaskRecord, _ condition: Condition, right: Int) throws {
        let items = (0..<MadeUpStore.questions).map { index in
            ItemRecord(
                id: ItemID(cluster: index, sequence: 0, question: 0), facts: 8, length: task.parameters["length"] ?? 0,
                distance: 8, load: 2, position: 0, contentBits: UInt64(index))
        }
        // Right answers spread over the items, so that arms do not share them by construction.
        let responses = items.enumerated().map { index, item in
            ResponseRecord(
                item: item.id, status: .graded, score: index * 37 % MadeUpStore.questions < right ? 1 : 0, nll: 0.5)
        }
        let key = CellKey(
            checkpoint: checkpoint.hash, task: task.identity, condition: condition,
            kernelVersion: Assay.kernelVersion, graderVersion: CellEvaluator.graderVersion(condition),
            clusters: MadeUpStore.questions)
        try store.record(
            CellRecord(key: key, taskName: task.name, itemCount: items.count, lost: 0, seconds: 1), items: items,
            responses: responses)
    }

    /// The report of findings in YAML, whose checks are given.
    func report(_ checks: String, batch: String = "made-up") throws -> ReplicationReport {
        try ReplicationReport(try configuration(checks, batch: batch), stores: [store])
    }

    /// One finding with the given checks, indented by eight.
    func configuration(_ checks: String, batch: String = "made-up") throws -> ReplicationConfiguration {
        let url = folder.appendingPathComponent("findings.yaml")
        let text = """
            batch: \(batch)
            findings:
              sign:
                claim: The sign decides
                source: "A. Author 2025, Table 3"
                published: .000 to 1.000
                checks:
            \(checks)
            """
        try Data(text.utf8).write(to: url)
        return try ReplicationConfiguration.read(url)
    }
}
