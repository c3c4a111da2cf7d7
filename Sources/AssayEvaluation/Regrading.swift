import AssayCore
import AssayTasks

/// Grades stored answers anew, without the model that gave them.
public struct Regrading {
    /// Why the answers of a cell cannot be graded anew.
    public enum Obstacle: Sendable, Hashable {
        /// The condition compares two ways to run a model and has no answers.
        case noAnswers
        /// The actions of episodes are not kept.
        case episodes
        /// The items cannot be made again: another version of the generator made them.
        case otherItems
        /// Of some answers only the beginning is kept.
        case cut(items: Int)

        /// As people read it.
        public var text: String {
            switch self {
            case .noAnswers: "the condition has no answers"
            case .episodes: "the actions of episodes are not kept"
            case .otherItems: "its items were made by another version of the generator, which cannot make them again"
            case .cut(let items): "of \(items) answers only the beginning is kept"
            }
        }
    }

    private let task: any TaskGenerator
    private let stream: ItemStream
    private let condition: Condition
    private let generates: Bool

    /// - Throws: ``RegradingFailure`` when no answer of the condition can be graded anew.
    public init(task: any TaskGenerator, stream: ItemStream, condition: Condition) throws(RegradingFailure) {
        guard condition.path.givesAnswers else { throw RegradingFailure(obstacle: .noAnswers) }
        guard !(task is any AgentTaskGenerator) else { throw RegradingFailure(obstacle: .episodes) }
        self.task = task
        self.stream = stream
        self.condition = condition
        generates = task.generates && condition.path != .parallel
    }

    /// The same answers with grades of this version of the grader; lost items stay lost.
    /// - Throws: ``RegradingFailure`` when the items are others than those that this program makes, or an answer is not kept
    ///   whole.
    public func regrade(_ items: [ScoredItem]) throws(RegradingFailure) -> [ResponseRecord] {
        var cut = 0
        var responses: [ResponseRecord] = []
        var cluster: (index: Int, sequences: [TaskSequence])?
        for scored in items {
            let id = scored.item.id
            if cluster?.index != id.cluster { cluster = (id.cluster, task.cluster(stream, index: id.cluster)) }
            guard let place = cluster?.sequences.questionPlace(of: id),
                let sequence = cluster?.sequences[place.sequence],
                sequence.questions[place.question].item.contentBits == scored.item.contentBits
            else { throw RegradingFailure(obstacle: .otherItems) }
            guard scored.response.status == .graded else {
                responses.append(scored.response)
                continue
            }
            if let response = regrade(scored.response, sequence.questions[place.question], sequence) {
                responses.append(response)
            } else {
                cut += 1
            }
        }
        if cut > 0 { throw RegradingFailure(obstacle: .cut(items: cut)) }
        return responses
    }

    private func regrade(_ response: ResponseRecord, _ question: Question, _ sequence: TaskSequence) -> ResponseRecord?
    {
        guard let tokens = tokens(of: response, question, sequence) else { return nil }
        let grade =
            generates
            ? Grader.generated(tokens, to: question, in: sequence, of: task)
            : Grader.forced(tokens, to: question, in: sequence)
        var result = response
        result.score = grade.score
        result.detail.merge(grade.detail) { _, new in new }
        result.output = grade.isGold ? "" : TokenText.text(tokens)
        return result
    }

    /// What the model said; nil when it is not kept whole. Nothing is kept of the gold answer, and nothing can be kept of an
    /// answer without tokens: the old grade tells them apart.
    private func tokens(of response: ResponseRecord, _ question: Question, _ sequence: TaskSequence) -> [Int32]? {
        guard response.output.isEmpty else { return TokenText.tokens(response.output) }
        let gold = sequence.gold(question)
        guard generates else { return gold }
        let wasGold = response.detail["exact"].map { $0 == 1 } ?? (response.score == 1)
        return wasGold ? gold.filter { $0 != Vocabulary.end } : []
    }
}

/// A cell could not be graded anew.
public struct RegradingFailure: Error, Sendable, Hashable {
    /// Why.
    public var obstacle: Regrading.Obstacle
}

extension [TaskSequence] {
    /// Where a question stands in the sequences of its cluster.
    fileprivate func questionPlace(of id: ItemID) -> (sequence: Int, question: Int)? {
        for (number, sequence) in enumerated() {
            if let question = sequence.questions.firstIndex(where: { $0.item.id == id }) { return (number, question) }
        }
        return nil
    }
}
