import AssayCore
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
                && (versions == .newest || $0.key.isCurrent)
        }
        let covers = CellCover.covers(cells) { task in taskNames[task].flatMap { limits[$0] } }
        guard versions == .newest else { return covers }
        struct Place: Hashable {
            let task: ContentHash
            let condition: Condition
        }
        return Dictionary(grouping: covers) { Place(task: $0.key.task, condition: $0.key.condition) }.values
            .compactMap { $0.max { $0.key.rank < $1.key.rank } }
            .sorted { $0.identity < $1.identity }
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
        // Of an imported arm neither the model nor its training is known.
        let model = isImported ? nil : try model(ofRun: checkpoint.run)
        let trained = isImported ? [:] : try trainedLengths(ofRun: checkpoint.run)
        return try covers.compactMap { cover -> CellData? in
            guard let task = try store.task(cover.key.task) else { return nil }
            let name = taskNames[cover.key.task] ?? task.name
            let items = try store.scoredItems(of: cover)
            return CellData(
                task: name, generator: task.generator, series: task.series,
                trainedLength: trained[task.series], family: task.family,
                condition: cover.key.condition, floor: task.floor,
                stateBytes: model?.stateBytes(
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

    /// The longest sequences that a run was trained on, by the series of their tasks.
    private func trainedLengths(ofRun run: ContentHash) throws -> [String: Int] {
        guard let record = try store.run(run) else { return [:] }
        let mixture = Set(try CanonicalJSON.value(Recipe.self, from: record.recipe).mixture.map(\.task))
        var lengths: [String: Int] = [:]
        for (identity, name) in taskNames where mixture.contains(name) {
            guard let task = try store.task(identity), let length = task.parameters["length"] else { continue }
            lengths[task.series] = max(length, lengths[task.series] ?? 0)
        }
        return lengths
    }

    /// The model of a run.
    func model(ofRun run: ContentHash) throws -> LanguageModel {
        guard let record = try store.run(run) else {
            throw AssayError(.defect, "the store has a checkpoint of run \(run.short), which it does not know")
        }
        return try LanguageModel(CanonicalJSON.value(Architecture.self, from: record.architecture))
    }
}

extension CellKey {
    /// Made by this program's kernels and grader, or imported.
    var isCurrent: Bool {
        [Assay.kernelVersion, LMEvalImporter.kernelVersion].contains(kernelVersion)
            && graderVersion == CellEvaluator.graderVersion(condition)
    }

    /// Puts the versions of a cell in order: this program's, then newer graders, then this program's kernels.
    fileprivate var rank: (Int, Int, Int, String) {
        (isCurrent ? 1 : 0, graderVersion, kernelVersion == Assay.kernelVersion ? 1 : 0, kernelVersion)
    }
}
