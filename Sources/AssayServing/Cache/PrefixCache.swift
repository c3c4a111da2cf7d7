/// How a prefix cache is set up.
public struct PrefixCacheSettings: Sendable, Hashable, Codable {
    /// Tokens of a block: a hit ends where a block ends, and so does a copy of a state.
    public var block: Int
    /// Bytes that blocks and copies of states may hold together; nil for no limit.
    public var capacity: Int?
    /// When copies of the state are kept.
    public var policy: SnapshotPolicy

    /// Settings.
    public init(block: Int = 64, capacity: Int? = nil, policy: SnapshotPolicy = .turns) {
        self.block = block
        self.capacity = capacity
        self.policy = policy
    }
}

/// What a prefix cache did for one request.
public struct CacheOutcome: Sendable, Hashable {
    /// Why the request was sent.
    public let kind: RequestClass
    /// Tokens of the input.
    public let input: Int
    /// Tokens whose keys and values were there. For a model that keeps nothing for each token: tokens that were
    /// computed before, ever.
    public let cached: Int
    /// Tokens that could be skipped: up to the longest boundary with keys and values and a copy of every state.
    public let usable: Int
    /// Copies of the state that were written.
    public let snapshots: Int
    /// Bytes that the cache held afterwards.
    public let bytes: Int
}

/// A simulated prefix cache: blocks of keys and values for all tokens, sparse copies of recurrent states, one budget, the
/// least recently used first to go.
///
/// A request is answered at once when it arrives; its answer is in the cache afterwards, all but the last token, which
/// the model has never read. Within a request the end counts as older than the beginning, so that a prefix never
/// outlives what it is a prefix of. At least one token of the input is always computed: without it there are no logits.
public struct PrefixCache {
    private enum Entry: Hashable {
        case block(UInt64)
        case snapshot(UInt64)
    }

    /// How it is set up.
    public let settings: PrefixCacheSettings
    private let model: ServedModel
    private var entries = RecencyList<Entry>()
    /// Blocks that were ever computed, for models that keep nothing of them.
    private var seen: Set<UInt64> = []

    /// An empty cache for a model.
    public init(_ settings: PrefixCacheSettings, model: ServedModel) {
        precondition(settings.block > 0, "blocks of no tokens")
        self.settings = settings
        self.model = model
    }

    /// Serves a request.
    public mutating func serve(_ request: TraceRequest) -> CacheOutcome {
        let block = settings.block
        let (input, computed) = (request.inputCount, request.inputCount + request.output.count - 1)
        let hashes = BlockHash.chain(request.input + [request.output], block: block).prefix(computed / block)
        let limit = (input - 1) / block
        let cached = hashes.prefix(limit).prefix { model.hasCache ? entries.contains(.block($0)) : seen.contains($0) }
            .count
        var usable = cached
        if model.hasState {
            while usable > 0, !entries.contains(.snapshot(hashes[usable - 1])) { usable -= 1 }
        }
        // New copies lie in what is computed now; the one that was used stays.
        var marks: Set<Int> = model.hasState ? boundaries(request, computed: computed).filter { $0 > usable } : []
        let written = marks.count { !entries.contains(.snapshot(hashes[$0 - 1])) }
        if model.hasState, usable > 0 { marks.insert(usable) }
        for index in hashes.indices.reversed() {
            if marks.contains(index + 1) { entries.touch(.snapshot(hashes[index]), bytes: model.snapshotBytes) }
            if model.hasCache {
                entries.touch(.block(hashes[index]), bytes: block * model.bytesPerToken)
            } else {
                seen.insert(hashes[index])
            }
        }
        if let capacity = settings.capacity { while entries.bytes > capacity { entries.removeOldest() } }
        return CacheOutcome(
            kind: request.kind, input: input, cached: cached * block, usable: usable * block, snapshots: written,
            bytes: entries.bytes)
    }

    /// Where the policy wants copies, in blocks from the start.
    private func boundaries(_ request: TraceRequest, computed: Int) -> Set<Int> {
        let block = settings.block
        var marks: Set<Int> = []
        if settings.policy.atTurns {
            marks.formUnion(request.turnEnds.dropLast().map { $0 / block })
            // The same request can come again, and must then compute a token.
            marks.insert((request.inputCount - 1) / block)
            marks.insert(computed / block)
        }
        if let interval = settings.policy.interval {
            let blocks = max(1, interval / block)
            marks.formUnion(stride(from: blocks, through: computed / block, by: blocks))
        }
        marks.remove(0)
        return marks
    }
}
