import AssayCore
import AssayStatistics

/// What is lost by running the same model in another way: by a state of low precision, by saving and restoring it, by
/// drafts that are rolled back, by other chunks (N1). The same items under the plain condition are the reference, item by
/// item, so that what is common to both cancels.
extension MetricCatalogue {
    static let losses: [MetricDefinition] = [
        MetricDefinition(
            "N1", "condition-loss-accuracy", "Accuracy lost by the condition", .lowerIsBetter, claims: claims,
            formula: "mean over items of 1[right, plain] - 1[right]; episodes that succeed count as right",
            source: source, margin: .accuracy, needs: hasReference
        ) { _ in
            .mean(range: -1...1, valueRange: -1...1) { cell, place in
                guard cell.isMain(place) else { return .none }
                guard let reference = cell.referenceExact(place), let own = cell.exact(place) else {
                    return .lost(slot: 0)
                }
                return .counts(reference - own)
            }
        },
        MetricDefinition(
            "N1", "condition-loss-nll", "NLL lost by the condition", .lowerIsBetter, unit: "nats/token", claims: claims,
            formula: "mean over items of NLL - NLL under the plain condition", source: source, margin: .nll,
            needs: { cell in
                hasReference(cell) && cell.isAnswers && cell.references.values.contains { $0.nll != nil }
            }
        ) { _ in
            .mean(range: nil, valueRange: -Double.infinity...Double.infinity) { cell, place in
                guard cell.isMain(place) else { return .none }
                guard let reference = cell.referenceNLL(place), let own = cell.nll(place) else {
                    return .lost(slot: 0)
                }
                return .counts(own - reference)
            }
        },
        MetricDefinition(
            "N1", "condition-loss-hop-decay", "Hop survival lost by the condition", .lowerIsBetter, claims: claims,
            formula: "rho under the plain condition - rho, of the same items (hop-decay)", source: source,
            margin: .absolute(0.05), scope: .hops,
            needs: { hasReference($0) && $0.isAnswers && !$0.asksForSets && $0.data.family != .agent },
            kernel: hopDecayLoss),
        MetricDefinition(
            "N1", "condition-loss-recall-capacity", "Recall capacity lost by the condition", .lowerIsBetter,
            unit: "facts", claims: claims,
            formula: "C_0.9 under the plain condition - C_0.9, of the same items; none where both are beyond the loads",
            source: source, margin: .absolute(1), scope: .load,
            needs: { hasReference($0) && $0.data.family == .retrieval && $0.isAnswers && !$0.asksForSets },
            kernel: capacityLoss),
    ]

    private static let claims = ["C4", "C5", "C6"]
    private static let source = "metrics catalogue N1: paired differences on the same items"

    @Sendable private static func hasReference(_ cell: PreparedCell) -> Bool { !cell.references.isEmpty }

    @Sendable private static func hopDecayLoss(_ group: CellGroup) -> MetricKernel? {
        guard let levels = HopLevels(group) else { return nil }
        let (hops, floors) = (levels.hops, levels.floors)
        return JointOutcomes.kernel(
            levels: levels.levels,
            level: { cell, place in cell.countsForHops(place) ? cell.items[place].item.hops : nil },
            evaluate: { reference, own in
                HopDecay.survival(reference, hops: hops, floors: floors)
                    - HopDecay.survival(own, hops: hops, floors: floors)
            })
    }

    @Sendable private static func capacityLoss(_ group: CellGroup) -> MetricKernel? {
        let levels = Levels(
            group.places.filter { group.cells[$0.cell].isMain($0.place) }
                .map { group.cells[$0.cell].items[$0.place].item.load })
        guard levels.count >= 2, levels.values[0] > 0 else { return nil }
        let loads = levels.values.map(Double.init)
        return JointOutcomes.kernel(
            levels: levels, level: { cell, place in cell.isMain(place) ? cell.items[place].item.load : nil },
            evaluate: { reference, own in
                let (first, second) = (
                    RecallCapacity.capacity(reference, loads: loads), RecallCapacity.capacity(own, loads: loads)
                )
                let isCutOff = first.censoring != nil && first.censoring == second.censoring
                return isCutOff ? .nan : first.load - second.load
            })
    }
}

/// Right and wrong under two conditions at once, by levels of a covariate: a slot for each pair of outcomes at each
/// level, so that the totals of both conditions, and their dependence item by item, can be had from the sums.
private enum JointOutcomes {
    /// A kernel over the totals `[right, items]` of each level under the reference and under the condition itself.
    static func kernel(
        levels: Levels, level: @escaping @Sendable (PreparedCell, Int) -> Int?,
        evaluate: @escaping @Sendable (_ reference: [Double], _ own: [Double]) -> Double
    ) -> MetricKernel {
        // The last slot is for items without a grade. They might have been anything: then there is no value.
        let lostSlot = 4 * levels.count
        return MetricKernel(
            slots: lostSlot + 1,
            contribution: { cell, place in
                guard let value = level(cell, place), let slot = levels.slot(value) else { return .none }
                guard let reference = cell.referenceExact(place), let own = cell.exact(place) else {
                    return .lost(slot: lostSlot)
                }
                let pair = (reference == 1 ? 2 : 0) + (own == 1 ? 1 : 0)
                return .counts(slot: 4 * slot + pair, numerator: 1, denominator: 1)
            },
            evaluate: { totals in
                guard totals[2 * lostSlot + 1] == 0 else { return .nan }
                var reference: [Double] = []
                var own: [Double] = []
                for slot in 0..<levels.count {
                    let counts = (0..<4).map { totals[2 * (4 * slot + $0) + 1] }
                    let items = counts.reduce(0, +)
                    reference += [counts[2] + counts[3], items]
                    own += [counts[1] + counts[3], items]
                }
                return evaluate(reference, own)
            })
    }
}
