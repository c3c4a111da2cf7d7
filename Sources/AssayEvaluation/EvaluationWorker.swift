import AssayCore
import AssayModels
import AssayTasks
import AssayTensor

/// Makes a decoder of a shape.
typealias DecoderFactory = @Sendable (LanguageModel, FloatBlock, DecoderShape) -> any SequenceDecoder

/// What one worker keeps from unit to unit: recorded runs and decoders.
final class EvaluationWorker {
    let model: LanguageModel
    private let weights: FloatBlock
    private let makeDecoder: DecoderFactory
    private var runs: [RunShape: SequenceRun] = [:]
    private var decoders: [DecoderShape: any SequenceDecoder] = [:]

    private struct RunShape: Hashable {
        var length: Int
        var chunk: Int?
        var batch: Int
    }

    /// The engine's decoder.
    static let plainDecoder: DecoderFactory = { model, weights, shape in
        RecurrentDecoder(
            model: model, weights: weights, slots: shape.slots, capacity: shape.capacity, rows: shape.rows,
            precision: shape.precision)
    }

    init(model: LanguageModel, weights: FloatBlock, makeDecoder: @escaping DecoderFactory) {
        self.model = model
        self.weights = weights
        self.makeDecoder = makeDecoder
    }

    /// Tokens of the vocabulary.
    var vocabulary: Int { model.architecture.vocabularyCount }

    /// A forward run over sequences of a length; its batch depends on the length alone unless it is given.
    func run(length: Int, chunk: Int? = nil, batch: Int? = nil) -> SequenceRun {
        let batch = batch ?? [12, 6, 4, 3, 2].first { $0 * length <= 1536 } ?? 1
        let shape = RunShape(length: length, chunk: chunk, batch: batch)
        if let run = runs[shape] { return run }
        let run = SequenceRun(
            model: model, batch: batch, time: length, targetCapacity: batch * length, training: false,
            chunk: chunk)
        run.bind(weights: weights, gradients: nil)
        runs[shape] = run
        return run
    }

    /// A decoder of a shape, all of its slots to be reset.
    func decoder(_ shape: DecoderShape) -> any SequenceDecoder {
        if let decoder = decoders[shape] { return decoder }
        // Those of the last task are not needed any more.
        decoders = decoders.filter { $0.key.capacity == shape.capacity }
        let decoder = makeDecoder(model, weights, shape)
        decoders[shape] = decoder
        return decoder
    }
}
