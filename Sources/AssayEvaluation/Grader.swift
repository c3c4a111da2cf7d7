import AssayTasks

/// What an answer is worth.
public struct Grade: Sendable, Hashable {
    /// In [0, 1].
    public var score: Double
    /// Whether it is the gold answer to the token, so that nothing of it needs to be kept.
    public var isGold: Bool
    /// What is measured of it besides, by name.
    public var detail: [String: Double]
}

/// Grades answers: what a model said, against what a question asks for. ``CellEvaluator/graderVersion(_:)`` counts its
/// versions.
public enum Grader {
    /// Grades what was predicted at the tokens of the gold answer, each with the gold tokens before it in place.
    public static func forced(_ tokens: [Int32], to question: Question, in sequence: TaskSequence) -> Grade {
        let isRight = tokens == sequence.gold(question)
        var detail: [String: Double] = [:]
        if !question.overwritten.isEmpty {
            let isStale = tokens.count == 1 && question.overwritten.contains(tokens[0])
            detail["stale"] = isStale ? 1 : 0
        }
        return Grade(score: isRight ? 1 : 0, isGold: isRight, detail: detail)
    }

    /// Grades a generated answer, without its end token.
    public static func generated(
        _ said: [Int32], to question: Question, in sequence: TaskSequence, of task: any TaskGenerator
    ) -> Grade {
        let gold = sequence.gold(question).filter { $0 != Vocabulary.end }
        switch question.grading {
        case .exact:
            let isExact = said == gold
            return Grade(score: isExact ? 1 : 0, isGold: isExact, detail: [:])
        case .set:
            let agreement = SetScore(generated: said, gold: gold)
            return Grade(
                score: agreement.f1, isGold: agreement.isExact,
                detail: [
                    "precision": agreement.precision, "recall": agreement.recall, "exact": agreement.isExact ? 1 : 0,
                ])
        case .checked:
            let isExact = said == gold
            return Grade(
                score: task.accepts(said, to: question, in: sequence) ? 1 : 0, isGold: isExact,
                detail: ["exact": isExact ? 1 : 0])
        }
    }
}
