import AssayMetrics
import AssayStore

/// Every primary metric along the checkpoints, each arm against the control, with where a drift began.
enum CourseSection {
    static func section(_ report: BatchReport) -> ReportSection {
        ReportSection(
            id: "checkpoints", title: "Metrics along the checkpoints",
            introduction: "The thick line is the control at the same step. A ring marks the checkpoint at which the "
                + "difference to the control began to change, by a CUSUM over all checkpoints.",
            figures: figures(report))
    }

    /// A metric of one arm along its checkpoints.
    private struct Course {
        let arm: String
        let control: String
        let result: DriftResult

        /// The control's values by step.
        var controlPoints: [Plot.Point] { result.points.map { Plot.Point(Double($0.step), $0.control) } }

        var event: String? {
            guard let onset = result.onsetStep, let alarm = result.alarmStep else { return nil }
            return "\(result.direction.rawValue) since step \(onset), noticed at \(alarm)"
        }

        func series(_ style: SeriesStyle) -> Plot.Series {
            Plot.Series(
                event.map { "\(arm): \($0)" } ?? arm, style,
                points: result.points.map {
                    Plot.Point(Double($0.step), $0.candidate, event: $0.step == result.onsetStep ? event : nil)
                })
        }
    }

    private static func figures(_ report: BatchReport) -> [PlotFigure] {
        var order: [ValueKey] = []
        var courses: [ValueKey: [Course]] = [:]
        for drift in report.drifts {
            for result in drift.results where result.points.count > 1 {
                let key = ValueKey(
                    metric: result.metric, task: result.task, condition: result.condition, slice: result.slice)
                if courses[key] == nil { order.append(key) }
                courses[key, default: []].append(Course(arm: drift.arm, control: drift.control, result: result))
            }
        }
        let alarmed = order.filter { courses[$0]?.contains { $0.event != nil } == true }
        return (alarmed + order.filter { !alarmed.contains($0) }).map { figure(report, $0, courses[$0] ?? []) }
    }

    private static func figure(_ report: BatchReport, _ key: ValueKey, _ courses: [Course]) -> PlotFigure {
        let title = MetricCatalogue.definition(key.metric)?.title ?? key.metric
        let condition = key.condition == "parallel" ? "" : " (\(key.condition))"
        let heading = "\(key.task)\(condition): \(title)"
        let alarms = courses.compactMap { course in course.event.map { "\(course.arm): \($0)." } }
        // Lost items can differ between arms, and the control's values with them: then each needs a plot of its own.
        let isShared = courses.allSatisfy { $0.controlPoints == courses[0].controlPoints }
        let plots =
            isShared && courses.count <= largestShared
            ? [shared(report, heading, key, courses)] : panels(report, key, courses)
        let noted = Dictionary(grouping: courses.filter { $0.result.note != nil }) { $0.result.note ?? "" }
        let notes = noted.sorted { $0.key < $1.key }.map { note, courses in
            "\(courses.map(\.arm).joined(separator: ", ")): \(note)."
        }
        return PlotFigure(
            title: heading,
            caption: (alarms.isEmpty ? ["No drift was found."] : alarms).joined(separator: " ")
                + (notes.isEmpty ? "" : " " + notes.joined(separator: " ")),
            plots: plots, data: data(courses))
    }

    /// More arms than this are drawn beside each other.
    private static let largestShared = 5

    private static func shared(
        _ report: BatchReport, _ heading: String, _ key: ValueKey, _ courses: [Course]
    ) -> Plot {
        let control = Plot.Series(courses[0].control, .control, points: courses[0].controlPoints)
        return Plot(
            title: heading, x: Axis("training step"), y: Axis(ArmCurves.label(key.metric)),
            series: [control]
                + courses.map { course in
                    var series = course.series(report.style(course.arm))
                    series.name = course.arm + (course.result.onsetStep.map { " (since \($0))" } ?? "")
                    return series
                })
    }

    /// One plot an arm, all with the same axes.
    private static func panels(_ report: BatchReport, _ key: ValueKey, _ courses: [Course]) -> [Plot] {
        let points = courses.flatMap(\.result.points)
        let values = points.flatMap { [$0.control, $0.candidate] }.filter(\.isFinite)
        let steps = points.map { Double($0.step) }
        let y = AxisMap(Axis(""), showing: values, range: (0, 1)).domain
        let x = AxisMap(Axis(""), showing: steps, range: (0, 1)).domain
        return courses.map { course in
            Plot(
                title: course.event.map { "\(course.arm): \($0)" } ?? course.arm,
                x: Axis("training step", domain: x), y: Axis(ArmCurves.label(key.metric), domain: y),
                series: [
                    Plot.Series(course.control, .control, hasMarks: false, points: course.controlPoints),
                    course.series(report.style(course.arm)),
                ])
        }
    }

    private static func data(_ courses: [Course]) -> FieldTable {
        var data = FieldTable(
            columns: ["arm", "step", "control", "arm_value", "difference", "standardised", "onset", "alarm"])
        for course in courses {
            for point in course.result.points {
                data.rows.append([
                    .text(course.arm), .integer(point.step), .number(point.control), .number(point.candidate),
                    .number(point.difference), .number(point.standardised), .optional(course.result.onsetStep),
                    .optional(course.result.alarmStep),
                ])
            }
        }
        return data
    }
}
