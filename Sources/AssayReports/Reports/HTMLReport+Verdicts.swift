import AssayMetrics
import AssayStatistics
import Foundation

extension HTMLReport {
    /// The verdicts with their intervals, worst first: the primary ones, then the others to be opened. Nil when nothing
    /// was compared.
    func verdictSection() -> Markup? {
        guard !report.verdicts.isEmpty else { return nil }
        let others = report.verdicts.filter { !$0.result.isPrimary }
        let strip = IntervalStrip(report.primary.map(\.result))
        var parts: [Markup] = [
            .element("h2", [], "Verdicts"),
            .element(
                "p", [],
                "Worst first. The dot is the difference to the control and the bar its interval, in margins and on a "
                    + "logarithmic axis: right of zero is better, and the shaded band is the loss or gain that does "
                    + "not matter."),
            filter(),
        ]
        if !report.primary.isEmpty { parts.append(table(report.primary, strip)) }
        if !others.isEmpty {
            parts.append(
                .element(
                    "details", [("class", "others")],
                    [
                        .element("summary", [], "Other metrics and slices (\(others.count)): leads, not decisions"),
                        table(others, strip),
                    ]))
        }
        return .element("section", [("id", "verdicts")], parts)
    }

    /// Shown by the script, which makes it work.
    private func filter() -> Markup {
        func choice(_ id: String, _ label: String, _ options: [(value: String, text: String)]) -> Markup {
            let all = [(value: "", text: "all")] + options
            return .element(
                "label", [("for", id)],
                [
                    .text(label + " "),
                    .element("select", [("id", id)], all.map { .element("option", [("value", $0.value)], $0.text) }),
                ])
        }
        let arms = report.comparisons.map(\.candidate)
        return .element(
            "p", [("id", "filter"), ("hidden", "hidden")],
            [
                choice("filter-arm", "Arm", arms.map { (armIndex($0), $0) }), .text(" "),
                choice("filter-verdict", "Verdict", Verdict.allCases.map { ($0.rawValue, $0.title) }), .text(" "),
                .element("span", [("id", "filter-count"), ("role", "status")], ""),
            ])
    }

    /// A word for an arm whose name may be anything.
    private func armIndex(_ arm: String) -> String { String(report.arms.firstIndex(of: arm) ?? 0) }

    private func table(_ verdicts: [RankedVerdict], _ strip: IntervalStrip) -> Markup {
        let head: [Markup] =
            ["verdict", "arm", "metric", "task", "control", "arm's", "difference", "interval"].map {
                .element("th", [("scope", "col")], $0)
            } + [.element("th", [("scope", "col")], [.text("in margins"), strip.axis()])]
            + ["adj. p", "MDE", "items", "note"].map { .element("th", [("scope", "col")], $0) }
        return .element(
            "div", [("class", "scroll")],
            [
                .element(
                    "table", [("class", "verdicts")],
                    [
                        .element("thead", [], [.element("tr", [], head)]),
                        .element("tbody", [], verdicts.map { row($0, strip) }),
                    ])
            ])
    }

    private func row(_ verdict: RankedVerdict, _ strip: IntervalStrip) -> Markup {
        let result = verdict.result
        func number(_ text: String) -> Markup { .element("td", [("class", "n")], text) }
        let unit = result.unit == .seeds ? "\(result.seeds) seeds, " : ""
        let kind = "v-\(result.verdict.rawValue)" + (result.isMaterial ? " material" : "")
        let drawing = strip.markup(result)
        return .element(
            "tr", [("data-arm", armIndex(verdict.arm)), ("data-verdict", result.verdict.rawValue)],
            [
                .element("td", [("class", kind)], "\(result.verdict.mark) \(result.verdict.title)"),
                .element("td", [("class", "name")], verdict.arm), .element("td", [("class", "name")], result.metric),
                .element("td", [("class", "name")], verdict.place), number(Figure.value(result.baselineValue)),
                number(Figure.value(result.candidateValue)), number(Figure.difference(result.estimate)),
                number(result.low == nil || result.high == nil ? "-" : verdict.interval),
                drawing == .empty ? .element("td", [], "-") : .element("td", [("class", "drawing")], [drawing]),
                number(Figure.p(result.adjustedPValue)), number(Figure.value(result.minimumDetectableEffect)),
                number("\(unit)\(Figure.grouped(result.pairs))"),
                .element("td", [("class", "note")], verdict.note),
            ])
    }
}
