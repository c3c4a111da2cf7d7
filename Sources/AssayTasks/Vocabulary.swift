import AssayCore

/// The tokens of the symbolic rendering: few, and the same for every task, so that one small model can learn them all.
public enum Vocabulary {
    /// Fills sequences up to their length; never a target.
    public static let padding: Int32 = 0
    /// Starts every sequence.
    public static let start: Int32 = 1
    /// Ends an answer of several tokens, and an agent's action.
    public static let end: Int32 = 2
    /// Separates the parts of a sequence.
    public static let separator: Int32 = 3
    /// Announces a question.
    public static let query: Int32 = 4
    /// Marks a needle in a haystack.
    public static let needleMark: Int32 = 5

    /// The second token of every sequence says which task it is.
    public static let recallTask: Int32 = 6
    /// Marks a sequence of `multi-value-recall`.
    public static let multiValueTask: Int32 = 7
    /// Marks a sequence of `needle`.
    public static let needleTask: Int32 = 8
    /// Marks a sequence of `successor`.
    public static let successorTask: Int32 = 9
    /// Marks a sequence of `variable-tracking`.
    public static let variableTask: Int32 = 10
    /// Marks an episode of `tool-world`.
    public static let toolTask: Int32 = 11

    /// Asks for the 1st successor; the tokens after it ask for the 2nd, 4th, 8th, 16th and 32nd.
    public static let firstHop: Int32 = 12
    /// Steps of the ladder of hops: 1, 2, 4, ..., 32.
    public static let hopTokenCount = 6
    /// Starts an assignment.
    public static let assign: Int32 = 18
    /// Announces an agent's goal.
    public static let goal: Int32 = 19
    /// Starts an observation.
    public static let observation: Int32 = 20
    /// Ends what the world says: the agent is to act.
    public static let act: Int32 = 21
    /// The first of three tools that open handles; each takes handles of its own kind.
    public static let firstTool: Int32 = 22
    /// Tools that open handles.
    public static let toolCount = 3
    /// The tool that hands in the result and ends the episode.
    public static let submit: Int32 = 25
    /// Starts the observation after an illegal action; one of the reasons below follows.
    public static let error: Int32 = 26
    /// There is no such tool.
    public static let noSuchTool: Int32 = 27
    /// The tool does not take arguments of this kind.
    public static let wrongKind: Int32 = 28
    /// Too few or too many arguments, or something that is no argument.
    public static let malformed: Int32 = 29
    /// An argument that was never observed.
    public static let notKnown: Int32 = 30
    /// The submission was right.
    public static let done: Int32 = 31
    /// The submission was wrong.
    public static let failed: Int32 = 32

    /// Marks a sequence of `parity`.
    public static let parityTask: Int32 = 33
    /// Marks a sequence of `modular-arithmetic`.
    public static let arithmeticTask: Int32 = 34
    /// Marks a sequence of `group-word`.
    public static let groupTask: Int32 = 35
    /// Marks a sequence of `updated-recall`.
    public static let updateTask: Int32 = 36
    /// The operator `+`; `-` and `*` follow.
    public static let firstOperator: Int32 = 37
    /// Operators.
    public static let operatorCount = 3
    /// Opens a bracket.
    public static let open: Int32 = 40
    /// Closes a bracket.
    public static let close: Int32 = 41
    /// Asks for the value of an expression.
    public static let equals: Int32 = 42

    /// Names of the tokens below ``firstSymbol``, in order; tasks take theirs by name.
    public static let controlNames: [String] = [
        "<pad>", "<s>", "</s>", ";", "?", "#",
        "recall", "values", "needle", "successor", "variables", "tools",
        "x1", "x2", "x4", "x8", "x16", "x32",
        "let", "goal", ":", ">", "read", "open", "ask", "submit",
        "error", "no-such-tool", "wrong-kind", "malformed", "not-known", "done", "failed",
        "parity", "arithmetic", "word", "updates", "+", "-", "*", "(", ")", "=",
    ]

    /// The first symbol token; those below are control tokens.
    public static let firstSymbol: Int32 = 64
    /// Symbols `s0`, `s1`, ...: keys, values, names, places.
    public static let symbolCount = 192
    /// The first of the words that families of tasks name for themselves, after the symbols.
    public static let firstWord: Int32 = firstSymbol + Int32(symbolCount)
    /// All tokens.
    public static let count = 384

    /// The words of the families, each in a block of its own, so that one can grow without moving the others.
    private static let words: [Int32: String] = {
        let blocks: [(first: Int32, capacity: Int, names: [String])] = [
            (256, 32, retrievalWords), (288, 32, multiHopWords), (320, 48, agentWords), (368, 16, longFormWords),
        ]
        var words: [Int32: String] = [:]
        for block in blocks {
            precondition(block.names.count <= block.capacity, "a block of words is full")
            for (index, name) in block.names.enumerated() { words[block.first + Int32(index)] = name }
        }
        return words
    }()

    /// The name of a token; `<unused-N>` for control tokens without a name, `<invalid-N>` outside the vocabulary.
    public static func name(of token: Int32) -> String {
        guard token >= 0, token < Int32(count) else { return "<invalid-\(token)>" }
        if token >= firstSymbol, token < firstWord { return "s\(token - firstSymbol)" }
        if Int(token) < controlNames.count { return controlNames[Int(token)] }
        return words[token] ?? "<unused-\(token)>"
    }

    /// The names of tokens, joined by spaces.
    public static func text(_ tokens: some Sequence<Int32>) -> String {
        tokens.map(name(of:)).joined(separator: " ")
    }
}

/// What the symbols mean in a task: disjoint ranges, so that a model can tell a key from a value.
struct SymbolRange: Sendable, Hashable {
    /// The first token.
    let first: Int32
    /// How many.
    let count: Int

    /// A range that starts at symbol number `offset`.
    init(offset: Int, count: Int) {
        precondition(offset + count <= Vocabulary.symbolCount, "symbols run over the vocabulary")
        first = Vocabulary.firstSymbol + Int32(offset)
        self.count = count
    }

    /// The symbol number `index` of the range.
    subscript(index: Int) -> Int32 { first + Int32(index) }

    /// Whether a token is one of these.
    func contains(_ token: Int32) -> Bool { token >= first && token < first + Int32(count) }

    /// Its number within the range.
    func index(of token: Int32) -> Int { Int(token - first) }

    /// `count` different symbols in random order.
    func distinct(_ wanted: Int, _ random: inout CounterRandom) -> [Int32] {
        random.distinct(wanted, below: count).map { self[$0] }
    }

    /// Keys, nodes and variables: at most 64.
    static let keys = SymbolRange(offset: 0, count: 64)
    /// Values: at most 64.
    static let values = SymbolRange(offset: 64, count: 64)
    /// Filler that means nothing.
    static let noise = SymbolRange(offset: 128, count: 16)
}
