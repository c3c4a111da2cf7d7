import AssayReports
import AssayStatistics
import Foundation

/// A claim about reinforcement learning held against the runs of an arm.
struct ReinforcementClaim {
    /// What is claimed, and by whom.
    let claimed: String
    /// What was measured.
    let measured: String
    /// Whether it holds; nil where the runs do not tell.
    let holds: Bool?

    /// The share of seeds on which success must rise: 4 of 5.
    static let improvedShare = 0.8
    /// K3 that is acceptable (NeMo-RL).
    static let acceptableK3 = 1e-3
    /// The correlation at which MiniMax-M1 could train.
    static let soundPearson = 0.997

    /// The claims for an arm, whose first group has the precision that the others are held against.
    static func all(_ groups: [ReinforcementGroup]) -> [ReinforcementClaim] {
        guard let reference = groups.first else { return [] }
        return groups.map(improvement) + groups.dropFirst().map { mismatch($0, reference: reference) }
            + [soundness(reference)]
    }

    private static func improvement(_ group: ReinforcementGroup) -> ReinforcementClaim {
        let seeds = group.results.count
        let (better, clearly) = (group.results.count(where: \.isBetter), group.results.count(where: \.isClearlyBetter))
        let needed = Int((improvedShare * Double(seeds)).rounded(.up))
        return ReinforcementClaim(
            claimed: "\(group.precision) rollouts: success rises on at least \(needed) of \(seeds) seeds",
            measured:
                "on \(better) of \(seeds), on \(clearly) beyond chance; \(Figure.difference(group.gain.estimate)) "
                + "in the mean",
            holds: better >= needed)
    }

    /// More mismatch where the states are rounded: Ring-linear (arXiv 2510.19338) and MiniMax-M1 (section 3.2) trace
    /// failures to it.
    private static func mismatch(
        _ group: ReinforcementGroup, reference: ReinforcementGroup
    ) -> ReinforcementClaim {
        let pairs = group.results.compactMap { result -> (Double, Double)? in
            guard let other = reference.results.first(where: { $0.run.seed == result.run.seed }) else { return nil }
            return (other.summary.k3, result.summary.k3)
        }
        let (a, b) = (reference.mean(\.summary.k3), group.mean(\.summary.k3))
        let moved = pairs.count { $0.1 > $0.0 }
        return ReinforcementClaim(
            claimed: "more mismatch in \(group.precision) than in \(reference.precision) (MiniMax-M1, Ring-linear)",
            measured: String(format: "K3 %.2e against %.2e, larger on \(moved) of \(pairs.count) seeds", b, a),
            holds: pairs.isEmpty || a.isNaN || b.isNaN ? nil : moved == pairs.count)
    }

    private static func soundness(_ group: ReinforcementGroup) -> ReinforcementClaim {
        let (k3, pearson) = (group.mean(\.summary.k3), group.extreme(\.summary.lowestPearson, min))
        return ReinforcementClaim(
            claimed: "\(group.precision) rollouts: K3 below 1e-3 (NeMo-RL), Pearson at least 0.997 (MiniMax-M1)",
            measured: String(format: "K3 %.2e, least Pearson %.6f", k3, pearson),
            holds: k3.isNaN || pearson.isNaN ? nil : k3 < acceptableK3 && pearson >= soundPearson)
    }
}
