import AssayCore
import AssayMetrics
import AssayReports
import AssayStatistics
import Foundation

/// What `assay proxies` says of a table of runs.
public struct ProxyReport {
    /// One for each proxy and group.
    public let validities: [ProxyValidity]
    private let columns: ProxyColumns
    private let level: Double
    private let skipped: [String]
    private let words: [String]

    /// Judges every column of numbers as a proxy of a target.
    /// - Parameters:
    ///   - url: a file of comma-separated values, a row for each run.
    ///   - columns: which columns are what.
    ///   - level: of the intervals, in (0, 1).
    /// - Throws: ``AssayError`` when the file or a column is not what it should be.
    public init(from url: URL, columns: ProxyColumns, level: Double = 0.9) throws {
        guard level > 0, level < 1 else { throw AssayError(.usage, "a level lies between 0 and 1, not \(level)") }
        var reader = try ProxyTableReader(table: CSVTable(url), columns: columns)
        validities = try reader.study().validities(level: level)
        self.columns = columns
        self.level = level
        skipped = reader.skipped
        words = reader.words
    }

    /// The report as text in a format.
    public func render(as format: TableFormat) throws -> String {
        try Listing.text(table, notes: notes, fields: fields, as: format)
    }

    /// A row for each proxy and group, for programs.
    private var fields: FieldTable {
        var table = FieldTable(columns: ProxyReport.fieldNames)
        table.rows = validities.map(ProxyReport.fields)
        return table
    }

    static let fieldNames = [
        "proxy", "within", "decisionAccuracy", "low", "high", "pairs", "clusters", "spearman", "kendall",
    ]

    static func fields(_ validity: ProxyValidity) -> [Field] {
        [
            .text(validity.proxy), .optional(validity.within), .optional(validity.decisionAccuracy),
            .optional(validity.low), .optional(validity.high), .integer(validity.pairs), .integer(validity.clusters),
            .optional(validity.spearman), .optional(validity.kendall),
        ]
    }

    static func interval(_ validity: ProxyValidity) -> String {
        validity.low == nil ? "-" : "[\(Figure.value(validity.low)), \(Figure.value(validity.high))]"
    }

    /// How many of what.
    static func summary(_ validities: [ProxyValidity]) -> String {
        let usable = validities.count { $0.use == .ranks }
        let reversed = validities.count { $0.use == .reversed }
        return "\(validities.count) rows: \(usable) rank, \(reversed) rank the wrong way round, "
            + "\(validities.count - usable - reversed) refuse to rank."
    }

    /// A row for each proxy and group, for people.
    private var table: TextTable {
        var table = TextTable([
            .init("proxy"), .init(columns.within ?? "within"), .init("decision accuracy", .right),
            .init("\(percent) interval", .right), .init("pairs", .right), .init("clusters", .right),
            .init("Spearman", .right), .init("Kendall", .right), .init("regret", .right), .init("as a ranking"),
        ])
        for validity in validities {
            table.append([
                validity.proxy, validity.within ?? "-", Figure.value(validity.decisionAccuracy),
                ProxyReport.interval(validity),
                Figure.grouped(validity.pairs), Figure.grouped(validity.clusters), Figure.value(validity.spearman),
                Figure.value(validity.kendall), Figure.value(validity.regret), validity.use.words,
            ])
        }
        return table
    }

    private var percent: String { NumberFormat.percent(level) }

    private var notes: [String] {
        var notes = [
            "Target \(columns.target), " + ProxyReport.summary(validities),
            "Decision accuracy: share of the pairs that the target orders"
                + (columns.within.map { ", both of one \($0)," } ?? "")
                + " which the proxy orders alike; equal proxies count one half.",
            "\(percent) percentile bootstrap over "
                + (columns.cluster.map { "values of \($0)" } ?? "rows, each a cluster of its own")
                + ", \(Figure.grouped(ClusterBootstrap.draws)) samples.",
        ]
        if !columns.lower.isEmpty { notes.append("Less is better: \(columns.lower.joined(separator: ", ")).") }
        if !words.isEmpty { notes.append("Without numbers: \(words.joined(separator: ", ")).") }
        if !skipped.isEmpty { notes.append("Left out, since not all are numbers: \(skipped.joined(separator: "; ")).") }
        return notes
    }
}
