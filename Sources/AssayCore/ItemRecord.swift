/// The identity of an item within its task: cluster, sequence within the cluster, question within the sequence.
public struct ItemID: Sendable, Hashable, Codable, Comparable {
    /// `cluster << 20 | sequence << 10 | question`.
    public let rawValue: Int64

    /// An identity that was stored before.
    public init(rawValue: Int64) { self.rawValue = rawValue }

    /// The question of a sequence of a cluster; sequence and question are below 1,024.
    public init(cluster: Int, sequence: Int, question: Int) {
        precondition((0..<1024).contains(sequence) && (0..<1024).contains(question), "item identity out of range")
        rawValue = Int64(cluster) << 20 | Int64(sequence) << 10 | Int64(question)
    }

    /// The cluster: the world, haystack or fact list that items share.
    public var cluster: Int { Int(rawValue >> 20) }
    /// The sequence within the cluster.
    public var sequence: Int { Int(rawValue >> 10 & 1023) }
    /// The question within the sequence.
    public var question: Int { Int(rawValue & 1023) }

    /// Orders by cluster, sequence, question.
    public static func < (a: ItemID, b: ItemID) -> Bool { a.rawValue < b.rawValue }
}

/// What is known of an item before any model sees it: the covariates by which results are sliced.
public struct ItemRecord: Sendable, Codable, Hashable {
    /// The identity within the task.
    public var id: ItemID
    /// Dependent steps from the question to the answer; 1 for plain retrieval.
    public var hops: Int
    /// Facts (pairs, edges, assignments) in the context.
    public var facts: Int
    /// Tokens of the sequence, padding not counted.
    public var length: Int
    /// Tokens between the question and the (farthest) fact that answers it.
    public var distance: Int
    /// What the state has to hold: facts that could be asked for.
    public var load: Int
    /// Where the fact stands in the context, 0 (start) ... 1 (end).
    public var position: Double
    /// The multi-hop item that this single-hop twin belongs to.
    public var parent: ItemID?
    /// SHA-256 leading bits of tokens and answer: the same item has the same content.
    public var contentBits: UInt64

    /// An item's record.
    public init(
        id: ItemID, hops: Int = 1, facts: Int, length: Int, distance: Int, load: Int, position: Double,
        parent: ItemID? = nil, contentBits: UInt64
    ) {
        self.id = id
        self.hops = hops
        self.facts = facts
        self.length = length
        self.distance = distance
        self.load = load
        self.position = position
        self.parent = parent
        self.contentBits = contentBits
    }
}

/// What a model did on one item in a cell.
public struct ResponseRecord: Sendable, Hashable, Codable {
    /// The item within the task of the cell.
    public var item: ItemID
    /// How it ended.
    public var status: ResponseStatus
    /// The grade in [0, 1]: exact match for one answer, F1 for a set, success for an episode; nil when not graded.
    public var score: Double?
    /// Negative log likelihood of the gold answer, nats per answer token (Q4); nil where there is no gold answer.
    public var nll: Double?
    /// What the model said, as vocabulary names joined by spaces; empty when it said the gold answer.
    public var output: String
    /// Further measurements by name, such as `steps`, `optimal`, `invalid`, `actions`, `kl`, `flips`.
    public var detail: [String: Double]

    /// A response.
    public init(
        item: ItemID, status: ResponseStatus, score: Double? = nil, nll: Double? = nil, output: String = "",
        detail: [String: Double] = [:]
    ) {
        self.item = item
        self.status = status
        self.score = score
        self.nll = nll
        self.output = output
        self.detail = detail
    }
}

/// An item and what a model did on it.
public struct ScoredItem: Sendable, Hashable, Codable {
    /// The item.
    public var item: ItemRecord
    /// The response.
    public var response: ResponseRecord

    /// Joins the two.
    public init(item: ItemRecord, response: ResponseRecord) {
        self.item = item
        self.response = response
    }
}
