import AssayCore
import AssayMetrics
import AssayReports
import AssayStatistics
import AssayStore

/// What `assay drift --task-set` says: whether two sets of items come from the same task, and what that does to a comparison.
public struct TaskSetReport {
    /// The checkpoints that take part, as a user names them.
    public struct Checkpoints: Sendable {
        /// A model that was evaluated on both sets: its gold-answer NLL is the best single number of difficulty.
        public var frozen: String?
        /// Two sides that were both evaluated on both sets.
        public var between: (baseline: String, candidate: String)?
        /// A side that was evaluated on the old set, and one on the new.
        public var link: (baseline: String, candidate: String)?
        /// The bridging checkpoint of a link; nil for the only one there is.
        public var bridge: String?
        /// The batch whose arms are meant.
        public var batch: String?

        /// No checkpoints: only the items are compared.
        public init() {}
    }

    /// How the covariates of the items moved.
    public let shifts: [CovariateShift]
    /// Pearson's test of the shares of the tasks; nil where each set is one task.
    public let composition: (statistic: Double, pValue: Double)?
    /// Items that both sets have, with the same content.
    public let anchors: Int
    /// Anchors that the frozen model did not answer alike on both sets; nil without a frozen model.
    public let movedAnchors: Int?
    /// What the change of the set does to differences of checkpoints.
    public let differences: [BridgedDifference]
    let names: (old: String, new: String)
    let sizes: (old: Int, new: Int)
    let remarks: [String]

    /// Compares two sets.
    /// - Parameters:
    ///   - old: `BATCH/TASK`, `TASK`, the first digits of a task's identity, or `BATCH` for all of its tasks.
    ///   - new: the same of the other set.
    /// - Throws: ``AssayError`` when a set or a checkpoint does not exist, or a checkpoint was not evaluated on both sets.
    public init(store: Store, old oldName: String, new newName: String, checkpoints: Checkpoints) throws {
        let (old, new) = (try TaskSet(oldName, store), try TaskSet(newName, store))
        names = (oldName, newName)
        let frozen = try checkpoints.frozen.map { try TaskSetReport.one($0, checkpoints.batch, store).hash }
        let items = (old: try old.items(store, frozen: frozen), new: try new.items(store, frozen: frozen))
        sizes = (items.old.count, items.new.count)
        shifts = try TaskSetDrift.shifts(reference: items.old, candidate: items.new)
        composition = try TaskSetReport.composition(old, new, store)
        let shared = TaskSetReport.anchors(items.old, items.new)
        anchors = shared.count
        movedAnchors = frozen == nil ? nil : shared.count { !$0.isSame }
        let bridge = TaskBridge(store, old: old, new: new)
        var found: [BridgedDifference] = []
        var remarks: [String] = []
        func side(_ text: String) throws -> [CheckpointRecord] {
            try SideResolver(store: store, batch: checkpoints.batch, texts: [text]).side(text)
        }
        if let (baseline, candidate) = checkpoints.between {
            found += try bridge.differences(between: side(baseline), and: side(candidate))
            remarks.append(
                "\(candidate) - \(baseline) on both sets: where the interval of the change excludes zero, the new set says "
                    + "something else of them.")
        }
        if let (baseline, candidate) = checkpoints.link {
            let linking = try checkpoints.bridge.map(side) ?? TaskSetReport.onlyBridge(store, old, new)
            found += try bridge.linked(side(baseline), side(candidate), by: linking)
            let names = linking.map { "\($0.arm)@\($0.step)" }.joined(separator: ", ")
            remarks.append(
                "\(candidate) on the new set - \(baseline) on the old one, linked by \(names): old and new are the differences "
                    + "to the bridge, their change is the difference of the two sides.")
        }
        differences = found
        self.remarks = remarks
    }

    private static func one(_ text: String, _ batch: String?, _ store: Store) throws -> CheckpointRecord {
        let found = try SideResolver(store: store, batch: batch, texts: [text]).side(text)
        guard found.count == 1, let checkpoint = found.first else {
            throw AssayError(
                .usage, "'\(text)' means \(found.count) checkpoints", remedy: "Name one seed and step: ARM:seed=N@STEP")
        }
        return checkpoint
    }

    private static func onlyBridge(_ store: Store, _ old: TaskSet, _ new: TaskSet) throws -> [CheckpointRecord] {
        let found = try TaskBridge.checkpoints(store, (old.tasks + new.tasks).map(\.identity))
        let records = try store.checkpoints(CheckpointSelector()).filter { found.contains($0.hash) }
        guard found.count == 1, let bridge = records.first else {
            throw AssayError(
                .usage,
                found.isEmpty
                    ? "no checkpoint was evaluated on both \(old.name) and \(new.name): there is no bridging run"
                    : "\(found.count) checkpoints were evaluated on both sets",
                remedy: found.isEmpty
                    ? "Evaluate one checkpoint on both sets"
                    : "Name one with --bridge: "
                        + Set(records.map { "\($0.arm):seed=\($0.seed)@\($0.step)" }).sorted().prefix(5)
                        .joined(separator: ", "))
        }
        return [bridge]
    }

    /// Pearson's test of how many clusters each task has: a mixture that changed shows in their shares.
    private static func composition(
        _ old: TaskSet, _ new: TaskSet, _ store: Store
    ) throws -> (statistic: Double, pValue: Double)? {
        guard old.tasks.count > 1 || new.tasks.count > 1 else { return nil }
        let counts = (try old.clusters(store), try new.clusters(store))
        let names = Set(counts.0.keys).union(counts.1.keys).sorted()
        return ChiSquare.homogeneity(names.map { counts.0[$0] ?? 0 }, names.map { counts.1[$0] ?? 0 })
            .map { ($0.statistic, $0.pValue) }
    }

    private struct Anchor {
        let isSame: Bool
    }

    /// Items of equal content, each once.
    private static func anchors(_ first: [ScoredItem], _ second: [ScoredItem]) -> [Anchor] {
        let known = Dictionary(first.map { ($0.item.contentBits, $0) }, uniquingKeysWith: { a, _ in a })
        var seen: Set<UInt64> = []
        return second.compactMap { item in
            guard let other = known[item.item.contentBits], seen.insert(item.item.contentBits).inserted else {
                return nil
            }
            return Anchor(
                isSame: other.response.nll == item.response.nll && other.response.score == item.response.score)
        }
    }
}
