import AssayCore
import AssayModels
import AssayTensor

/// The workers of an evaluator: those over the model as it was last asked for are kept.
final class EvaluationCrew {
    private let model: LanguageModel
    private let weights: FloatBlock
    private let count: Int
    private let makeDecoder: DecoderFactory
    private var swaps: [Swap] = []
    private var workers: [EvaluationWorker]

    init(model: LanguageModel, weights: FloatBlock, count: Int, makeDecoder: @escaping DecoderFactory) {
        self.model = model
        self.weights = weights
        self.count = count
        self.makeDecoder = makeDecoder
        workers = Self.workers(count, model, weights, makeDecoder)
    }

    private static func workers(
        _ count: Int, _ model: LanguageModel, _ weights: FloatBlock, _ makeDecoder: @escaping DecoderFactory
    ) -> [EvaluationWorker] {
        (0..<count).map { _ in EvaluationWorker(model: model, weights: weights, makeDecoder: makeDecoder) }
    }

    /// Workers over the model with some swaps.
    /// - Throws: ``AssayError`` when the model cannot take them.
    func workers(_ wanted: [Swap]) throws -> [EvaluationWorker] {
        if wanted != swaps {
            workers = Self.workers(count, try model.swapping(wanted), weights, makeDecoder)
            swaps = wanted
        }
        return workers
    }
}
