import AssayCore

/// Random signs for sign-flip tests: counter-based, so that every test on every machine sees the same ones.
///
/// One set serves all metrics of a report. The signs of draw d come from stream d, so more clusters only append.
public struct SignPatterns: Sendable {
    /// How many random patterns there are.
    public let draws: Int
    /// Words of 64 signs a pattern.
    let words: Int
    let bits: [UInt64]

    /// Patterns for up to a number of clusters.
    public init(draws: Int = 10_000, clusters: Int) {
        self.draws = draws
        let words = max(1, (clusters + 63) / 64)
        self.words = words
        let key = ContentHash(of: "assay/sign-flip").leadingBits
        bits = [UInt64](unsafeUninitializedCapacity: draws * words) { buffer, count in
            for draw in 0..<draws {
                var random = CounterRandom(key: key, index: UInt64(draw))
                for word in 0..<words { buffer[draw * words + word] = random.next() }
            }
            count = draws * words
        }
    }

    /// The most clusters that the patterns cover.
    public var clusters: Int { words * 64 }
}
