extension Vocabulary {
    /// The words of the agent tasks: tokens 320, 321, ..., at most 48.
    static let agentWords: [String] = []
}
