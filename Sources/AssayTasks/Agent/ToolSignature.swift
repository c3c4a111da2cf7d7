/// An argument of a tool: its name and the tokens that it may be.
struct ToolArgument: Sendable, Hashable {
    /// The name, for calls written as JSON.
    let name: String
    /// What it may be, of the right kind.
    let domain: Range<Int32>

    /// An argument of a range of tokens.
    init(_ name: String, _ domain: Range<Int32>) {
        self.name = name
        self.domain = domain
    }

    /// An argument that is one of some symbols.
    init(_ name: String, _ symbols: SymbolRange) {
        self.init(name, symbols.first..<symbols.first + Int32(symbols.count))
    }
}

/// A tool of a world and how it is called.
struct ToolSignature: Sendable, Hashable {
    /// The word that calls it.
    let token: Int32
    /// Its arguments in order.
    let arguments: [ToolArgument]

    /// A tool.
    init(_ token: Int32, _ arguments: ToolArgument...) {
        self.token = token
        self.arguments = arguments
    }

    /// A call of the tool as an action.
    static func call(_ tool: Int32, _ arguments: Int32...) -> [Int32] { [tool] + arguments + [Vocabulary.end] }

    /// Why the words are not a well-formed call of one of some tools: no such tool, a wrong number of arguments or
    /// something that is no argument, an argument of the wrong kind. Nil when they are one.
    static func fault(_ words: ArraySlice<Int32>, of tools: [ToolSignature]) -> Int32? {
        guard let tool = tools.first(where: { $0.token == words.first }) else { return Vocabulary.noSuchTool }
        let given = words.dropFirst()
        guard given.count == tool.arguments.count else { return Vocabulary.malformed }
        var isOfKind = true
        for (argument, token) in zip(tool.arguments, given) where !argument.domain.contains(token) {
            let isArgument =
                (Vocabulary.firstSymbol..<Vocabulary.firstWord).contains(token)
                || tools.contains { $0.arguments.contains { $0.domain.contains(token) } }
            guard isArgument else { return Vocabulary.malformed }
            isOfKind = false
        }
        return isOfKind ? nil : Vocabulary.wrongKind
    }
}
