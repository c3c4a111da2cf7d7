import AssayCore
import AssayStatistics

/// Metrics over several trials of each episode. A cluster is an episode with its trials, so intervals are over episodes,
/// never over trials.
extension MetricCatalogue {
    static let reliability: [MetricDefinition] =
        counts.map { k in
            MetricDefinition(
                "A2", "pass-hat-\(k)", "pass^\(k)", .higherIsBetter, claims: ["C1", "C8"],
                formula:
                    "(1/n) sum over episodes of C(c, \(k)) / C(K, \(k)), c successes of K trials: all of \(k) succeed",
                source: "tau-bench (arXiv 2406.12045)", margin: .accuracy, needs: { hasTrials(k, $0) },
                kernel: overTrials { trials in trials.allSucceed(k).map { (numerator: $0, denominator: 1) } })
        }
        + counts.map { k in
            MetricDefinition(
                "A2", "pass-at-\(k)", "pass@\(k)", .higherIsBetter, claims: ["C1", "C8"],
                formula: "(1/n) sum over episodes of 1 - C(K - c, \(k)) / C(K, \(k)): any of \(k) succeeds",
                source: "Chen et al., arXiv 2107.03374", margin: .accuracy, needs: { hasTrials(k, $0) },
                kernel: overTrials { trials in trials.anySucceeds(k).map { (numerator: $0, denominator: 1) } })
        }
        + [
            MetricDefinition(
                "A2", "reliability", "Reliability", .higherIsBetter, claims: ["C1", "C8"],
                formula: "pass^4 / pass^1", source: "metrics catalogue A2", margin: .accuracy,
                needs: { hasTrials(4, $0) },
                kernel: overTrials { trials in
                    guard let all = trials.allSucceed(4), let one = trials.allSucceed(1) else { return nil }
                    return (numerator: all, denominator: one)
                })
        ]

    /// The numbers of trials that are asked to succeed.
    private static let counts = [2, 4, 8]

    private static func hasTrials(_ k: Int, _ cell: PreparedCell) -> Bool {
        cell.isEpisodes && cell.trials.values.contains { $0.trials >= k }
    }

    /// A ratio of sums over episodes; the first trial counts for all. An episode of which a trial is lost is lost.
    private static func overTrials(
        _ value: @escaping @Sendable (TrialCount) -> (numerator: Double, denominator: Double)?
    ) -> @Sendable (CellGroup) -> MetricKernel? {
        { _ in
            .mean(proportion: .init()) { cell, place in
                guard let trials = cell.trials[cell.items[place].item.id.cluster], trials.first == place else {
                    return .none
                }
                guard trials.lost == 0 else { return .lost(slot: 0) }
                guard let (numerator, denominator) = value(trials) else { return .none }
                return .counts(slot: 0, numerator: numerator, denominator: denominator)
            }
        }
    }
}
