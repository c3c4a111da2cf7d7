import AssayMetrics
import AssayReports
import AssayStatistics
import AssayStore

/// What `assay drift ARM --chart` says: a control chart over each metric's differences to the control, which takes level and
/// noise from the series itself, and the most likely change-point of each.
public struct ChartReport {
    /// One metric.
    public struct Row: Sendable {
        /// The metric with its task.
        public let series: DriftResult
        /// What the chart saw; nil for a series that is too short.
        public let outcome: SeriesMonitor.Outcome?
        /// The step from which on the level is most likely another, and the p value of that over orders of the values.
        public let change: (step: Int, pValue: Double)?
    }

    /// One for each primary metric.
    public let rows: [Row]
    private let drift: DriftReport
    private let monitor: SeriesMonitor

    /// Follows an arm along its checkpoints.
    /// - Parameters:
    ///   - drift: its differences to the control.
    ///   - monitor: the chart; its chance of a false alarm is that of all metrics together.
    public init(_ drift: DriftReport, monitor: SeriesMonitor) {
        self.drift = drift
        self.monitor = monitor
        var single = monitor
        single.falseAlarms = monitor.falseAlarms / Double(max(1, drift.results.count))
        rows = drift.results.map { result in
            let differences = result.points.map(\.difference)
            let change = ChangePoint.scan(
                differences, trend: monitor.trend, autocorrelation: monitor.autocorrelation
            ).map { (step: result.points[$0.point].step, pValue: $0.pValue) }
            return Row(series: result, outcome: single.watch(differences), change: change)
        }
    }

    /// The report as text in a format.
    public func render(as format: TableFormat) throws -> String {
        try Listing.text(table, notes: notes, fields: fields, as: format)
    }

    private func step(_ row: Row, _ point: Int?) -> Int? { point.map { row.series.points[$0].step } }

    private var table: TextTable {
        var table = TextTable([
            .init("metric"), .init("task"), .init("difference"), .init("largest", .right), .init("threshold", .right),
            .init("p", .right), .init("alarm"), .init("change-point"), .init("its p", .right),
        ])
        for row in rows {
            let outcome = row.outcome
            let alarm = step(row, outcome?.alarm).map { alarm in
                "@\(alarm)" + (step(row, outcome?.onset).map { ", since @\($0)" } ?? "")
            }
            table.append([
                row.series.metric, row.series.task, Sparkline.text(row.series.points.map(\.difference)),
                Figure.value(outcome?.path.max()), Figure.value(outcome?.threshold), Figure.p(outcome?.pValue),
                alarm ?? (outcome == nil ? "too few checkpoints" : "none"), row.change.map { "@\($0.step)" } ?? "-",
                Figure.p(row.change?.pValue),
            ])
        }
        return table
    }

    private var notes: [String] {
        let alarms = rows.count { $0.outcome?.alarm != nil }
        return [
            "\(drift.arm) against \(drift.control), \(rows.count) metrics: \(alarms) alarms of the chart "
                + "\(monitor.chart.rawValue).",
            "The thresholds hold \(NumberFormat.percent(monitor.falseAlarms)) over all metrics for normal noise and for heavy "
                + "tails (t on 4 degrees of freedom), so that normal noise alarms less often.",
        ]
    }

    private var fields: FieldTable {
        var table = FieldTable(columns: [
            "arm", "control", "chart", "metric", "task", "condition", "slice", "points", "largest", "threshold", "p",
            "alarm_step", "onset_step", "change_step", "change_p",
        ])
        for row in rows {
            let place: [Field] = [
                .text(drift.arm), .text(drift.control), .text(monitor.chart.rawValue), .text(row.series.metric),
                .text(row.series.task), .text(row.series.condition), .text(row.series.slice),
            ]
            let figures: [Field] = [
                .integer(row.series.points.count), .optional(row.outcome?.path.max()),
                .optional(row.outcome?.threshold),
                .optional(row.outcome?.pValue), .optional(step(row, row.outcome?.alarm)),
                .optional(step(row, row.outcome?.onset)), .optional(row.change?.step), .optional(row.change?.pValue),
            ]
            table.rows.append(place + figures)
        }
        return table
    }
}
