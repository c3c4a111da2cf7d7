import AssayCore
import AssayMetrics
import AssayReports
import AssayStatistics
import AssayStore
import Foundation

/// What `assay proxies` says of the runs of a batch: a card for each proxy.
public struct ProxyCardReport {
    /// The cards, checkpoint by checkpoint, the last ones of each run at the end.
    public let cards: [ProxyCard]
    /// The batch whose runs they come from.
    public let batch: String
    private let target: String
    private let level: Double
    private let unknown: [String]
    /// Conditions of the batch that the proxies are wanted for, and its name.
    private let use: (batch: String, conditions: ProxyCard.Conditions)?

    /// Judges every metric of a batch's runs as a proxy of one of them, with the arm as the cluster.
    /// - Parameters:
    ///   - batch: the name; nil for the last one.
    ///   - target: a metric of a task, such as `accuracy/successor`.
    ///   - use: the batch whose runs one wants to rank, to see which cards have expired; nil for the same.
    /// - Throws: ``AssayError`` when there is no such batch or metric.
    public init(store: Store, batch name: String?, target: String, for use: String? = nil, level: Double = 0.9) throws {
        guard let batch = try name.map({ try store.batch(named: $0) }) ?? store.batches().last else {
            throw AssayError(
                .usage, "the store holds no batch", remedy: "Run one: assay run evals/batches/quickstart.yaml")
        }
        let runs = try RecordedRuns(store: store, batch: batch)
        let validities = try runs.study(target: target).validities(level: level)
        cards = validities.map {
            ProxyCard(
                validity: $0, signalToNoise: runs.signalToNoise($0.proxy), conditions: runs.conditions,
                validated: runs.validated)
        }
        unknown = runs.unknownMetrics.sorted()
        self.batch = batch.name
        self.target = target
        self.level = level
        self.use = try use.map { ($0, try RecordedRuns(store: store, batch: store.batch(named: $0)).conditions) }
    }

    /// The report as text in a format.
    public func render(as format: TableFormat) throws -> String {
        try Listing.text(table, notes: notes, fields: fields, as: format)
    }

    private var fields: FieldTable {
        var table = FieldTable(
            columns: ProxyReport.fieldNames + [
                "regret", "signalToNoise", "target", "runs", "validated", "parameters", "tokens", "expired",
            ])
        table.rows = cards.map { card in
            ProxyReport.fields(card.validity) + [
                .optional(card.validity.regret), .optional(card.signalToNoise), .text(target),
                .integer(card.validity.runs), .optional(card.validated.map(ProxyCardReport.text)),
                .integer(card.conditions.parameters), .integer(card.conditions.tokens),
                .optional(expiry(card)),
            ]
        }
        return table
    }

    private var table: TextTable {
        var table = TextTable([
            .init("proxy"), .init("decision accuracy", .right),
            .init("\(NumberFormat.percent(level)) interval", .right),
            .init("pairs", .right), .init("arms", .right), .init("Spearman", .right), .init("Kendall", .right),
            .init("regret", .right), .init("SNR", .right), .init("as a ranking"),
        ])
        for card in cards {
            let validity = card.validity
            table.append([
                validity.proxy, Figure.value(validity.decisionAccuracy), ProxyReport.interval(validity),
                Figure.grouped(validity.pairs), Figure.grouped(validity.clusters), Figure.value(validity.spearman),
                Figure.value(validity.kendall), Figure.value(validity.regret), Figure.value(card.signalToNoise),
                expiry(card) ?? validity.use.title,
            ])
        }
        return table
    }

    private func expiry(_ card: ProxyCard) -> String? { use.flatMap { card.expiry(under: $0.conditions) } }

    private var notes: [String] {
        var notes = ["Target \(target), " + ProxyReport.summary(cards.map(\.validity))]
        if let card = cards.first {
            let when = card.validated.map { ", validated \(ProxyCardReport.text($0))" } ?? ""
            notes.append(
                "Batch \(batch): \(card.conditions.mixtures.count) mixtures, up to "
                    + "\(Figure.grouped(card.conditions.parameters)) parameters and "
                    + "\(Figure.grouped(card.conditions.tokens)) tokens\(when).")
        }
        if !unknown.isEmpty {
            notes.append("Left out, of a newer version of assay: \(unknown.joined(separator: ", ")).")
        }
        if let use { notes.append("Expired or not for the runs of batch \(use.batch).") }
        notes.append(
            "\(NumberFormat.percent(level)) percentile bootstrap over arms, \(Figure.grouped(ClusterBootstrap.draws)) samples; "
                + "SNR from the last 3 checkpoints of each run.")
        return notes
    }

    private static func text(_ date: Date) -> String { date.formatted(.iso8601) }
}
