extension Vocabulary {
    /// The words of the retrieval tasks: tokens 256, 257, ..., at most 32.
    static let retrievalWords: [String] = []
}
