import AssayCore
import AssayMetrics
import AssayStore

/// Finds the checkpoints that a user means by `full`, `full@2000`, `full:seed=1@2000` or a hash prefix.
struct SideResolver {
    let store: Store
    /// The batch whose names are meant; nil when no batch has them all.
    let batch: BatchRecord?

    /// Takes the named batch, or the last recorded one that has every arm that is named.
    init(store: Store, batch name: String?, texts: [String]) throws {
        self.store = store
        if let name {
            batch = try store.batch(named: name)
            return
        }
        let arms = try texts.compactMap { try CheckpointSelector(parsing: $0).arm }
        batch = try store.batches().last { batch in
            let names = Set(try store.arms(ofBatch: batch.identity).map(\.arm))
            return arms.allSatisfy(names.contains)
        }
    }

    /// The checkpoints of a side, one a seed: at the step that is named, or each seed's last.
    func side(_ text: String) throws -> [CheckpointRecord] {
        Dictionary(grouping: try all(text), by: \.seed).values
            .compactMap { $0.max { $0.step < $1.step } }
            .sorted { $0.seed < $1.seed }
    }

    /// All checkpoints that a text means, of all seeds and, without a step, all steps.
    func all(_ text: String) throws -> [CheckpointRecord] {
        var selector = try CheckpointSelector(parsing: text)
        selector.batch = batch?.identity
        let found = batch == nil ? [] : try store.checkpoints(selector)
        return found.isEmpty ? try store.checkpoints(named: text) : found
    }

    /// The checkpoints of two sides that belong together.
    /// - Throws: ``AssayError`` when a side does not exist, or they have no seed in common.
    func pairs(_ baseline: String, _ candidate: String) throws -> SeedPairs {
        let pairs = SeedPairs(baseline: try side(baseline), candidate: try side(candidate))
        guard !pairs.isEmpty else {
            throw AssayError(
                .usage, "'\(baseline)' and '\(candidate)' have no seed in common",
                remedy: "Name one seed of each: ARM:seed=N")
        }
        return pairs
    }

    /// All checkpoints of an arm, for following it along its steps.
    func arm(_ name: String) throws -> [CheckpointRecord] {
        let found = try store.checkpoints(CheckpointSelector(arm: name, batch: batch?.identity))
        return found.isEmpty ? try store.checkpoints(named: name) : found
    }

    /// Reads cells under the names of the batch.
    func reader() throws -> CellReader {
        if let batch { return try CellReader(store: store, batch: batch.identity) }
        return try CellReader(store: store)
    }

    /// The options of the batch's own comparisons, or the defaults.
    func options() throws -> ComparisonOptions {
        try batch.flatMap { try store.comparisons(ofBatch: $0.identity).first?.options } ?? ComparisonOptions()
    }
}
