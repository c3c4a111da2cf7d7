import AssayCore
import AssayStatistics

/// Metrics of values that are rewritten, and of states that are carried through every token.
extension MetricCatalogue {
    static let updates: [MetricDefinition] = [
        MetricDefinition(
            "Q7", "stale-rate", "Stale answers", .lowerIsBetter, claims: ["C2"],
            formula: "share of questions that are answered with a value that was overwritten",
            source: "zoology forgetting_mqar.py; metrics catalogue Q7 (b)", margin: .accuracy,
            slicing: [.load, .distance],
            needs: { cell in cell.isAnswers && cell.items.contains { $0.response.detail["stale"] != nil } }
        ) { _ in
            .mean(proportion: .init()) { cell, place in
                guard cell.isMain(place) else { return .none }
                return cell.detail("stale", place).map { .counts($0) } ?? .lost(slot: 0)
            }
        }
    ]

    static let stateTracking: [MetricDefinition] = [
        MetricDefinition(
            "Q14", "scaled-accuracy", "Accuracy, chance-corrected", .higherIsBetter, claims: ["C2"],
            formula: "(acc - floor) / (1 - floor)", source: "Grazzi et al., arXiv 2411.12537", margin: .accuracy,
            isCompared: false, slicing: [.distance], needs: isStateTracking,
            kernel: { group in
                let floor = group.cells[0].exactFloor
                guard floor < 1 else { return nil }
                return .mean(proportion: .init(floor: floor), valueRange: -Double.infinity...1) { cell, place in
                    guard cell.isMain(place) else { return .none }
                    return cell.exact(place).map { .counts($0) } ?? .lost(slot: 0)
                }
            }),
        MetricDefinition(
            "Q14", "length-generalisation", "Length generalisation ratio", .higherIsBetter, claims: ["C2"],
            formula: "largest length T with accuracy >= 0.9 / longest length trained on, by interpolation in log T",
            source: "Merrill et al., arXiv 2404.08819; metrics catalogue Q14", margin: .relative, scope: .length,
            needs: { isStateTracking($0) && $0.data.trainedLength != nil }, kernel: lengthGeneralisation),
    ]

    @Sendable private static func isStateTracking(_ cell: PreparedCell) -> Bool {
        cell.data.family == .stateTracking && cell.isAnswers
    }

    @Sendable private static func lengthGeneralisation(_ group: CellGroup) -> MetricKernel? {
        guard let levels = LengthLevels(group), let trained = group.cells.compactMap(\.data.trainedLength).max() else {
            return nil
        }
        let lengths = levels.lengths
        return MetricKernel(
            slots: lengths.count, valueRange: 0...Double.infinity, contribution: levels.contribution,
            evaluate: { RecallCapacity.capacity($0, loads: lengths).load / Double(trained) },
            censoring: { RecallCapacity.capacity($0, loads: lengths).censoring })
    }
}
