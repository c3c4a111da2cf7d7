import AssayCore
import AssayMetrics
import AssayReports
import AssayStore

/// What `assay drift` says of an arm.
public struct DriftReport {
    /// The arm.
    public let arm: String
    /// The arm that it is held against.
    public let control: String
    /// One for each primary metric.
    public let results: [DriftResult]

    /// Follows an arm along its checkpoints.
    /// - Parameter control: the arm to hold it against; nil for the control of the batch.
    public init(store: Store, arm: String, control: String?, batch: String?) throws {
        let resolver = try SideResolver(store: store, batch: batch, texts: [arm] + (control.map { [$0] } ?? []))
        guard let control = control ?? resolver.batch?.control else {
            throw AssayError(
                .usage, "no batch has the arm '\(arm)'",
                remedy: Suggestion.remedy(for: arm, among: try store.armNames()))
        }
        guard control != arm else {
            throw AssayError(
                .usage, "'\(arm)' is the control itself", remedy: "Name another arm, or another control with --control")
        }
        let watch = DriftWatch(reader: try resolver.reader(), options: try resolver.options())
        self.arm = arm
        self.control = control
        results = watch.sorted(
            try watch.results(try resolver.arm(arm), control: try resolver.arm(control)))
    }

    /// So many steps have a column of their own; the line of blocks shows them all.
    private static let shownSteps = 8

    /// A row for each metric: the differences along the steps, and where drift began.
    public var table: TextTable {
        let steps = Set(results.flatMap { $0.points.map(\.step) }).sorted()
        let shown = DriftReport.evenly(steps, DriftReport.shownSteps)
        var table = TextTable(
            [.init("metric"), .init("task"), .init("difference")] + shown.map { .init("@\($0)", .right) } + [
                .init("largest sum", .right), .init("threshold", .right), .init("drift"),
            ])
        for result in results {
            let byStep = Dictionary(uniqueKeysWithValues: result.points.map { ($0.step, $0.difference) })
            let largest = result.points.map { max($0.rise, $0.fall) }.max()
            table.append(
                [result.metric, result.task, Sparkline.text(steps.map { byStep[$0] })]
                    + shown.map { Figure.difference(byStep[$0]) } + [
                        Figure.value(largest), Figure.value(result.threshold), DriftReport.words(result),
                    ])
        }
        return table
    }

    /// So many of the steps, with the first and the last.
    private static func evenly(_ steps: [Int], _ count: Int) -> [Int] {
        guard steps.count > count else { return steps }
        return (0..<count).map { steps[$0 * (steps.count - 1) / (count - 1)] }
    }

    private static func words(_ result: DriftResult) -> String {
        let finding: String
        if let onset = result.onsetStep, let alarm = result.alarmStep {
            finding = "\(result.direction.rawValue) since @\(onset), noticed @\(alarm)"
        } else {
            finding = "none"
        }
        return result.note.map { "\(finding); \($0)" } ?? finding
    }
}

extension DriftWatch {
    /// Alarms first, then as they were.
    func sorted(_ results: [DriftResult]) -> [DriftResult] {
        results.filter { $0.alarmStep != nil } + results.filter { $0.alarmStep == nil }
    }
}

extension DriftReport {
    /// The report as text in a format.
    public func render(as format: TableFormat) throws -> String {
        let alarms = results.count { $0.alarmStep != nil }
        let headline = "\(arm) against \(control), \(results.count) metrics: \(alarms) drifted"
        switch format {
        case .table: return table.text() + "\n" + headline + "\n"
        case .markdown: return table.markdown + "\n" + headline + "\n"
        case .csv: return try exported(.csv)
        case .json: return try exported(.json)
        }
    }

    private func exported(_ format: ExportFormat) throws -> String {
        let output = StringOutput()
        let record = DriftRecord(identity: ContentHash(of: ""), arm: arm, control: control, results: results)
        try Exporter.write(record, format, to: output)
        return output.text
    }
}
