extension Vocabulary {
    /// The words of the long-form tasks: tokens 368, 369, ..., at most 16.
    static let longFormWords: [String] = []
}
