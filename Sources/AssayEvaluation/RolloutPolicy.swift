import AssayCore
import AssayModels
import AssayTasks
import Foundation

/// What a policy says next.
public struct Prediction: Sendable, Hashable {
    /// The token.
    public var token: Int32
    /// Whether the policy held it for all but certain: a probability over ``certainty``.
    public var isConfident: Bool

    /// A prediction.
    public init(token: Int32, isConfident: Bool = false) {
        self.token = token
        self.isConfident = isConfident
    }

    /// From here on a token counts as said without doubt (the threshold that MiniMax-M1, arXiv 2506.13585, ends
    /// degenerate generations at).
    public static let certainty = 0.99
}

/// Who acts in an episode: it reads tokens and says what comes next. The model, or a script in tests.
public protocol RolloutPolicy: AnyObject {
    /// Tokens that an episode may have.
    var capacity: Int { get }
    /// Tokens that one step may take.
    var rows: Int { get }
    /// Tokens of one episode that one step may take.
    var rowsPerSlot: Int { get }
    /// Forgets what a slot has read, for an episode to begin.
    /// - Parameter place: the place of the episode among all that are played.
    func reset(slot: Int, for episode: ItemID, place: Int)
    /// Reads tokens, several of a slot one after another, and sets what comes next after those for which that is wanted;
    /// nil where the policy fails or gives up.
    func step(slots: [Int], tokens: [Int32], wanted: [Bool], predictions: inout [Prediction?])
}

/// A model as a policy: the recurrent form, greedy or drawn at a temperature.
public final class DecoderPolicy: RolloutPolicy {
    private let decoder: any SequenceDecoder
    private let vocabulary: Int
    private let temperature: Double?
    private let key: String
    private var randoms: [CounterRandom]

    /// Tokens that one step may take.
    public let rows: Int
    /// Tokens of one episode that one step may take.
    public let rowsPerSlot: Int

    /// A model's decoder as a policy that always says what is most likely.
    public convenience init(greedy decoder: RecurrentDecoder) {
        self.init(
            decoder: decoder, vocabulary: decoder.model.architecture.vocabularyCount, rows: decoder.rows,
            rowsPerSlot: DecoderPolicy.rowsPerSlot(of: decoder), temperature: nil, key: "")
    }

    /// Tokens of a slot that a step may take: a rounded state is rounded after each step, so a slot takes one token in each.
    public static func rowsPerSlot(of decoder: RecurrentDecoder) -> Int {
        decoder.precision.format == .float32 ? decoder.rows : 1
    }

    /// A policy.
    /// - Parameters:
    ///   - rows: tokens that one step of the decoder may take.
    ///   - condition: how the model is run. A rounded state is rounded after each step, so a slot takes one token in each.
    ///   - key: what the episodes belong to; with the item of an episode it makes its random numbers.
    convenience init(decoder: any SequenceDecoder, vocabulary: Int, rows: Int, condition: Condition, key: String) {
        self.init(
            decoder: decoder, vocabulary: vocabulary, rows: rows,
            rowsPerSlot: condition.precision.format == .float32 ? rows : 1,
            temperature: condition.path == .sampled ? condition.temperature : nil, key: key)
    }

    private init(
        decoder: any SequenceDecoder, vocabulary: Int, rows: Int, rowsPerSlot: Int, temperature: Double?, key: String
    ) {
        self.decoder = decoder
        self.vocabulary = vocabulary
        self.rows = rows
        self.rowsPerSlot = rowsPerSlot
        self.temperature = temperature
        self.key = key
        randoms = [CounterRandom](repeating: CounterRandom(key: 0, index: 0), count: decoder.slots)
    }

    /// Tokens that an episode may have.
    public var capacity: Int { decoder.capacity }

    /// Forgets what a slot has read, and starts the random numbers of an episode.
    public func reset(slot: Int, for episode: ItemID, place: Int) {
        decoder.reset(slot: slot)
        guard temperature != nil else { return }
        randoms[slot] = CounterRandom(domain: key, index: UInt64(bitPattern: episode.rawValue))
    }

    /// Sets what comes next where that is wanted.
    public func step(slots: [Int], tokens: [Int32], wanted: [Bool], predictions: inout [Prediction?]) {
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
