import AssayCore
import AssayModels
import AssayTensor

/// Times decoding steps of some sequences at a context length, always at the same one.
final class DecodeProbe {
    /// Sequences that advance together.
    let batch: Int
    private let decoder: RecurrentDecoder
    private let steps: Int
    private let tokens: [Int32]

    /// Reads `length` random tokens into every sequence.
    /// - Parameter steps: steps that are timed together, from that length on.
    init(_ side: WeightedModel, length: Int, batch: Int, steps: Int) {
        self.batch = batch
        self.steps = steps
        // One more sequence keeps the state that every timing starts from.
        decoder = RecurrentDecoder(
            model: side.model, weights: side.weights, slots: batch + 1, capacity: length + steps,
            rows: max(batch + 1, 64))
        var random = CounterRandom(key: 11, index: UInt64(length))
        let vocabulary = side.model.architecture.vocabularyCount
        tokens = (0..<max(length, batch)).map { _ in Int32(random.below(vocabulary)) }
        decoder.read(tokens.prefix(length), slot: batch)
    }

    /// Bytes of state and cache of one sequence.
    static func bytes(_ model: LanguageModel, length: Int) -> Int {
        model.cacheBytes(tokens: length, ServingFormats(.float32)).reduce(0, +)
    }

    /// The largest batch whose states and caches fit a budget, at most `limit`.
    static func batch(_ model: LanguageModel, length: Int, budget: Int, limit: Int) -> Int {
        min(limit, max(1, budget / max(1, bytes(model, length: length))))
    }

    /// Seconds of this thread for each token.
    func seconds() -> Double {
        for slot in 0..<batch { decoder.copyState(from: batch, to: slot) }
        let slots = Array(0..<batch)
        let input = Array(tokens.prefix(batch))
        let time = ThreadClock.measure { for _ in 0..<steps { _ = decoder.step(slots: slots, tokens: input) } }
        return time / Double(steps * batch)
    }
}
