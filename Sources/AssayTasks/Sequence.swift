import AssayCore

/// How the answer to a question is graded.
public enum Grading: Sendable, Hashable, Codable {
    /// All answer tokens must be right, in order.
    case exact
    /// A set of tokens in any order: F1 of the generated set against the gold set.
    case set
    /// Any answer that the task accepts (``TaskGenerator/accepts(_:to:in:)``); the gold answer is one of several.
    case checked
}

/// A question within a sequence, with its gold answer in place.
public struct Question: Sendable, Hashable, Codable {
    /// Where the gold answer stands in the tokens; position p is predicted from position p - 1.
    public var answer: Range<Int>
    /// The gold answer, one token, where it is asked for without standing in the tokens: a running value, which would
    /// give the next one away if the model could read it. Nil: the tokens themselves are the answer.
    public var hiddenGold: Int32?
    /// Answers that were right before they were overwritten; one of them is a stale answer.
    public var overwritten: [Int32]
    /// How it is graded.
    public var grading: Grading
    /// What is known of it before any model sees it.
    public var item: ItemRecord

    /// A question.
    public init(
        answer: Range<Int>, hiddenGold: Int32? = nil, overwritten: [Int32] = [], grading: Grading = .exact,
        item: ItemRecord
    ) {
        self.answer = answer
        self.hiddenGold = hiddenGold
        self.overwritten = overwritten
        self.grading = grading
        self.item = item
    }
}

/// A token sequence with its questions: what is trained on, and what is scored with the gold answers in place.
public struct TaskSequence: Sendable, Hashable, Codable {
    /// Exactly the task's `length` tokens, padded at the end.
    public var tokens: [Int32]
    /// The questions in order of their answers.
    public var questions: [Question]

    /// A sequence.
    public init(tokens: [Int32], questions: [Question]) {
        self.tokens = tokens
        self.questions = questions
    }

    /// The gold token of a question at a position of its answer.
    public func gold(_ question: Question, at position: Int) -> Int32 {
        question.hiddenGold ?? tokens[position]
    }

    /// The gold answer of a question.
    public func gold(_ question: Question) -> [Int32] {
        question.hiddenGold.map { [$0] } ?? Array(tokens[question.answer])
    }

    /// Tokens before the padding.
    public var usedLength: Int { (tokens.lastIndex { $0 != Vocabulary.padding } ?? -1) + 1 }

    /// Where the context ends and the first question begins, as a turn of a conversation would: the token that announces
    /// the question, or, in tasks without such a token, the last one before the answer. Nil without questions.
    public var turn: Int? {
        guard let answer = questions.first?.answer.lowerBound, answer > 1 else { return nil }
        return tokens[1..<answer].lastIndex(of: Vocabulary.query) ?? answer - 1
    }
}
