import AssayCore
import AssayModels
import AssayTasks
import AssayTensor

/// What one worker keeps from unit to unit: recorded runs and a decoder.
final class EvaluationWorker {
    let model: LanguageModel
    private let weights: FloatBlock
    private var runs: [RunShape: SequenceRun] = [:]
    private var decoders: [Int: RecurrentDecoder] = [:]

    private struct RunShape: Hashable {
        var length: Int
        var chunk: Int?
    }

    init(model: LanguageModel, weights: FloatBlock) {
        self.model = model
        self.weights = weights
    }

    /// Tokens of the vocabulary.
    var vocabulary: Int { model.architecture.vocabularyCount }

    /// A forward run over sequences of a length; its batch depends on the length alone.
    func run(length: Int, chunk: Int? = nil) -> SequenceRun {
        let shape = RunShape(length: length, chunk: chunk)
        if let run = runs[shape] { return run }
        let batch = [12, 6, 4, 3, 2].first { $0 * length <= 1536 } ?? 1
        let run = SequenceRun(
            model: model, batch: batch, time: length, targetCapacity: batch * length, training: false,
            chunk: chunk)
        run.bind(weights: weights, gradients: nil)
        runs[shape] = run
        return run
    }

    /// A decoder of ``CellEvaluator/slots`` slots for sequences of at most `capacity` tokens, all slots to be reset.
    func decoder(capacity: Int) -> RecurrentDecoder {
        if let decoder = decoders[capacity] { return decoder }
        let decoder = RecurrentDecoder(model: model, weights: weights, slots: CellEvaluator.slots, capacity: capacity)
        decoders = [capacity: decoder]
        return decoder
    }
}
