import AssayCore
import AssayMetrics
import AssayStore

/// A difference between two sides that is no difference of the models.
public enum VersionDifference: String, Sendable, CaseIterable {
    /// Another version of the grader judged the answers.
    case grader
    /// Another version of the generator made the items.
    case generator
    /// Other kernels computed the logits.
    case kernel
}

/// What is done about sides that do not match in everything.
public struct DiffTolerance: Sendable, Hashable {
    /// Differences of versions that are let pass.
    public var allowed: Set<VersionDifference>
    /// Where the sides hold different items of a task, compare those that both have.
    public var commonItems: Bool

    /// Nothing is let pass unless told.
    public init(allowed: Set<VersionDifference> = [], commonItems: Bool = false) {
        self.allowed = allowed
        self.commonItems = commonItems
    }
}

/// The cells of two sides that can be held against each other.
struct ComparableSides {
    /// One list of cells a seed.
    private(set) var baseline: [[CellData]]
    /// The same cells.
    private(set) var candidate: [[CellData]]
    /// What a reader must know of a task, by its name.
    private(set) var remarks: [String: [String]] = [:]

    /// Reads the cells that all checkpoints of both sides have.
    /// - Parameters:
    ///   - baseline: which of the baseline's cells are meant; nil for all.
    ///   - candidate: which of the candidate's.
    /// - Throws: ``AssayError`` when what they have differs in a version that is not let pass, or in the items.
    init(
        _ pairs: SeedPairs, _ reader: CellReader, _ tolerance: DiffTolerance, baseline: ComparedSide? = nil,
        candidate: ComparedSide? = nil
    ) throws {
        var reader = reader
        let checkpoints = pairs.baseline + pairs.candidate
        let matching = try ComparableSides.matching(checkpoints, &reader, tolerance)
        remarks = matching.remarks
        let label = baseline?.label ?? candidate?.label
        func cells(_ side: [CheckpointRecord], _ named: ComparedSide?) throws -> [[CellData]] {
            try side.map { checkpoint in
                var own = reader
                own.tasks = matching.tasks[checkpoint.hash] ?? []
                let cells = try own.cells(of: checkpoint)
                return try named?.chosen(of: cells, called: label) ?? cells
            }
        }
        let common = CommonCells(
            try cells(pairs.baseline, baseline), try cells(pairs.candidate, candidate))
        (self.baseline, self.candidate) = (common.baseline, common.candidate)
        if tolerance.commonItems || !matching.otherItems.isEmpty {
            try keepCommonItems(all: tolerance.commonItems, of: matching.otherItems)
        }
    }

    /// The tasks of each checkpoint that go together, with what is to be said of them.
    private struct Matching {
        var tasks: [ContentHash: Set<ContentHash>] = [:]
        var remarks: [String: [String]] = [:]
        /// Names of tasks whose items were made by several versions of a generator.
        var otherItems: Set<String> = []
    }

    private static func matching(
        _ checkpoints: [CheckpointRecord], _ reader: inout CellReader, _ tolerance: DiffTolerance
    ) throws -> Matching {
        var matching = Matching()
        var newest = reader
        newest.versions = .newest
        let hashes = checkpoints.map(\.hash)
        let current = try hashes.map { try reader.covers(of: $0) }
        let all = try hashes.map { try newest.covers(of: $0) }
        try checkVersions(current, all, reader.taskNames, tolerance, &matching)
        if !tolerance.allowed.isDisjoint(with: [.grader, .kernel]) { reader.versions = .newest }
        let read = reader.versions == .newest ? all : current
        let names = read.map { covers in
            Dictionary(grouping: Set(covers.map(\.key.task))) { reader.taskNames[$0] ?? "" }
        }
        for name in Set(names.flatMap(\.keys)).sorted() where names.allSatisfy({ $0[name] != nil }) {
            let versions = names.compactMap { $0[name].map(Set.init) }
            let shared = versions.dropFirst().reduce(versions[0]) { $0.intersection($1) }
            if let task = try newestVersion(shared, reader.store) {
                for hash in hashes { matching.tasks[hash, default: []].insert(task.identity) }
                continue
            }
            let chosen = try versions.compactMap { try newestVersion($0, reader.store) }
            try allowGenerators(chosen, name, versions, tolerance, reader.store)
            matching.otherItems.insert(name)
            for (hash, task) in zip(hashes, chosen) { matching.tasks[hash, default: []].insert(task.identity) }
        }
        return matching
    }

    private static func newestVersion(_ tasks: Set<ContentHash>, _ store: Store) throws -> TaskRecord? {
        try tasks.compactMap { try store.task($0) }
            .max { ($0.version, $0.identity.hexadecimal) < ($1.version, $1.identity.hexadecimal) }
    }

    /// Refuses sides of which one has a cell of this program's versions and another only one of other versions.
    private static func checkVersions(
        _ current: [[CellCover]], _ all: [[CellCover]], _ names: [ContentHash: String], _ tolerance: DiffTolerance,
        _ matching: inout Matching
    ) throws {
        func place(_ key: CellKey) -> String { "\(names[key.task] ?? "") (\(key.condition.name))" }
        for reference in Set(current.flatMap { $0 }).sorted(by: { place($0.key) < place($1.key) }) {
            let key = reference.key
            for (index, covers) in all.enumerated()
            where !current[index].contains(where: { $0.key.task == key.task && $0.key.condition == key.condition }) {
                guard let other = covers.first(where: { $0.key.task == key.task && $0.key.condition == key.condition })
                else { continue }
                if other.key.graderVersion != key.graderVersion {
                    try allow(.grader, "\(key.graderVersion)", "\(other.key.graderVersion)", place(key), tolerance)
                    matching.remarks[names[key.task] ?? "", default: []]
                        .append("graded by versions \(key.graderVersion) and \(other.key.graderVersion)")
                }
                if other.key.kernelVersion != key.kernelVersion {
                    try allow(.kernel, key.kernelVersion, other.key.kernelVersion, place(key), tolerance)
                    matching.remarks[names[key.task] ?? "", default: []]
                        .append("computed by kernels \(key.kernelVersion) and \(other.key.kernelVersion)")
                }
            }
        }
        matching.remarks = matching.remarks.mapValues { Set($0).sorted() }
    }

    private static func allow(
        _ difference: VersionDifference, _ first: String, _ second: String, _ place: String, _ tolerance: DiffTolerance
    ) throws {
        guard !tolerance.allowed.contains(difference) else { return }
        let way =
            difference == .grader
            ? "Grade the stored answers anew (assay regrade), or evaluate again" : "Evaluate both sides again"
        throw AssayError.badInput(
            "the sides were evaluated on \(place) with versions \(first) and \(second) of the \(difference.rawValue)",
            remedy: "\(way); or let it pass with --allow \(difference.rawValue)")
    }

    private static func allowGenerators(
        _ tasks: [TaskRecord], _ name: String, _ versions: [Set<ContentHash>], _ tolerance: DiffTolerance,
        _ store: Store
    ) throws {
        guard !tolerance.allowed.contains(.generator) else { return }
        let made = Set(tasks.map { "v\($0.version) \($0.identity.short)" }).sorted().joined(separator: " and ")
        let bridges = try TaskBridge.checkpoints(store, tasks.map(\.identity))
        throw AssayError.badInput(
            "the items of \(name) on the two sides were made by different versions of the task (\(made))",
            remedy: bridges.isEmpty
                ? "Evaluate both sides on one version; or evaluate one checkpoint on both (a bridging run)"
                : "Link them by the bridging run: assay drift --task-set OLD --new NEW --link BASELINE,CANDIDATE; or let it"
                    + " pass with --allow generator, on the items that are the same")
    }

    /// Leaves out the items that not every checkpoint of both sides has, and says how many.
    private mutating func keepCommonItems(all isForAll: Bool, of tasks: Set<String>) throws {
        let sides = baseline + candidate
        var shared: [String: Set<ItemIdentity>] = [:]
        for cell in sides.flatMap({ $0 }) where isForAll || tasks.contains(cell.task) {
            let place = "\(cell.task)\n\(cell.condition.name)"
            let items = Set(cell.items.map { ItemIdentity($0.item) })
            shared[place] = shared[place].map { $0.intersection(items) } ?? items
        }
        func kept(_ cell: CellData) -> CellData {
            guard let items = shared["\(cell.task)\n\(cell.condition.name)"] else { return cell }
            var cell = cell
            cell.items = cell.items.filter { items.contains(ItemIdentity($0.item)) }
            return cell
        }
        for cell in sides.flatMap({ $0 }) {
            guard let items = shared["\(cell.task)\n\(cell.condition.name)"], items.count < cell.items.count else {
                continue
            }
            guard !items.isEmpty else {
                throw AssayError.badInput(
                    "the sides have no item of \(cell.task) (\(cell.condition.name)) in common",
                    remedy: "Evaluate both sides on the same items, or link the sets by a bridging run (assay drift "
                        + "--task-set)")
            }
            let remark = "on the \(items.count) items that both sides have"
            if !(remarks[cell.task] ?? []).contains(remark) { remarks[cell.task, default: []].append(remark) }
        }
        baseline = baseline.map { $0.map(kept) }
        candidate = candidate.map { $0.map(kept) }
    }
}

/// What makes an item the same item.
struct ItemIdentity: Hashable {
    let id: ItemID
    let content: UInt64

    init(_ item: ItemRecord) {
        id = item.id
        content = item.contentBits
    }
}
