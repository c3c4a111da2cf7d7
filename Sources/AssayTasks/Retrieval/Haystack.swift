import AssayCore

/// What lies between facts, token by token.
struct Haystack: Sendable {
    /// The kinds of hay.
    enum Kind: Sendable, Hashable {
        /// Noise symbols, all equally likely: nothing can be predicted, nothing means anything.
        case noise
        /// One sentence of noise symbols, again and again, as in the noise haystack of RULER.
        case sentence
        /// Running text, see ``Haystack``.
        case text(keys: SymbolRange, values: SymbolRange)
    }

    /// Every eighth token of text is a name or a number, in turn: symbols that keys and values are made of, so that the kind of
    /// a token never gives a needle away.
    static let nameEvery = 8

    private let kind: Kind
    private var written = 0
    /// The last word of text, by rank.
    private var word = 0

    /// Hay of a kind, from its beginning.
    init(_ kind: Kind) { self.kind = kind }

    /// The next token.
    ///
    /// Text: words follow a law like Zipf's (word r of 48 about 1 / r as often), and half of the time a word is followed by
    /// the one successor that it prefers, so that there are phrases that come back. The language is the same for every
    /// item: a model can learn it.
    mutating func next(_ random: inout CounterRandom) -> Int32 {
        written += 1
        switch kind {
        case .noise: return SymbolRange.noise[random.below(SymbolRange.noise.count)]
        case .sentence: return SymbolRange.noise[(written - 1) % SymbolRange.noise.count]
        case .text(let keys, let values):
            if written % Haystack.nameEvery == 0 {
                let isValue = written / Haystack.nameEvery % 2 == 0
                return isValue ? values[random.below(values.count)] : keys[random.below(keys.count)]
            }
            word = random.next() & 1 == 0 ? Haystack.successor(of: word) : Haystack.zipf(&random)
            return SymbolRange.words[word]
        }
    }

    /// Values among the first `count` tokens of text.
    static func values(among count: Int) -> Int { count / (2 * nameEvery) }

    /// The word that a word prefers after it: an affine map modulo 48 whose factor is prime to 48, so that every word is
    /// preferred by one other.
    static func successor(of word: Int) -> Int { (5 * word + 7) % SymbolRange.words.count }

    /// A word with probability proportional to 1 / rank, from whole-number weights, so that it is the same on any machine.
    private static func zipf(_ random: inout CounterRandom) -> Int {
        let point = random.below(cumulative[cumulative.count - 1])
        return cumulative.firstIndex { point < $0 } ?? 0
    }

    private static let cumulative: [Int] = {
        var sum = 0
        return (1...SymbolRange.words.count).map { rank in
            sum += 1_000_000 / rank
            return sum
        }
    }()
}
