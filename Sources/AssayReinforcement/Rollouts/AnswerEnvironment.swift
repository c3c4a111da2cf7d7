import AssayCore
import AssayTasks

/// A question with one exact answer as an episode of one action: the context is the prompt, the answer the action. It is
/// solved when every token is right.
public struct AnswerEnvironment: AgentEnvironment {
    /// The tokens up to the answer.
    public let prompt: [Int32]
    /// What is known of the question.
    public let item: ItemRecord
    /// Actions so far.
    public private(set) var steps = 0
    /// Whether the answer was right.
    public private(set) var isSolved = false
    private let gold: [Int32]

    /// The episode of a question of a sequence; nil where the question has no exact answer.
    public init?(_ sequence: TaskSequence, _ question: Question) {
        gold = sequence.gold(question)
        guard question.grading == .exact, !gold.isEmpty, question.answer.lowerBound > 0 else { return nil }
        prompt = Array(sequence.tokens[..<question.answer.lowerBound])
        item = question.item
    }

    /// The tokens of the answer.
    public var longestAction: Int { gold.count }
    /// One answer.
    public var stepBudget: Int { 1 }
    /// One answer.
    public var optimalSteps: Int { 1 }
    /// An answer is right or wrong, never invalid.
    public var invalidActions: Int { 0 }
    /// Whether it was answered.
    public var isOver: Bool { steps > 0 }
    /// The right answer is what is known to be legal.
    public var legalActions: [[Int32]] { isOver ? [] : [gold] }
    /// The right answer.
    public var expertAction: [Int32] { isOver ? [] : gold }
    /// The question and what became of it.
    public var stateHash: UInt64 { item.contentBits &+ (isOver ? 2 : 0) &+ (isSolved ? 1 : 0) }

    /// Answers.
    public mutating func act(_ action: [Int32]) -> Observation {
        guard !isOver else { return Observation(tokens: [], isInvalid: true, isFinal: true) }
        steps += 1
        isSolved = action == gold
        return Observation(tokens: [], isInvalid: false, isFinal: true)
    }
}
