import AssayTasks

/// The forms of all generators but those of agents, which speak JSON.
enum TextForms {
    /// The form of a task; nil for tasks that have none.
    static func form(of identity: TaskIdentity) -> TextForm? { makers[identity.generator]?(identity) }

    /// Generators that have a form.
    static var generators: [String] { makers.keys.sorted() }

    private static let makers: [String: @Sendable (TaskIdentity) -> TextForm] =
        retrieval.merging(lists) { $1 }.merging(longForms) { $1 }.merging(multiHop) { $1 }.merging(stateTracking) { $1 }

    // MARK: - Words that several forms use

    static let holders = Lexicon([
        .keys: WordList.people, .values: WordList.things, .noise: WordList.fillers, .words: WordList.nouns,
    ])
    static let codes = Lexicon([
        .keys: WordList.cities, .values: WordList.numbers(from: 11), .noise: WordList.otherFillers,
        .words: WordList.adjectives,
    ])

    /// A parameter as the files spell it.
    static func parameter(_ name: String, of identity: TaskIdentity) -> String {
        let value = identity.parameters[name] ?? 0
        let kind = TaskRegistry.kinds.first { $0.name == identity.generator }
        return kind?.parameters.first { $0.name == name }?.text(value) ?? "\(value)"
    }

    /// The token number `index` of a block.
    static func token(_ block: SymbolBlock, _ index: Int) -> Int32 { block.tokens.lowerBound + Int32(index) }
}
