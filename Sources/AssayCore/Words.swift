/// The families of tasks.
public enum TaskFamily: String, Sendable, Codable, CaseIterable {
    /// Find something that was said.
    case retrieval
    /// Combine several things that were said.
    case multiHop = "multi-hop"
    /// Carry a state through every token: the value of all that was said so far.
    case stateTracking = "state-tracking"
    /// Act in a world, in closed loop.
    case agent
    /// Items that another program made and graded; what they ask is not known.
    case imported
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
