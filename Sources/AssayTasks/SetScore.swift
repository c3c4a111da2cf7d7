/// How well a generated set of tokens matches the gold set; order and repetitions do not count.
public struct SetScore: Sendable, Hashable {
    /// Share of the generated tokens that are right; 0 when nothing was generated.
    public let precision: Double
    /// Share of the gold tokens that were generated.
    public let recall: Double
    /// Harmonic mean of the two.
    public let f1: Double
    /// Whether the sets are equal.
    public let isExact: Bool

    /// Compares the tokens before the first end token of either side.
    public init(generated: some Sequence<Int32>, gold: some Sequence<Int32>) {
        let generated = Set(generated.prefix { $0 != Vocabulary.end })
        let gold = Set(gold.prefix { $0 != Vocabulary.end })
        let shared = Double(generated.intersection(gold).count)
        precision = generated.isEmpty ? 0 : shared / Double(generated.count)
        recall = gold.isEmpty ? 0 : shared / Double(gold.count)
        f1 = generated.isEmpty && gold.isEmpty ? 1 : 2 * shared / Double(max(1, generated.count + gold.count))
        isExact = generated == gold
    }
}
