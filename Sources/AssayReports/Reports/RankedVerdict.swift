import AssayMetrics
import AssayStatistics
import AssayStore

/// A verdict with the names of its sides, comparable with those on other metrics.
struct RankedVerdict {
    let arm: String
    let control: String
    let result: ComparisonResult
    /// 1 - alpha of the interval.
    let level: Double

    /// How much was lost, in margins: the one unit that metrics share. Negative for gains, 0 where it is not defined.
    var loss: Double {
        guard let estimate = result.estimate, let margin = result.margin, estimate != 0 else { return 0 }
        return -estimate * result.direction.sign / margin
    }

    /// All verdicts of a batch, worst first: primary ones before others, regressions before what is undecided, large
    /// losses before small ones.
    static func ranked(_ comparisons: [ComparisonRecord]) -> [RankedVerdict] {
        let all = comparisons.flatMap { comparison in
            comparison.results.map {
                RankedVerdict(
                    arm: comparison.candidate, control: comparison.baseline, result: $0,
                    level: 1 - comparison.options.alpha)
            }
        }
        let places = all.indices.sorted { a, b in
            let (one, other) = (all[a], all[b])
            if one.result.isPrimary != other.result.isPrimary { return one.result.isPrimary }
            let (rank, otherRank) = (one.result.verdict.rank, other.result.verdict.rank)
            if rank != otherRank { return rank < otherRank }
            return one.loss != other.loss ? one.loss > other.loss : a < b
        }
        return places.map { all[$0] }
    }

    /// The task, with the condition when it is not the plain one.
    var place: String {
        let condition = result.condition == "parallel" ? "" : " (\(result.condition))"
        let slice = result.slice == "all" ? "" : ", \(result.slice)"
        return result.task + condition + slice
    }

    /// The metric's title and its key where the catalogue has it, else the key alone.
    var metricTitle: String { MetricCatalogue.definition(result.metric)?.title ?? result.metric }

    /// The interval as text.
    var interval: String {
        guard let low = result.low, let high = result.high else { return "no interval" }
        return "[\(Figure.difference(low)), \(Figure.difference(high))]"
    }

    /// What happened, in a sentence for somebody who has not read the manual.
    var sentence: String {
        let values = "\(Figure.value(result.candidateValue)) instead of \(Figure.value(result.baselineValue))"
        let worse = loss > 0 ? "worse" : "better"
        var text = "\(arm) is \(worse) than \(control) in \(metricTitle) on \(place): \(values), "
        text += "a difference of \(Figure.difference(result.estimate)) (\(percent) % interval \(interval))"
        if let margin = result.margin, margin > 0, loss.isFinite, loss > 0 {
            text += ", which is \(Figure.value(loss)) times the loss that does not matter (\(Figure.value(margin)))"
        }
        return text + "."
    }

    /// The level of the interval in percent.
    private var percent: String { AxisMap.tickText(100 * level) }

    /// What a reader must know, such as why it is undecided and what would settle it.
    var note: String { VerdictTable.note(result) }
}

extension Verdict {
    /// The order of a report: what needs attention first.
    fileprivate var rank: Int {
        switch self {
        case .regression: 0
        case .undecided: 1
        case .improvement: 2
        case .noRegression: 3
        }
    }

    /// A mark that needs no colour.
    var mark: String {
        switch self {
        case .regression: "▼"
        case .undecided: "?"
        case .improvement: "▲"
        case .noRegression: "="
        }
    }
}
