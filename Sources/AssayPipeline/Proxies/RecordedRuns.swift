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
    /// The family of each run's architecture: what it mixes tokens with besides full attention.
    private(set) var families: [String] = []
    /// The seed of each run.
    let seeds: [UInt64]
    /// Recorded metrics that this version does not know, so that it cannot tell which way is better.
    private(set) var unknownMetrics: [String] = []
    /// What the runs have in common.
    let conditions: ProxyCard.Conditions
    /// When the batch was last run.
    let validated: Date?
    /// Metrics over all items of a task, `accuracy/recall`, and over those of a number of hops,
    /// `hop-accuracy/successor[hops=2]`, at each run's last checkpoint, with `@500` behind at an earlier one; the training
    /// loss, `loss`; and the size of the model, `parameters`.
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
        let origins = try runs.map { try RunOrigin($0.run, store) }
        families = origins.map(\.family)
        conditions = RunOrigin.conditions(origins)
        let provenance = try store.provenance(ofBatch: batch.identity).last
        validated = provenance.map { $0.ended ?? $0.started }
        let checkpoints = Dictionary(
            grouping: try store.checkpoints(CheckpointSelector(batch: batch.identity)), by: \.run)
        for (place, run) in runs.enumerated() {
            try read(checkpoints[run.run] ?? [], of: run.run, at: place, store)
            if origins[place].parameters > 0 {
                put(Double(origins[place].parameters), "parameters", .higherIsBetter, at: place, step: nil)
            }
        }
    }

    /// The study of every column but the target, or of some.
    /// - Parameters:
    ///   - clustering: what runs share.
    ///   - group: what all these runs are called, when others are studied beside them; nil for nothing.
    ///   - isWanted: whether a column may be a proxy.
    /// - Throws: ``AssayError`` that suggests the column that was most likely meant.
    func study(
        target name: String, clustering: ProxyClustering = .arm, within group: String? = nil,
        isWanted: (String) -> Bool = { _ in true }
    ) throws -> ProxyStudy {
        let target = try column(name)
        return ProxyStudy(
            target: target, proxies: columns.filter { $0.name != name && isWanted($0.name) },
            within: group.map { group in arms.map { _ in group } },
            cluster: clustering == .arm ? arms : families)
    }

    /// What is known of proxies, with the conditions of these runs.
    func cards(_ validities: [ProxyValidity]) -> [ProxyCard] {
        validities.map {
            ProxyCard(
                validity: $0, signalToNoise: signalToNoise($0.proxy), conditions: conditions, validated: validated)
        }
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
            for value in measured where value.slice == "all" || value.slice.hasPrefix("hops=") {
                guard let direction = MetricCatalogue.definition(value.metric)?.direction else {
                    if !unknownMetrics.contains(value.metric) { unknownMetrics.append(value.metric) }
                    continue
                }
                guard let number = value.value else { continue }
                let condition = value.condition == "parallel" ? "" : " (\(value.condition))"
                let slice = value.slice == "all" ? "" : "[\(value.slice)]"
                put(
                    number, "\(value.metric)/\(value.task)\(slice)\(condition)", direction, at: place,
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
}

/// What runs share, so that they are no independent evidence.
public enum ProxyClustering: String, Sendable, CaseIterable {
    /// The arm: its seeds are a cluster.
    case arm
    /// What tokens are mixed with besides full attention: all ratios and sizes of a variant are a cluster.
    case family
}

/// Where a run comes from.
private struct RunOrigin {
    let family: String
    let mixture: String
    let parameters: Int
    let tokens: Int

    init(_ identity: ContentHash, _ store: Store) throws {
        guard let run = try store.run(identity), run.architecture != "{}" else {
            (family, mixture, parameters, tokens) = ("unknown", "", 0, 0)
            return
        }
        guard !run.isServed else {
            (family, mixture, parameters, tokens) = ("unknown", "not known: served", 0, 0)
            return
        }
        mixture =
            run.isTrained
            ? try CanonicalJSON.value(Recipe.self, from: run.recipe).mixture
                .map { "\($0.task) x \(NumberFormat.short($0.weight))" }.sorted().joined(separator: ", ")
            : "not known: loaded"
        let architecture = try CanonicalJSON.value(Architecture.self, from: run.architecture)
        let mixers = Set(architecture.layers.map(\.mixer)).subtracting(["full"]).sorted()
        family = mixers.isEmpty ? "full" : mixers.joined(separator: "+")
        parameters = try LanguageModel(architecture).layout.parameterCount
        tokens = try store.trainingSteps(ofRun: identity).last?.tokens ?? 0
    }

    static func conditions(_ origins: [RunOrigin]) -> ProxyCard.Conditions {
        ProxyCard.Conditions(
            mixtures: Set(origins.map(\.mixture)).subtracting([""]).sorted(),
            parameters: origins.map(\.parameters).max() ?? 0, tokens: origins.map(\.tokens).max() ?? 0)
    }
}
