import AssayCore
import AssayModels

/// What scoring needs of a decoder. The engine's is ``RecurrentDecoder``; tests put faults in between.
protocol SequenceDecoder: AnyObject {
    /// Sequences that it has room for.
    var slots: Int { get }
    /// Tokens that a sequence may have.
    var capacity: Int { get }

    /// Empties a slot's history.
    func reset(slot: Int)
    /// Makes the history of one slot that of another.
    func copyState(from source: Int, to target: Int)
    /// Gives tokens to slots, several to a slot one after another; returns the logits after each.
    func step(slots: [Int], tokens: [Int32]) -> UnsafeBufferPointer<Float>
    /// Saves a slot's state.
    func snapshot(slot: Int, format: StateFormat) -> StateSnapshot
    /// Makes a slot's history what was saved.
    func restore(_ snapshot: StateSnapshot, to slot: Int)
    /// Takes back a step of several tokens: the slot is as in `saved`, where its state was copied before the step, and
    /// then the tokens that are kept.
    func rollBack(slot: Int, to saved: Int, keeping tokens: [Int32])
    /// How far the state of a slot is from that of the same slot of another decoder.
    func stateError(slot: Int, against other: any SequenceDecoder) -> StateError
}

extension RecurrentDecoder: SequenceDecoder {
    func rollBack(slot: Int, to saved: Int, keeping tokens: [Int32]) {
        copyState(from: saved, to: slot)
        take(slots: tokens.map { _ in slot }, tokens: tokens)
    }

    func stateError(slot: Int, against other: any SequenceDecoder) -> StateError {
        guard let other = other as? RecurrentDecoder else { preconditionFailure("states of another kind of decoder") }
        return stateError(slot: slot, against: other, slot: slot)
    }
}

/// What a decoder is made for.
struct DecoderShape: Hashable {
    /// Tokens that a sequence may have.
    var capacity: Int
    /// How the states are kept.
    var precision = StatePrecision.float32
    /// Sequences that it has room for.
    var slots = CellEvaluator.slots
    /// Tokens that one step may take.
    var rows = CellEvaluator.slots
}
