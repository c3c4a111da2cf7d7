import AssayCore

/// The decode state of one sequence as bytes: what a serving system keeps of a turn to go on with later.
public struct StateSnapshot: Sendable, Hashable {
    /// Tokens that the sequence had.
    public let position: Int
    /// The format of its numbers.
    public let format: StateFormat
    /// Everything in use, layer after layer, scales of rows included.
    public let bytes: [UInt8]
}

extension RecurrentDecoder {
    /// Saves a slot's state, rounded to a format.
    public func snapshot(slot: Int, format: StateFormat = .float32) -> StateSnapshot {
        let position = position(slot: slot)
        let bytes = [UInt8](unsafeUninitializedCapacity: snapshotByteCount(position: position, format: format)) {
            buffer, count in
            count = 0
            guard let start = buffer.baseAddress else { return }
            for states in slotStates {
                states.encode(slot: slot, position: position, format: format, into: start + count)
                count += states.byteCount(position: position, format: format)
            }
        }
        return StateSnapshot(position: position, format: format, bytes: bytes)
    }

    /// Makes a slot's history what was saved, by this decoder or another of the same model.
    public func restore(_ snapshot: StateSnapshot, to slot: Int) {
        let (position, format) = (snapshot.position, snapshot.format)
        precondition(position <= capacity, "the saved sequence is longer than this decoder's")
        precondition(
            snapshot.bytes.count == snapshotByteCount(position: position, format: format),
            "a snapshot of another model")
        reset(slot: slot)
        snapshot.bytes.withUnsafeBufferPointer { buffer in
            guard var source = buffer.baseAddress else { return }
            for states in slotStates {
                states.decode(slot: slot, position: position, format: format, from: source)
                source += states.byteCount(position: position, format: format)
            }
        }
        setPosition(position, slot: slot)
    }

    /// Bytes of a snapshot of a sequence of `position` tokens.
    public func snapshotByteCount(position: Int, format: StateFormat = .float32) -> Int {
        slotStates.reduce(0) { $0 + $1.byteCount(position: position, format: format) }
    }
}
