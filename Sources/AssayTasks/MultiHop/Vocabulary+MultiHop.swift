extension Vocabulary {
    /// The words of the multi-hop tasks: tokens 288, 289, ..., at most 32.
    static let multiHopWords: [String] = []
}
