import AssayCore
import AssayStatistics

/// How small a difference between two checkpoints can be seen on a task (X4).
public struct TaskDetectability: Sendable, Hashable {
    /// The task.
    public let task: String
    /// The condition's name.
    public let condition: String
    /// `accuracy` (right answers, successes) or `nll`.
    public let metric: String
    /// Of the paired differences of its items.
    public let detectability: Detectability
}

/// How small a difference can be seen on each task: variance, discordance and correlation of the paired differences of items.
///
/// - Parameters:
///   - baseline: the cells of one checkpoint.
///   - candidate: the cells of the other: the same tasks, conditions and items.
/// - Throws: ``AssayError`` when the sides do not hold the same cells and items.
public func detectability(baseline: [CellData], candidate: [CellData]) throws -> [TaskDetectability] {
    guard let cells = try PairedCells.seeds(baseline: [baseline], candidate: [candidate]).first else { return [] }
    var found: [TaskDetectability] = []
    for pair in cells.pairs where pair.baseline.data.condition.path.givesAnswers {
        let values: [(String, (PreparedCell, Int) -> Double?)] = [
            ("accuracy", { $0.exact($1) }), ("nll", { $0.nll($1) }),
        ]
        for (name, value) in values {
            guard let detectability = Detectability(differences: differences(pair.baseline, pair.candidate, value))
            else { continue }
            found.append(
                TaskDetectability(
                    task: pair.baseline.data.task, condition: pair.baseline.data.condition.name, metric: name,
                    detectability: detectability))
        }
    }
    return found
}

/// The differences of the main items that have a value on both sides, by clusters.
private func differences(
    _ baseline: PreparedCell, _ candidate: PreparedCell, _ value: (PreparedCell, Int) -> Double?
) -> [[Double]] {
    var groups: [[Double]] = []
    var last: Int?
    for place in baseline.items.indices where baseline.isMain(place) {
        guard let first = value(baseline, place), let second = value(candidate, place) else { continue }
        let cluster = baseline.items[place].item.id.cluster
        if cluster != last { groups.append([]) }
        last = cluster
        groups[groups.count - 1].append(second - first)
    }
    return groups
}
