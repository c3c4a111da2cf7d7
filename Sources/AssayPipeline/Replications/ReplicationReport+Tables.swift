import AssayMetrics
import AssayReports

extension ReplicationReport {
    /// The report as text in a format.
    public func render(as format: TableFormat) throws -> String {
        switch format {
        case .table: table.text() + "\n" + headline + "\n"
        case .markdown: table.markdown + "\n" + headline + "\n"
        case .csv: try exported(.csv)
        case .json: try exported(.json)
        }
    }

    /// A row for each finding, and below it one for each check.
    var table: TextTable {
        var table = TextTable([
            .init("finding"), .init("claimed"), .init("measured", .right), .init("95 % interval", .right),
            .init("verdict"), .init("note"),
        ])
        for entry in entries {
            let finding = entry.finding
            let claimed = finding.published.map { "\(finding.claim): \($0)" } ?? finding.claim
            table.append([finding.name, claimed, "", "", entry.verdict.title, finding.source])
            for outcome in entry.checks {
                let interval = outcome.interval.map { "[\(Figure.value($0.low)), \(Figure.value($0.high))]" } ?? "-"
                table.append([
                    "", "- " + outcome.check.text, outcome.measuredText, interval, outcome.verdict.title.lowercased(),
                    outcome.note ?? "",
                ])
            }
        }
        return table
    }

    private static let columns = [
        "finding", "claim", "source", "published", "finding_verdict", "check", "arm", "other_arm", "metric", "task",
        "condition", "slice", "bound", "value", "low", "high", "first", "second", "seeds", "verdict", "note",
    ]

    private func exported(_ format: ExportFormat) throws -> String {
        try ExportFormat.text(format, columns: ReplicationReport.columns, rows: entries.flatMap(rows))
    }

    private func rows(_ entry: Entry) -> [[Field]] {
        entry.checks.map { outcome in
            let check = outcome.check
            let subject = check.first.subject
            let claim: [Field] = [
                .text(entry.finding.name), .text(entry.finding.claim), .text(entry.finding.source),
                .optional(entry.finding.published), .text(entry.verdict.rawValue),
            ]
            let figure: [Field] = [
                .text(check.text), .text(check.first.arm.value), .optional(check.second?.arm.value),
                .text(subject.metric), .text(subject.task), .text(subject.condition), .text(subject.slice),
                .text(check.bound.text),
            ]
            let contrast = outcome.contrast
            let measured: [Field] = [
                .optional(contrast?.value), .optional(outcome.interval?.low), .optional(outcome.interval?.high),
                .optional(contrast.map { $0.summary($0.first) }),
                .optional(contrast.flatMap { $0.second.isEmpty ? nil : $0.summary($0.second) }),
                .optional(contrast?.first.count), .text(outcome.verdict.rawValue), .optional(outcome.note),
            ]
            return claim + figure + measured
        }
    }
}

extension ReplicationReport.Outcome {
    /// The figure, and the sides that it is made of.
    fileprivate var measuredText: String {
        guard let contrast else { return "-" }
        let sides = [contrast.first, contrast.second].filter { !$0.isEmpty }.map { Figure.value(contrast.summary($0)) }
        if check.isBestSeed {
            return
                "\(Figure.value(contrast.value)) (best of \(contrast.first.map { Figure.value($0) }.joined(separator: ", ")))"
        }
        guard sides.count == 2 else { return Figure.value(contrast.value) }
        let sign = check.kind == .difference ? "-" : "/"
        let value = check.kind == .difference ? Figure.difference(contrast.value) : Figure.value(contrast.value)
        return "\(value) = \(sides[0]) \(sign) \(sides[1])"
    }
}

extension Finding.Check {
    /// What it says: the file's own words, or the figure and its bound.
    var text: String {
        let figure = [first.text(besides: nil)] + (second.map { [$0.text(besides: first)] } ?? [])
        let formula = figure.joined(separator: kind == .difference ? " - " : " / ") + " " + bound.text
        return says.map { "\($0): \(formula)" } ?? formula
    }
}

extension Finding.Side {
    /// The arm and the metric, or what differs from another side.
    fileprivate func text(besides other: Finding.Side?) -> String {
        var parts: [String] = []
        if subject.metric != other?.subject.metric { parts.append(subject.metric) }
        if subject.task != other?.subject.task { parts.append(subject.task) }
        if subject.slice != (other?.subject.slice ?? "all") { parts.append(subject.slice) }
        if subject.condition != (other?.subject.condition ?? "parallel") { parts.append(subject.condition) }
        if let changeFrom, changeFrom != other?.changeFrom { parts.append("since \(changeFrom)") }
        return parts.isEmpty ? arm.value : "\(arm.value) (\(parts.joined(separator: ", ")))"
    }
}

extension ReplicationBound {
    /// As it is printed.
    var text: String {
        switch self {
        case .above(let bound): "> \(Figure.value(bound))"
        case .below(let bound): "< \(Figure.value(bound))"
        case .within(let bound): "within \(Figure.value(bound)) of 0"
        }
    }
}
