import AssayMetrics
import AssayStore

/// How accuracy changes with the length of the context.
enum LengthSection {
    static func section(_ report: BatchReport) -> ReportSection {
        ReportSection(
            id: "lengths", title: "Accuracy by length",
            introduction: "Tasks that differ in nothing but the length of their sequences.",
            figures: series(report).compactMap { figure(report, $0) })
    }

    private static func series(_ report: BatchReport) -> [[TaskRecord]] {
        Dictionary(grouping: report.tasks.values.filter { $0.parameters["length"] != nil }, by: \.series).values
            .map { $0.sorted { (length($0), $0.name) < (length($1), $1.name) } }
            .filter { Set($0.map(length)).count > 1 }
            .sorted { $0[0].name < $1[0].name }
    }

    private static func length(_ task: TaskRecord) -> Int { task.parameters["length"] ?? 0 }

    private static func figure(_ report: BatchReport, _ tasks: [TaskRecord]) -> PlotFigure? {
        let metric = tasks[0].family == .agent ? "success" : "accuracy"
        let places = tasks.compactMap { task in
            report.plainCondition(metric, task.name).map { condition in
                ArmCurves.Place(
                    x: Double(length(task)), name: .integer(length(task)),
                    key: ValueKey(metric: metric, task: task.name, condition: condition, slice: "all"))
            }
        }
        guard places.count > 1 else { return nil }
        let curves = ArmCurves(
            report: report, x: Axis("tokens of a sequence", .logarithmic, ticks: places.map(\.x)),
            y: Axis(ArmCurves.label(metric), domain: 0...1), places: places)
        return curves.figure(
            .init(
                title: "\(tasks[0].generator): accuracy by length",
                caption: "Tasks: \(places.map(\.key.task).joined(separator: ", ")). \(ArmCurves.intervals(report)) "
                    + "Floor: what a shortcut without understanding reaches.",
                column: "length"),
            floors: places.compactMap { report.tasks[$0.key.task]?.floor })
    }
}
