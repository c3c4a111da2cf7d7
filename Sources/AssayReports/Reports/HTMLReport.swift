import AssayMetrics
import AssayStatistics

/// The report as one page: readable offline and printable, complete without scripts, and the same in HTML and XML.
struct HTMLReport {
    let report: BatchReport

    init(_ report: BatchReport) { self.report = report }

    /// The file.
    func text() throws -> String {
        let sections = [
            HopSection.section(report), LengthSection.section(report), CourseSection.section(report),
            PrecisionSection.section(report), MemorySection.section(report), ProxySection.section(report),
            FaultSection.section(report),
        ].filter { !$0.isEmpty }
        var body = [header, summary()]
        let verdicts = verdictSection()
        body += verdicts.map { [$0] } ?? []
        body.insert(navigation(sections, hasVerdicts: verdicts != nil), at: 1)
        body += try sections.map(section)
        body.append(reading)
        let head = Markup.element(
            "head", [],
            [
                .element("meta", [("charset", "utf-8")]),
                .element("meta", [("name", "viewport"), ("content", "width=device-width, initial-scale=1")]),
                // Whatever a name may smuggle in: nothing is loaded from anywhere.
                .element(
                    "meta",
                    [
                        ("http-equiv", "Content-Security-Policy"),
                        ("content", "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'"),
                    ]),
                .element("title", [], "\(report.batch.name): assay report"), .raw("style", ReportStyle.sheet),
            ])
        let page = Markup.element(
            "html", [("lang", "en"), ("xmlns", "http://www.w3.org/1999/xhtml")],
            [head, .element("body", [], body + [.raw("script", ReportStyle.script)])])
        return "<!DOCTYPE html>\n" + page.source + "\n"
    }

    // MARK: - Frame

    private var header: Markup {
        .element(
            "header", [],
            [
                .element("h1", [], report.batch.name),
                .element(
                    "p", [("class", "soft")],
                    "Control: \(report.batch.control). \(report.arms.count) arms, \(report.seeds) "
                        + "\(report.seeds == 1 ? "seed" : "seeds"), \(report.tasks.count) tasks. "
                        + "Batch \(report.batch.identity.short)."),
            ])
    }

    private func navigation(_ sections: [ReportSection], hasVerdicts: Bool) -> Markup {
        let places =
            (hasVerdicts ? [("verdicts", "Verdicts")] : []) + sections.map { ($0.id, $0.title) }
            + [("reading", "How to read this")]
        return .element("nav", [], places.map { .element("a", [("href", "#\($0.0)")], $0.1) })
    }

    private func section(_ section: ReportSection) throws -> Markup {
        let tables = try section.tables.enumerated().map { index, table in
            try table.markup(id: "\(section.id)-table-\(index + 1)")
        }
        let figures = try section.figures.enumerated().map { index, figure in
            try figure.markup(id: "\(section.id)-\(index + 1)")
        }
        return .element(
            "section", [("id", section.id)],
            [
                .element("h2", [], section.title), .element("p", [], section.introduction),
                .element("div", [("class", "figures")], tables + figures),
            ])
    }

    private var reading: Markup {
        let words: [(String, String)] = [
            (
                "REGRESSION",
                "Worse beyond chance: the adjusted p value is below the error rate and the whole interval is on the "
                    + "losing side."
            ),
            (
                "UNDECIDED",
                "The data do not tell. This is not the same as no regression; the note says why, and how much data "
                    + "would settle it."
            ),
            ("NO REGRESSION", "Shown to lose less than the margin, not merely lacking proof of a loss."),
            ("IMPROVEMENT", "Better beyond chance."),
            (
                "Margin",
                "The largest loss that does not matter, as the batch file states it. Losses are ordered by it, since "
                    + "metrics have different units."
            ),
            (
                "MDE",
                "Minimum detectable effect: the difference that this comparison would find in 80 % of repeats. A "
                    + "smaller one may be there unseen."
            ),
            ("adj. p", "Adjusted for all comparisons of the report together (Benjamini and Hochberg)."),
            (
                "Decision accuracy",
                "Of all pairs of runs that the target orders, the share that a proxy orders alike; a coin has one half."
            ),
            (
                "Primary",
                "The few metrics that decide. The others and all slices are leads, listed separately."
            ),
        ]
        return .element(
            "section", [("id", "reading")],
            [
                .element("h2", [], "How to read this"),
                .element(
                    "dl", [],
                    words.flatMap { word -> [Markup] in [.element("dt", [], word.0), .element("dd", [], word.1)] }),
            ])
    }
}
