import AssayCore
import AssayModels
import AssayTasks
import Testing

@testable import AssayEvaluation

/// A task with its checker replaced by a toss on the tokens, so that a model that knows nothing scores both ways.
private struct TossedAnswers: TaskGenerator {
    let base: any TaskGenerator
    var identity: TaskIdentity { base.identity }
    var family: TaskFamily { base.family }
    var length: Int { base.length }
    var statedFloor: Double { base.statedFloor }
    var baselines: [ShortcutBaseline] { base.baselines }
    var generates: Bool { true }
    func cluster(_ stream: ItemStream, index: Int) -> [TaskSequence] {
        // Few questions, so that the reference form has little to do.
        [base.cluster(stream, index: index)[0]]
    }
    func trainingSequence(_ stream: ItemStream, index: Int) -> TaskSequence {
        base.trainingSequence(stream, index: index)
    }
    func check(_ sequence: TaskSequence) -> [String] { base.check(sequence) }
    func describe(_ sequence: TaskSequence) -> String { base.describe(sequence) }
    func accepts(_ answer: [Int32], to question: Question, in sequence: TaskSequence) -> Bool {
        sequence.questions.contains(question) && answer.reduce(0) { (31 * $0 + Int($1)) % 10_007 } % 2 == 0
    }
}

@Suite struct CheckedAnswerTests {
    @Test func `a checked answer is generated and handed to the task, and the likelihood is that of the gold order`()
        throws
    {
        let (model, weights) = try testModel()
        let task = TossedAnswers(base: try TaskRegistry.make("topological-order"))
        let stream = ItemStream.evaluation(seed: 4)
        let cell = try CellEvaluator(model: model, weights: weights, workers: 1).evaluate(
            task: task, stream: stream, clusters: 12, condition: Condition(path: .recurrent))
        var scores: Set<Double> = []
        for (index, scored) in cell.scored.enumerated() {
            let sequence = task.cluster(stream, index: index)[0]
            let question = sequence.questions[0]
            #expect(question.grading == .checked && scored.item == question.item)
            let prefix = Array(sequence.tokens[..<question.answer.lowerBound])
            var said: [Int32] = []
            while said.count < 2 * question.answer.count + 4 {
                let token = referenceChoice(model, weights, prefix + said)
                if token == Vocabulary.end { break }
                said.append(token)
            }
            let response = scored.response
            #expect(response.output == Vocabulary.text(said))
            #expect(response.score == (task.accepts(said, to: question, in: sequence) ? 1 : 0))
            #expect(response.detail["exact"] == 0)
            let nll = referenceNLL(model, weights, sequence.tokens)
            let gold = question.answer.map { nll[$0 - 1] }.reduce(0, +) / Double(question.answer.count)
            #expect(abs((response.nll ?? .nan) - gold) < 1e-3 * gold)
            scores.insert(response.score ?? -1)
        }
        #expect(cell.scored.count == 12 && scores == [0, 1])
    }

    @Test func `a task without a checker of its own accepts the gold answer alone`() throws {
        let task = try TaskRegistry.make("multi-value-recall")
        let sequence = task.cluster(.evaluation(seed: 1), index: 0)[0]
        let question = sequence.questions[0]
        let gold = sequence.gold(question)
        #expect(task.accepts(gold.dropLast(), to: question, in: sequence))
        #expect(!task.accepts(gold, to: question, in: sequence))
        #expect(!task.accepts(gold.dropLast().reversed(), to: question, in: sequence))
    }
}
