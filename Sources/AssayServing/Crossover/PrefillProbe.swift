import AssayCore
import AssayModels
import AssayTensor

/// Times the parallel form over sequences of a length, with one row of logits a sequence.
final class PrefillProbe {
    private let run: SequenceRun

    /// Loads random tokens.
    init(_ side: WeightedModel, length: Int, batch: Int) {
        run = SequenceRun(model: side.model, batch: batch, time: length, targetCapacity: batch, training: false)
        run.bind(weights: side.weights, gradients: nil)
        var random = CounterRandom(key: 12, index: UInt64(length))
        let vocabulary = side.model.architecture.vocabularyCount
        let tokens = (0..<(batch * length)).map { _ in Int32(random.below(vocabulary)) }
        tokens.withUnsafeBufferPointer { run.load(tokens: $0) }
        let last = (0..<batch).map { Target(row: Int32(($0 + 1) * length - 1), token: 0, weight: 1) }
        last.withUnsafeBufferPointer { run.load(targets: $0) }
    }

    /// The largest batch whose activations fit a budget, at most `limit`.
    static func batch(_ side: WeightedModel, length: Int, budget: Int, limit: Int) -> Int {
        let run = SequenceRun(model: side.model, batch: 1, time: length, targetCapacity: 1, training: false)
        return min(limit, max(1, budget / max(1, 4 * run.floatCount)))
    }

    /// Seconds of this thread for each token.
    func seconds() -> Double { ThreadClock.measure { run.forward() } / Double(run.batch * run.time) }
}
