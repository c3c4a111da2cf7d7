import AssayModels
import AssayServing

/// What a batch measures of serving its models (V1-V4); what is nil is not measured. It is measured of the first seed's
/// last checkpoint of each arm.
public struct ServingPlan: Sendable, Hashable, Codable {
    /// Bytes of caches and states (V1).
    public struct Cache: Sendable, Hashable, Codable {
        /// The formats that bytes are counted in.
        public var formats = [
            ServingFormats(.float32), ServingFormats(cache: .bfloat16, state: .float32), ServingFormats(.bfloat16),
            ServingFormats(.int8),
        ]
        /// The lengths that bytes are counted at.
        public var lengths = [1 << 10, 1 << 15, 1 << 20]
        /// The length of the sequences that a decoder is filled with, to see what it really holds.
        public var heldLength = 1 << 10

        /// The defaults.
        public init() {}
    }

    /// A prefix cache under a trace of conversations (V2).
    public struct Trace: Sendable, Hashable, Codable {
        /// The conversations.
        public var parameters = TraceParameters()
        /// Tokens of a block.
        public var block = 64
        /// Bytes of the cache; nil for no limit.
        public var capacities: [Int?] = [nil]
        /// When copies of states are kept.
        public var policies = [SnapshotPolicy.turns, .every(512), SnapshotPolicy(interval: 512, atTurns: true)]
        /// The formats of caches and states.
        public var formats = ServingFormats(cache: .bfloat16, state: .float32)

        /// The defaults.
        public init() {}
    }

    /// Speculative decoding (V3).
    public struct Speculation: Sendable, Hashable, Codable {
        /// The arm that drafts for the others.
        public var draft: String
        /// Draft lengths.
        public var lengths = [2, 4]
        /// How tokens are taken back.
        public var modes = RollbackMode.allCases
        /// The tasks whose items are gone on from, up to their first answer.
        public var tasks: [String]
        /// Items of each task.
        public var prompts = 4
        /// Tokens that are generated after each.
        public var tokens = 32
        /// Pairs of passes that are timed.
        public var passes = 7

        /// The defaults.
        public init(draft: String, tasks: [String]) {
            self.draft = draft
            self.tasks = tasks
        }
    }

    /// Crossover lengths (V4).
    public struct Crossover: Sendable, Hashable, Codable {
        /// Lengths, repeats and the budget of memory.
        public var settings = CrossoverSettings()
        /// What is timed.
        public var phases = ServingPhase.allCases
        /// At which batches.
        public var loads = ServingLoad.allCases

        /// The defaults.
        public init() {}
    }

    /// Bytes of caches and states.
    public var cache: Cache?
    /// A prefix cache under a trace.
    public var trace: Trace?
    /// Speculative decoding.
    public var speculation: Speculation?
    /// Crossover lengths.
    public var crossover: Crossover?

    /// A plan to measure nothing yet.
    public init() {}

    /// The plan in a line.
    var overview: String {
        var parts: [String] = []
        if let cache { parts.append("bytes at \(cache.lengths.count) lengths in \(cache.formats.count) formats") }
        if let trace {
            parts.append(
                "a prefix cache under \(trace.parameters.sessions) conversations with "
                    + trace.policies.map(\.name).joined(separator: ", "))
        }
        if let speculation {
            parts.append(
                "speculation by \(speculation.draft) with drafts of "
                    + speculation.lengths.map(String.init).joined(separator: ", "))
        }
        if let crossover {
            let lengths = crossover.settings.lengths
            parts.append("crossover lengths over \(lengths.first ?? 0) to \(lengths.last ?? 0) tokens")
        }
        return parts.joined(separator: "; ")
    }
}
