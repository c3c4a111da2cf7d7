import AssayCore
import AssayStatistics
import Foundation

/// Metrics of how single actions fail along an episode, and how errors in the past bring on others.
extension MetricCatalogue {
    static let horizons: [MetricDefinition] = [
        MetricDefinition(
            "A7", "step-accuracy", "Step accuracy", .higherIsBetter, claims: ["C8"],
            formula: "share of the expert's actions that are predicted, those before in place",
            source: "Sinha et al., "
                + "arXiv 2509.09677", margin: .accuracy, slicing: [.distance], needs: hasSteps
        ) { _ in
            .mean(proportion: .init()) { cell, place in
                guard cell.isExpertStep(place) else { return .none }
                return cell.score(place).map { .counts($0) } ?? .lost(slot: 0)
            }
        },
        MetricDefinition(
            "A7", "horizon-decay", "Decay of step accuracy", .higherIsBetter, unit: "logit/step", claims: ["C8"],
            formula:
                "slope of logit s(t) in t, s(t) the accuracy of the expert's t-th action, weighted by 1 / variance; "
                + "0 without decay",
            source: "metrics catalogue A7", margin: .absolute(0.05), needs: hasSteps, kernel: horizonDecay),
        MetricDefinition(
            "A7", "horizon-length", "Horizon H_50", .higherIsBetter, unit: "actions", claims: ["C8"],
            formula:
                "ln 0.5 / ln s, s the share of actions that are the expert's, in closed loop up to the first that is "
                + "not, half an action of each kind added",
            source: "Sinha et al., arXiv 2509.09677", margin: .relative, needs: { $0.isEpisodes && $0.has("right") },
            kernel: horizonLength),
        MetricDefinition(
            "A7", "forced-free-gap", "Teacher-forced minus free-running", .lowerIsBetter, claims: ["C8"],
            formula: "step accuracy with the expert's actions in place - share of the expert's actions in closed loop",
            source: "exposure bias (Ranzato et al., arXiv 1511.06732)", margin: .accuracy,
            needs: { hasSteps($0) && $0.has("right") }, kernel: forcedFreeGap),
        MetricDefinition(
            "A4", "self-conditioning", "Self-conditioning", .higherIsBetter, claims: ["C8"],
            formula: "slope of step accuracy in the rate of wrong actions in a forced history, over the tasks of a "
                + "generator; 0 for a model that its own errors do not disturb",
            source: "Sinha et al., arXiv 2509.09677", margin: .absolute(0.05), scope: .mistakes,
            needs: { hasSteps($0) && $0.mistakes != nil }, kernel: selfConditioning),
    ]

    static let termination: [MetricDefinition] = [
        MetricDefinition(
            "Q16", "non-termination", "Non-termination", .lowerIsBetter, claims: ["C8"],
            formula:
                "share of answers without an end token within the limit, and of episodes not solved when the budget or "
                + "the context ran out",
            source: "metrics catalogue Q16", margin: .accuracy, needs: { $0.has("unterminated") },
            kernel: generated("unterminated")),
        MetricDefinition(
            "Q16", "degeneration", "Degeneration", .lowerIsBetter, claims: ["C8"],
            formula:
                "share of answers and episodes with a run of steps, each with p > 0.99 and none getting anywhere, as "
                + "long as 12 % of the budget",
            source: "MiniMax-M1 (arXiv 2506.13585); metrics catalogue Q16", margin: .accuracy,
            needs: { $0.has("degenerate") }, kernel: generated("degenerate")),
    ]

    private static func generated(_ name: String) -> @Sendable (CellGroup) -> MetricKernel? {
        { _ in
            .mean(proportion: .init()) { cell, place in
                guard !cell.isExpertStep(place), cell.isMain(place) else { return .none }
                return cell.detail(name, place).map { .counts($0) } ?? .lost(slot: 0)
            }
        }
    }

    @Sendable private static func hasSteps(_ cell: PreparedCell) -> Bool {
        cell.isEpisodes && cell.items.indices.contains(where: cell.isExpertStep)
    }

    /// The number of an action within its episode is recorded as its hops.
    @Sendable private static func horizonDecay(_ group: CellGroup) -> MetricKernel? {
        let levels = Levels(
            group.places.filter { group.cells[$0.cell].isExpertStep($0.place) }
                .map { group.cells[$0.cell].items[$0.place].item.hops })
        guard levels.count >= 2 else { return nil }
        let steps = levels.values.map(Double.init)
        return MetricKernel(
            slots: levels.count,
            contribution: { cell, place in
                guard cell.isExpertStep(place), let slot = levels.slot(cell.items[place].item.hops) else {
                    return .none
                }
                return cell.score(place).map { .counts(slot: slot, numerator: $0, denominator: 1) } ?? .lost(slot: slot)
            },
            evaluate: { StepSlope.logit($0, steps: steps) })
    }

    @Sendable private static func horizonLength(_ group: CellGroup) -> MetricKernel? {
        MetricKernel(
            valueRange: 0...Double.infinity,
            contribution: { cell, place in
                guard cell.isEpisode(place) else { return .none }
                guard let right = cell.detail("right", place), let actions = cell.detail("actions", place) else {
                    return .lost(slot: 0)
                }
                let wrong = cell.detail("firstWrong", place)
                return .counts(
                    slot: 0, numerator: wrong.map { $0 - 1 } ?? min(right, actions), denominator: wrong ?? actions)
            },
            evaluate: { totals in
                guard totals[1] > 0 else { return .nan }
                return log(0.5) / log((totals[0] + 0.5) / (totals[1] + 1))
            })
    }

    @Sendable private static func forcedFreeGap(_ group: CellGroup) -> MetricKernel? {
        MetricKernel(
            slots: 2, valueRange: -1...1,
            contribution: { cell, place in
                if cell.isExpertStep(place) {
                    return cell.score(place).map { .counts($0) } ?? .lost(slot: 0)
                }
                guard let right = cell.detail("right", place), let actions = cell.detail("actions", place) else {
                    return .lost(slot: 1)
                }
                return .counts(slot: 1, numerator: right, denominator: actions)
            },
            evaluate: { totals in totals[0] / totals[1] - totals[2] / totals[3] })
    }

    @Sendable private static func selfConditioning(_ group: CellGroup) -> MetricKernel? {
        let levels = Levels(group.cells.compactMap(\.mistakes))
        guard levels.count >= 2 else { return nil }
        let rates = levels.values.map { Double($0) / 1000 }
        let slots = Dictionary(
            group.cells.map { ($0.data.task, $0.mistakes.flatMap(levels.slot) ?? 0) },
            uniquingKeysWith: { first, _ in first })
        return MetricKernel(
            slots: levels.count,
            contribution: { cell, place in
                guard cell.isExpertStep(place), let slot = slots[cell.data.task] else { return .none }
                return cell.score(place).map { .counts(slot: slot, numerator: $0, denominator: 1) } ?? .lost(slot: slot)
            },
            evaluate: { StepSlope.share($0, levels: rates) })
    }
}
