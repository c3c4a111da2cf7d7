import AssayMetrics
import AssayStore

/// How accuracy falls as dependent steps are added.
enum HopSection {
    static func section(_ report: BatchReport) -> ReportSection {
        ReportSection(
            id: "hops", title: "Accuracy by hops",
            introduction: "Each answer takes so many dependent steps. A curve that falls faster than the control's is "
                + "the damage that averages hide.",
            figures: within(report) + across(report))
    }

    /// Tasks whose items differ in hops.
    private static func within(_ report: BatchReport) -> [PlotFigure] {
        let prefix = "hops="
        let keys = report.values.keys.filter {
            ["hop-accuracy", "success"].contains($0.metric) && $0.slice.hasPrefix(prefix)
                && $0.condition == report.plainCondition($0.metric, $0.task)
        }
        let groups = Dictionary(grouping: keys) { [$0.task, $0.metric] }.sorted {
            $0.key.lexicographicallyPrecedes($1.key)
        }
        return groups.compactMap { name, keys in
            let levels = keys.compactMap { key in Int(key.slice.dropFirst(prefix.count)).map { (hops: $0, key: key) } }
                .sorted { $0.hops < $1.hops }
            let floor = report.tasks[name[0]]?.floor
            return figure(
                report, title: "\(name[0]): accuracy by hops", levels: levels,
                floors: floor.map { floor in levels.map { _ in floor } } ?? [],
                caption: "Items of one task.")
        }
    }

    /// Tasks that differ in nothing but hops.
    private static func across(_ report: BatchReport) -> [PlotFigure] {
        let tasks = report.tasks.values.filter { $0.parameters["hops"] != nil }
        let families = Dictionary(grouping: tasks) { task in
            TaskRecord.identity(
                generator: task.generator, version: task.version,
                parameters: task.parameters.filter { $0.key != "hops" }, stream: task.stream)
        }
        let sorted = families.values.map { $0.sorted { ($0.parameters["hops"] ?? 0) < ($1.parameters["hops"] ?? 0) } }
            .filter { Set($0.map { $0.parameters["hops"] ?? 0 }).count > 1 }.sorted { $0[0].name < $1[0].name }
        return sorted.compactMap { family in
            let levels = family.compactMap { task -> (hops: Int, key: ValueKey)? in
                guard let hops = task.parameters["hops"], let condition = report.plainCondition("accuracy", task.name)
                else { return nil }
                return (hops, ValueKey(metric: "accuracy", task: task.name, condition: condition, slice: "all"))
            }
            guard levels.count > 1 else { return nil }
            return figure(
                report, title: "\(family[0].generator): accuracy by hops", levels: levels,
                floors: levels.compactMap { report.tasks[$0.key.task]?.floor },
                caption: "Tasks that differ in hops alone: " + levels.map(\.key.task).joined(separator: ", ") + ".")
        }
    }

    private static func figure(
        _ report: BatchReport, title: String, levels: [(hops: Int, key: ValueKey)], floors: [Double], caption: String
    ) -> PlotFigure? {
        let ticks = levels.map { Double($0.hops) }
        let curves = ArmCurves(
            report: report, x: Axis("hops", .linear, domain: domain(ticks), ticks: ticks),
            y: Axis(ArmCurves.label(levels.first?.key.metric ?? "accuracy"), domain: 0...1),
            places: levels.map { .init(x: Double($0.hops), name: .integer($0.hops), key: $0.key) })
        let floorNote = floors.isEmpty ? "" : " Floor: what a shortcut without understanding reaches."
        return curves.figure(
            .init(title: title, caption: "\(caption) \(ArmCurves.intervals(report))\(floorNote)", column: "hops"),
            floors: floors)
    }

    private static func domain(_ ticks: [Double]) -> ClosedRange<Double>? {
        guard let first = ticks.min(), let last = ticks.max() else { return nil }
        return (first - 0.3)...(last + 0.3)
    }
}
