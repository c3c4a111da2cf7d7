import AssayCore

/// An arm of a batch as its file states it: what yields the checkpoints that are compared.
public struct ArmEntry: Sendable, Hashable {
    /// The name in the batch.
    public var name: String
    /// Where its checkpoints come from.
    public var source: ArmSourceEntry
    /// Where it stands.
    public var mark: SourceMark

    init(_ entry: ConfigurationEntry) throws {
        name = try entry.name()
        mark = entry.mark
        // The first key that only one kind of arm has says which kind it is.
        let keys = try entry.value.entries().map(\.key)
        source =
            if keys.contains("endpoint") {
                .served(try ServedArmEntry(entry.value))
            } else if keys.contains("checkpoints") {
                .loaded(try LoadedArmEntry(entry.value))
            } else {
                .trained(try TrainedArmEntry(entry.value))
            }
    }

    /// How it is trained; nil when it is not trained here.
    public var trained: TrainedArmEntry? { if case .trained(let entry) = source { entry } else { nil } }
}

/// Where the checkpoints of an arm come from.
public enum ArmSourceEntry: Sendable, Hashable {
    /// An architecture that is trained here by a recipe.
    case trained(TrainedArmEntry)
    /// Checkpoints that are there already, or that someone else is making.
    case loaded(LoadedArmEntry)
    /// A model that answers behind an address.
    case served(ServedArmEntry)
}

/// An arm that is trained here.
public struct TrainedArmEntry: Sendable, Hashable {
    /// The architecture, by name or path.
    public var architecture: Marked<String>
    /// The recipe, by name or path.
    public var recipe: Marked<String>
    /// In what it is made equal to the control; nil for what the batch says.
    public var match: MatchEntry?

    init(_ value: ConfigurationValue) throws {
        let map = try value.mapping("arm", keys: ["architecture", "recipe", "match"])
        let architecture = try map.required("architecture")
        let recipe = try map.required("recipe")
        self.architecture = Marked(try architecture.text(), at: architecture.mark)
        self.recipe = Marked(try recipe.text(), at: recipe.mark)
        match = try map.optional("match").map(MatchEntry.init)
    }
}

/// An arm of checkpoints that are found by a pattern.
public struct LoadedArmEntry: Sendable, Hashable {
    /// The pattern of their paths, see ``CheckpointPattern``.
    public var checkpoints: Marked<String>
    /// The file of their tokenizer; nil for their own.
    public var tokenizer: Marked<String>?
    /// The seed that they belong to, for pairs with other arms; nil for the first of the batch.
    public var seed: Marked<UInt64>?

    init(_ value: ConfigurationValue) throws {
        let map = try value.mapping("loaded arm", keys: ["checkpoints", "tokenizer", "seed"])
        let checkpoints = try map.required("checkpoints")
        self.checkpoints = Marked(try checkpoints.text(), at: checkpoints.mark)
        guard !self.checkpoints.value.isEmpty else {
            throw checkpoints.failure("is empty", remedy: "Write a path such as ../runs/kda/step-*/")
        }
        tokenizer = try map.optional("tokenizer").map { Marked(try $0.text(), at: $0.mark) }
        seed = try map.optional("seed").map { Marked(try $0.seed(), at: $0.mark) }
        if let seed, self.checkpoints.value.contains(CheckpointPattern.seedMark) {
            throw AssayError.badInput(
                "'seed' is given, but the pattern has a place for every seed", at: seed.mark.description,
                remedy: "Leave 'seed' out, or name one seed in the pattern")
        }
    }
}
