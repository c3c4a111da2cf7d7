import AssayCore
import AssayStatistics
import Foundation

/// Metrics of how answers fail as nothing but the length grows.
extension MetricCatalogue {
    static let lengths: [MetricDefinition] = [
        MetricDefinition(
            "Q8", "length-nauc", "Length-swept accuracy", .higherIsBetter, claims: ["C2", "C7"],
            formula:
                "integral of acc*(T) / base over log T / range of log T, by trapezia; acc* is chance-corrected, base is "
                + "acc* at the shortest length, which must be above 0.05",
            source: "metrics catalogue Q8", margin: .accuracy, scope: .length, needs: isSwept,
            kernel: { group in
                kernel(group) { sweep in sweep.areaShare }
            }),
        MetricDefinition(
            "Q8", "effective-length", "Effective context length", .higherIsBetter, unit: "tokens",
            claims: ["C2", "C7"],
            formula: "largest length T measured with acc*(T') >= 0.85 base for all T' <= T",
            source: "NoLiMa (arXiv 2502.05167)", margin: .relative, isCompared: false, scope: .length, needs: isSwept,
            kernel: { group in
                kernel(group) { sweep in sweep.effective }
            }),
    ]

    @Sendable private static func isSwept(_ cell: PreparedCell) -> Bool {
        cell.isAnswers && !cell.asksForSets && [.retrieval, .multiHop].contains(cell.data.family)
    }

    private static func kernel(
        _ group: CellGroup, _ figure: @escaping @Sendable (LengthSweep) -> Double
    ) -> MetricKernel? {
        guard let levels = LengthLevels(group) else { return nil }
        let floor = group.cells[0].exactFloor
        let lengths = levels.lengths
        guard floor < 1 else { return nil }
        return MetricKernel(
            slots: levels.lengths.count, valueRange: 0...Double.infinity, contribution: levels.contribution,
            evaluate: { figure(LengthSweep($0, lengths: lengths, floor: floor)) },
            censoring: { totals in
                let sweep = LengthSweep(totals, lengths: lengths, floor: floor)
                return figure(sweep) == lengths[lengths.count - 1] ? .above : nil
            })
    }
}

/// The lengths of the tasks of a series, each a slot of right answers and items.
struct LengthLevels: Sendable {
    /// Tokens of the longest item of each level, ascending.
    let lengths: [Double]
    private let slots: [String: Int]

    /// Nil when there are not two lengths.
    init?(_ group: CellGroup) {
        let levels = Levels(group.cells.map(\.longest))
        guard levels.count >= 2 else { return nil }
        lengths = levels.values.map(Double.init)
        slots = Dictionary(
            group.cells.map { ($0.data.task, levels.slot($0.longest) ?? 0) }, uniquingKeysWith: { first, _ in first })
    }

    /// A main item's answer, in the slot of its task.
    var contribution: ItemRule {
        { [slots] cell, place in
            guard cell.isMain(place), let slot = slots[cell.data.task] else { return .none }
            return cell.exact(place).map { .counts(slot: slot, numerator: $0, denominator: 1) } ?? .lost(slot: slot)
        }
    }
}

/// Chance-corrected accuracy over length.
struct LengthSweep {
    /// A base at or below this says nothing of the rest.
    static let lowest = 0.05
    /// What must be left of the base.
    static let share = 0.85

    private let lengths: [Double]
    /// Of the base; empty when that is not usable.
    private let shares: [Double]

    /// From right answers and items of each length, in turn.
    init(_ totals: [Double], lengths: [Double], floor: Double) {
        self.lengths = lengths
        let corrected = lengths.indices.map { (totals[2 * $0] / totals[2 * $0 + 1] - floor) / (1 - floor) }
        let isUsable = corrected[0] > LengthSweep.lowest && corrected.allSatisfy(\.isFinite)
        shares = isUsable ? corrected.map { max(0, $0) / corrected[0] } : []
    }

    /// The mean share over log length.
    var areaShare: Double {
        guard !shares.isEmpty else { return .nan }
        let logs = lengths.map { log($0) }
        var area = 0.0
        for index in 1..<logs.count {
            area += 0.5 * (shares[index] + shares[index - 1]) * (logs[index] - logs[index - 1])
        }
        return area / (logs[logs.count - 1] - logs[0])
    }

    /// The largest length up to which every share is large enough.
    var effective: Double {
        guard !shares.isEmpty else { return .nan }
        let failing = shares.firstIndex { $0 < LengthSweep.share } ?? shares.count
        return lengths[failing - 1]
    }
}
