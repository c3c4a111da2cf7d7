import AssayCore

/// The facts of a sequence, and what can be asked about them.
struct FactSheet {
    /// A question.
    struct Inquiry {
        /// The tokens before the answer, from the query mark on.
        var prompt: [Int32]
        /// The answer.
        var gold: [Int32]
        /// Answers that were right before.
        var overwritten: [Int32] = []
        var grading: Grading = .exact
        var hops = 1
        /// The number of the fact that distance and position are those of.
        var fact: Int
        /// Where the answer stands in that fact.
        var offset: Int
    }

    /// The tokens of each fact, in order of appearance.
    var facts: [[Int32]]
    /// Everything that can be asked, each about something else.
    var inquiries: [Inquiry]
    /// Tokens of a question with its answer.
    var questionWidth: Int
    /// Facts, each counted once however often it is told.
    var distinctFacts: Int
    /// What the state has to hold.
    var load: Int
    /// Where the facts lie; empty: anywhere.
    var stretches: [NoisyContext.Stretch] = []
    var haystack = Haystack(.noise)

    /// Key-value pairs, each told once, with a mark before each if there is one.
    static func pairs(_ keys: [Int32], _ values: [Int32], mark: [Int32] = []) -> FactSheet {
        FactSheet(
            facts: zip(keys, values).map { mark + [$0, $1] },
            inquiries: keys.indices.map {
                Inquiry(
                    prompt: [Vocabulary.query, keys[$0]], gold: [values[$0]], fact: $0, offset: mark.count + 1)
            },
            questionWidth: 3, distinctFacts: keys.count, load: keys.count)
    }

    /// Keys that are told `writes` values each, interleaved at random.
    /// - Parameter ask: the question about a key, from its number, its facts in order and their values.
    static func interleaved(
        keys: [Int32], values: [Int32], questionWidth: Int, load: Int, _ random: inout CounterRandom,
        ask: (_ key: Int32, _ own: [Int], _ values: [Int32]) -> Inquiry
    ) -> FactSheet {
        // The number of the key of each fact, in order of appearance.
        var owners = values.indices.map { $0 % keys.count }
        random.shuffle(&owners)
        var own = [[Int]](repeating: [], count: keys.count)
        for (fact, owner) in owners.enumerated() { own[owner].append(fact) }
        return FactSheet(
            facts: zip(owners, values).map { [keys[$0], $1] },
            inquiries: keys.indices.map { key in ask(keys[key], own[key], own[key].map { values[$0] }) },
            questionWidth: questionWidth, distinctFacts: values.count, load: load)
    }
}

extension RetrievalFrame {
    /// Draws facts, lays them out among hay, and asks about them, round after round.
    /// - Parameter draw: the facts, and how many questions are asked.
    func sequence(
        _ stream: ItemStream, _ use: ItemSource.Use, _ index: Int, task: Int32,
        _ draw: (inout CounterRandom) -> (sheet: FactSheet, queries: Int)
    ) -> TaskSequence {
        var (drawn, random) = source.draw(stream, use, index) { random in
            let (sheet, queries) = draw(&random)
            let whole = NoisyContext.Stretch(
                facts: sheet.facts.count, room: room(beside: queries * sheet.questionWidth))
            let context = NoisyContext(
                task: task, facts: sheet.facts, stretches: sheet.stretches.isEmpty ? [whole] : sheet.stretches,
                gap: gap, haystack: sheet.haystack, random: &random)
            return ((sheet: sheet, queries: queries, context: context), ContentBits.fast(context.tokens))
        }
        var builder = SequenceBuilder(drawn.context.tokens, length: length)
        let sheet = drawn.sheet
        for number in random.rounds(drawn.queries, of: sheet.inquiries.count) {
            builder.ask(sheet.inquiries[number], of: sheet, in: drawn.context)
        }
        return builder.finish(cluster: index)
    }
}

extension SequenceBuilder {
    /// Writes a question with its answer.
    mutating func ask(_ inquiry: FactSheet.Inquiry, of sheet: FactSheet, in context: NoisyContext) {
        append(inquiry.prompt)
        answer(
            inquiry.gold, overwritten: inquiry.overwritten, grading: inquiry.grading,
            .init(
                hops: inquiry.hops, facts: sheet.distinctFacts,
                distance: position - context.starts[inquiry.fact] - inquiry.offset, load: sheet.load,
                position: context.position(of: inquiry.fact)))
    }
}
