import AssayCore
import AssayStatistics

/// Metrics over episodes in closed loop.
extension MetricCatalogue {
    static let episodes: [MetricDefinition] = [
        MetricDefinition(
            "A1", "success", "Success", .higherIsBetter, claims: ["C1", "C8"],
            formula: "share of episodes whose goal is reached within the budget", source: "success@1",
            margin: .accuracy,
            isPrimary: true, floor: \.data.floor, slicing: [.hops], needs: \.isEpisodes
        ) { _ in
            .mean(proportion: .init()) { cell, place in cell.score(place).map { .counts($0) } ?? .lost(slot: 0) }
        },
        MetricDefinition(
            "A3", "invalid-actions", "Invalid actions", .lowerIsBetter, claims: ["C8"],
            formula: "actions that do not parse or are not legal in the true state / actions",
            source: "tau^2-bench (arXiv 2506.07982)", margin: .accuracy, needs: \.isEpisodes
        ) { _ in
            .mean(proportion: .init()) { cell, place in
                guard let invalid = cell.detail("invalid", place), let actions = cell.detail("actions", place),
                    invalid >= 0, actions >= invalid
                else { return .lost(slot: 0) }
                return .counts(slot: 0, numerator: invalid, denominator: actions)
            }
        },
        MetricDefinition(
            "A5", "steps-ratio", "Steps against the optimum", .lowerIsBetter, claims: ["C8", "C9"],
            formula: "mean over successes of steps / optimal steps", source: "metrics catalogue A5", margin: .relative,
            needs: \.isEpisodes
        ) { _ in
            .mean(range: nil) { cell, place in
                guard let run = Run(cell, place) else { return .lost(slot: 0) }
                return .counts(
                    slot: 0, numerator: run.isSolved ? run.steps / run.optimal : 0, denominator: run.isSolved ? 1 : 0)
            }
        },
        MetricDefinition(
            "A5", "spl", "Success weighted by path length", .higherIsBetter, claims: ["C8", "C9"],
            formula: "(1/n) sum S_i optimal_i / max(steps_i, optimal_i)",
            source: "Anderson et al., arXiv 1807.06757", margin: .accuracy, needs: \.isEpisodes
        ) { _ in
            .mean(proportion: .init()) { cell, place in
                guard let run = Run(cell, place) else { return .lost(slot: 0) }
                return .counts(run.isSolved ? run.optimal / max(run.steps, run.optimal) : 0)
            }
        },
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
