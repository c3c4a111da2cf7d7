import AssayCore
import AssayEvaluation
import AssayMetrics
import AssayStore

/// What may differ between two cells besides chance.
public enum ScoreCause: String, Sendable, CaseIterable {
    /// The version of the grader.
    case grader
    /// The version and instruction set of the kernels.
    case kernel
    /// How the model was run.
    case condition
    /// The version of the generator, or its parameters or stream: other items.
    case generator, items
    /// The weights.
    case weights
}

/// Why a score differs between two cells: the identities that differ, and how much each accounts for, as far as cells between
/// the two are recorded.
///
/// The way from one cell to the other changes one identity at a time, in the order of ``ScoreCause``; the differences of its
/// steps add up to the whole. Where no cell with one change more is recorded, a step makes several changes at once.
public struct Attribution: Sendable {
    /// A step of the way.
    public struct Step: Sendable {
        /// What changed in it.
        public let causes: [ScoreCause]
        /// How the scores changed.
        public let shifts: [CellShift]
    }

    /// The task, under the name that both sides have.
    public let task: String
    /// The conditions of the two sides.
    public let conditions: (before: Condition, after: Condition)
    /// What differs; empty for equal cells.
    public let causes: [ScoreCause]
    /// The way, from the first cell to the second.
    public let steps: [Step]
    /// The whole difference.
    public let total: [CellShift]
    /// Clusters that are compared.
    public let clusters: Int

    /// Goes from one cell to another over what the store has.
    /// - Throws: ``AssayError`` when the store cannot be read.
    init(_ store: Store, task: String, from first: CellCover, to second: CellCover) throws {
        let clusters = min(first.key.clusters, second.key.clusters)
        let tasks = (try store.task(first.key.task), try store.task(second.key.task))
        let itemCause: ScoreCause = tasks.0?.version == tasks.1?.version ? .items : .generator
        let differing = ScoreCause.allCases.filter { $0.differs(first.key, second.key, itemCause) }
        let reader = AttributionReader(store: store, clusters: clusters)
        var place = first.key
        var rest = differing
        var steps: [Step] = []
        guard let start = try reader.cell(first.key), let end = try reader.cell(second.key) else {
            throw AssayError(.defect, "a cell that was found is gone")
        }
        var before = start
        while !rest.isEmpty {
            var taken: (causes: [ScoreCause], key: CellKey, cell: CellData)?
            for causes in rest.subsets {
                let key = causes.reduce(place) { $1.applied(to: $0, of: second.key) }
                guard let cell = try reader.cell(key) else { continue }
                taken = (causes, key, cell)
                break
            }
            // The last subset is all of the rest, whose cell is the second one.
            guard let taken else { break }
            steps.append(Step(causes: taken.causes, shifts: try CellShift.between(before, taken.cell)))
            (place, before) = (taken.key, taken.cell)
            rest.removeAll { taken.causes.contains($0) }
        }
        self.task = task
        conditions = (first.key.condition, second.key.condition)
        causes = differing
        self.steps = steps
        total = try CellShift.between(start, end)
        self.clusters = clusters
    }
}

/// Reads the cells between two others.
private struct AttributionReader {
    let store: Store
    let clusters: Int

    /// The first clusters of what a key describes; nil where not all of them are recorded.
    func cell(_ key: CellKey) throws -> CellData? {
        let cells = try store.cells(ofCheckpoint: key.checkpoint).filter {
            $0.key.task == key.task && $0.key.condition == key.condition && $0.key.kernelVersion == key.kernelVersion
                && $0.key.graderVersion == key.graderVersion
        }
        guard let cover = CellCover.covers(cells, limit: { _ in clusters }).first, cover.key.clusters >= clusters,
            let task = try store.task(key.task)
        else { return nil }
        return CellData(
            task: task.name, generator: task.generator, family: task.family, condition: key.condition,
            floor: task.floor,
            stateBytes: 0, items: try store.scoredItems(of: cover))
    }
}

extension ScoreCause {
    /// Whether two keys differ in this; a task that differs does so in its generator or in its items.
    fileprivate func differs(_ a: CellKey, _ b: CellKey, _ itemCause: ScoreCause) -> Bool {
        switch self {
        case .grader: a.graderAge != b.graderAge
        case .kernel: a.kernelVersion != b.kernelVersion
        case .condition: a.condition != b.condition
        case .generator, .items: self == itemCause && a.task != b.task
        case .weights: a.checkpoint != b.checkpoint
        }
    }

    /// A key with this taken from another.
    fileprivate func applied(to key: CellKey, of other: CellKey) -> CellKey {
        var key = key
        switch self {
        case .grader: key.graderVersion -= key.graderAge - other.graderAge
        case .kernel: key.kernelVersion = other.kernelVersion
        case .condition:
            let age = key.graderAge
            key.condition = other.condition
            key.graderVersion += age - key.graderAge
        case .generator, .items: key.task = other.task
        case .weights: key.checkpoint = other.checkpoint
        }
        return key
    }
}

extension CellKey {
    /// How far the grader's version is from this program's. Every kernel path counts versions of its own, so those of two
    /// conditions are not the same numbers.
    fileprivate var graderAge: Int { graderVersion - CellEvaluator.graderVersion(condition) }
}

extension [ScoreCause] {
    /// All subsets but the empty one, the smaller ones first, in the order of the elements.
    fileprivate var subsets: [[ScoreCause]] {
        (1..<(1 << count)).map { bits in indices.filter { bits >> $0 & 1 == 1 }.map { self[$0] } }
            .sorted { a, b in
                a.count == b.count
                    ? a.lexicographicallyPrecedes(b) { (firstIndex(of: $0) ?? 0) < (firstIndex(of: $1) ?? 0) }
                    : a.count < b.count
            }
    }
}
