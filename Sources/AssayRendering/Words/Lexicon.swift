import AssayTasks

/// A block of the symbols of the vocabulary: what they mean differs between the blocks, in every task.
enum SymbolBlock: CaseIterable {
    /// Keys, nodes, variables.
    case keys
    /// Values.
    case values
    /// What means nothing.
    case noise
    /// Second parts of keys, words of running text.
    case words

    /// The tokens of the block.
    var tokens: Range<Int32> {
        let first = Vocabulary.firstSymbol
        switch self {
        case .keys: return first..<first + 64
        case .values: return first + 64..<first + 128
        case .noise: return first + 128..<first + 144
        case .words: return first + 144..<first + 192
        }
    }
}

/// Which word stands for which token: different words for different tokens, so that a text can be read back.
struct Lexicon: Sendable {
    private var words: [Int32: String]
    private var tokens: [String: Int32]

    /// Words for blocks of symbols, from their first token on; and for single tokens, which go before.
    init(_ lists: [SymbolBlock: [String]], tokens given: [Int32: String] = [:]) {
        var words = given
        for (block, list) in lists {
            for (token, word) in zip(block.tokens, list) where words[token] == nil { words[token] = word }
        }
        self.init(words: words)
    }

    /// Words for symbols from the first one on, whatever their block.
    init(symbols list: [String]) {
        var words: [Int32: String] = [:]
        for (index, word) in list.enumerated() { words[Vocabulary.firstSymbol + Int32(index)] = word }
        self.init(words: words)
    }

    private init(words: [Int32: String]) {
        self.words = words
        tokens = Dictionary(words.map { ($0.value, $0.key) }, uniquingKeysWith: min)
    }

    /// The word of a token; of a control token without one, its name in the vocabulary.
    subscript(token: Int32) -> String { words[token] ?? Lexicon.control[token] ?? Vocabulary.name(of: token) }

    /// The token of a word; nil for words that stand for none.
    func token(_ word: String) -> Int32? { tokens[word] }

    /// Whether every word stands for one token alone.
    var isUnambiguous: Bool { tokens.count == words.count }

    /// Numbers of hops and places, as numbers.
    private static let control: [Int32: String] = {
        var words: [Int32: String] = [:]
        for rung in 0..<Vocabulary.hopTokenCount { words[Vocabulary.firstHop + Int32(rung)] = "\(1 << rung)" }
        for (index, place) in ["first", "second", "third", "fourth"].prefix(Vocabulary.partCount).enumerated() {
            words[Vocabulary.firstPart + Int32(index)] = place
        }
        return words
    }()
}
