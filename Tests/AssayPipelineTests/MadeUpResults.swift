import AssayCore
import AssayEvaluation
import AssayMetrics
import AssayModels
import AssayStore
import AssayTasks
import AssayTraining
import Foundation

@testable import AssayPipeline

/// A store whose cells a test makes up one by one: other versions of graders, kernels, generators, other items.
final class MadeUpResults {
    let folder: URL
    let store: Store
    /// Each arm is in a batch of its own, so that no batch says which version of a task is meant.
    private let isApart: Bool
    let batch = BatchRecord(identity: ContentHash(of: "made-up"), name: "made-up", control: "full", definition: "{}")

    /// A cell to be recorded.
    struct Cell {
        var task = "recall"
        var version = 1
        var condition = Condition.parallel
        var kernels = Assay.kernelVersion
        var grader: Int?
        /// Clusters of four items each.
        var clusters = 20
        /// Whether an item is answered rightly.
        var isRight: (ItemID) -> Bool = { _ in true }
        var nll: (ItemID) -> Double? = { Double($0.question) * 0.1 + 0.5 }
        /// Changes items, in their content too.
        var change: (inout ItemRecord) -> Void = { _ in }
        /// Changes responses.
        var answer: (inout ResponseRecord) -> Void = { _ in }
    }

    /// Arms with checkpoints at a step, none of them evaluated yet.
    init(
        arms: [String] = ["full", "hybrid"], seeds: [UInt64] = [1], steps: [Int] = [10], isApart: Bool = false
    ) throws {
        self.isApart = isApart
        folder = FileManager.default.temporaryDirectory.appendingPathComponent("assay-results-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        store = try Store(url: folder.appendingPathComponent("assay.sqlite"), mode: .readWrite)
        try store.record(batch)
        for arm in arms { for seed in seeds { try train(arm, seed: seed, steps: steps) } }
    }

    deinit {
        try? store.close()
        try? FileManager.default.removeItem(at: folder)
    }

    /// Records a finished run; more steps than one have logged losses of their own.
    func train(
        _ arm: String, seed: UInt64, steps: [Int], in batch: BatchRecord? = nil, run name: String? = nil,
        tokens: Int = 1_000, mixer: String? = nil, loss: (Int) -> Double = { _ in 1 }
    ) throws {
        let own = BatchRecord(identity: ContentHash(of: arm), name: "of-\(arm)", control: arm, definition: "{}")
        let batch = batch ?? (isApart ? own : self.batch)
        try store.record(batch)
        let mixer = mixer ?? (arm == "full" ? "full" : "gated-delta-net")
        let architecture = try CanonicalJSON.text(
            Architecture(
                name: arm, width: 16, heads: 2, headDimension: 8, hiddenWidth: 16,
                layers: [LayerConfiguration(mixer: mixer)], vocabularyCount: Vocabulary.count))
        let recipe = try CanonicalJSON.text(Recipe(steps: 10, mixture: [MixtureEntry(task: "recall", weight: 1)]))
        let run = RunRecord(
            identity: ContentHash(of: name ?? "\(arm) \(seed)"), arm: arm, architecture: architecture, recipe: recipe,
            seed: seed)
        try store.record(run)
        try store.record([BatchArmRecord(arm: arm, seed: seed, run: run.identity)], of: batch.identity)
        try store.set(.finished, ofRun: run.identity)
        for step in steps {
            try store.record(
                CheckpointRecord(
                    hash: ContentHash(of: "weights \(name ?? "\(arm) \(seed)") \(step)"), run: run.identity, arm: arm,
                    seed: seed, step: step, path: "nowhere"))
        }
        try store.record(
            steps.map {
                TrainingStepRecord(
                    step: $0, loss: loss($0), gradientNorm: 1, learningRate: 1, tokens: tokens * $0)
            }, ofRun: run.identity)
    }

    func checkpoint(_ arm: String, seed: UInt64 = 1, step: Int = 10) throws -> CheckpointRecord {
        guard let found = try store.checkpoints(CheckpointSelector(arm: arm, seed: seed, step: step)).first else {
            throw AssayError(.defect, "no checkpoint of \(arm)")
        }
        return found
    }

    static func task(_ cell: Cell) -> TaskRecord {
        TaskRecord(
            name: cell.task, generator: "made-up", version: cell.version, parameters: ["length": 32],
            stream: "evaluation/1", family: .retrieval, statedFloor: 0, measuredFloors: [:])
    }

    /// Records what a checkpoint did.
    @discardableResult
    func evaluate(_ checkpoint: CheckpointRecord, _ cell: Cell = Cell(), name: String? = nil) throws -> CellKey {
        let task = MadeUpResults.task(cell)
        try store.record(task)
        if !isApart, name != nil || cell.version == 1 {
            try store.record(taskNames: [name ?? cell.task: task.identity], of: batch.identity)
        }
        let items = (0..<cell.clusters).flatMap { cluster in
            (0..<4).map { question -> ItemRecord in
                let id = ItemID(cluster: cluster, sequence: 0, question: question)
                var item = ItemRecord(
                    id: id, facts: 8, length: 32 + cluster % 5, distance: 3 + question, load: 8,
                    position: Double(question) / 4, contentBits: UInt64(bitPattern: id.rawValue) &* 77)
                cell.change(&item)
                return item
            }
        }
        let responses = items.map { item -> ResponseRecord in
            var response = ResponseRecord(
                item: item.id, status: .graded, score: cell.isRight(item.id) ? 1 : 0, nll: cell.nll(item.id))
            cell.answer(&response)
            return response
        }
        let key = CellKey(
            checkpoint: checkpoint.hash, task: task.identity, condition: cell.condition, kernelVersion: cell.kernels,
            graderVersion: cell.grader ?? CellEvaluator.graderVersion(cell.condition), clusters: cell.clusters)
        try store.record(
            CellRecord(
                key: key, taskName: task.name, itemCount: items.count,
                lost: responses.count { $0.status != .graded }, seconds: 1), items: items, responses: responses)
        return key
    }

    /// A different share of right answers for every arm and seed, spread over the items.
    static func share(_ percent: Int, salt: Int = 0) -> (ItemID) -> Bool {
        { Int(($0.rawValue &* 2_654_435_761 &+ Int64(salt) &* 97) >> 7 & 0xffff) % 100 < percent }
    }
}
