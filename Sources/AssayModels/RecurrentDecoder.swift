import AssayTensor

/// The recurrent form of a model: many sequences advance together, one token at a time, each with a state of its own.
///
/// It belongs to one thread at a time.
public final class RecurrentDecoder {
    /// Sequences that it has room for.
    public let slots: Int
    /// Tokens that a sequence may have.
    public let capacity: Int

    /// A decoder over weights, which must not change while it lives.
    public init(model: LanguageModel, weights: FloatBlock, slots: Int, capacity: Int) {
        self.slots = slots
        self.capacity = capacity
    }

    /// Empties a slot's history.
    public func reset(slot: Int) { fatalError() }

    /// Makes the history of one slot that of another.
    public func copyState(from: Int, to: Int) { fatalError() }

    /// How many tokens a slot has seen.
    public func position(slot: Int) -> Int { fatalError() }

    /// Gives one token to each of some different slots.
    /// - Returns: the logits `[slots.count, vocabulary]` of what comes next, valid until the next step.
    public func step(slots: [Int], tokens: [Int32]) -> UnsafeBufferPointer<Float> { fatalError() }
}
