import AssayCore
import AssayMetrics
import AssayModels
import AssayReports
import AssayStore
import AssayTasks
import Foundation

/// What `assay show` can show.
public enum ShowSubject: String, Sendable, CaseIterable {
    /// An architecture file: every layer and what it costs.
    case architecture
    /// A batch file: the plan.
    case batch
    /// A recorded checkpoint: its run, its loss, its metrics.
    case checkpoint
    /// A task generator: parameters, floors, an item.
    case task
    /// A metric: definition, formula, source.
    case metric
}

/// One thing whole.
public enum Display {
    /// The text for something that is not recorded.
    public static func text(_ subject: ShowSubject, _ name: String, evals: URL) throws -> String {
        switch subject {
        case .architecture: try architecture(name, evals)
        case .batch: try BatchPlan.read(file("batches", name, evals)).overview()
        case .task: try task(name)
        case .metric: try metric(name)
        case .checkpoint: ""
        }
    }

    /// The text for a recorded checkpoint.
    public static func checkpoint(_ name: String, store: Store) throws -> String {
        guard let checkpoint = try store.checkpoints(named: name).max(by: { $0.step < $1.step }),
            let run = try store.run(checkpoint.run)
        else { throw AssayError(.usage, "no checkpoint is called '\(name)'") }
        let steps = try store.trainingSteps(ofRun: run.identity)
        let last = steps.last { $0.step <= checkpoint.step }
        var text = "checkpoint \(checkpoint.hash)\n"
        text += "arm \(checkpoint.arm), seed \(checkpoint.seed), step \(checkpoint.step), run \(run.identity.short)"
        text += " (\(run.status.name)\(run.status.reason.map { ": \($0)" } ?? ""))\n"
        text += "loss \(Figure.value(last?.loss)), \(last.map { Figure.grouped($0.tokens) } ?? "-") tokens\n"
        text += "files \(checkpoint.path)\n\n"
        var table = TextTable([
            .init("metric"), .init("task"), .init("condition"), .init("slice"), .init("value", .right),
            .init("95 % interval", .right), .init("n", .right), .init("clusters", .right), .init("lost", .right),
            .init("note"),
        ])
        let measured = try store.newestMeasurements(ofCheckpoint: checkpoint.hash)
        for value in measured.flatMap(\.values) {
            let interval =
                value.low == nil && value.high == nil
                ? "-" : "[\(Figure.value(value.low)), \(Figure.value(value.high))]"
            table.append([
                value.metric, value.task, value.condition, value.slice, Figure.value(value.value), interval,
                Figure.grouped(value.n), Figure.grouped(value.clusters), Figure.grouped(value.lost), value.note ?? "",
            ])
        }
        for record in measured {
            guard let environment = record.environment else { continue }
            text += "\(record.kind.rawValue) timed on \(environment.processor)"
            text += environment.load.map { ", load \(Figure.value($0[0])) to \(Figure.value($0[1]))" } ?? ""
            text += "\n"
        }
        return text + (measured.contains { $0.environment != nil } ? "\n" : "") + table.text()
    }

    /// What the shortcuts score on a task.
    public static func floors(of generator: any TaskGenerator) -> [FloorMeasurement] {
        generator.floors(BatchPlan.evaluationStream, clusters: BatchRunner.floorClusters)
    }

    /// The file of a name in a folder of plans, or of a path.
    private static func file(_ folder: String, _ name: String, _ evals: URL) throws -> URL {
        if name.hasSuffix(".yaml") { return URL(fileURLWithPath: name) }
        let parent = evals.appendingPathComponent(folder, isDirectory: true)
        let url = parent.appendingPathComponent("\(name).yaml")
        guard FileManager.default.fileExists(atPath: url.path) else {
            throw AssayError.badInput(
                "there is no '\(name)' among the \(folder)", at: parent.relativePath,
                remedy: Suggestion.remedy(for: name, among: ConfigurationLibrary.names(in: parent)))
        }
        return url
    }

    private static func architecture(_ name: String, _ evals: URL) throws -> String {
        let configuration = try ArchitectureConfiguration.read(file("architectures", name, evals))
        let architecture = try configuration.architecture(vocabulary: Vocabulary.count)
        let model = try LanguageModel(architecture)
        var text = "\(architecture.name): \(configuration.description ?? "")\n"
        text += "width \(architecture.width), \(architecture.heads) heads of \(architecture.headDimension) "
        text += "(\(architecture.keyValueHeads) for keys and values), feed-forward \(architecture.hiddenWidth), "
        text += "vocabulary \(architecture.vocabularyCount), \(architecture.tiedHead ? "tied" : "untied") head\n\n"
        let short = model.cost(context: 1024)
        let long = model.cost(context: 32 * 1024)
        var table = TextTable([
            .init("layer", .right), .init("mixer"), .init("feed-forward"), .init("parameters", .right),
            .init("state 1k", .right),
            .init("state 32k", .right), .init("prefill FLOPs/token 1k", .right), .init("decode FLOPs/token 1k", .right),
            .init("32k", .right),
        ])
        for (index, layer) in short.layers.enumerated() {
            table.append([
                "\(index)", layer.mixer, layer.feedForward, Figure.grouped(layer.parameters),
                Listing.bytes(layer.stateBytes),
                Listing.bytes(long.layers[index].stateBytes), Figure.grouped(Int(layer.prefillFLOPs)),
                Figure.grouped(Int(layer.decodeFLOPs)), Figure.grouped(Int(long.layers[index].decodeFLOPs)),
            ])
        }
        text += table.text()
        return text + "\n\(Figure.grouped(short.parameters)) parameters, "
            + "\(Figure.grouped(short.embeddingParameters)) of them embedding and head\n"
    }

    /// Clusters whose questions are counted for a task's histograms.
    private static let shownClusters = 200

    private static func task(_ name: String) throws -> String {
        let kind = try TaskRegistry.kind(named: name)
        let generator = try kind.make([:])
        var text = "\(kind.name) (\(kind.family.rawValue)): \(kind.summary)\n\n"
        var table = TextTable([.init("parameter"), .init("default", .right), .init("range"), .init("meaning")])
        for parameter in kind.parameters {
            table.append([
                parameter.name, parameter.text(parameter.defaultValue), parameter.rangeText, parameter.meaning,
            ])
        }
        text += table.text()
        text += "\nstated floor with the defaults: \(Figure.value(generator.statedFloor))\n"
        for floor in floors(of: generator) {
            text += "  \(floor.baseline) scores \(Figure.value(floor.score))\n"
        }
        text += "\nquestions by their covariates, of \(shownClusters) clusters:\n"
        for histogram in generator.covariates(BatchPlan.evaluationStream, clusters: shownClusters) {
            let levels = histogram.levels.map { "\($0.name) (\(Figure.grouped($0.count)))" }
            text += "  \(histogram.covariate): \(levels.joined(separator: ", "))\n"
        }
        guard let sequence = generator.cluster(BatchPlan.evaluationStream, index: 0).first else { return text }
        return text + "\nan item:\n" + generator.describe(sequence) + "\n"
    }

    /// A metric by its key, or all metrics of a number of the catalogue.
    private static func metric(_ name: String) throws -> String {
        let found = metrics(named: name)
        guard !found.isEmpty else {
            throw AssayError(
                .usage, "there is no metric '\(name)'",
                remedy: Suggestion.remedy(for: name, among: MetricCatalogue.all.map(\.key)))
        }
        return found.map(entry).joined(separator: "\n")
    }

    private static func metrics(named name: String) -> [MetricDefinition] {
        MetricCatalogue.all.filter { $0.key == name || $0.id == name }
    }

    private static func entry(_ metric: MetricDefinition) -> String {
        var text = """
            \(metric.id) \(metric.key): \(metric.title)
            better: \(metric.direction == .higherIsBetter ? "higher" : "lower"), unit: \(metric.unit)
            claims: \(metric.claims.joined(separator: " "))
            formula: \(metric.formula)
            source: \(metric.source)

            """
        if let reading = MetricReading.of(metric.id) {
            text += "range: \(reading.range)\ntraps: \(reading.traps)\n"
        }
        return text
    }

    /// A metric or a task, whichever has the name.
    public static func entry(named name: String) throws -> String {
        if !metrics(named: name).isEmpty { return try metric(name) }
        let tasks = TaskRegistry.kinds.map(\.name)
        if tasks.contains(name) { return try task(name) }
        throw AssayError(
            .usage, "there is no metric and no task '\(name)'",
            remedy: Suggestion.remedy(for: name, among: MetricCatalogue.all.map(\.key) + tasks))
    }
}
