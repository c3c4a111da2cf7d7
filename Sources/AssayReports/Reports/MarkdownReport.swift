import AssayMetrics

/// The report for a pull request: the verdict first, then the table of every arm.
struct MarkdownReport {
    private let report: BatchReport
    /// How many regressions are put into words.
    private static let worded = 5

    init(_ report: BatchReport) { self.report = report }

    func text() -> String {
        var parts = ["## \(MarkdownReport.line(report.batch.name))", MarkdownReport.line(report.headline) + "."]
        let regressions = report.primary.filter { $0.result.verdict == .regression }
        if !regressions.isEmpty {
            let lines = regressions.prefix(Self.worded).map { "- " + MarkdownReport.line($0.sentence) }
            let rest = regressions.count - lines.count
            parts.append(
                "**Regressions, worst first**\n\n" + lines.joined(separator: "\n")
                    + (rest > 0 ? "\n- and \(rest) more below" : ""))
        }
        if let note = report.unitNote { parts.append(note) }
        for failure in report.failures {
            parts.append(MarkdownReport.line("\(failure.arm), seed \(failure.seed): \(failure.reason)"))
        }
        for comparison in report.comparisons {
            let primary = comparison.results.filter(\.isPrimary)
            guard !primary.isEmpty else { continue }
            let table = VerdictTable.table(primary, baseline: comparison.baseline, candidate: comparison.candidate)
            let title = MarkdownReport.line("\(comparison.candidate) against \(comparison.baseline)")
            parts.append(
                "### \(title)\n\n\(VerdictTable.summary(primary))\n\n" + table.markdown.dropLast())
        }
        return parts.joined(separator: "\n\n") + "\n"
    }

    /// A text as words of one line: names of arms may hold anything, and marks of Markdown or HTML in them are none.
    private static func line(_ text: String) -> String {
        TextTable.oneLine(text).reduce(into: "") { result, character in
            if "\\`*_{}[]<>#|~".contains(character) { result += "\\" }
            result.append(character)
        }
    }
}
