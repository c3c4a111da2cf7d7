import AssayCore
import AssayEvaluation
import AssayModels
import CKernels
import Foundation

/// A model that samples its actions at a temperature, and remembers how probable they were.
final class SamplingPolicy: RolloutPolicy {
    /// What is remembered of an episode.
    struct Memory {
        /// The log-probability of every sampled token, at the temperature.
        var logProbabilities: [Double] = []
        /// The sum over the sampled tokens of the entropy of what they were sampled from, in nats.
        var entropy = 0.0
        /// Sampled tokens in a row that were all but certain.
        var certainRun = 0
        /// It was stopped by the ``CertaintyGuard``.
        var isGuarded = false
        /// Its logits were not numbers.
        var hasFailed = false
        /// Its own random numbers.
        var random: CounterRandom
        /// Tokens in a row that may be all but certain.
        var certainLimit: Int
    }

    let capacity: Int
    let rows: Int
    let rowsPerSlot: Int
    /// What is remembered of each episode, by its place.
    private(set) var memories: [Memory] = []
    /// The place of the episode in each slot.
    private var places: [Int]

    private let decoder: RecurrentDecoder
    private let scale: Float
    private let certainty: CertaintyGuard?
    private var probabilities: [Float]

    init(_ decoder: RecurrentDecoder, temperature: Double, certainty: CertaintyGuard?) {
        self.decoder = decoder
        self.certainty = certainty
        capacity = decoder.capacity
        rows = decoder.rows
        rowsPerSlot = DecoderPolicy.rowsPerSlot(of: decoder)
        places = Array(repeating: 0, count: decoder.slots)
        scale = Float(1 / temperature)
        probabilities = Array(repeating: 0, count: decoder.model.architecture.vocabularyCount)
    }

    /// Makes ready for episodes.
    func begin(_ memories: [Memory]) { self.memories = memories }

    func reset(slot: Int, for episode: ItemID, place: Int) {
        decoder.reset(slot: slot)
        places[slot] = place
    }

    func step(slots: [Int], tokens: [Int32], wanted: [Bool], predictions: inout [Prediction?]) {
        guard wanted.contains(true) else { return decoder.take(slots: slots, tokens: tokens) }
        let logits = decoder.step(slots: slots, tokens: tokens)
        let width = probabilities.count
        for (row, slot) in slots.enumerated() where wanted[row] {
            let own = UnsafeBufferPointer(rebasing: logits[row * width..<(row + 1) * width])
            predictions[row] = sample(own, episode: places[slot])
        }
    }

    /// Draws the next token of an episode; nil when it cannot be drawn, or when the episode is stopped.
    private func sample(_ logits: UnsafeBufferPointer<Float>, episode: Int) -> Prediction? {
        guard let start = logits.baseAddress, let top = logits.max(), top.isFinite else {
            memories[episode].hasFailed = true
            return nil
        }
        var (sum, weighted) = (0.0, 0.0)
        let drawn = probabilities.withUnsafeMutableBufferPointer { p -> Int? in
            guard let to = p.baseAddress else { return nil }
            for i in 0..<p.count { to[i] = (start[i] - top) * scale }
            ck_exp(p.count, to, to)
            for i in 0..<p.count {
                sum += Double(to[i])
                weighted += Double(to[i]) * Double((start[i] - top) * scale)
            }
            guard sum.isFinite else { return nil }
            var rest = memories[episode].random.unit() * sum
            for i in 0..<p.count where to[i] > 0 {
                rest -= Double(to[i])
                if rest < 0 { return i }
            }
            // What rounding left over falls to the most likely token.
            return (0..<p.count).first { start[$0] == top }
        }
        guard let drawn else {
            memories[episode].hasFailed = true
            return nil
        }
        let logProbability = Double((start[drawn] - top) * scale) - log(sum)
        guard !isStopped(episode, logProbability) else { return nil }
        memories[episode].entropy += log(sum) - weighted / sum
        memories[episode].logProbabilities.append(logProbability)
        return Prediction(token: Int32(drawn))
    }

    private func isStopped(_ episode: Int, _ logProbability: Double) -> Bool {
        guard let certainty else { return false }
        let isCertain = logProbability > log(certainty.probability)
        memories[episode].certainRun = isCertain ? memories[episode].certainRun + 1 : 0
        memories[episode].isGuarded = memories[episode].certainRun > memories[episode].certainLimit
        return memories[episode].isGuarded
    }
}
