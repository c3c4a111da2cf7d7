import AssayCore
import AssayModels
import AssayTasks
import Testing

@testable import AssayEvaluation

/// A condition with swaps scores the swapped model, and leaves nothing behind in the evaluator.
@Suite struct SwapConditionTests {
    private func nlls(_ cell: CellResult) -> [Double?] { cell.responses.map(\.nll) }

    @Test("scores are those of the swapped model, and the next condition's are untouched")
    func scores() throws {
        let (model, weights) = try testModel()
        let task = try TaskRegistry.make("associative-recall", parameters: ["pairs": 6, "queries": 4, "length": 64])
        let stream = ItemStream.evaluation(seed: 1)
        func evaluate(_ evaluator: CellEvaluator, _ condition: String) throws -> [Double?] {
            nlls(
                try evaluator.evaluate(
                    task: task, stream: stream, clusters: 14, condition: try Condition(condition)))
        }
        let evaluator = CellEvaluator(model: model, weights: weights, workers: 2)
        let plain = try evaluate(evaluator, "parallel")
        for path in ["parallel", "recurrent", "recurrent:int4", "resumed", "speculative"] {
            for swaps in ["window=5+1", "drop=1:drop-head=0.1", "top-k=4:no-rotary"] {
                let swapped = CellEvaluator(model: try model.swapping(Swap.list(swaps)), weights: weights, workers: 1)
                let scores = try evaluate(evaluator, "\(path):\(swaps)")
                #expect(try scores == evaluate(swapped, path), "\(path):\(swaps)")
                #expect(scores != plain)
            }
        }
        #expect(try evaluate(evaluator, "parallel") == plain)
        #expect(throws: AssayError.self) { try evaluate(evaluator, "parallel:drop=2") }
        #expect(try evaluate(evaluator, "parallel") == plain)
    }
}
