import AssayMetrics
import AssayStatistics

/// Which metrics foretell the target, and how they lie to it.
enum ProxySection {
    static func section(_ report: BatchReport) -> ReportSection {
        var section = ReportSection(
            id: "proxies", title: "Proxies",
            introduction:
                "A proxy is what one looks at because the target is expensive. It may rank arms only where the "
                + "interval of its decision accuracy, over families of architectures, lies above one half.",
            figures: report.proxies.map { [scatter($0)] } ?? [])
        section.tables = report.proxies.map { [cards($0)] } ?? []
        return section
    }

    /// The proxies, those that decide best first; those without a decision last.
    private static func ranked(_ evidence: ProxyEvidence) -> [(card: ProxyCard, values: [Double?])] {
        evidence.proxies.enumerated().sorted { a, b in
            let (one, other) = (a.element.card.validity, b.element.card.validity)
            let (x, y) = (one.decisionAccuracy ?? -1, other.decisionAccuracy ?? -1)
            return x != y ? x > y : a.offset < b.offset
        }
        .map(\.element)
    }

    // MARK: - Cards

    private static func cards(_ evidence: ProxyEvidence) -> TableFigure {
        var data = FieldTable(
            columns: [
                "proxy", "decision_accuracy", "low", "high", "pairs", "families", "runs", "spearman", "kendall",
                "regret",
                "signal_to_noise", "use",
            ])
        var rows: [[TableFigure.Cell]] = []
        for (card, _) in ranked(evidence) {
            let validity = card.validity
            let interval = validity.low.map { "[\(Figure.value($0)), \(Figure.value(validity.high))]" } ?? "-"
            rows.append([
                .init(validity.proxy), .init(validity.use.words, "left " + validity.use.kind),
                .init("\(Figure.value(validity.decisionAccuracy)) \(interval)"), .init(Figure.value(validity.kendall)),
                .init(Figure.value(validity.regret)), .init(Figure.value(card.signalToNoise)),
                .init(Figure.grouped(validity.pairs)), .init(Figure.grouped(validity.clusters)),
            ])
            data.rows.append([
                .text(validity.proxy), .optional(validity.decisionAccuracy), .optional(validity.low),
                .optional(validity.high), .integer(validity.pairs), .integer(validity.clusters),
                .integer(validity.runs), .optional(validity.spearman), .optional(validity.kendall),
                .optional(validity.regret), .optional(card.signalToNoise), .text(validity.use.words),
            ])
        }
        let conditions = evidence.proxies.first?.card.conditions
        let scope = conditions.map {
            " Valid for the training mixture of these runs, up to \(Figure.grouped($0.parameters)) parameters and "
                + "\(Figure.grouped($0.tokens)) tokens."
        }
        return TableFigure(
            title: "Proxy cards for \(evidence.target)",
            caption:
                "\(evidence.runs.count) runs. Intervals: \(AxisMap.tickText(100 * evidence.level)) % bootstrap over "
                + "families of architectures.\(scope ?? "")",
            head: [
                "proxy", "as a ranking", "decision accuracy", "Kendall", "regret", "SNR", "pairs", "families",
            ], rows: rows, data: data)
    }

    // MARK: - Scatter

    /// Panels that are shown: the best proxy of each kind.
    private static let mostPanels = 12

    private static func scatter(_ evidence: ProxyEvidence) -> PlotFigure {
        var kinds: Set<String> = []
        let shown = ranked(evidence)
            .filter { $0.card.validity.decisionAccuracy != nil }
            .filter { kinds.insert(kind($0.card.validity.proxy)).inserted }
            .prefix(mostPanels)
        var data = FieldTable(
            columns: ["arm", "family", "seed", evidence.target] + evidence.proxies.map(\.card.validity.proxy))
        for (place, run) in evidence.runs.enumerated() {
            data.rows.append(
                [.text(run.arm), .text(run.family), .unsigned(run.seed), .optional(run.target)]
                    + evidence.proxies.map { .optional($0.values[place]) })
        }
        let others = Set(evidence.runs.map(\.family)).subtracting(["full"]).sorted()
        let plots = shown.map { card, values -> Plot in
            let series = (["full"] + others).enumerated().map { index, family -> Plot.Series in
                let points = evidence.runs.indices.filter { evidence.runs[$0].family == family }
                    .compactMap { place -> Plot.Point? in
                        guard let x = values[place], let y = evidence.runs[place].target else { return nil }
                        return Plot.Point(x, y)
                    }
                return Plot.Series(
                    family, index == 0 ? .control : .arm(index - 1), line: .none, points: points.sorted { $0.x < $1.x })
            }
            return Plot(
                title: "\(card.validity.proxy): \(Figure.value(card.validity.decisionAccuracy)), "
                    + card.validity.use.words, x: axis(card.validity.proxy, values), y: Axis(place(evidence.target)),
                series: series.filter { !$0.points.isEmpty })
        }
        return PlotFigure(
            title: "\(evidence.target) against its proxies",
            caption:
                "A mark for each run, by the family of its architecture. Of each task the proxy that decides best; the "
                + "data has them all. The number is the decision accuracy.",
            plots: plots, data: data, hasLegend: true)
    }

    /// The task of a proxy, or the proxy where it has none: `nll/recall@500` and `accuracy/recall` are of one kind.
    private static func kind(_ proxy: String) -> String {
        proxy.hasPrefix("state-bytes") ? "state-bytes" : String(place(proxy).prefix { !"[@ ".contains($0) })
    }

    /// A metric's task and slice: what its name leaves room for along a small plot.
    private static func place(_ metric: String) -> String {
        metric.split(separator: "/", maxSplits: 1).last.map(String.init) ?? metric
    }

    /// Values over several powers of ten, such as NLLs, have a logarithmic axis.
    private static func axis(_ proxy: String, _ values: [Double?]) -> Axis {
        let known = values.compactMap { $0 }
        guard let low = known.min(), let high = known.max(), low > 0, high > 30 * low else { return Axis(proxy) }
        return Axis(proxy, .logarithmic)
    }
}

extension ProxyValidity.Use {
    /// As printed in tables.
    public var words: String {
        switch self {
        case .ranks: "ranks"
        case .reversed: "RANKS THE WRONG WAY ROUND"
        case .refuses(let reason): "refuses to rank: \(reason)"
        }
    }

    /// The class of the style sheet.
    fileprivate var kind: String {
        switch self {
        case .ranks: "v-no-regression"
        case .reversed: "v-regression"
        case .refuses: "v-undecided"
        }
    }
}
