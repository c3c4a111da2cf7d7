import AssayCore
import AssayTasks

/// A sequence as text, with its questions.
public struct TextSequence: Sendable, Hashable {
    /// Introduction, examples, context, and the questions whose answers stand in the text.
    public internal(set) var text: String
    /// The questions in the order of the symbolic sequence.
    public internal(set) var questions: [TextQuestion]
    /// The template that it is written in.
    public let template: Int
    /// Bytes of the introduction and the examples, which every item of the template begins with.
    public internal(set) var sharedBytes: Int
    /// Tokens that no phrase of the form fits; none, if the form is right.
    var unsaid: [Int32] = []

    init(text: String, template: Int) {
        (self.text, self.template, questions, sharedBytes) = (text, template, [], text.utf8.count)
    }

    /// What is asked of a model: the text up to where the answer belongs.
    public func prompt(_ question: TextQuestion) -> String {
        String(decoding: text.utf8.prefix(question.place), as: UTF8.self) + question.branch
    }
}

/// A question of a text.
public struct TextQuestion: Sendable, Hashable {
    /// How far an answer goes.
    public enum Stop: String, Sendable, Hashable {
        /// To the end of the line.
        case line
        /// To the end of the word.
        case word
    }

    /// What is known of it before any model sees it; its content is that of the text.
    public let item: ItemRecord
    /// Where the prompt leaves the text, in bytes.
    public let place: Int
    /// What the prompt goes on with from there; empty where the question stands in the text.
    public let branch: String
    /// What belongs there, with the space before it.
    public let answer: String
    /// The same as tokens of the symbolic rendering, without the end.
    public let gold: [Int32]
    /// How far an answer goes.
    public let stop: Stop
    /// The answers that can be, each with the space before it, where they are few; the gold one is among them.
    public let choices: [String]
    /// The number of the question in the symbolic sequence.
    public let number: Int
}

/// What an answer is worth.
public struct TextGrade: Sendable, Hashable {
    /// In [0, 1].
    public let score: Double
    /// Whether it is the gold answer.
    public let isExact: Bool
    /// Precision and recall, where several answers are asked for.
    public let details: [String: Double]
}
