import AssayCore
import AssayStatistics
import Foundation

/// Metrics of how answers fail as dependent steps are added.
extension MetricCatalogue {
    static let hops: [MetricDefinition] = [
        MetricDefinition(
            "Q2", "hop-decay", "Hop survival", .higherIsBetter, claims: ["C2"],
            formula: "rho of log acc*_h = a + h log rho over hops with acc* > 0.05, weighted by 1 / variance",
            source: "metrics catalogue Q2", margin: .relative, isPrimary: true, scope: .hops,
            needs: { $0.isAnswers && !$0.asksForSets && $0.data.family != .agent }, kernel: hopDecay),
        MetricDefinition(
            "Q2", "hop-slope", "Hop slope", .higherIsBetter, unit: "logits/hop", claims: ["C2"],
            formula:
                "slope of logit acc_h in h, weighted by 1 / variance, half an answer of each kind added; the difference "
                + "of two sides is the variant x hop interaction beta_4 of the logistic model",
            source: "metrics catalogue Q2", margin: .absolute(0.1), scope: .hops,
            needs: { $0.isAnswers && !$0.asksForSets && $0.data.family != .agent }, kernel: hopSlope),
        MetricDefinition(
            "Q3", "composition-gap", "Compositionality gap", .lowerIsBetter, claims: ["C2"],
            formula: "P(multi-hop answer wrong | all its single hops right)",
            source: "Press et al., arXiv 2210.03350", margin: .accuracy, needs: { $0.isAnswers && !$0.twins.isEmpty },
            kernel: compositionGap),
        MetricDefinition(
            "Q3", "composition-deficit", "Composition deficit", .lowerIsBetter, unit: "nats", claims: ["C2"],
            formula: "mean over hops h, by items, of h log acc(single-hop twins) - log acc_h",
            source: "metrics catalogue Q3", margin: .absolute(0.05), needs: { $0.isAnswers && !$0.twins.isEmpty },
            kernel: compositionDeficit),
    ]

    @Sendable private static func hopDecay(_ group: CellGroup) -> MetricKernel? {
        guard let levels = HopLevels(group) else { return nil }
        let (hops, floors) = (levels.hops, levels.floors)
        return MetricKernel(
            slots: hops.count, valueRange: 0...Double.infinity, contribution: levels.contribution,
            evaluate: { HopDecay.survival($0, hops: hops, floors: floors) })
    }

    @Sendable private static func hopSlope(_ group: CellGroup) -> MetricKernel? {
        guard let levels = HopLevels(group) else { return nil }
        let hops = levels.hops
        return MetricKernel(
            slots: hops.count, contribution: levels.contribution, evaluate: { HopDecay.logitSlope($0, hops: hops) })
    }

    @Sendable private static func compositionGap(_ group: CellGroup) -> MetricKernel? {
        .mean(proportion: .init()) { cell, place in
            guard cell.isMain(place), let twins = cell.twins[cell.items[place].item.id] else { return .none }
            let hops = twins.compactMap { cell.exact($0) }
            guard let whole = cell.exact(place), hops.count == twins.count else { return .lost(slot: 0) }
            let isAsked = hops.allSatisfy { $0 == 1 }
            return .counts(slot: 0, numerator: isAsked ? 1 - whole : 0, denominator: isAsked ? 1 : 0)
        }
    }

    /// Slot 2 l holds the multi-hop questions of hop level l, slot 2 l + 1 their single-hop twins.
    @Sendable private static func compositionDeficit(_ group: CellGroup) -> MetricKernel? {
        let levels = Levels(group.cells.flatMap { $0.parentHops.values }.filter { $0 >= 2 })
        guard levels.count >= 1 else { return nil }
        let hops = levels.values.map(Double.init)
        return MetricKernel(
            slots: 2 * levels.count,
            contribution: { cell, place in
                let item = cell.items[place].item
                guard let parentHops = cell.parentHops[item.parent ?? item.id], let level = levels.slot(parentHops)
                else {
                    return .none
                }
                let slot = 2 * level + (item.parent == nil ? 0 : 1)
                return cell.exact(place).map { .counts(slot: slot, numerator: $0, denominator: 1) } ?? .lost(slot: slot)
            },
            evaluate: { totals in
                var deficit = 0.0
                var items = 0.0
                for (level, hops) in hops.enumerated() {
                    let whole = Array(totals[(4 * level)..<(4 * level + 2)])
                    let single = Array(totals[(4 * level + 2)..<(4 * level + 4)])
                    guard whole[1] > 0, single[1] > 0 else { continue }
                    // Half an answer of each kind keeps the logarithms finite.
                    let logWhole = log((whole[0] + 0.5) / (whole[1] + 1))
                    let logSingle = log((single[0] + 0.5) / (single[1] + 1))
                    deficit += whole[1] * (hops * logSingle - logWhole)
                    items += whole[1]
                }
                return items > 0 ? deficit / items : .nan
            })
    }
}

/// The numbers of hops of a group's items, two or more, each with its floor.
struct HopLevels {
    let levels: Levels
    let hops: [Double]
    let floors: [Double]

    /// An answer, in the slot of its hops.
    var contribution: ItemRule {
        { [levels] cell, place in
            guard cell.countsForHops(place), let slot = levels.slot(cell.items[place].item.hops) else { return .none }
            return cell.exact(place).map { .counts(slot: slot, numerator: $0, denominator: 1) } ?? .lost(slot: slot)
        }
    }

    /// Nil when there are not enough levels for a slope.
    init?(_ group: CellGroup) {
        levels = Levels(
            group.places.filter { group.cells[$0.cell].countsForHops($0.place) }
                .map { group.cells[$0.cell].items[$0.place].item.hops })
        guard levels.count >= 2 else { return nil }
        hops = levels.values.map(Double.init)
        floors = levels.values.map { hops in
            let floors = group.cells.filter { $0.items.contains { $0.item.hops == hops } }.map(\.exactFloor)
            return floors.reduce(0, +) / Double(floors.count)
        }
    }
}
