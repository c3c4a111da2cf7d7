import AssayMetrics
import AssayStore

/// Every primary metric along the checkpoints, each arm against the control, with where a drift began.
enum CourseSection {
    static func section(_ report: BatchReport) -> ReportSection {
        ReportSection(
            id: "checkpoints", title: "Metrics along the checkpoints",
            introduction: "The thick line is the control at the same step. A ring marks the checkpoint at which the "
                + "difference to the control began to change, by a CUSUM over all checkpoints. "
                + ArmCurves.intervals(report),
            figures: figures(report))
    }

    /// A metric of one arm along its checkpoints.
    private struct Course {
        let arm: String
        let control: String
        let result: DriftResult
        /// The intervals of the arm's and the control's values, by step.
        let intervals: (ofArm: [Int: ArmValue], ofControl: [Int: ArmValue])

        /// The control's values by step.
        var controlPoints: [Plot.Point] {
            result.points.map { point in
                let interval = intervals.ofControl[point.step]
                return Plot.Point(Double(point.step), point.control, low: interval?.low, high: interval?.high)
            }
        }

        var event: String? {
            guard let onset = result.onsetStep, let alarm = result.alarmStep else { return nil }
            return "\(result.direction.rawValue) since step \(onset), noticed at \(alarm)"
        }

        /// The arm's values by step.
        func series(_ name: String, _ style: SeriesStyle) -> Plot.Series {
            let points = result.points.map { point in
                let interval = intervals.ofArm[point.step]
                return Plot.Point(
                    Double(point.step), point.candidate, low: interval?.low, high: interval?.high,
                    event: point.step == result.onsetStep ? event : nil)
            }
            return Plot.Series(name, style, points: points)
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
                func intervals(_ arm: String) -> [Int: ArmValue] {
                    let found = result.points.map { ($0.step, report.values[arm, key, step: $0.step]) }
                    return Dictionary(found, uniquingKeysWith: { first, _ in first }).compactMapValues { $0 }
                }
                courses[key, default: []].append(
                    Course(
                        arm: drift.arm, control: drift.control, result: result,
                        intervals: (intervals(drift.arm), intervals(drift.control))))
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
            title: heading, x: axis(courses), y: Axis(ArmCurves.label(key.metric)),
            series: [control]
                + courses.map { course in
                    let onset = course.result.onsetStep.map { " (since \($0))" } ?? ""
                    return course.series(course.arm + onset, report.style(course.arm))
                })
    }

    /// One plot an arm, all with the same axes.
    private static func panels(_ report: BatchReport, _ key: ValueKey, _ courses: [Course]) -> [Plot] {
        let series = courses.map { course in
            [
                Plot.Series(course.control, .control, hasMarks: false, points: course.controlPoints),
                course.series(course.arm, report.style(course.arm)),
            ]
        }
        let values = series.joined().flatMap(\.points).flatMap { [$0.y, $0.low, $0.high].compactMap { $0 } }
        let y = Axis(
            ArmCurves.label(key.metric), domain: AxisMap(Axis(""), showing: values, range: (0, 1)).domain)
        let x = axis(courses)
        return zip(courses, series).map { course, series in
            Plot(title: course.event.map { "\(course.arm): \($0)" } ?? course.arm, x: x, y: y, series: series)
        }
    }

    /// The steps, with a tick for each where they are few.
    private static func axis(_ courses: [Course]) -> Axis {
        let steps = Set(courses.flatMap(\.result.points).map { Double($0.step) }).sorted()
        guard let first = steps.first, let last = steps.last else { return Axis("training step") }
        let pad = max(0.04 * (last - first), 0.5)
        return Axis(
            "training step", domain: (first - pad)...(last + pad), ticks: steps.count <= mostTicks ? steps : nil)
    }

    private static let mostTicks = 12

    private static func data(_ courses: [Course]) -> FieldTable {
        var data = FieldTable(
            columns: [
                "arm", "step", "control", "control_low", "control_high", "arm_value", "arm_low", "arm_high",
                "difference", "standardised", "onset", "alarm",
            ])
        for course in courses {
            let (onset, alarm) = (course.result.onsetStep, course.result.alarmStep)
            for point in course.result.points {
                let (arm, control) = (course.intervals.ofArm[point.step], course.intervals.ofControl[point.step])
                let values: [Field] = [
                    .number(point.control), .optional(control?.low), .optional(control?.high),
                    .number(point.candidate), .optional(arm?.low), .optional(arm?.high), .number(point.difference),
                    .number(point.standardised),
                ]
                let place: [Field] = [.text(course.arm), .integer(point.step)]
                let drift: [Field] = [.optional(onset), .optional(alarm)]
                data.rows.append(place + values + drift)
            }
        }
        return data
    }
}
