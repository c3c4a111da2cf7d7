import AssayCore
import AssayStatistics

/// Metrics over episodes in closed loop.
extension MetricCatalogue {
    /// The mean over episodes.
    static func overEpisodes(
        range: ClosedRange<Double>? = 0...1, proportion: MetricKernel.Proportion? = .init(), _ rule: @escaping ItemRule
    ) -> @Sendable (CellGroup) -> MetricKernel? {
        { _ in
            .mean(range: range, proportion: proportion) { cell, place in
                cell.isEpisode(place) ? rule(cell, place) : .none
            }
        }
    }

    static let episodes: [MetricDefinition] = [
        MetricDefinition(
            "A1", "success", "Success", .higherIsBetter, claims: ["C1", "C8"],
            formula: "share of episodes, trials included, whose goal is reached within the budget", source: "success@1",
            margin: .accuracy,
            isPrimary: true, floor: \.data.floor, slicing: [.hops], needs: \.isEpisodes,
            kernel: overEpisodes { cell, place in cell.score(place).map { .counts($0) } ?? .lost(slot: 0) }),
        MetricDefinition(
            "A3", "invalid-actions", "Invalid actions", .lowerIsBetter, claims: ["C8"],
            formula: "actions that do not parse or are not legal in the true state / actions",
            source: "tau^2-bench (arXiv 2506.07982)", margin: .accuracy, needs: \.isEpisodes,
            kernel: overEpisodes { cell, place in
                guard let invalid = cell.detail("invalid", place), let actions = cell.detail("actions", place),
                    invalid >= 0, actions >= invalid
                else { return .lost(slot: 0) }
                return .counts(slot: 0, numerator: invalid, denominator: actions)
            }),
        MetricDefinition(
            "A5", "steps-ratio", "Steps against the optimum", .lowerIsBetter, claims: ["C8", "C9"],
            formula: "mean over successes of steps / optimal steps", source: "metrics catalogue A5", margin: .relative,
            needs: \.isEpisodes,
            kernel: overEpisodes(range: nil, proportion: nil) { cell, place in
                guard let run = Run(cell, place) else { return .lost(slot: 0) }
                return .counts(
                    slot: 0, numerator: run.isSolved ? run.steps / run.optimal : 0, denominator: run.isSolved ? 1 : 0)
            }),
        MetricDefinition(
            "A5", "spl", "Success weighted by path length", .higherIsBetter, claims: ["C8", "C9"],
            formula: "(1/n) sum S_i optimal_i / max(steps_i, optimal_i)",
            source: "Anderson et al., arXiv 1807.06757", margin: .accuracy, needs: \.isEpisodes,
            kernel: overEpisodes { cell, place in
                guard let run = Run(cell, place) else { return .lost(slot: 0) }
                return .counts(run.isSolved ? run.optimal / max(run.steps, run.optimal) : 0)
            }),
        MetricDefinition(
            "A4", "recovery", "Recovery after an error", .higherIsBetter, claims: ["C8"],
            formula: "P(success | an action of its own was not the expert's, or the history that was forced on it has "
                + "wrong actions)",
            source: "metrics catalogue A4", margin: .accuracy,
            needs: { cell in cell.isEpisodes && cell.has("right") },
            kernel: overEpisodes { cell, place in
                guard let score = cell.score(place) else { return .lost(slot: 0) }
                let hasErred =
                    cell.detail("firstWrong", place) != nil || (cell.detail("mistakes", place) ?? 0) > 0
                return .counts(slot: 0, numerator: hasErred ? score : 0, denominator: hasErred ? 1 : 0)
            }),
        MetricDefinition(
            "A6", "policy-violations", "Policy violations", .lowerIsBetter, claims: ["C8"],
            formula: "episodes in which a stated rule was broken / episodes that came to a decision under a rule",
            source: "metrics catalogue A6, after tau-bench (arXiv 2406.12045)", margin: .accuracy,
            needs: { cell in cell.isEpisodes && cell.has("ruled") },
            kernel: overEpisodes { cell, place in
                guard let ruled = cell.detail("ruled", place), let violations = cell.detail("violations", place) else {
                    return .lost(slot: 0)
                }
                return .counts(slot: 0, numerator: violations > 0 ? 1 : 0, denominator: ruled > 0 ? 1 : 0)
            }),
    ]

    /// How an episode went.
    private struct Run {
        let isSolved: Bool
        let steps: Double
        let optimal: Double

        init?(_ cell: PreparedCell, _ place: Int) {
            guard let score = cell.score(place), let steps = cell.detail("steps", place),
                let optimal = cell.detail("optimal", place), optimal > 0, steps >= 0
            else { return nil }
            isSolved = score == 1
            self.steps = steps
            self.optimal = optimal
        }
    }
}
