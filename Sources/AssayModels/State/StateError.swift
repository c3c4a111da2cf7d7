import AssayCore
import CKernels

/// How far a decode state is from another that read the same tokens: ‖S - S'‖ / ‖S'‖ in the Frobenius norm, for every
/// head of every part of every layer by itself, then the mean over them (metrics catalogue N2).
///
/// Heads count alike, so that one with a long memory shows beside others with large numbers. A head whose state is zero
/// has no error and does not count.
public struct StateError: Sendable, Hashable {
    /// Of the recurrences; nil where there are none.
    public let recurrence: Double?
    /// Of the entries of the caches; nil where there are none.
    public let cache: Double?
}

extension RecurrentDecoder {
    /// How far the state of a slot is from that of a slot of another decoder of the same model.
    public func stateError(slot: Int, against other: RecurrentDecoder, slot otherSlot: Int) -> StateError {
        let position = position(slot: slot)
        precondition(position == other.position(slot: otherSlot), "states after another number of tokens")
        var recurrence = RunningMean()
        var cache = RunningMean()
        for (mine, others) in zip(slotStates, other.slotStates) {
            for (part, otherPart) in zip(mine.layout.parts, others.layout.parts) where part.kind != .history {
                let (state, reference) = (mine.pointer(slot: slot), others.pointer(slot: otherSlot))
                let isCache = part.kind == .cache
                for head in 0..<part.shape[0] {
                    let rows = isCache ? part.entryCount(position: position) : part.shape[1]
                    let (a, b) = (head * part.shape[1] * part.rowCount, head * otherPart.shape[1] * part.rowCount)
                    var (error, norm) = (0.0, 0.0)
                    ck_squared_error(
                        rows * part.rowCount, state + part.offset + a, reference + otherPart.offset + b, &error, &norm)
                    guard norm != 0 else { continue }
                    let relative = (error / norm).squareRoot()
                    if isCache { cache.add(relative) } else { recurrence.add(relative) }
                }
            }
        }
        return StateError(recurrence: recurrence.mean, cache: cache.mean)
    }
}

/// A mean of values as they come.
private struct RunningMean {
    private var sum = 0.0
    private var count = 0.0

    mutating func add(_ value: Double) {
        sum += value
        count += 1
    }

    var mean: Double? { count > 0 ? sum / count : nil }
}
