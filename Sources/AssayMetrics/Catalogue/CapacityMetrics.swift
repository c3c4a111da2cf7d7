import AssayCore
import AssayStatistics
import Foundation

/// Metrics of how much a state holds.
extension MetricCatalogue {
    static let capacities: [MetricDefinition] = [
        MetricDefinition(
            "Q6", "recall-capacity", "Recall capacity C_0.9", .higherIsBetter, unit: "facts",
            claims: ["C2", "C10"],
            formula: "largest load D with accuracy >= 0.9, by interpolation of logit accuracy in log D",
            source: "Zoology (arXiv 2312.04927)", margin: .relative, isPrimary: true, scope: .load,
            needs: isRecall
        ) { capacity($0, perByte: false) },
        MetricDefinition(
            "Q6", "recall-capacity-per-kib", "Recall capacity per KiB of state", .higherIsBetter, unit: "facts/KiB",
            claims: ["C2", "C10"], formula: "C_0.9 / (state bytes at that load / 1024)",
            source: "Zoology (arXiv 2312.04927), Based (arXiv 2402.18668)", margin: .relative, scope: .load,
            needs: isRecall
        ) { capacity($0, perByte: true) },
    ]

    static let serving: [MetricDefinition] = [
        MetricDefinition(
            "V1", "state-bytes", "State bytes", .lowerIsBetter, unit: "bytes", claims: ["C10"],
            formula: "bytes of recurrent state and cache of one sequence at the task's length",
            source: "cost model of the architecture", margin: .relative, isCompared: false,
            needs: { $0.data.condition.path.givesAnswers },
            direct: { group in group.cells.count == 1 ? Double(group.cells[0].data.stateBytes) : nil })
    ]

    @Sendable private static func isRecall(_ cell: PreparedCell) -> Bool {
        cell.data.family == .retrieval && cell.isAnswers && !cell.asksForSets
    }

    private static func capacity(_ group: CellGroup, perByte: Bool) -> MetricKernel? {
        let levels = Levels(
            group.places.filter { group.cells[$0.cell].isMain($0.place) }
                .map { group.cells[$0.cell].items[$0.place].item.load })
        guard levels.count >= 2, levels.values[0] > 0 else { return nil }
        let loads = levels.values.map(Double.init)
        let bytes = perByte ? stateBytes(group, levels) : []
        guard bytes.allSatisfy({ $0 > 0 }) else { return nil }
        return MetricKernel(
            slots: levels.count, valueRange: 0...Double.infinity, stateBytes: bytes,
            contribution: { cell, place in
                guard cell.isMain(place), let slot = levels.slot(cell.items[place].item.load) else { return .none }
                return cell.exact(place).map { .counts(slot: slot, numerator: $0, denominator: 1) } ?? .lost(slot: slot)
            },
            evaluate: { totals in
                let capacity = RecallCapacity.capacity(totals, loads: loads).load
                return perByte ? 1024 * capacity / interpolate(bytes, at: capacity, loads: loads) : capacity
            },
            censoring: { RecallCapacity.capacity($0, loads: loads).censoring })
    }

    /// The mean bytes of the tasks with each load.
    private static func stateBytes(_ group: CellGroup, _ levels: Levels) -> [Double] {
        levels.values.map { load in
            let cells = group.cells.filter { $0.items.contains { $0.item.load == load && $0.item.parent == nil } }
            return cells.reduce(0) { $0 + Double($1.data.stateBytes) } / Double(cells.count)
        }
    }

    /// Log-log interpolation between loads.
    private static func interpolate(_ values: [Double], at load: Double, loads: [Double]) -> Double {
        guard load.isFinite, let above = loads.firstIndex(where: { $0 >= load }) else {
            return values[values.count - 1]
        }
        guard above > 0 else { return values[0] }
        let share = log(load / loads[above - 1]) / log(loads[above] / loads[above - 1])
        return exp(log(values[above - 1]) + share * log(values[above] / values[above - 1]))
    }
}
