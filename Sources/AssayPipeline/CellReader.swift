import AssayCore
import AssayEndpoints
import AssayEvaluation
import AssayMetrics
import AssayModels
import AssayStore
import AssayTraining

/// Reads the cells of a checkpoint as the metrics want them.
struct CellReader {
    /// Which of the versions of a cell are read.
    enum Versions {
        /// Those of this program's kernels and graders, and imported ones.
        case current
        /// Of each task and condition one: this program's where there is one, else the one with the newest grader.
        case newest
    }

    /// Where they are recorded.
    let store: Store
    /// What the tasks are called, by identity; cells of other tasks are left out.
    let taskNames: [ContentHash: String]
    /// Clusters that are read of a task at most, by its name; all that there are of a task that is not in it.
    private let limits: [String: Int]
    /// How far the items of a task were drawn, by its name; empty where how many there are was fixed beforehand.
    private let spending: [String: CellSpending]
    /// Which versions are read.
    var versions = Versions.current
    /// The tasks that are read; nil for all that have a name.
    var tasks: Set<ContentHash>?

    /// The names that a batch uses, and as many clusters as it has.
    init(store: Store, batch: ContentHash) throws {
        let spent = try store.spending(ofBatch: batch, version: SpendingVersion.current)
        try self.init(
            store: store, batch: batch,
            spending: Dictionary(
                uniqueKeysWithValues: spent.map { ($0.task, CellSpending(clusters: $0.clusters, look: $0.look)) }))
    }

    /// The names that a batch uses, while its items are drawn.
    /// - Parameters:
    ///   - spending: how far the items of tasks are drawn, by their names.
    ///   - tasks: the names of those that matter; nil for all.
    init(store: Store, batch: ContentHash, spending: [String: CellSpending], tasks: Set<String>? = nil) throws {
        self.store = store
        self.spending = spending
        let recorded = try store.tasks(ofBatch: batch).filter { tasks?.contains($0.name) ?? true }
        taskNames = Dictionary(recorded.map { ($0.identity, $0.name) }, uniquingKeysWith: { first, _ in first })
        let definition = try store.batches().first { $0.identity == batch }?.definition ?? ""
        let planned = (try? CanonicalJSON.value(PlannedTasks.self, from: definition))?.tasks ?? []
        limits = Dictionary(planned.map { ($0.name, $0.clusters) }, uniquingKeysWith: { first, _ in first })
            .merging(spending.mapValues { $0.clusters[$0.look] }) { _, drawn in drawn }
    }

    /// A store as it is, with the names under which tasks were first recorded.
    init(store: Store) throws {
        self.store = store
        taskNames = Dictionary(
            try store.tasks().map { ($0.identity, $0.name) }, uniquingKeysWith: { first, _ in first })
        limits = [:]
        spending = [:]
    }

    /// What matters here of the definition of a batch.
    private struct PlannedTasks: Decodable {
        struct Task: Decodable {
            let name: String
            let clusters: Int
        }
        let tasks: [Task]
    }

    /// What the checkpoint did on each task under each condition, in the versions that are read.
    func covers(of checkpoint: ContentHash) throws -> [CellCover] {
        let cells = try store.cells(ofCheckpoint: checkpoint).filter {
            taskNames[$0.key.task] != nil && (tasks?.contains($0.key.task) ?? true)
                && (versions == .newest || $0.isCurrent)
        }
        let covers = CellCover.covers(CellReader.leastLost(cells)) { task in
            taskNames[task].flatMap { limits[$0] }
        }
        guard versions == .newest else { return covers }
        struct Place: Hashable {
            let task: ContentHash
            let condition: Condition
        }
        return Dictionary(grouping: covers) { Place(task: $0.key.task, condition: $0.key.condition) }.values
            .compactMap { $0.max { $0.rank < $1.rank } }
            .sorted { $0.identity < $1.identity }
    }

    /// Of a cell that a served model was asked several times, the time at which least was lost.
    private static func leastLost(_ cells: [CellRecord]) -> [CellRecord] {
        let served = cells.filter(ServedArm.made)
        let best = Dictionary(grouping: served) {
            [$0.key.task.hexadecimal, $0.key.condition.name, "\($0.key.clusters)"]
        }
        .values.compactMap { $0.min { ($0.lost, $0.identity) < ($1.lost, $1.identity) } }
        return cells.filter { !ServedArm.made($0) } + best.sorted { $0.identity < $1.identity }
    }

    /// The identities of the cells by the name of their task.
    func identities(of checkpoint: ContentHash) throws -> [String: [ContentHash]] {
        Dictionary(grouping: try covers(of: checkpoint)) { taskNames[$0.key.task] ?? "" }
            .mapValues { $0.map(\.identity) }
    }

    /// The cells with their items, by task and condition.
    func cells(of checkpoint: CheckpointRecord) throws -> [CellData] {
        let covers = try covers(of: checkpoint.hash)
        let isImported = covers.contains { $0.key.kernelVersion == LMEvalImporter.kernelVersion }
        // Of an imported or a served arm neither the model nor its training is known.
        let isForeign = try isImported || store.run(checkpoint.run)?.isServed == true
        let model = isForeign ? nil : try CellReader.model(ofRun: checkpoint.run, in: store)
        let trained = isForeign ? [:] : try trainedLengths(ofRun: checkpoint.run)
        return try covers.compactMap { cover -> CellData? in
            guard let task = try store.task(cover.key.task) else { return nil }
            let name = taskNames[cover.key.task] ?? task.name
            let items = try store.scoredItems(of: cover)
            return CellData(
                task: name, generator: task.generator, series: task.series,
                trainedLength: trained[task.series], family: task.family,
                condition: cover.key.condition, floor: task.floor,
                stateBytes: try model?.swapping(cover.key.condition.swaps).stateBytes(
                    context: task.parameters["length"] ?? 0, format: cover.key.condition.precision.format) ?? 0,
                items: items, spending: spending[name].map { capped($0, cover, items) })
        }
        .sorted { ($0.task, $0.condition.name) < ($1.task, $1.condition.name) }
    }

    /// Conditions that compare two ways to run a model take no more than the first few clusters, however many are drawn.
    private func capped(_ spent: CellSpending, _ cover: CellCover, _ items: [ScoredItem]) -> CellSpending {
        guard !cover.key.condition.path.givesAnswers else { return spent }
        let there = Set(items.map(\.item.id.cluster)).count
        guard there < cover.key.clusters else { return spent }
        return CellSpending(clusters: spent.clusters.map { min($0, there) }, look: spent.look)
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

extension CellRecord {
    /// Made by this program's kernels and graders, imported, or asked of a served model.
    var isCurrent: Bool {
        if ServedArm.made(self) { return key.graderVersion == ServedEvaluator.graderVersion }
        return [Assay.kernelVersion, LMEvalImporter.kernelVersion].contains(key.kernelVersion)
            && [CellEvaluator.graderVersion(key.condition), TextEvaluator.graderVersion].contains(key.graderVersion)
    }
}

extension CellCover {
    /// Puts the versions of a cell in order: this program's, then newer graders, then this program's kernels.
    fileprivate var rank: (Int, Int, Int, String) {
        let isCurrent = portions.allSatisfy(\.isCurrent)
        return (
            isCurrent ? 1 : 0, key.graderVersion, key.kernelVersion == Assay.kernelVersion ? 1 : 0, key.kernelVersion
        )
    }
}
