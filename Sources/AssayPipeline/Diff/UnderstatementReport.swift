import AssayCore
import AssayMetrics
import AssayReports
import AssayStatistics
import AssayStore

/// What `assay diff A B --public ... --hard ...` says: how much more an arm lost on hard items than a public score shows (X1).
public struct UnderstatementReport {
    /// The losses, in standard deviations of the baseline's seeds.
    public let understatement: Understatement
    private let names: (baseline: String, candidate: String)
    private let scores: (easy: [String], hard: [String])
    private let seeds: Int

    /// Compares the losses of two arms at their last checkpoints.
    /// - Parameters:
    ///   - easy: metrics of tasks that stand for a public score, such as `accuracy/recall`; the mean of several.
    ///   - hard: those of the hard items.
    /// - Throws: ``AssayError`` when an arm or a metric does not exist, or there are fewer than three seeds of both.
    public init(
        store: Store, baseline: String, candidate: String, easy: [String], hard: [String], batch: String?
    ) throws {
        let resolver = try SideResolver(store: store, batch: batch, texts: [baseline, candidate])
        guard let batch = resolver.batch else {
            throw AssayError(
                .usage, "no batch has both '\(baseline)' and '\(candidate)'",
                remedy: "Put both into one batch and run it")
        }
        let runs = try RecordedRuns(store: store, batch: batch)
        func seeds(_ arm: String) -> [UInt64: Int] {
            Dictionary(
                runs.arms.indices.filter { runs.arms[$0] == arm }.map { (runs.seeds[$0], $0) },
                uniquingKeysWith: { first, _ in first })
        }
        let places = (seeds(baseline), seeds(candidate))
        let common = Set(places.0.keys).intersection(places.1.keys).sorted()
        func scores(_ columns: [String], _ places: [UInt64: Int]) throws -> [Double] {
            let columns = try columns.map { try runs.column($0) }
            return try common.map { seed in
                let values = columns.map { column in
                    places[seed].flatMap { column.values[$0] }.map { $0 * column.direction.sign }
                }
                guard values.allSatisfy({ $0 != nil }), !values.isEmpty else {
                    throw AssayError.badInput(
                        "seed \(seed) has no value of \(columns.map(\.name).joined(separator: ", "))",
                        remedy: "Choose metrics that every run has at its last checkpoint")
                }
                return values.compactMap { $0 }.reduce(0, +) / Double(values.count)
            }
        }
        understatement = try Understatement(
            publicScores: .init(control: scores(easy, places.0), arm: scores(easy, places.1)),
            hardScores: .init(control: scores(hard, places.0), arm: scores(hard, places.1)))
        names = (baseline, candidate)
        self.scores = (easy, hard)
        self.seeds = common.count
    }

    /// The report as text in a format.
    public func render(as format: TableFormat) throws -> String {
        try Listing.text(table, notes: notes, fields: fields, as: format)
    }

    private var interval: (low: Double, high: Double)? { understatement.difference.interval(level: 0.95) }

    private var table: TextTable {
        var table = TextTable([
            .init("public loss", .right), .init("hard loss", .right), .init("U' = hard - public", .right),
            .init("95 % interval", .right), .init("p", .right), .init("U = hard / public", .right),
            .init("95 % interval", .right), .init("seeds", .right),
        ])
        table.append([
            Figure.difference(understatement.publicLoss), Figure.difference(understatement.hardLoss),
            Figure.difference(understatement.difference.estimate),
            interval.map { "[\(Figure.difference($0.low)), \(Figure.difference($0.high))]" } ?? "-",
            Figure.p(understatement.difference.pValue), Figure.value(understatement.ratio), ratio, "\(seeds)",
        ])
        return table
    }

    private var ratio: String {
        switch understatement.ratioInterval {
        case .bounded(let low, let high): "[\(Figure.value(low)), \(Figure.value(high))]"
        case .outside(let low, let high): "below \(Figure.value(low)) or above \(Figure.value(high))"
        case .everything: "every ratio"
        }
    }

    private var notes: [String] {
        [
            "\(names.candidate) - \(names.baseline), in standard deviations of the seeds of \(names.baseline); public: "
                + "\(scores.easy.joined(separator: ", ")); hard: \(scores.hard.joined(separator: ", ")).",
            "U' below zero: the public score understates the loss. It is what is tested, by t over seeds; U is only quoted, "
                + "because it has no meaning where the public loss may be zero.",
        ]
    }

    private var fields: FieldTable {
        var table = FieldTable(columns: [
            "baseline", "candidate", "public", "hard", "public_loss", "hard_loss", "difference", "low", "high", "p",
            "ratio",
            "ratio_low", "ratio_high", "ratio_interval", "seeds",
        ])
        let ends: (kind: String, low: Double?, high: Double?) =
            switch understatement.ratioInterval {
            case .bounded(let low, let high): ("bounded", low, high)
            case .outside(let low, let high): ("outside", low, high)
            case .everything: ("everything", nil, nil)
            }
        let names: [Field] = [
            .text(self.names.baseline), .text(self.names.candidate), .text(scores.easy.joined(separator: " ")),
            .text(scores.hard.joined(separator: " ")),
        ]
        let figures: [Field] = [
            .number(understatement.publicLoss), .number(understatement.hardLoss),
            .number(understatement.difference.estimate), .optional(interval?.low), .optional(interval?.high),
            .optional(understatement.difference.pValue),
        ]
        let quoted: [Field] = [
            .number(understatement.ratio), .optional(ends.low), .optional(ends.high), .text(ends.kind), .integer(seeds),
        ]
        table.rows.append(names + figures + quoted)
        return table
    }
}
