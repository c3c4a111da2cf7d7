import AssayCore
import AssayModels
import AssayTasks
import Testing

@testable import AssayEvaluation

/// Items that are evaluated in portions, and graded again from what is stored.
@Suite struct PortionTests {
    private static let conditions: [Condition] = [
        .parallel, .recurrent, Condition(path: .resumed), Condition(path: .speculative), Condition(path: .divergence),
    ]

    @Test(arguments: ["associative-recall", "multi-value-recall", "successor"], conditions)
    func portionsAreBitForBitTheWhole(_ name: String, condition: Condition) throws {
        let (model, weights) = try testModel()
        let task = try TaskRegistry.make(name)
        let stream = ItemStream.evaluation(seed: 5)
        let evaluator = CellEvaluator(model: model, weights: weights, workers: 2)
        func run(_ clusters: Range<Int>) throws -> CellResult {
            try evaluator.evaluate(
                task: task, stream: stream, from: clusters.lowerBound, clusters: clusters.upperBound,
                condition: condition)
        }
        let whole = try run(0..<30)
        // In whole units and in others: what is evaluated beside an item does not change it.
        for cuts in [[0, 12, 30], [0, 7, 20, 30]] {
            let parts = try zip(cuts, cuts.dropFirst()).map { try run($0..<$1) }
            #expect(parts.flatMap(\.items) == whole.items, "\(cuts)")
            #expect(parts.flatMap(\.responses) == whole.responses, "\(cuts)")
        }
    }

    @Test func episodesInPortionsAreTheSameEpisodes() throws {
        let (model, weights) = try testModel()
        let evaluator = CellEvaluator(model: model, weights: weights, workers: 2)
        let task = try TaskRegistry.make(
            "tool-world", parameters: ["depth": 2, "records": 3, "length": 64, "budget": 6, "symbols": 8])
        for condition in [Condition.recurrent, Condition(path: .sampled)] {
            func run(_ clusters: Range<Int>) throws -> [ScoredItem] {
                try evaluator.evaluate(
                    task: task, stream: .evaluation(seed: 5), from: clusters.lowerBound, clusters: clusters.upperBound,
                    condition: condition
                ).scored
            }
            #expect(try run(0..<14) == run(0..<5) + run(5..<14))
        }
    }

    @Test(arguments: [
        "associative-recall", "multi-value-recall", "successor", "variable-tracking", "deduction", "topological-order",
        "updated-recall", "parity",
    ])
    func storedAnswersGiveTheStoredGrades(_ name: String) throws {
        let (model, weights) = try testModel()
        let task = try TaskRegistry.make(name)
        let stream = ItemStream.evaluation(seed: 6)
        let evaluator = CellEvaluator(model: model, weights: weights, workers: 2)
        for condition in [Condition.parallel, .recurrent] {
            let cell = try evaluator.evaluate(task: task, stream: stream, clusters: 4, condition: condition)
            let regrading = try Regrading(task: task, stream: stream, condition: condition)
            #expect(try regrading.regrade(cell.scored) == cell.responses, "\(name), \(condition.name)")
        }
    }

    @Test func aGoldAnswerIsRightAndAWrongOneIsNotWhateverTheOldGradeWas() throws {
        let task = try TaskRegistry.make("multi-value-recall")
        let stream = ItemStream.evaluation(seed: 7)
        let sequence = task.cluster(stream, index: 0)[0]
        let question = sequence.questions[0]
        let gold = sequence.gold(question).filter { $0 != Vocabulary.end }
        func regraded(_ output: String, exact: Double, score: Double) throws -> ResponseRecord {
            let response = ResponseRecord(
                item: question.item.id, status: .graded, score: score, nll: 1, output: output,
                detail: ["exact": exact, "unterminated": 0])
            return try Regrading(task: task, stream: stream, condition: .recurrent)
                .regrade([ScoredItem(item: question.item, response: response)])[0]
        }
        let right = try regraded("", exact: 1, score: 0)
        #expect(right.score == 1 && right.output.isEmpty && right.detail["unterminated"] == 0 && right.nll == 1)
        #expect(try regraded("", exact: 0, score: 1).score == 0)
        let one = try regraded(TokenText.text(gold.prefix(1)), exact: 0, score: 0)
        #expect((one.score ?? 0) > 0 && one.detail["precision"] == 1)
    }

    @Test func whatIsNotKeptWholeIsRefused() throws {
        let task = try TaskRegistry.make("associative-recall")
        let stream = ItemStream.evaluation(seed: 8)
        let question = task.cluster(stream, index: 0)[0].questions[0]
        func refusal(_ change: (inout ScoredItem) -> Void) throws -> Regrading.Obstacle? {
            var scored = ScoredItem(
                item: question.item,
                response: ResponseRecord(item: question.item.id, status: .graded, score: 0, output: "s1"))
            change(&scored)
            let regrading = try Regrading(task: task, stream: stream, condition: .parallel)
            do {
                _ = try regrading.regrade([scored])
                return nil
            } catch { return error.obstacle }
        }
        #expect(try refusal { _ in } == nil)
        #expect(try refusal { $0.response.output = "s1 s2 ..." } == .cut(items: 1))
        #expect(try refusal { $0.response.output = "no token" } == .cut(items: 1))
        #expect(try refusal { $0.item.contentBits ^= 1 } == .otherItems)
        #expect(
            try refusal {
                $0.response.status = .error; $0.response.output = "it ended ..."
            } == nil)
        #expect(throws: RegradingFailure(obstacle: .episodes)) {
            try Regrading(task: DoorTask(), stream: stream, condition: .recurrent)
        }
        #expect(throws: RegradingFailure(obstacle: .noAnswers)) {
            try Regrading(task: task, stream: stream, condition: Condition(path: .divergence))
        }
    }

    @Test func answersReadBackAsTheirTokens() {
        let named = (0..<Int32(Vocabulary.count)).filter { TokenText.tokens(Vocabulary.name(of: $0)) == [$0] }
        // Every token that a model can be asked for; names that two tokens share are not guessed at.
        #expect(named.count > Vocabulary.count - 40)
        #expect(
            TokenText.tokens("s3 s10 </s>") == [
                Vocabulary.firstSymbol + 3, Vocabulary.firstSymbol + 10, Vocabulary.end,
            ])
        #expect(TokenText.tokens("") == [] && TokenText.tokens("s3 ...") == nil)
    }
}
