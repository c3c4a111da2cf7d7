import AssayCore
import AssayTasks

/// What is drafted for a sequence whose tokens are known: its own next tokens, wrong from some place on.
///
/// How many are right is drawn evenly from none to all, from counters under the sequence's identity, so that all lengths
/// of a rollback occur, the same in every run.
struct Drafts {
    /// The slot to which the state is copied before a step.
    let saved: Int
    /// Tokens of the draft in the current step.
    private(set) var taken = 0
    /// How many of them are right.
    private(set) var right = 0

    private let count: Int
    private let last: Int
    private let vocabulary: Int
    private var random: CounterRandom

    /// Drafts of `count` tokens, up to the token at `last`.
    init(_ sequence: TaskSequence, count: Int, last: Int, saved: Int, vocabulary: Int) {
        self.count = count
        self.last = last
        self.saved = saved
        self.vocabulary = vocabulary
        random = CounterRandom(
            domain: "drafts", index: sequence.questions.first.map { UInt64(bitPattern: $0.item.id.rawValue) } ?? 0)
    }

    /// The draft after the token at a position.
    /// - Parameter stop: a position whose token must not be taken as right.
    mutating func next(after position: Int, of sequence: TaskSequence, before stop: Int?) -> [Int32] {
        taken = max(0, min(count, last - position))
        right = min(random.below(taken + 1), stop.map { $0 - position - 1 } ?? taken)
        return (0..<taken).map { offset in
            let token = sequence.tokens[position + 1 + offset]
            guard offset == right else { return token }
            return (token + 1 + Int32(random.below(vocabulary - 1))) % Int32(vocabulary)
        }
    }
}
