import AssayCore
import AssayMetrics
import AssayReports
import AssayStatistics
import AssayStore

/// What `assay drift --proxies` says: whether metrics that ranked the arms as a target does still do under another condition, be
/// it another mixture, size, budget or checkpoint.
public struct ProxyDriftReport {
    /// The relation of one proxy to the target.
    public struct Row: Sendable {
        /// The proxy.
        public let proxy: String
        /// What became of it; nil where it could not be compared.
        public let drift: ProxyDrift?
        /// Why it could not be.
        public let note: String?
    }

    /// One for each proxy that both conditions have.
    public let rows: [Row]
    private let names: (first: String, second: String)
    private let target: String
    private let level: Double
    private let unknown: [String]

    /// Compares the runs of two batches, or of one batch at two checkpoints.
    /// - Parameters:
    ///   - first: `BATCH`, or `BATCH@STEP` for proxies at an earlier checkpoint; the target is of the last one.
    ///   - second: the same of the other condition.
    ///   - target: a metric of a task, such as `accuracy/successor`.
    ///   - level: of the intervals.
    /// - Throws: ``AssayError`` when a batch or the target does not exist, or they share fewer than 4 runs.
    public init(store: Store, first: String, second: String, target: String, level: Double = 0.9) throws {
        let sides = (try Side(first, store, target), try Side(second, store, target))
        let shared = sides.0.runs.filter { sides.1.place[$0] != nil }
        guard shared.count >= ProxyDrift.fewestArms else {
            throw AssayError(
                .usage, "'\(first)' and '\(second)' have \(shared.count) runs of the same arm and seed",
                remedy:
                    "Proxy drift needs \(ProxyDrift.fewestArms) of them, and \(ProxyDrift.conclusiveArms) to mean anything"
            )
        }
        rows = sides.0.proxies.filter { sides.1.columns[$0] != nil }.map { proxy in
            ProxyDriftReport.row(proxy, sides.0, sides.1, shared, target, level)
        }
        names = (first, second)
        self.target = target
        self.level = level
        unknown = Set(sides.0.unknown + sides.1.unknown).sorted()
    }

    /// One condition: columns by name, with a value for each run.
    private struct Side {
        let runs: [String]
        let arms: [String]
        let place: [String: Int]
        var proxies: [String] = []
        var columns: [String: ProxyColumn] = [:]
        let unknown: [String]

        init(_ text: String, _ store: Store, _ target: String) throws {
            let parts = text.split(separator: "@", maxSplits: 1).map(String.init)
            let step = try parts.count == 2 ? Side.step(parts[1]) : nil
            let recorded = try RecordedRuns(store: store, batch: try store.batch(named: parts.first ?? text))
            arms = recorded.arms
            runs = zip(recorded.arms, recorded.seeds).map { "\($0) \($1)" }
            place = Dictionary(zip(runs, runs.indices), uniquingKeysWith: { first, _ in first })
            unknown = recorded.unknownMetrics
            let study = try recorded.study(target: target)
            columns[target] = study.target
            for column in study.proxies {
                let isEarly = column.name.contains("@")
                guard isEarly == (step != nil), !isEarly || column.name.hasSuffix("@\(step ?? 0)") else { continue }
                let name = column.name.split(separator: "@").first.map(String.init) ?? column.name
                proxies.append(name)
                columns[name == target ? "\(name)@" : name] = column
            }
            // A target may be its own proxy: at an earlier checkpoint.
            proxies = proxies.map { $0 == target ? "\($0)@" : $0 }
        }

        private static func step(_ text: String) throws -> Int {
            guard let step = Int(text), step >= 0 else {
                throw AssayError(.usage, "'\(text)' is no step", remedy: "Write BATCH@STEP, such as nightly@500")
            }
            return step
        }

        /// A column over some runs, turned so that more is better.
        func values(_ name: String, _ wanted: [String]) -> [Double?] {
            guard let column = columns[name] else { return [] }
            return wanted.map { run in place[run].flatMap { column.values[$0] }.map { column.direction.sign * $0 } }
        }
    }

    private static func row(
        _ proxy: String, _ first: Side, _ second: Side, _ shared: [String], _ target: String, _ level: Double
    ) -> Row {
        let name = proxy.hasSuffix("@") ? "\(proxy.dropLast()) at the checkpoint" : proxy
        let columns = [
            first.values(proxy, shared), first.values(target, shared), second.values(proxy, shared),
            second.values(target, shared),
        ]
        let kept = shared.indices.filter { run in columns.allSatisfy { $0[run] != nil } }
        func values(_ index: Int) -> [Double] { kept.compactMap { columns[index][$0] } }
        do {
            let drift = try ProxyDrift(
                from: ProxyCondition(proxy: values(0), target: values(1)),
                to: ProxyCondition(proxy: values(2), target: values(3)),
                families: kept.map { first.arms[first.place[shared[$0]] ?? 0] }, level: level)
            return Row(
                proxy: name, drift: drift, note: drift.isConclusive ? nil : "too few runs for silence to mean anything")
        } catch let error as AssayError {
            return Row(proxy: name, drift: nil, note: error.problem)
        } catch { return Row(proxy: name, drift: nil, note: "\(error)") }
    }

    /// The report as text in a format.
    public func render(as format: TableFormat) throws -> String {
        try Listing.text(table, notes: notes, fields: fields, as: format)
    }

    private var table: TextTable {
        var table = TextTable([
            .init("proxy"), .init("runs", .right), .init("arms", .right), .init("decision accuracy", .right),
            .init("change", .right), .init("tau", .right), .init("change", .right), .init("regret", .right),
            .init("r: p", .right), .init("line: p", .right), .init("families: p", .right), .init("drift"),
        ])
        for row in rows {
            guard let drift = row.drift else {
                table.append([row.proxy] + Array(repeating: "-", count: 10) + [row.note ?? ""])
                continue
            }
            func pair(_ change: ProxyDrift.Change?) -> String {
                change.map { "\(Figure.value($0.before)) > \(Figure.value($0.after))" } ?? "-"
            }
            func interval(_ change: ProxyDrift.Change?) -> String {
                change.map { "[\(Figure.difference($0.low)), \(Figure.difference($0.high))]" } ?? "-"
            }
            table.append([
                row.proxy, "\(drift.arms)", "\(drift.families)", pair(drift.decisionAccuracy),
                interval(drift.decisionAccuracy), pair(drift.kendall), interval(drift.kendall),
                "\(Figure.value(drift.regret.before)) > \(Figure.value(drift.regret.after))",
                Figure.p(drift.correlationP), Figure.p(drift.prediction?.pValue), Figure.p(drift.familyP),
                finding(drift) + (row.note.map { "; \($0)" } ?? ""),
            ])
        }
        return table
    }

    private func finding(_ drift: ProxyDrift) -> String {
        var found: [String] = []
        if drift.decisionAccuracy?.isDrift == true || drift.kendall?.isDrift == true { found.append("order") }
        if let p = drift.prediction?.pValue, p < 0.05 { found.append("level or noise") }
        if let p = drift.familyP, p < 0.05 { found.append("families") }
        return found.isEmpty ? "none seen" : "DRIFT: " + found.joined(separator: ", ")
    }

    private var notes: [String] {
        var notes = [
            "Target \(target), from \(names.first) to \(names.second): \(rows.count { $0.drift.map { finding($0) != "none seen" } ?? false }) "
                + "of \(rows.count) proxies drifted.",
            "Changes with \(NumberFormat.percent(level)) intervals by a paired bootstrap over arms; r: Fisher's z, a screen; "
                + "line: Chow's predictive F against the line of the first condition; families: permutation of the arms' "
                + "prediction errors.",
        ]
        if !unknown.isEmpty {
            notes.append("Left out, of a newer version of assay: \(unknown.joined(separator: ", ")).")
        }
        return notes
    }

    private var fields: FieldTable {
        var table = FieldTable(columns: [
            "proxy", "target", "runs", "arms", "decision_accuracy_before", "decision_accuracy_after",
            "decision_accuracy_change_low", "decision_accuracy_change_high", "kendall_before", "kendall_after",
            "kendall_change_low", "kendall_change_high", "regret_before", "regret_after", "correlation_p",
            "prediction_f",
            "prediction_p", "prediction_mean_error", "family_p", "is_conclusive", "drift", "note",
        ])
        for row in rows {
            let drift = row.drift
            func change(_ change: ProxyDrift.Change?) -> [Field] {
                [
                    .optional(change?.before), .optional(change?.after), .optional(change?.low),
                    .optional(change?.high),
                ]
            }
            let place: [Field] = [
                .text(row.proxy), .text(target), .optional(drift?.arms), .optional(drift?.families),
            ]
            let tests: [Field] = [
                .optional(drift?.regret.before), .optional(drift?.regret.after), .optional(drift?.correlationP),
                .optional(drift?.prediction?.f), .optional(drift?.prediction?.pValue),
                .optional(drift?.prediction?.meanError), .optional(drift?.familyP),
                drift.map { .boolean($0.isConclusive) } ?? .none, .optional(drift.map(finding)), .optional(row.note),
            ]
            table.rows.append(place + change(drift?.decisionAccuracy) + change(drift?.kendall) + tests)
        }
        return table
    }
}
