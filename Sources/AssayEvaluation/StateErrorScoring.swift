import AssayCore
import AssayModels
import AssayTasks
import Foundation

/// The same tokens through two decoders in lockstep, one in full and one in reduced precision: how the error of the
/// state grows with the number of tokens (N2).
struct StateErrorScoring {
    private let exact: any SequenceDecoder
    private let rounded: any SequenceDecoder
    private let vocabulary: Int

    /// A comparison of sequences of a length.
    init(_ condition: Condition, length: Int, worker: EvaluationWorker) {
        let capacity = RecurrentScoring.capacity(length: length)
        exact = worker.decoder(DecoderShape(capacity: capacity))
        rounded = worker.decoder(DecoderShape(capacity: capacity, precision: condition.precision))
        vocabulary = worker.vocabulary
    }

    /// One response a sequence, under its first question's identity.
    func score(_ sequences: [TaskSequence]) -> [ScoredItem] {
        stride(from: 0, to: sequences.count, by: exact.slots).flatMap { start in
            compare(Array(sequences[start..<min(start + exact.slots, sequences.count)]))
        }
    }

    private func compare(_ sequences: [TaskSequence]) -> [ScoredItem] {
        let lengths = sequences.map(\.usedLength)
        let measured = lengths.map { Set(StateErrorCurve.positions(length: $0)) }
        var curves = [StateErrorCurve](repeating: StateErrorCurve(), count: sequences.count)
        for slot in sequences.indices {
            exact.reset(slot: slot)
            rounded.reset(slot: slot)
        }
        for position in 0..<(lengths.max() ?? 0) {
            let active = sequences.indices.filter { position < lengths[$0] }
            let tokens = active.map { sequences[$0].tokens[position] }
            let expected = exact.step(slots: active, tokens: tokens)
            let actual = rounded.step(slots: active, tokens: tokens)
            for (row, index) in active.enumerated() {
                curves[index].take(
                    Logits(expected, row: row, width: vocabulary).argmax,
                    Logits(actual, row: row, width: vocabulary).argmax)
                if measured[index].contains(position + 1) {
                    curves[index].take(rounded.stateError(slot: index, against: exact), after: position + 1)
                }
            }
        }
        return sequences.enumerated().map { index, sequence in
            let item = sequence.questions[0].item
            return ScoredItem(item: item, response: curves[index].response(item.id))
        }
    }
}

/// The error of a sequence's state along its tokens.
struct StateErrorCurve {
    private var tokens = 0.0
    private var flips = 0.0
    private var isSound = true
    private var recurrence: [(position: Int, error: Double)] = []
    private var cache: [(position: Int, error: Double)] = []

    /// Where the error is measured: at the end, and backwards four times an octave.
    static func positions(length: Int) -> [Int] {
        (0...).lazy.map { Int((Double(length) * exp2(-Double($0) / 4)).rounded()) }.prefix { $0 >= 4 }.reversed()
    }

    /// Takes the most likely next tokens after a token.
    mutating func take(_ expected: Int32?, _ actual: Int32?) {
        isSound = isSound && expected != nil && actual != nil
        flips += expected == actual ? 0 : 1
        tokens += 1
    }

    /// Takes the error after so many tokens.
    mutating func take(_ error: StateError, after position: Int) {
        for value in [error.recurrence, error.cache].compactMap({ $0 }) where !value.isFinite { isSound = false }
        if let value = error.recurrence { recurrence.append((position, value)) }
        if let value = error.cache { cache.append((position, value)) }
    }

    /// The exponent of growth: the slope of log error in log tokens over the last two octaves; nil where the error is
    /// zero somewhere in them or there are not enough points.
    static func growth(_ curve: [(position: Int, error: Double)]) -> Double? {
        guard let last = curve.last else { return nil }
        let tail = curve.filter { 4 * $0.position >= last.position }
        guard tail.count >= 5, tail.allSatisfy({ $0.error > 0 }) else { return nil }
        let x = tail.map { log(Double($0.position)) }
        let y = tail.map { log($0.error) }
        let (meanX, meanY) = (x.reduce(0, +) / Double(x.count), y.reduce(0, +) / Double(y.count))
        let products = zip(x, y).reduce(0) { $0 + ($1.0 - meanX) * ($1.1 - meanY) }
        return products / x.reduce(0) { $0 + ($1 - meanX) * ($1 - meanX) }
    }

    /// The curve, as the response to an item.
    func response(_ item: ItemID) -> ResponseRecord {
        guard isSound, tokens > 0 else { return .failed(item, "the state or the logits are not finite") }
        var detail = ["tokens": tokens, "flips": flips]
        // The state is what is rewritten; a model without such has its caches alone.
        let state = recurrence.isEmpty ? cache : recurrence
        for point in state { detail["stateError@\(point.position)"] = point.error }
        detail["stateError"] = state.last?.error
        detail["stateGrowth"] = Self.growth(state)
        detail["cacheError"] = cache.last?.error
        return ResponseRecord(item: item, status: .graded, score: 1 - flips / tokens, detail: detail)
    }
}
