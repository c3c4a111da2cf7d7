import AssayCore
import AssayMetrics

/// What rounding the state costs.
enum PrecisionSection {
    static func section(_ report: BatchReport) -> ReportSection {
        ReportSection(
            id: "precision", title: "Precision of the state",
            introduction: "Losses are paired differences to the same items with the state in float32; 0 is no loss.",
            figures: figures(report))
    }

    private static let metrics = [
        "condition-loss-accuracy", "condition-loss-nll", "condition-loss-hop-decay", "condition-loss-recall-capacity",
        "state-error", "state-error-growth",
    ]

    /// Formats are compared when everything else is the same.
    private struct Group: Hashable {
        let metric: String
        let task: String
        let path: KernelPath
        let rounding: StatePrecision.Rounding

        var name: String {
            switch rounding {
            case .everyStep: "rounded after every token"
            case .every(let tokens): "rounded after every \(tokens) tokens"
            case .atRestore: "rounded once, when it is restored"
            }
        }
    }

    private static func figures(_ report: BatchReport) -> [PlotFigure] {
        var groups: [(group: Group, members: [(format: StateFormat, key: ValueKey)])] = []
        for key in report.values.keys where metrics.contains(key.metric) && key.slice == "all" {
            guard let condition = try? Condition(key.condition), condition.precision.format != .float32,
                condition.swaps.isEmpty
            else { continue }
            let group = Group(
                metric: key.metric, task: key.task, path: condition.path, rounding: condition.precision.rounding)
            if let index = groups.firstIndex(where: { $0.group == group }) {
                groups[index].members.append((condition.precision.format, key))
            } else {
                groups.append((group, [(condition.precision.format, key)]))
            }
        }
        let order = { (group: Group) in metrics.firstIndex(of: group.metric) ?? metrics.count }
        // Within a metric by task and condition, as the keys are.
        let sorted = groups.enumerated().sorted {
            (order($0.element.group), $0.offset) < (order($1.element.group), $1.offset)
        }
        return sorted.compactMap { figure(report, $0.element.group, $0.element.members) }
    }

    private static func figure(
        _ report: BatchReport, _ group: Group, _ members: [(format: StateFormat, key: ValueKey)]
    ) -> PlotFigure? {
        let formats = StateFormat.allCases.filter { format in members.contains { $0.format == format } }
        let places = formats.enumerated().compactMap { index, format in
            members.first { $0.format == format }.map {
                ArmCurves.Place(x: Double(index), name: .text(format.rawValue), key: $0.key)
            }
        }
        let isLoss = group.metric.hasPrefix("condition-loss")
        let curves = ArmCurves(
            report: report, x: Axis("format of the state", .names(formats.map(\.rawValue))),
            y: Axis(ArmCurves.label(group.metric)), places: places)
        let title = MetricCatalogue.definition(group.metric)?.title ?? group.metric
        return curves.figure(
            .init(
                title: "\(group.task): \(title), \(group.name)",
                caption: (isLoss ? "Higher is worse. " : "") + ArmCurves.intervals(report), column: "format"),
            guides: isLoss ? [Plot.Guide(0, "float32")] : [])
    }
}
