import AssayReports
import AssayTasks

extension Display {
    /// A row for each task, and what is wrong.
    public static func table(of reports: [TaskConformance.Report]) -> String {
        let checks = TaskConformance.Check.allCases
        var table = TextTable(
            [.init("task"), .init("items", .right)] + checks.map { .init($0.rawValue) }
                + [.init("best shortcut"), .init("score", .right), .init("stated floor", .right)])
        for report in reports {
            let best = report.best
            table.append(
                [report.subject, Figure.grouped(report.items)]
                    + report.findings.map { $0.isSound ? "ok" : "WRONG" }
                    + [
                        best?.baseline ?? "", best.map { Figure.value($0.score) } ?? "",
                        best.map { Figure.value($0.stated) } ?? "",
                    ])
        }
        let wrong = reports.filter { !$0.isSound }.flatMap { report in
            report.findings.filter { !$0.isSound }.map { "\n\(report.subject): \($0.check.rawValue): \($0.detail)\n" }
        }
        return table.text() + wrong.joined()
    }

    /// The score of every shortcut of a task beside the stated floor.
    public static func floors(of report: TaskConformance.Report) -> String {
        var table = TextTable([
            .init("shortcut"), .init("score", .right), .init("95 % from", .right), .init("to", .right),
            .init("stated floor", .right), .init("n", .right),
        ])
        for floor in report.floors {
            let half = 1.96 * floor.standardError
            table.append([
                floor.baseline, Figure.value(floor.score), Figure.value(max(0, floor.score - half)),
                Figure.value(min(1, floor.score + half)), Figure.value(floor.stated), Figure.grouped(floor.n),
            ])
        }
        return "\n" + table.text()
    }
}
