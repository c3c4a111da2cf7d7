import AssayCore
import AssayReports
import Foundation

/// A batch as its file states it: which arms are compared over which suite.
public struct BatchConfiguration: Sendable, Hashable {
    /// The name: the one in the file, else that of the file.
    public var name: String
    /// What it is for.
    public var description: String?
    /// The suite, by name or path.
    public var suite: Marked<String>
    /// The arm that the others are held against.
    public var control: Marked<String>
    /// The seeds, each once.
    public var seeds: [Marked<UInt64>]
    /// The arms in the order of the file.
    public var arms: [ArmEntry]
    /// The conditions; nil for the parallel path alone.
    public var conditions: [Marked<Condition>]?
    /// How differences become verdicts.
    public var compare: CompareConfiguration
    /// What is measured of serving; nil for nothing.
    public var serving: ServingConfiguration?
    /// In what every arm is made equal to the control, unless the arm says otherwise.
    public var match: MatchEntry?
    /// The formats of the reports, each once.
    public var reports: [ReportFormat]
    /// Where it begins.
    public var mark: SourceMark

    private static let keys = [
        "name", "description", "suite", "control", "seeds", "arms", "conditions", "compare", "match", "serving",
        "reports",
    ]

    /// Reads a batch file by itself, without the files that it names.
    public static func read(_ url: URL) throws -> BatchConfiguration {
        guard FileManager.default.fileExists(atPath: url.path) else { throw missing(url) }
        let top = try ConfigurationDocument.read(url, kind: "batch").mapping("batch", keys: keys)
        let arms = try top.required("arms")
        let suite = try top.required("suite")
        let control = try top.required("control")
        let entries = try arms.entries().map(ArmEntry.init)
        // Only training needs seeds: what is loaded belongs to the first one.
        let isTraining = entries.isEmpty || entries.contains { $0.trained != nil }
        let seeds = try isTraining ? top.required("seeds") : top.optional("seeds")
        let batch = BatchConfiguration(
            name: try top.optional("name")?.name() ?? ConfigurationLibrary.name(of: url),
            description: try top.optional("description")?.text(), suite: Marked(try suite.text(), at: suite.mark),
            control: try control.markedName(),
            seeds: try seeds?.seeds() ?? [Marked(1, at: top.mark)], arms: entries,
            conditions: try top.optional("conditions")?.conditions(),
            compare: try top.optional("compare").map(CompareConfiguration.init) ?? CompareConfiguration(),
            serving: try top.optional("serving").map(ServingConfiguration.init),
            match: try top.optional("match").map(MatchEntry.init),
            reports: try top.optional("reports")?.formats() ?? [], mark: top.mark)
        guard !batch.arms.isEmpty else { throw arms.failure("is empty", remedy: "Name at least one arm") }
        guard batch.arms.contains(where: { $0.name == batch.control.value }) else {
            throw AssayError.badInput(
                "the control '\(batch.control.value)' is not among the arms", at: batch.control.mark.description,
                remedy: Suggestion.remedy(for: batch.control.value, among: batch.arms.map(\.name)))
        }
        try batch.serving?.check(arms: batch.arms.map(\.name))
        if let match = batch.arms.first(where: { $0.name == batch.control.value })?.trained?.match, match.rule != nil {
            throw AssayError.badInput(
                "the control cannot be matched to itself", at: match.mark.description,
                remedy: "Match the other arms, or the batch as a whole")
        }
        return batch
    }

    private static func missing(_ url: URL) -> AssayError {
        let folder = url.deletingLastPathComponent()
        let names = ConfigurationLibrary.names(in: folder).map { "\($0).yaml" }
        return .badInput(
            "there is no such file", at: url.displayPath,
            remedy: names.isEmpty
                ? "Check the path" : Suggestion.remedy(for: url.lastPathComponent, among: names))
    }
}

/// How differences become verdicts; what is nil has the default.
public struct CompareConfiguration: Sendable, Hashable {
    /// The largest loss of accuracy that does not matter, in points of a score in [0, 1].
    public var accuracyMargin: Double?
    /// The largest rise of the negative log likelihood that does not matter, in nats.
    public var nllMargin: Double?
    /// The largest loss that does not matter of everything else, as a share of the control's value.
    public var relativeMargin: Double?
    /// Chance of error of one verdict.
    public var alpha: Double?
    /// False discovery rate over a report.
    public var fdr: Double?
    /// How items are drawn; nil for all of them at once.
    public var spending: SpendingConfiguration?

    /// All defaults.
    public init() {}

    init(_ value: ConfigurationValue) throws {
        let map = try value.mapping("comparison", keys: ["margins", "alpha", "fdr", "spending"])
        if let margins = try map.optional("margins")?.mapping("map of margins", keys: ["accuracy", "nll", "relative"]) {
            accuracyMargin = try margins.optional("accuracy")?.number(in: 0...1)
            nllMargin = try margins.optional("nll")?.number(in: 0...100)
            relativeMargin = try margins.optional("relative")?.number(in: 0...1)
        }
        alpha = try map.optional("alpha")?.number(in: 0...0.5, above: 0)
        fdr = try map.optional("fdr")?.number(in: 0...0.5, above: 0)
        spending = try map.optional("spending").map(SpendingConfiguration.init)
    }
}

extension ConfigurationValue {
    /// Seeds, each once.
    func seeds() throws -> [Marked<UInt64>] {
        var seeds: [Marked<UInt64>] = []
        for value in try list() {
            let seed = try value.seed()
            guard !seeds.contains(where: { $0.value == seed }) else {
                throw value.failure("names seed \(seed) again", remedy: "Name each seed once")
            }
            seeds.append(Marked(seed, at: value.mark))
        }
        guard !seeds.isEmpty else { throw failure("is empty", remedy: "Name at least one seed") }
        return seeds
    }

    /// Formats of reports, each once.
    fileprivate func formats() throws -> [ReportFormat] {
        var formats: [ReportFormat] = []
        for value in try list() {
            let format: ReportFormat = try value.word()
            guard !formats.contains(format) else {
                throw value.failure("names '\(format.rawValue)' again", remedy: "Name each format once")
            }
            formats.append(format)
        }
        return formats
    }
}
