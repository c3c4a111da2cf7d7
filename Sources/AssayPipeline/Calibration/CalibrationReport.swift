import AssayCore
import AssayMetrics
import AssayReports

/// What `assay calibrate` prints.
public struct CalibrationReport {
    /// The parts of a calibration, each a table.
    public enum Part: String, Sendable, CaseIterable {
        /// False alarms in comparisons without a difference.
        case alarms
        /// Power at planted losses.
        case power
        /// Delays along series of checkpoints.
        case delays
        /// Which metric fired on which damage.
        case faults
    }

    private let calibration: Calibration
    private let batch: String

    /// A report on the calibration of a batch.
    public init(_ calibration: Calibration, batch: String) {
        self.calibration = calibration
        self.batch = batch
    }

    /// Whether reports raise no more alarms than chance allows.
    public var isWithinBounds: Bool { calibration.falseAlarms.allSatisfy(\.isWithinBounds) }

    /// The report as text in a format.
    /// - Parameter part: the one part that is wanted; nil for all, of which CSV and JSON have the faults alone.
    public func render(as format: TableFormat, part: Part? = nil) throws -> String {
        switch format {
        case .csv: return try fields(part ?? .faults).text(.csv)
        case .json: return try fields(part ?? .faults).text(.json)
        case .table, .markdown:
            let parts = (part.map { [$0] } ?? Part.allCases).map { part -> String in
                let body = tables(part).map { format == .table ? $0.text() : $0.markdown }
                return "\(heading(part))\n" + (format == .markdown ? "\n" : "") + body.joined(separator: "\n")
            }
            return parts.joined(separator: "\n") + "\n" + notes.map { "\($0)\n" }.joined()
        }
    }

    private func heading(_ part: Part) -> String {
        let alpha = NumberFormat.percent(calibration.alpha)
        switch part {
        case .alarms: return "False alarms where nothing differs (\(alpha) of reports may have one):"
        case .power: return "Losses found, by size in minimum detectable effects (one MDE is to be found in 80 %):"
        case .delays:
            return "Drift noticed in series of \(DelayStudy.checkpoints) checkpoints, by size of the loss, "
                + "median / 90 % delay in checkpoints:"
        case .faults: return "Planted faults: on how many tasks each metric fired, of those that it judged:"
        }
    }

    private var notes: [String] {
        let losses = calibration.detectableFound
        var notes = [
            "Batch \(batch), control \(calibration.control), \(calibration.repeats) repeats."
        ]
        if losses.all > 0 {
            notes.append(
                "Of \(losses.all) losses by damage of at least one minimum detectable effect, \(losses.found) were called "
                    + "(\(NumberFormat.percent((1000 * Double(losses.found) / Double(losses.all)).rounded() / 1000))).")
        }
        if let seeds = calibration.seeds, seeds.compared > 0 {
            notes.append(
                "Two seeds of one arm, compared as checkpoints: \(seeds.called) of \(seeds.compared) primary comparisons over "
                    + "\(seeds.pairs) pairs call a difference; one seed carries no claim about architectures.")
        }
        return notes + calibration.notes.map { "Not tried: \($0)." }
    }
}

// MARK: - Tables for people

extension CalibrationReport {
    private func tables(_ part: Part) -> [TextTable] {
        switch part {
        case .alarms: [alarmTable]
        case .power: [powerTable]
        case .delays: [delayTable]
        case .faults: faultTables
        }
    }

    private var alarmTable: TextTable {
        var table = TextTable([
            .init("sides"), .init("reports", .right), .init("with an alarm", .right), .init("95 % interval", .right),
            .init("on a primary metric", .right), .init("most by chance", .right), .init("single tests beyond", .right),
            .init("verdict"),
        ])
        for alarms in calibration.falseAlarms {
            let interval = alarms.interval.map { "[\(Figure.value($0.low)), \(Figure.value($0.high))]" } ?? "-"
            table.append([
                alarms.null.title, String(alarms.repeats), String(alarms.alarmed), interval,
                String(alarms.alarmedPrimary), String(alarms.limit(alarms.repeats)),
                "\(alarms.beyond.count) of \(alarms.rows.count)",
                alarms.isWithinBounds ? "as rare as stated" : "TOO MANY",
            ])
        }
        return table
    }

    private var sizes: [Double] { Set(calibration.power.map(\.factor)).sorted() }

    private func name(_ factor: Double) -> String { factor == 0 ? "none" : "\(NumberFormat.short(factor)) MDE" }

    private var powerTable: TextTable {
        var table = TextTable(
            [.init("metric"), .init("task"), .init("MDE", .right), .init("stated", .right)]
                + sizes.map { .init(name($0), .right) } + [.init("95 % interval at 1 MDE", .right)])
        let groups = Grouped(calibration.power, by: { [$0.metric, $0.task, $0.condition] })
        for rows in groups.members {
            guard let one = rows.first(where: { $0.factor == 1 }) else { continue }
            let found = sizes.map { size in Figure.value(rows.first { $0.factor == size }?.power) }
            let interval = one.interval.map { "[\(Figure.value($0.low)), \(Figure.value($0.high))]" } ?? "-"
            table.append(
                [one.metric, one.task, Figure.value(one.size), Figure.value(one.stated)] + found + [interval])
        }
        return table
    }

    private var delayTable: TextTable {
        var table = TextTable(
            [.init("metric"), .init("task"), .init("false alarms", .right), .init("set to", .right)]
                + sizes.filter { $0 > 0 }.flatMap { size -> [TextTable.Column] in
                    [.init("\(name(size)) noticed", .right), .init("delay", .right)]
                })
        let groups = Grouped(calibration.delays, by: { [$0.metric, $0.task, $0.condition] })
        for rows in groups.members {
            guard let healthy = rows.first(where: { $0.factor == 0 }) else { continue }
            var cells = [
                healthy.metric, healthy.task, share(healthy.falseAlarms, healthy.series), Figure.value(healthy.nominal),
            ]
            for size in sizes where size > 0 {
                let row = rows.first { $0.factor == size }
                cells.append(row.map { share($0.found, $0.series) } ?? "-")
                if let median = row?.median, let ninetieth = row?.ninetieth {
                    cells.append("\(NumberFormat.short(median)) / \(NumberFormat.short(ninetieth))")
                } else {
                    cells.append("-")
                }
            }
            table.append(cells)
        }
        return table
    }

    private func share(_ part: Int, _ whole: Int) -> String { Figure.value(Double(part) / Double(max(1, whole))) }

    private var faultTables: [TextTable] {
        calibration.matrices.map { metrics, planted in
            var table = TextTable(
                [.init("fault"), .init("arm"), .init("planted as")] + metrics.map { .init($0, .right) })
            for row in planted {
                table.append(
                    [row.fault.title, row.arm, row.detail]
                        + metrics.map { metric in
                            calibration.count(row, metric).map { "\($0.fired)/\($0.judged)" } ?? ""
                        })
            }
            return table
        }
    }
}

// MARK: - Tables for programs

extension CalibrationReport {
    private func fields(_ part: Part) -> FieldTable {
        switch part {
        case .alarms: alarmFields
        case .power: powerFields
        case .delays: delayFields
        case .faults: CalibrationTables.faults(calibration)
        }
    }

    private var alarmFields: FieldTable {
        var table = FieldTable(
            columns: [
                "sides", "metric", "task", "condition", "slice", "primary", "repeats", "rejected", "missed", "limit",
            ])
        for alarms in calibration.falseAlarms {
            // The whole report first.
            table.rows.append([
                .text(alarms.null.rawValue), .text("any"), .none, .none, .none, .none, .integer(alarms.repeats),
                .integer(alarms.alarmed), .none, .integer(alarms.limit(alarms.repeats)),
            ])
            for row in alarms.rows {
                table.rows.append([
                    .text(alarms.null.rawValue), .text(row.metric), .text(row.task), .text(row.condition),
                    .text(row.slice), .boolean(row.isPrimary), .integer(row.repeats), .integer(row.rejected),
                    .integer(row.missed), .integer(alarms.limit(row.repeats)),
                ])
            }
        }
        return table
    }

    private var powerFields: FieldTable {
        var table = FieldTable(
            columns: [
                "metric", "task", "condition", "factor", "size", "stated_mde", "repeats", "found", "regressions",
                "power", "low", "high",
            ])
        table.rows = calibration.power.map {
            [
                .text($0.metric), .text($0.task), .text($0.condition), .number($0.factor), .number($0.size),
                .number($0.stated), .integer($0.repeats), .integer($0.found), .integer($0.regressions),
                .number($0.power), .optional($0.interval?.low), .optional($0.interval?.high),
            ]
        }
        return table
    }

    private var delayFields: FieldTable {
        var table = FieldTable(
            columns: [
                "metric", "task", "condition", "factor", "checkpoints", "healthy", "series", "false_alarms", "nominal",
                "found", "median", "ninetieth",
            ])
        table.rows = calibration.delays.map {
            [
                .text($0.metric), .text($0.task), .text($0.condition), .number($0.factor), .integer($0.checkpoints),
                .integer($0.healthy), .integer($0.series), .integer($0.falseAlarms), .number($0.nominal),
                .integer($0.found), .optional($0.median), .optional($0.ninetieth),
            ]
        }
        return table
    }
}

/// Rows by a key, in order of their first ones.
private struct Grouped<Row> {
    let members: [[Row]]

    init(_ rows: [Row], by key: (Row) -> [String]) {
        var order: [[String]] = []
        var groups: [[String]: [Row]] = [:]
        for row in rows {
            if groups[key(row)] == nil { order.append(key(row)) }
            groups[key(row), default: []].append(row)
        }
        members = order.compactMap { groups[$0] }
    }
}
