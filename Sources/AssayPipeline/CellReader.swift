import AssayCore
import AssayEndpoints
import AssayEvaluation
import AssayMetrics
import AssayModels
import AssayStore
import AssayTraining

/// Reads the cells of a checkpoint as the metrics want them.
struct CellReader {
    /// Where they are recorded.
    let store: Store
    /// What the tasks are called, by identity; cells of other tasks are left out.
    let taskNames: [ContentHash: String]

    /// The names that a batch uses.
    init(store: Store, batch: ContentHash) throws {
        self.store = store
        taskNames = Dictionary(
            try store.tasks(ofBatch: batch).map { ($0.identity, $0.name) }, uniquingKeysWith: { first, _ in first })
    }

    /// A store as it is, with the names under which tasks were first recorded.
    init(store: Store) throws {
        self.store = store
        taskNames = Dictionary(
            try store.tasks().map { ($0.identity, $0.name) }, uniquingKeysWith: { first, _ in first })
    }

    /// The rows of the checkpoint's cells that this program's kernels and grader made, that were imported, or that a served
    /// model answered.
    func records(of checkpoint: ContentHash) throws -> [CellRecord] {
        let known = try store.cells(ofCheckpoint: checkpoint).filter { taskNames[$0.key.task] != nil }
        let own = known.filter {
            [Assay.kernelVersion, LMEvalImporter.kernelVersion].contains($0.key.kernelVersion)
                && [CellEvaluator.graderVersion($0.key.condition), TextEvaluator.graderVersion].contains(
                    $0.key.graderVersion)
        }
        // Of a cell that was asked several times, the time at which least was lost.
        let served = known.filter { ServedArm.made($0) && $0.key.graderVersion == ServedEvaluator.graderVersion }
        let best = Dictionary(grouping: served) {
            [$0.key.task.hexadecimal, $0.key.condition.name, "\($0.key.clusters)"]
        }
        .values.compactMap { $0.min { ($0.lost, $0.identity) < ($1.lost, $1.identity) } }
        return own + best.sorted { $0.identity < $1.identity }
    }

    /// The identities of the cells by the name of their task.
    func identities(of checkpoint: ContentHash) throws -> [String: [ContentHash]] {
        Dictionary(grouping: try records(of: checkpoint)) { taskNames[$0.key.task] ?? "" }
            .mapValues { $0.map(\.identity) }
    }

    /// The cells with their items, by task and condition.
    func cells(of checkpoint: CheckpointRecord) throws -> [CellData] {
        let records = try records(of: checkpoint.hash)
        let isImported = records.contains { $0.key.kernelVersion == LMEvalImporter.kernelVersion }
        // Of an imported or a served arm neither the model nor its training is known.
        let isForeign = try isImported || store.run(checkpoint.run)?.isServed == true
        let model = isForeign ? nil : try CellReader.model(ofRun: checkpoint.run, in: store)
        let trained = isForeign ? [:] : try trainedLengths(ofRun: checkpoint.run)
        return try records.compactMap { record -> CellData? in
            guard let task = try store.task(record.key.task) else { return nil }
            return CellData(
                task: taskNames[record.key.task] ?? task.name, generator: task.generator, series: task.series,
                trainedLength: trained[task.series], family: task.family,
                condition: record.key.condition, floor: task.floor,
                stateBytes: try model?.swapping(record.key.condition.swaps).stateBytes(
                    context: task.parameters["length"] ?? 0, format: record.key.condition.precision.format) ?? 0,
                items: try store.scoredItems(ofCell: record.identity))
        }
        .sorted { ($0.task, $0.condition.name) < ($1.task, $1.condition.name) }
    }

    /// The longest sequences that a run was trained on, by the series of their tasks; none where that is not known.
    private func trainedLengths(ofRun run: ContentHash) throws -> [String: Int] {
        guard let record = try store.run(run), record.isTrained else { return [:] }
        let mixture = Set(try CanonicalJSON.value(Recipe.self, from: record.recipe).mixture.map(\.task))
        var lengths: [String: Int] = [:]
        for (identity, name) in taskNames where mixture.contains(name) {
            guard let task = try store.task(identity), let length = task.parameters["length"] else { continue }
            lengths[task.series] = max(length, lengths[task.series] ?? 0)
        }
        return lengths
    }

    /// The model of a run.
    static func model(ofRun run: ContentHash, in store: Store) throws -> LanguageModel {
        guard let record = try store.run(run) else {
            throw AssayError(.defect, "the store has a checkpoint of run \(run.short), which it does not know")
        }
        return try LanguageModel(CanonicalJSON.value(Architecture.self, from: record.architecture))
    }
}
