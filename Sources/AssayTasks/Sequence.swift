import AssayCore

/// How the answer to a question is graded.
public enum Grading: Sendable, Hashable, Codable {
    /// All answer tokens must be right, in order.
    case exact
    /// A set of tokens in any order: F1 of the generated set against the gold set.
    case set
}

/// A question within a sequence, with its gold answer in place.
public struct Question: Sendable, Hashable {
    /// Where the gold answer stands in the tokens; position p is predicted from position p - 1.
    public var answer: Range<Int>
    /// How it is graded.
    public var grading: Grading
    /// What is known of it before any model sees it.
    public var item: ItemRecord

    /// A question.
    public init(answer: Range<Int>, grading: Grading = .exact, item: ItemRecord) {
        self.answer = answer
        self.grading = grading
        self.item = item
    }
}

/// A token sequence with its questions: what is trained on, and what is scored with the gold answers in place.
public struct TaskSequence: Sendable, Hashable {
    /// Exactly the task's `length` tokens, padded at the end.
    public var tokens: [Int32]
    /// The questions in order of their answers.
    public var questions: [Question]

    /// A sequence.
    public init(tokens: [Int32], questions: [Question]) {
        self.tokens = tokens
        self.questions = questions
    }

    /// Tokens before the padding.
    public var usedLength: Int { (tokens.lastIndex { $0 != Vocabulary.padding } ?? -1) + 1 }
}
