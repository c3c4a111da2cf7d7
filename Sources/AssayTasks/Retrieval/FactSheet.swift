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
        /// What follows the answer, so that questions of different widths take the same room.
        var filler: [Int32] = []
        var hops = 1
        /// The number of the fact that distance and position are those of; nil when the answer is not in the context.
        var fact: Int?
        /// Where the answer stands in that fact.
        var offset = 0
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
    /// - Parameters:
    ///   - isTwin: whether this is the twin of the cluster's main sequence, its questions those of the main one in turn.
    ///   - draw: the facts, and how many questions are asked.
    func sequence(
        _ stream: ItemStream, _ use: ItemSource.Use, _ index: Int, task: Int32, isTwin: Bool = false,
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
        for (question, number) in random.rounds(drawn.queries, of: sheet.inquiries.count).enumerated() {
            builder.ask(
                sheet.inquiries[number], of: sheet, in: drawn.context,
                parent: isTwin ? ItemID(cluster: index, sequence: 0, question: question) : nil)
        }
        return builder.finish(cluster: index, sequence: isTwin ? 1 : 0)
    }
}

extension SequenceBuilder {
    /// Writes a question with its answer.
    mutating func ask(
        _ inquiry: FactSheet.Inquiry, of sheet: FactSheet, in context: NoisyContext, parent: ItemID? = nil
    ) {
        append(inquiry.prompt)
        let start = inquiry.fact.map { context.starts[$0] }
        answer(
            inquiry.gold, overwritten: inquiry.overwritten, grading: inquiry.grading,
            .init(
                hops: inquiry.hops, facts: sheet.distinctFacts,
                distance: start.map { position - $0 - inquiry.offset } ?? 0, load: sheet.load,
                position: inquiry.fact.map(context.position) ?? 0, parent: parent))
        append(inquiry.filler)
    }
}
