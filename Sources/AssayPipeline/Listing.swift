import AssayCore
import AssayMetrics
import AssayModels
import AssayReports
import AssayStore
import AssayTasks
import Foundation

/// What `assay list` can list.
public enum ListSubject: String, Sendable, CaseIterable {
    /// Architecture files, with what the models cost.
    case architectures
    /// Recipe files.
    case recipes
    /// Suite files.
    case suites
    /// Batch files.
    case batches
    /// Task generators and their parameters.
    case tasks
    /// Token mixers and feed-forwards.
    case mixers
    /// Metrics.
    case metrics
    /// Recorded training runs.
    case runs
    /// Recorded checkpoints.
    case checkpoints

    /// Whether it is in the store, as opposed to the program or the folder of plans.
    public var isRecorded: Bool { self == .runs || self == .checkpoints }
}

/// Tables of what there is.
public enum Listing {
    /// Lists something as text in a format.
    /// - Parameter control: for architectures, the one that break-even lengths are against.
    public static func text(
        _ subject: ListSubject, evals: URL, control: String? = nil, as format: TableFormat
    ) throws -> String {
        guard subject == .architectures, format == .json || format == .csv else {
            return try text(
                subject == .architectures
                    ? ArchitectureFigures.table(ArchitectureFigures.all(in: evals, control: control))
                    : table(subject, evals: evals), as: format)
        }
        let fields = ArchitectureFigures.fields(try ArchitectureFigures.all(in: evals, control: control))
        return try fields.text(format == .json ? .json : .csv)
    }

    /// A table as text in a format.
    public static func text(_ table: TextTable, as format: TableFormat) throws -> String {
        switch format {
        case .table: table.text()
        case .markdown: table.markdown
        case .json: try table.fields.text(.json)
        case .csv: try table.fields.text(.csv)
        }
    }

    /// A table with notes below it for people, and exact values for programs, as text in a format.
    static func text(
        _ table: TextTable, notes: [String], fields: FieldTable, as format: TableFormat
    ) throws -> String {
        switch format {
        case .table: table.text() + "\n" + notes.map { $0 + "\n" }.joined()
        case .markdown: table.markdown + "\n" + notes.map { $0 + "\n" }.joined(separator: "\n")
        case .csv: try fields.text(.csv)
        case .json: try fields.text(.json)
        }
    }

    /// Lists what the program knows or what lies in the folder of plans.
    static func table(_ subject: ListSubject, evals: URL) throws -> TextTable {
        switch subject {
        case .architectures: ArchitectureFigures.table(try ArchitectureFigures.all(in: evals, control: nil))
        case .recipes, .suites, .batches: try files(subject, evals)
        case .tasks: tasks
        case .mixers: mixers
        case .metrics: metrics
        case .runs, .checkpoints: TextTable([])
        }
    }

    /// Lists what a store has recorded.
    public static func table(_ subject: ListSubject, store: Store) throws -> TextTable {
        subject == .runs ? try runs(store) : try checkpoints(store)
    }

    private static func yaml(in folder: URL) -> [URL] {
        ConfigurationLibrary.names(in: folder).map { folder.appendingPathComponent("\($0).yaml") }
    }

    /// Bytes in a unit that fits.
    static func bytes(_ count: Double) -> String {
        let units = ["B", "KiB", "MiB", "GiB", "TiB"]
        let power = count < 1024 ? 0 : min(units.count - 1, Int(log2(count) / 10))
        return String(format: power == 0 ? "%.0f %@" : "%.1f %@", count / pow(1024, Double(power)), units[power])
    }

    private static func files(_ subject: ListSubject, _ evals: URL) throws -> TextTable {
        var table = TextTable([
            .init(subject == .batches ? "batch" : String(subject.rawValue.dropLast())), .init("description"),
        ])
        for url in yaml(in: evals.appendingPathComponent(subject.rawValue, isDirectory: true)) {
            let description =
                switch subject {
                case .recipes: try RecipeConfiguration.read(url).description
                case .suites: try SuiteConfiguration.read(url).description
                default: try BatchConfiguration.read(url).description
                }
            table.append([ConfigurationLibrary.name(of: url), description ?? ""])
        }
        return table
    }

    private static var tasks: TextTable {
        var table = TextTable([
            .init("task"), .init("family"), .init("parameter"), .init("default", .right), .init("range"),
            .init("meaning"),
        ])
        for kind in TaskRegistry.kinds {
            table.append([kind.name, kind.family.rawValue, "", "", "", kind.summary])
            for parameter in kind.parameters {
                table.append([
                    "", "", parameter.name, parameter.text(parameter.defaultValue), parameter.rangeText,
                    parameter.meaning,
                ])
            }
        }
        return table
    }

    private static var mixers: TextTable {
        var table = TextTable([.init("mixer"), .init("part of a layer"), .init("options")])
        for (types, part) in [(MixerRegistry.types, "mixer"), (FeedForwardRegistry.types, "feed-forward")] {
            for type in types { table.append([type.name, part, type.optionNames.joined(separator: ", ")]) }
        }
        return table
    }

    private static var metrics: TextTable {
        var table = TextTable([
            .init("id"), .init("metric"), .init("better"), .init("unit"), .init("claims"), .init("what"),
        ])
        for metric in MetricCatalogue.all {
            table.append([
                metric.id, metric.key, metric.direction == .higherIsBetter ? "higher" : "lower", metric.unit,
                metric.claims.joined(separator: " "), metric.title,
            ])
        }
        return table
    }

    private static func runs(_ store: Store) throws -> TextTable {
        var table = TextTable([
            .init("run"), .init("arm"), .init("seed", .right), .init("status"), .init("steps", .right),
            .init("last loss", .right), .init("why"),
        ])
        for run in try store.runs() {
            let last = try store.trainingSteps(ofRun: run.identity).last
            table.append([
                run.identity.short, run.arm, "\(run.seed)", run.status.name, last.map { "\($0.step)" } ?? "-",
                Figure.value(last?.loss), run.status.reason ?? "",
            ])
        }
        return table
    }

    private static func checkpoints(_ store: Store) throws -> TextTable {
        var table = TextTable([
            .init("checkpoint"), .init("arm"), .init("seed", .right), .init("step", .right), .init("cells", .right),
            .init("path"),
        ])
        for checkpoint in try store.checkpoints() {
            table.append([
                checkpoint.hash.short, checkpoint.arm, "\(checkpoint.seed)", "\(checkpoint.step)",
                "\(try store.cells(ofCheckpoint: checkpoint.hash).count)", checkpoint.path,
            ])
        }
        return table
    }
}
