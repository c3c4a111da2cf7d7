import AssayCore

/// Writes a sequence token by token and remembers its questions.
struct SequenceBuilder {
    /// The covariates of a question that the generator knows.
    struct Covariates {
        var hops = 1
        var facts: Int
        var distance: Int
        var load: Int
        var position: Double
        var parent: ItemID?
    }

    private struct Draft {
        let answer: Range<Int>
        var hiddenGold: Int32?
        var overwritten: [Int32] = []
        var grading = Grading.exact
        let covariates: Covariates
    }

    /// Questions that fit into `room` tokens, and into the identities of items.
    static func questions(of width: Int, in room: Int) -> Int { min(room / width, 1024) }

    /// What was written so far.
    private(set) var tokens: [Int32]
    private var drafts: [Draft] = []
    private let length: Int

    /// Goes on after a context.
    init(_ context: [Int32], length: Int) {
        tokens = context
        tokens.reserveCapacity(length)
        self.length = length
    }

    /// Where the next token goes.
    var position: Int { tokens.count }

    /// Writes a token.
    mutating func append(_ token: Int32) { tokens.append(token) }

    /// Writes tokens.
    mutating func append(_ more: [Int32]) { tokens.append(contentsOf: more) }

    /// Writes a gold answer and makes it a question.
    mutating func answer(
        _ gold: [Int32], overwritten: [Int32] = [], grading: Grading = .exact, _ covariates: Covariates
    ) {
        let first = tokens.count
        tokens.append(contentsOf: gold)
        drafts.append(
            Draft(
                answer: first..<tokens.count, overwritten: overwritten, grading: grading, covariates: covariates))
    }

    /// Asks, after the token written last, for a value that is not written; another token must follow.
    mutating func ask(_ gold: Int32, _ covariates: Covariates) {
        drafts.append(Draft(answer: tokens.count..<tokens.count + 1, hiddenGold: gold, covariates: covariates))
    }

    /// The sequence, padded, its items numbered.
    consuming func finish(cluster: Int, sequence: Int = 0) -> TaskSequence {
        let used = tokens.count
        precondition(used <= length, "a sequence of \(used) tokens does not fit into \(length)")
        for _ in used..<length { tokens.append(Vocabulary.padding) }
        let bits = ContentBits.ofSequence(tokens)
        let questions = drafts.enumerated().map { number, draft in
            let known = draft.covariates
            return Question(
                answer: draft.answer, hiddenGold: draft.hiddenGold, overwritten: draft.overwritten,
                grading: draft.grading,
                item: ItemRecord(
                    id: ItemID(cluster: cluster, sequence: sequence, question: number), hops: known.hops,
                    facts: known.facts, length: used, distance: known.distance, load: known.load,
                    position: known.position, parent: known.parent,
                    contentBits: ContentBits.ofItem(
                        sequence: bits, answer: draft.answer, hiddenGold: draft.hiddenGold)))
        }
        return TaskSequence(tokens: tokens, questions: questions)
    }
}
