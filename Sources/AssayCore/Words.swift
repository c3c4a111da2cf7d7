/// The three families of tasks.
public enum TaskFamily: String, Sendable, Codable, CaseIterable {
    /// Find something that was said.
    case retrieval
    /// Combine several things that were said.
    case multiHop = "multi-hop"
    /// Act in a world, in closed loop.
    case agent
}

/// How the model is run over a sequence.
public enum KernelPath: String, Sendable, Codable, CaseIterable {
    /// The whole sequence at once: the form used in training and prefill.
    case parallel
    /// One token and a state at a time: the form used in decoding. Generation and rollouts always run so.
    case recurrent
    /// Both, side by side: records how far their logits are apart (N3).
    case divergence
}

/// How a checkpoint is run over a task: part of the identity of a cell.
public struct Condition: Sendable, Codable, Hashable {
    /// The kernel path.
    public var path: KernelPath

    /// A condition.
    public init(path: KernelPath) { self.path = path }

    /// The name used in files, tables and the store.
    public var name: String { path.rawValue }
}

/// How an item ended. Items are never dropped: what has no score is counted as lost.
public enum ResponseStatus: Int, Sendable, Codable, CaseIterable {
    /// Has a score.
    case graded = 0
    /// The model or the grader failed on it.
    case error = 1
    /// Was planned but has no response.
    case missing = 2
}
