import AssayMetrics
import AssayStatistics

/// The verdicts of a comparison, for people.
public enum VerdictTable {
    /// A row for each result.
    /// - Parameters:
    ///   - results: the results, in the order of the table.
    ///   - baseline: the title of the baseline's values, such as `full`.
    ///   - candidate: the title of the candidate's values.
    public static func table(_ results: [ComparisonResult], baseline: String, candidate: String) -> TextTable {
        var table = TextTable([
            .init("metric"), .init("task"), .init("slice"), .init(baseline, .right), .init(candidate, .right),
            .init("difference", .right), .init("interval", .right), .init("adj. p", .right), .init("MDE", .right),
            .init("verdict"), .init("note"),
        ])
        for result in results { table.append(row(result)) }
        return table
    }

    private static func row(_ result: ComparisonResult) -> [String] {
        let task = result.condition == "parallel" ? result.task : "\(result.task) (\(result.condition))"
        let interval =
            result.low == nil || result.high == nil
            ? "-" : "[\(Figure.difference(result.low)), \(Figure.difference(result.high))]"
        return [
            result.metric, task, result.slice, Figure.value(result.baselineValue), Figure.value(result.candidateValue),
            Figure.difference(result.estimate), interval, Figure.p(result.adjustedPValue),
            Figure.value(result.minimumDetectableEffect), result.verdict.title, note(result),
        ]
    }

    /// What a reader must know, with how much data would settle what is undecided.
    static func note(_ result: ComparisonResult) -> String {
        let unit = result.unit == .seeds ? "seeds" : "items"
        let needed = result.itemsNeeded.map { "needs \(Figure.grouped($0)) \(unit)" }
        return [result.note, needed].compactMap { $0 }.joined(separator: "; ")
    }

    /// How many results there are of each verdict, such as `2 REGRESSION, 5 NO REGRESSION`; without results `nothing`.
    public static func summary(_ results: [ComparisonResult]) -> String {
        let counts = Verdict.allCases.compactMap { verdict -> String? in
            let count = results.count { $0.verdict == verdict }
            return count == 0 ? nil : "\(count) \(verdict.title)"
        }
        return counts.isEmpty ? "nothing" : counts.joined(separator: ", ")
    }
}
