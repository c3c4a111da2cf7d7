import AssayCore
import AssayTensor

@testable import AssayEvaluation
@testable import AssayModels

/// The engine's decoder with one planted fault.
final class FaultyDecoder: SequenceDecoder {
    enum Fault: CaseIterable {
        /// A slot that is given to another sequence still holds the state of the last one.
        case notReset
        /// Taking drafts back goes one token too far: the last token that is kept is not in the state.
        case rollbackForgetsOne
        /// A saved state is that of one token earlier.
        case staleSnapshot
        /// Drafts are not taken back at all.
        case noRollback
        /// The saved state goes to the wrong slot.
        case restoreToWrongSlot
    }

    private let base: RecurrentDecoder
    private let fault: Fault
    private var before: [Int: StateSnapshot] = [:]

    init(_ base: RecurrentDecoder, _ fault: Fault) { (self.base, self.fault) = (base, fault) }

    var slots: Int { base.slots }
    var capacity: Int { base.capacity }

    func reset(slot: Int) {
        if fault == .notReset { base.setPosition(0, slot: slot) } else { base.reset(slot: slot) }
    }

    func copyState(from source: Int, to target: Int) { base.copyState(from: source, to: target) }

    func step(slots: [Int], tokens: [Int32]) -> UnsafeBufferPointer<Float> {
        if fault == .staleSnapshot { for slot in slots { before[slot] = base.snapshot(slot: slot) } }
        return base.step(slots: slots, tokens: tokens)
    }

    func snapshot(slot: Int, format: StateFormat) -> StateSnapshot {
        guard fault == .staleSnapshot, let stale = before[slot] else {
            return base.snapshot(slot: slot, format: format)
        }
        // Says that it is of now.
        return StateSnapshot(position: base.position(slot: slot), format: stale.format, bytes: stale.bytes)
    }

    func restore(_ snapshot: StateSnapshot, to slot: Int) {
        guard fault == .restoreToWrongSlot else { return base.restore(snapshot, to: slot) }
        base.restore(snapshot, to: (slot + 1) % base.slots)
        base.setPosition(snapshot.position, slot: slot)
    }

    func rollBack(slot: Int, to saved: Int, keeping tokens: [Int32]) {
        let position = base.position(slot: saved) + tokens.count
        switch fault {
        case .rollbackForgetsOne:
            base.copyState(from: saved, to: slot)
            let kept = tokens.dropLast()
            if !kept.isEmpty { base.take(slots: kept.map { _ in slot }, tokens: Array(kept)) }
        case .noRollback: break
        default: base.rollBack(slot: slot, to: saved, keeping: tokens)
        }
        base.setPosition(position, slot: slot)
    }

    func stateError(slot: Int, against other: any SequenceDecoder) -> StateError {
        base.stateError(slot: slot, against: other)
    }
}
