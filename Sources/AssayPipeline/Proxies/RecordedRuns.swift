import AssayCore
import AssayMetrics
import AssayModels
import AssayStatistics
import AssayStore
import AssayTraining
import Foundation

/// The runs of a batch as a table: a row for each arm and seed, a column for each metric at each checkpoint.
struct RecordedRuns {
    /// The arm of each run.
    let arms: [String]
    /// The seed of each run.
    let seeds: [UInt64]
    /// Recorded metrics that this version does not know, so that it cannot tell which way is better.
    private(set) var unknownMetrics: [String] = []
    /// What the runs have in common.
    let conditions: ProxyCard.Conditions
    /// When the batch was last run.
    let validated: Date?
    /// Metrics over all items of a task: `accuracy/recall` at each run's last checkpoint, `accuracy/recall@500` at an earlier
    /// one; and the training loss, `loss`.
    private(set) var columns: [ProxyColumn] = []
    /// The values of a column of last checkpoints at the last few checkpoints of each run.
    private var histories: [String: [[Double]]] = [:]
    private var places: [String: Int] = [:]

    /// Checkpoints that the noise of a run is taken from.
    private static let noiseCheckpoints = 3

    init(store: Store, batch: BatchRecord) throws {
        let runs = try store.arms(ofBatch: batch.identity).sorted { ($0.arm, $0.seed) < ($1.arm, $1.seed) }
        arms = runs.map(\.arm)
        seeds = runs.map(\.seed)
        conditions = try RecordedRuns.conditions(runs.map(\.run), store)
        let provenance = try store.provenance(ofBatch: batch.identity).last
        validated = provenance.map { $0.ended ?? $0.started }
        let checkpoints = Dictionary(
            grouping: try store.checkpoints(CheckpointSelector(batch: batch.identity)), by: \.run)
        for (place, run) in runs.enumerated() {
            try read(checkpoints[run.run] ?? [], of: run.run, at: place, store)
        }
    }

    /// The study of every column but the target.
    /// - Throws: ``AssayError`` that suggests the column that was most likely meant.
    func study(target name: String) throws -> ProxyStudy {
        let target = try column(name)
        return ProxyStudy(target: target, proxies: columns.filter { $0.name != name }, cluster: arms)
    }

    /// A column by its name, such as `accuracy/successor`.
    /// - Throws: ``AssayError`` that suggests the column that was most likely meant.
    func column(_ name: String) throws -> ProxyColumn {
        if let place = places[name] { return columns[place] }
        if let metric = unknownMetrics.first(where: { name.hasPrefix("\($0)/") }) {
            throw AssayError(
                .usage, "'\(metric)' is no metric of this version of assay, which cannot tell which way it is better",
                remedy: "Use the version that recorded it, or choose another")
        }
        let last = columns.map(\.name).filter { !$0.contains("@") }
        throw AssayError(
            .usage, "no run has the metric '\(name)'",
            remedy: columns.isEmpty ? "Run the batch first" : Suggestion.remedy(for: name, among: last))
    }

    /// Whether a column tells runs apart by more than it wavers.
    func signalToNoise(_ column: String) -> Double? {
        let runs = (histories[column] ?? []).filter { $0.count >= RecordedRuns.noiseCheckpoints }
            .map { Array($0.suffix(RecordedRuns.noiseCheckpoints)) }
        guard let ratio = SignalToNoise(lastCheckpoints: runs) else { return nil }
        return runs.count > 8 ? ratio.spreadRatio : ratio.rangeRatio
    }

    private mutating func read(
        _ checkpoints: [CheckpointRecord], of run: ContentHash, at place: Int, _ store: Store
    ) throws {
        let sorted = checkpoints.sorted { $0.step < $1.step }
        let steps = try store.trainingSteps(ofRun: run)
        for checkpoint in sorted {
            let isLast = checkpoint.step == sorted.last?.step
            let measured = try store.measurements(ofCheckpoint: checkpoint.hash, kind: .items).last?.values ?? []
            for value in measured where value.slice == "all" {
                guard let direction = MetricCatalogue.definition(value.metric)?.direction else {
                    if !unknownMetrics.contains(value.metric) { unknownMetrics.append(value.metric) }
                    continue
                }
                guard let number = value.value else { continue }
                let condition = value.condition == "parallel" ? "" : " (\(value.condition))"
                put(
                    number, "\(value.metric)/\(value.task)\(condition)", direction, at: place,
                    step: isLast ? nil : checkpoint.step)
            }
            if let loss = steps.last(where: { $0.step <= checkpoint.step })?.loss, loss.isFinite {
                put(loss, "loss", .lowerIsBetter, at: place, step: isLast ? nil : checkpoint.step)
            }
        }
    }

    private mutating func put(
        _ value: Double, _ name: String, _ direction: MetricDirection, at run: Int, step: Int?
    ) {
        histories[name, default: Array(repeating: [], count: arms.count)][run].append(value)
        let column = step.map { "\(name)@\($0)" } ?? name
        if places[column] == nil {
            places[column] = columns.count
            columns.append(
                ProxyColumn(name: column, values: Array(repeating: nil, count: arms.count), direction: direction))
        }
        if let place = places[column] { columns[place].values[run] = value }
    }

    private static func conditions(_ runs: [ContentHash], _ store: Store) throws -> ProxyCard.Conditions {
        var mixtures: Set<String> = []
        var (parameters, tokens) = (0, 0)
        for identity in runs {
            guard let run = try store.run(identity) else { continue }
            let recipe = try CanonicalJSON.value(Recipe.self, from: run.recipe)
            mixtures.insert(
                recipe.mixture.map { "\($0.task) x \(NumberFormat.short($0.weight))" }.sorted().joined(separator: ", "))
            let architecture = try CanonicalJSON.value(Architecture.self, from: run.architecture)
            parameters = max(parameters, try LanguageModel(architecture).layout.parameterCount)
            tokens = max(tokens, try store.trainingSteps(ofRun: identity).last?.tokens ?? 0)
        }
        return ProxyCard.Conditions(mixtures: mixtures.sorted(), parameters: parameters, tokens: tokens)
    }
}
