import AssayCore
import AssayModels
import AssayTasks
import Foundation

/// What a policy says next.
struct Prediction: Sendable, Hashable {
    /// The token.
    var token: Int32
    /// Whether the policy held it for all but certain: a probability over ``certainty``.
    var isConfident = false

    /// From here on a token counts as said without doubt (the threshold that MiniMax-M1, arXiv 2506.13585, ends
    /// degenerate generations at).
    static let certainty = 0.99
}

/// Who acts in an episode: it reads tokens and says what comes next. The model, or a script in tests.
protocol RolloutPolicy: AnyObject {
    /// Tokens that an episode may have.
    var capacity: Int { get }
    /// Tokens that one step may take.
    var rows: Int { get }
    /// Tokens of one episode that one step may take.
    var rowsPerSlot: Int { get }
    /// Forgets what a slot has read, for an episode to begin.
    func reset(slot: Int, for episode: ItemID)
    /// Reads tokens, several of a slot one after another, and sets what comes next after those for which that is wanted;
    /// nil where the policy fails.
    func step(slots: [Int], tokens: [Int32], wanted: [Bool], predictions: inout [Prediction?])
}

/// A model as a policy: the recurrent form, greedy or drawn at a temperature.
final class DecoderPolicy: RolloutPolicy {
    private let decoder: any SequenceDecoder
    private let vocabulary: Int
    private let temperature: Double?
    private let key: String
    private var randoms: [CounterRandom]

    let rows: Int
    let rowsPerSlot: Int

    /// A policy.
    /// - Parameters:
    ///   - rows: tokens that one step of the decoder may take.
    ///   - condition: how the model is run. A rounded state is rounded after each step, so a slot takes one token in each.
    ///   - key: what the episodes belong to; with the item of an episode it makes its random numbers.
    init(decoder: any SequenceDecoder, vocabulary: Int, rows: Int, condition: Condition, key: String) {
        self.decoder = decoder
        self.vocabulary = vocabulary
        self.rows = rows
        rowsPerSlot = condition.precision.format == .float32 ? rows : 1
        temperature = condition.path == .sampled ? condition.temperature : nil
        self.key = key
        randoms = [CounterRandom](repeating: CounterRandom(key: 0, index: 0), count: decoder.slots)
    }

    var capacity: Int { decoder.capacity }

    func reset(slot: Int, for episode: ItemID) {
        decoder.reset(slot: slot)
        guard temperature != nil else { return }
        randoms[slot] = CounterRandom(domain: key, index: UInt64(bitPattern: episode.rawValue))
    }

    func step(slots: [Int], tokens: [Int32], wanted: [Bool], predictions: inout [Prediction?]) {
        let logits = decoder.step(slots: slots, tokens: tokens)
        for row in slots.indices where wanted[row] {
            predictions[row] = choose(Logits(logits, row: row, width: vocabulary), slot: slots[row])
        }
    }

    private func choose(_ logits: Logits, slot: Int) -> Prediction? {
        guard let best = logits.argmax else { return nil }
        let token = temperature.map { logits.draw(temperature: $0, at: randoms[slot].unit()) } ?? best
        // Only the most likely token can be certain.
        let isConfident = token == best && logits.negativeLogLikelihood(token) < -log(Prediction.certainty)
        return Prediction(token: token, isConfident: isConfident)
    }
}
