import AssayCore
import AssayMetrics

/// Quality against the bytes that it takes.
enum MemorySection {
    static func section(_ report: BatchReport) -> ReportSection {
        ReportSection(
            id: "memory", title: "Quality and memory",
            introduction: "An arm that is dominated has another above and to the left of it: better with less memory.",
            figures: report.tasks.keys.sorted().compactMap { front(report, $0) } + growth(report))
    }

    // MARK: - Front

    private struct Entry {
        let arm: String
        let condition: String
        let bytes: Double
        let quality: ArmValue
    }

    private static func front(_ report: BatchReport, _ task: String) -> PlotFigure? {
        let metric = report.tasks[task]?.family == .agent ? "success" : "accuracy"
        let entries = report.arms.flatMap { measured(report, $0, task, metric) }
        guard Set(entries.map(\.bytes)).count > 1 else { return nil }
        var data = FieldTable(columns: ["arm", "condition", "bytes", "value", "low", "high", "on_front"])
        let best = border(entries)
        for entry in entries {
            let isBest = best.contains { $0.x == entry.bytes && $0.y == entry.quality.value }
            data.rows.append([
                .text(entry.arm), .text(entry.condition), .number(entry.bytes), .optional(entry.quality.value),
                .optional(entry.quality.low), .optional(entry.quality.high), .boolean(isBest),
            ])
        }
        let series = report.arms.compactMap { arm -> Plot.Series? in
            let points = entries.filter { $0.arm == arm }.sorted { $0.bytes < $1.bytes }
                .map { Plot.Point($0.bytes, $0.quality.value, low: $0.quality.low, high: $0.quality.high) }
            return points.isEmpty ? nil : Plot.Series(arm, report.style(arm), points: points)
        }
        let stairs = Plot.Series("front", .reference, line: .stairs, hasMarks: false, points: best)
        let several = Set(entries.map(\.condition)).count > 1
        return PlotFigure(
            title: "\(task): \(metric) against bytes of state",
            caption: "Bytes of state and cache of one sequence at the task's length"
                + (several ? ", also with the state rounded after every token" : "")
                + ". The dashed line joins what nothing else dominates. " + ArmCurves.intervals(report),
            plots: [
                Plot(
                    title: "\(task): \(metric) against bytes of state", x: Axis("bytes", .logarithmic),
                    y: Axis(ArmCurves.label(metric)), series: series + [stairs])
            ], data: data)
    }

    /// An arm in float32 and in every format that it was run in.
    private static func measured(
        _ report: BatchReport, _ arm: String, _ task: String, _ metric: String
    ) -> [Entry] {
        let conditions = report.values.keys.filter { $0.metric == metric && $0.task == task && $0.slice == "all" }
            .map(\.condition)
        let rounded = conditions.filter { name in
            guard let condition = try? Condition(name), condition.path == .recurrent, condition.swaps.isEmpty
            else { return false }
            return condition.precision.format != .float32 && condition.precision.rounding == .everyStep
        }
        let plain = report.plainCondition(metric, task)
        return ([plain].compactMap { $0 } + rounded.filter { $0 != plain }).compactMap { condition in
            func value(_ metric: String) -> ArmValue? {
                report.values[arm, ValueKey(metric: metric, task: task, condition: condition, slice: "all")]
            }
            guard let quality = value(metric), quality.value != nil, let bytes = value("state-bytes")?.value, bytes > 0
            else { return nil }
            return Entry(arm: arm, condition: condition, bytes: bytes, quality: quality)
        }
    }

    /// What nothing dominates, by bytes.
    private static func border(_ entries: [Entry]) -> [Plot.Point] {
        var points: [Plot.Point] = []
        let sorted = entries.sorted {
            $0.bytes != $1.bytes ? $0.bytes < $1.bytes : ($0.quality.value ?? 0) > ($1.quality.value ?? 0)
        }
        for entry in sorted {
            guard let quality = entry.quality.value, quality > points.last?.y ?? -.infinity else { continue }
            points.append(Plot.Point(entry.bytes, quality))
        }
        return points
    }

    // MARK: - Growth

    /// Bytes over the length of the context, a figure for each format.
    private static func growth(_ report: BatchReport) -> [PlotFigure] {
        let prefix = "length="
        let keys = report.values.keys.filter { $0.metric == "cache-bytes" && $0.slice.hasPrefix(prefix) }
        let formats = Dictionary(grouping: keys, by: \.condition).sorted { $0.key < $1.key }
        return formats.compactMap { format, keys in
            // Slices of one layer have more than a length.
            let places = keys.compactMap { key in
                Int(key.slice.dropFirst(prefix.count)).map {
                    ArmCurves.Place(x: Double($0), name: .integer($0), key: key)
                }
            }
            .sorted { $0.x < $1.x }
            guard places.count > 1 else { return nil }
            return ArmCurves(
                report: report, x: Axis("tokens of context", .logarithmic, ticks: places.map(\.x)),
                y: Axis(ArmCurves.label("cache-bytes"), .logarithmic), places: places
            ).figure(
                .init(
                    title: "Memory over the context, \(format)",
                    caption: "From the layout of the decode state; nothing is measured.", column: "length"))
        }
    }
}
