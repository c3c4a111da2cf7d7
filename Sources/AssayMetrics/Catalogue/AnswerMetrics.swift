import AssayCore
import AssayStatistics

/// Metrics over questions with an answer.
extension MetricCatalogue {
    /// The mean of a value over the main items of each task; episodes have no gold answer.
    private static func mainMean(
        range: ClosedRange<Double>?, proportion: MetricKernel.Proportion?,
        _ value: @escaping @Sendable (PreparedCell, Int) -> Double?
    ) -> @Sendable (CellGroup) -> MetricKernel? {
        { _ in
            .mean(range: range, proportion: proportion) { cell, place in
                guard cell.isMain(place), !cell.isEpisode(place) else { return .none }
                return value(cell, place).map { .counts($0) } ?? .lost(slot: 0)
            }
        }
    }

    /// Exact match by hops, with the twins as hop 1 where there is no other.
    private static func byHops(corrected: Bool) -> @Sendable (CellGroup) -> MetricKernel? {
        { group in
            let floor = corrected ? group.cells[0].exactFloor : 0
            guard floor < 1 else { return nil }
            return .mean(
                proportion: .init(floor: floor), valueRange: -Double.infinity...1
            ) { cell, place in
                guard cell.countsForHops(place) else { return .none }
                return cell.exact(place).map { .counts($0) } ?? .lost(slot: 0)
            }
        }
    }

    static let accuracies: [MetricDefinition] = [
        MetricDefinition(
            "Q1", "accuracy", "Accuracy", .higherIsBetter, claims: ["C1", "C2", "C7"],
            formula: "share of questions whose whole answer is right; single-hop twins are not counted",
            source: "headline score of a task", margin: .accuracy, isPrimary: true, floor: \.exactFloor,
            slicing: [.load, .distance], needs: \.isAnswers,
            kernel: mainMean(range: 0...1, proportion: .init()) { $0.exact($1) }),
        MetricDefinition(
            "Q1", "hop-accuracy", "Accuracy by hops", .higherIsBetter, claims: ["C2"],
            formula: "acc_h = (1/N_h) sum 1[answer is right], over questions with h hops",
            source: "RULER (arXiv 2404.06654), BABILong (arXiv 2406.10149)", margin: .accuracy, floor: \.exactFloor,
            includesAll: false, slicing: [.hops], needs: \.isAnswers, kernel: byHops(corrected: false)),
        MetricDefinition(
            "Q1", "hop-accuracy-corrected", "Accuracy by hops, chance-corrected", .higherIsBetter, claims: ["C2"],
            formula: "acc*_h = (acc_h - floor) / (1 - floor)", source: "as hop-accuracy", margin: .accuracy,
            isCompared: false, includesAll: false, slicing: [.hops], needs: \.isAnswers,
            kernel: byHops(corrected: true)),
        MetricDefinition(
            "Q7", "multi-value-f1", "Multi-value F1", .higherIsBetter, claims: ["C2"],
            formula: "mean over questions of the F1 of the generated set of values against the gold set",
            source: "multi-query key-associative recall", margin: .accuracy, isPrimary: true, floor: \.data.floor,
            slicing: [.load], needs: { $0.isSet && $0.isAnswers },
            kernel: mainMean(range: 0...1, proportion: .init()) { $0.score($1) }),
        MetricDefinition(
            "Q1", "choice-accuracy", "Accuracy by likelihood", .higherIsBetter, claims: ["C1", "C2"],
            formula: "share of questions with a closed set of answers whose gold answer is the likeliest of them",
            source: "multiple choice as in lm-evaluation-harness, without normalising for length", margin: .accuracy,
            needs: { $0.isAnswers && $0.has("choice") },
            kernel: mainMean(range: 0...1, proportion: .init()) { $0.detail("choice", $1) }),
    ]

    static let likelihoods: [MetricDefinition] = [
        MetricDefinition(
            "Q4", "nll", "Gold-answer NLL", .lowerIsBetter, unit: "nats/token",
            claims: ["C1", "C2", "C3", "C8"],
            formula: "mean over questions of -(1/|y|) sum_t log p(y_t | x, y_<t)",
            source: "Madaan et al., arXiv 2406.10229", margin: .nll, isPrimary: true,
            slicing: [.hops, .load, .distance],
            needs: { cell in
                cell.data.condition.path.givesAnswers && cell.items.contains { $0.response.nll != nil }
            },
            kernel: mainMean(range: nil, proportion: nil) { $0.nll($1) })
    ]
}
