import AssayMetrics
import AssayStatistics

extension HTMLReport {
    /// How many regressions are put into words at the top.
    private static let worded = 3

    /// The first screen: the worst regression in words, then what became of each arm.
    func summary() -> Markup {
        let regressions = report.primary.filter { $0.result.verdict == .regression }
        var parts: [Markup] = []
        if let worst = regressions.first {
            parts.append(HTMLReport.worst(worst))
            let next = regressions.dropFirst().prefix(HTMLReport.worded - 1)
            let rest = regressions.count - 1 - next.count
            var lines = next.map { Markup.element("li", [], $0.sentence) }
            if rest > 0 { lines.append(.element("li", [], "and \(rest) more, in the table below.")) }
            if !lines.isEmpty { parts.append(.element("ul", [("class", "next")], lines)) }
        } else {
            parts.append(withoutRegression())
        }
        if !report.primary.isEmpty {
            parts.append(.element("p", [("class", "soft")], report.headline + "."))
            parts.append(armTable())
        }
        parts += [report.unitNote].compactMap { $0 }.map { .element("p", [("class", "soft")], $0) }
        if !report.failures.isEmpty {
            parts.append(
                .element(
                    "ul", [("class", "failures")],
                    report.failures.map {
                        .element("li", [], "\($0.arm), seed \($0.seed): \($0.reason)")
                    }))
        }
        return .element("section", [("id", "summary")], parts)
    }

    private static func worst(_ worst: RankedVerdict) -> Markup {
        let result = worst.result
        let facts: [(String, String)] = [
            ("arm", worst.arm), ("metric", worst.metricTitle), ("task", worst.place),
            ("difference", "\(Figure.difference(result.estimate)) \(worst.interval)"),
        ]
        return .element(
            "div", [("class", "worst v-regression")],
            [
                .element("h2", [], "▼ Worst regression"),
                .element(
                    "dl", [("class", "facts")],
                    facts.map { name, value in
                        .element("div", [], [.element("dt", [], name), .element("dd", [], value)])
                    }),
                .element("p", [], worst.sentence),
            ])
    }

    private func withoutRegression() -> Markup {
        let undecided = report.primary.count { $0.result.verdict == .undecided }
        if report.primary.isEmpty {
            return .element(
                "div", [("class", "worst")],
                [
                    .element("h2", [], "Nothing was compared"),
                    .element("p", [], "The store holds no comparison of this batch yet: run it to its end."),
                ])
        }
        let words =
            undecided == 0
            ? "Every primary comparison was shown to lose less than its margin, or to gain."
            : "No loss is beyond chance, but \(undecided) of \(report.primary.count) primary comparisons are undecided: "
                + "for those a loss is not ruled out."
        return .element(
            "div", [("class", undecided == 0 ? "worst v-no-regression" : "worst v-undecided")],
            [
                .element("h2", [], undecided == 0 ? "= No regression" : "? No regression found, not all is decided"),
                .element("p", [], words),
            ])
    }

    /// A row for each arm, the one that lost most first.
    private func armTable() -> Markup {
        var order: [String] = []
        for verdict in report.primary where !order.contains(verdict.arm) { order.append(verdict.arm) }
        let kinds: [Verdict] = [.regression, .undecided, .noRegression, .improvement]
        let head = ["arm"] + kinds.map { "\($0.mark) \($0.title)" } + ["largest loss"]
        let rows = order.map { arm -> Markup in
            let own = report.primary.filter { $0.arm == arm }
            let worst = own.first { $0.result.verdict == .regression } ?? own.max { $0.loss < $1.loss }
            let loss = worst.flatMap { $0.loss > 0 ? $0 : nil }.map {
                "\($0.metricTitle) on \($0.place): \(Figure.difference($0.result.estimate)) \($0.interval)"
            }
            let counts = kinds.map { kind -> Markup in
                let count = own.count { $0.result.verdict == kind }
                return .element(
                    "td", [("class", count > 0 ? "n v-\(kind.rawValue)" : "n none")], String(count))
            }
            return .element(
                "tr", [],
                [.element("th", [("scope", "row"), ("class", "name")], arm)] + counts
                    + [.element("td", [], loss ?? "none")])
        }
        return .element(
            "div", [("class", "scroll")],
            [
                .element(
                    "table", [("class", "arms")],
                    [
                        .element(
                            "thead", [], [.element("tr", [], head.map { .element("th", [("scope", "col")], $0) })]),
                        .element("tbody", [], rows),
                    ])
            ])
    }
}
