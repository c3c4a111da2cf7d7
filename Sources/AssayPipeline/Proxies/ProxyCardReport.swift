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
    /// The batches whose runs they come from.
    public let batches: [String]
    private let target: String
    private let clustering: ProxyClustering
    /// Families of architectures among the runs.
    private let families: Int
    private let level: Double
    private let unknown: [String]
    /// Conditions of the batch that the proxies are wanted for, and its name.
    private let use: (batch: String, conditions: ProxyCard.Conditions)?

    /// Judges every metric of the runs of batches as a proxy of one of them.
    /// - Parameters:
    ///   - batches: the names; the last one when empty. Pairs are taken only inside a batch, and each has cards of its own.
    ///   - target: a metric of a task, such as `accuracy/successor` or `hop-accuracy/successor[hops=2]`.
    ///   - use: the batch whose runs one wants to rank, to see which cards have expired; nil for the same.
    ///   - clustering: what runs share.
    /// - Throws: ``AssayError`` when there is no such batch or metric.
    public init(
        store: Store, batches names: [String], target: String, for use: String? = nil,
        clustering: ProxyClustering = .arm, level: Double = 0.9
    ) throws {
        let batches = try names.isEmpty ? Array(store.batches().suffix(1)) : names.map { try store.batch(named: $0) }
        guard !batches.isEmpty else {
            throw AssayError(
                .usage, "the store holds no batch", remedy: "Run one: assay run evals/batches/quickstart.yaml")
        }
        var cards: [ProxyCard] = []
        var families: Set<String> = []
        var unknown: Set<String> = []
        for batch in batches {
            let runs = try RecordedRuns(store: store, batch: batch)
            families.formUnion(runs.families)
            unknown.formUnion(runs.unknownMetrics)
            let study = try runs.study(
                target: target, clustering: clustering, within: batches.count > 1 ? batch.name : nil)
            cards += runs.cards(study.validities(level: level))
        }
        self.cards = cards
        self.families = families.count
        self.batches = batches.map(\.name)
        self.unknown = unknown.sorted()
        self.target = target
        self.clustering = clustering
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
        let isGrouped = batches.count > 1
        var columns: [TextTable.Column] = [.init("proxy")]
        if isGrouped { columns.append(.init("batch")) }
        columns += [
            .init("decision accuracy", .right), .init("\(NumberFormat.percent(level)) interval", .right),
            .init("pairs", .right), .init(clustering == .arm ? "arms" : "families", .right),
            .init("Spearman", .right), .init("Kendall", .right), .init("regret", .right), .init("SNR", .right),
            .init("as a ranking"),
        ]
        var table = TextTable(columns)
        for card in cards {
            let validity = card.validity
            let place = isGrouped ? [validity.proxy, validity.within ?? "-"] : [validity.proxy]
            table.append(
                place + [
                    Figure.value(validity.decisionAccuracy), ProxyReport.interval(validity),
                    Figure.grouped(validity.pairs), Figure.grouped(validity.clusters),
                    Figure.value(validity.spearman), Figure.value(validity.kendall), Figure.value(validity.regret),
                    Figure.value(card.signalToNoise), expiry(card) ?? validity.use.words,
                ])
        }
        return table
    }

    private func expiry(_ card: ProxyCard) -> String? { use.flatMap { card.expiry(under: $0.conditions) } }

    private var notes: [String] {
        var notes = ["Target \(target), " + ProxyReport.summary(cards.map(\.validity))]
        if let card = cards.first {
            let mixtures = Set(cards.flatMap(\.conditions.mixtures)).count
            let when = card.validated.map { ", validated \(ProxyCardReport.text($0))" } ?? ""
            notes.append(
                "Batch \(batches.joined(separator: ", ")): \(mixtures) mixtures, up to "
                    + "\(Figure.grouped(card.conditions.parameters)) parameters and "
                    + "\(Figure.grouped(card.conditions.tokens)) tokens\(when).")
        }
        if !unknown.isEmpty {
            notes.append("Left out, of a newer version of assay: \(unknown.joined(separator: ", ")).")
        }
        if let use { notes.append("Expired or not for the runs of batch \(use.batch).") }
        notes.append(
            "\(NumberFormat.percent(level)) percentile bootstrap over \(clustering == .arm ? "arms" : "families of architectures"), \(Figure.grouped(ClusterBootstrap.draws)) samples; "
                + "SNR from the last 3 checkpoints of each run; \(families) families of architectures.")
        return notes
    }

    private static func text(_ date: Date) -> String { date.formatted(.iso8601) }
}
