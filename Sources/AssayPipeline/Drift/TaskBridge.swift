import AssayCore
import AssayMetrics
import AssayStore

/// A bridging run: checkpoints that were evaluated on an old set of items and on a new one.
struct TaskBridge {
    private let store: Store
    private let old: TaskSet
    private let new: TaskSet

    init(_ store: Store, old: TaskSet, new: TaskSet) {
        self.store = store
        self.old = old
        self.new = new
    }

    /// The checkpoints that were evaluated on all of some tasks.
    static func checkpoints(_ store: Store, _ tasks: [ContentHash]) throws -> Set<ContentHash> {
        var found: [ContentHash: Set<ContentHash>] = [:]
        for cell in try store.cells() where tasks.contains(cell.key.task) {
            found[cell.key.checkpoint, default: []].insert(cell.key.task)
        }
        return Set(found.filter { $0.value.isSuperset(of: tasks) }.keys)
    }

    /// Whether the change of the set changes what is said of two checkpoints: both were evaluated on both sets.
    func differences(between baseline: [CheckpointRecord], and candidate: [CheckpointRecord]) throws
        -> [BridgedDifference]
    {
        BridgedDifference.differences(
            old: try results(baseline, candidate, on: old), new: try results(baseline, candidate, on: new))
    }

    /// A baseline on the old set against a candidate on the new one, by what a bridging checkpoint does on both:
    /// (candidate - bridge on the new set) - (baseline - bridge on the old set).
    func linked(
        _ baseline: [CheckpointRecord], _ candidate: [CheckpointRecord], by bridge: [CheckpointRecord]
    ) throws -> [BridgedDifference] {
        BridgedDifference.differences(
            old: try results(bridge, baseline, on: old), new: try results(bridge, candidate, on: new))
    }

    /// Both sides on one set, the tasks under the names of the new set.
    private func results(
        _ baseline: [CheckpointRecord], _ candidate: [CheckpointRecord], on set: TaskSet
    ) throws -> [ComparisonResult] {
        var reader = try CellReader(store: store)
        reader.tasks = Set(set.tasks.map(\.identity))
        let pairs = SeedPairs(baseline: baseline, candidate: candidate)
        guard !pairs.isEmpty else {
            throw AssayError(.usage, "the sides have no seed in common", remedy: "Name one seed of each: ARM:seed=N")
        }
        let sides = try ComparableSides(pairs, reader, DiffTolerance())
        guard sides.baseline.contains(where: { !$0.isEmpty }) else {
            throw AssayError(
                .usage, "not all of the checkpoints were evaluated on \(set.name)",
                remedy: "Evaluate them on both sets: that is the bridging run")
        }
        func renamed(_ side: [[CellData]]) -> [[CellData]] {
            guard old.tasks.count == 1, new.tasks.count == 1 else { return side }
            return side.map {
                $0.map { cell in
                    var cell = cell
                    cell.task = new.tasks[0].name
                    cell.generator = new.tasks[0].generator
                    return cell
                }
            }
        }
        return try compare(baseline: renamed(sides.baseline), candidate: renamed(sides.candidate))
    }
}
