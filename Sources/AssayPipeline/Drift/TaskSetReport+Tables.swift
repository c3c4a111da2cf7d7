import AssayMetrics
import AssayReports
import AssayStatistics

extension TaskSetReport {
    /// At which adjusted p a covariate counts as moved.
    private static let alpha = 0.05

    /// The report as text in a format.
    public func render(as format: TableFormat) throws -> String {
        switch format {
        case .table, .markdown:
            let tables = [covariates, bridged].compactMap { $0 }.map { format == .table ? $0.text() : $0.markdown }
            return tables.joined(separator: "\n") + "\n" + notes.map { $0 + "\n" }.joined()
        case .csv: return try fields.text(.csv)
        case .json: return try fields.text(.json)
        }
    }

    private var covariates: TextTable {
        var table = TextTable([
            .init("covariate"), .init("old mean", .right), .init("new mean", .right), .init("KS D", .right),
            .init("adj. p", .right), .init("PSI", .right), .init("PSI cut-off", .right), .init("PSI p", .right),
            .init("drift"),
        ])
        for shift in shifts {
            table.append([
                shift.covariate.rawValue, Figure.value(shift.reference), Figure.value(shift.candidate),
                Figure.value(shift.statistic), Figure.p(shift.adjustedPValue), Figure.value(shift.stability),
                Figure.value(shift.stabilityCutoff), Figure.p(shift.stabilityP),
                shift.adjustedPValue < TaskSetReport.alpha ? "MOVED" : "-",
            ])
        }
        return table
    }

    private var bridged: TextTable? {
        guard !differences.isEmpty else { return nil }
        var table = TextTable([
            .init("metric"), .init("task"), .init("condition"), .init("old", .right), .init("new", .right),
            .init("change", .right), .init("95 % interval", .right), .init("adj. p", .right), .init("verdict"),
        ])
        for difference in differences {
            table.append([
                difference.metric, difference.task, difference.condition, Figure.difference(difference.old),
                Figure.difference(difference.new), Figure.difference(difference.estimate),
                "[\(Figure.difference(difference.low)), \(Figure.difference(difference.high))]",
                Figure.p(difference.adjustedPValue), TaskSetReport.verdict(difference),
            ])
        }
        return table
    }

    private static func verdict(_ difference: BridgedDifference) -> String {
        guard let p = difference.adjustedPValue, p < alpha else { return "not beyond chance" }
        return difference.direction.sign * difference.estimate < 0 ? "WORSE" : "BETTER"
    }

    private var notes: [String] {
        let moved = shifts.filter { $0.adjustedPValue < TaskSetReport.alpha }.map(\.covariate.rawValue)
        var notes = [
            "\(names.old) (\(Figure.grouped(sizes.old)) items) against \(names.new) (\(Figure.grouped(sizes.new)) items): "
                + (moved.isEmpty
                    ? "no covariate moved beyond chance."
                    : "\(moved.joined(separator: ", ")) moved: another set of items."),
            "p from random divisions of the clusters, adjusted over the covariates; PSI over the clusters' means, with the "
                + "cut-off that belongs to their numbers.",
        ]
        if let composition {
            notes.append(
                "Shares of the tasks: chi-square \(Figure.value(composition.statistic)), p "
                    + "\(Figure.p(composition.pValue)).")
        }
        notes.append(
            anchors == 0
                ? "No item is in both sets: only a bridging run (--between, --link) can link them."
                : "\(Figure.grouped(anchors)) items are in both sets (anchors)"
                    + (movedAnchors.map { ", \($0) of which the frozen model did not answer alike." } ?? "."))
        return notes + remarks
    }

    /// One row for every covariate, composition, anchors and difference, told apart by `kind`.
    private var fields: FieldTable {
        var table = FieldTable(columns: [
            "kind", "name", "task", "condition", "old", "new", "statistic", "low", "high", "p", "adjusted_p", "psi",
            "psi_cutoff", "psi_p",
        ])
        for shift in shifts {
            table.rows.append([
                .text("covariate"), .text(shift.covariate.rawValue), .none, .none, .number(shift.reference),
                .number(shift.candidate), .number(shift.statistic), .none, .none, .number(shift.pValue),
                .number(shift.adjustedPValue), .optional(shift.stability), .optional(shift.stabilityCutoff),
                .optional(shift.stabilityP),
            ])
        }
        func row(_ kind: String, _ figures: [Field]) -> [Field] {
            [.text(kind)] + figures + Array(repeating: .none, count: table.columns.count - 1 - figures.count)
        }
        if let composition {
            table.rows.append(
                row(
                    "composition",
                    [
                        .text("tasks"), .none, .none, .none, .none, .number(composition.statistic), .none, .none,
                        .number(composition.pValue),
                    ]))
        }
        table.rows.append(
            row(
                "anchors",
                [.text("items"), .none, .none, .integer(anchors), .optional(movedAnchors.map { anchors - $0 })]))
        for difference in differences {
            table.rows.append(
                row(
                    "difference",
                    [
                        .text(difference.metric), .text(difference.task), .text(difference.condition),
                        .number(difference.old), .number(difference.new), .number(difference.estimate),
                        .number(difference.low), .number(difference.high), .optional(difference.pValue),
                        .optional(difference.adjustedPValue),
                    ]))
        }
        return table
    }
}
