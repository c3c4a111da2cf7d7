import AssayTensor

/// How the last tokens of a step are taken back.
public enum RollbackMode: String, Sendable, Hashable, Codable, CaseIterable {
    /// The state is copied after every token and the right copy put back. Branches with a state that is rewritten take the
    /// tokens one by one for that, the rest of the model all at once.
    case snapshot
    /// The state is copied once, before the step; it is put back and the tokens that stay run through the whole model
    /// again.
    case recompute
    /// As ``recompute``, but each mixer's inputs are kept, and only the mixers whose state is rewritten run again (in
    /// the manner of Kimi K3 and ReplaySSM, which keep the inputs of the recurrence on the chip).
    case replay
}

/// Remembers the last tokens that one slot took, in one step or in several, so that some of them can be taken back: what
/// speculative decoding needs when a draft is rejected.
///
/// Caches that only append need nothing: what lies beyond the position is never read. A ring of the latest tokens needs
/// the entries that were overwritten. A recurrence or the history of a convolution has to be restored whole.
public final class StepJournal {
    /// How tokens are taken back.
    public let mode: RollbackMode
    /// The most tokens that it remembers.
    public let rows: Int
    /// Bytes that were copied aside so far.
    public private(set) var bytesSaved = 0
    /// Bytes that were copied back so far.
    public private(set) var bytesRestored = 0

    /// What a mixer's state needs.
    private struct Undo {
        /// Parts that every token rewrites.
        let rewritten: [Range<Int>]
        /// Caches that go round.
        let rings: [StateLayout.Part]
        /// Ring entries can be put back one by one, without running anything again.
        let isRingOnly: Bool
        /// Copies of the rewritten parts, `[copies, rewrittenCount]`, then ring entries, `[rows, ringCount]`.
        let memory: FloatBlock
        /// The inputs of the step, `[rows, width]`, where they are kept.
        let inputs: FloatBlock?

        var rewrittenCount: Int { rewritten.reduce(0) { $0 + $1.count } }
        /// Floats of one token in the rings.
        var ringCount: Int { rings.reduce(0) { $0 + $1.shape[0] * $1.shape[2] } }
        var isAppendOnly: Bool { rewritten.isEmpty && rings.isEmpty }
        /// Undone by running the mixer again, where no copy was made after every token.
        var isRunAgain: Bool { !isAppendOnly && !isRingOnly }
    }

    private let undos: [Undo]
    private let width: Int
    private let copies: Int
    private(set) var slot = 0
    private(set) var position = 0
    private(set) var tokens: [Int32] = []
    /// The rows of the step in progress, among all that are remembered.
    private var current = 0..<0

    /// A journal for steps of a decoder, empty at first.
    public init(_ decoder: RecurrentDecoder, mode: RollbackMode, rows: Int) {
        precondition(rows > 0 && rows <= decoder.rows, "more rows than the decoder's")
        self.mode = mode
        self.rows = rows
        width = decoder.model.architecture.width
        // Before every token but the first, or before the first.
        copies = mode == .snapshot ? rows - 1 : 1
        let (width, copies) = (width, copies)
        undos = decoder.branches.map { branch in
            let rewritten = branch.layout.parts.filter { $0.kind != .cache }
                .map { $0.offset..<($0.offset + $0.count) }
            let rings = branch.layout.parts.filter { $0.kind == .cache && $0.window > 0 }
            let ringCount = rings.reduce(0) { $0 + $1.shape[0] * $1.shape[2] }
            let isRingOnly = rewritten.isEmpty && rings.allSatisfy { rows <= $0.window }
            let runsAgain = !(isRingOnly || rewritten.isEmpty && rings.isEmpty)
            return Undo(
                rewritten: rewritten, rings: rings, isRingOnly: isRingOnly && !rings.isEmpty,
                memory: FloatBlock(count: copies * rewritten.reduce(0) { $0 + $1.count } + rows * ringCount),
                inputs: mode == .replay && runsAgain ? FloatBlock(count: rows * width) : nil)
        }
    }

    /// Whether a rejected draft costs anything: false when every cache only appends.
    public var isFree: Bool { undos.allSatisfy(\.isAppendOnly) }

    /// Forgets what it remembers: the tokens up to here stay.
    public func clear() { tokens = [] }

    func add(_ new: [Int32], slot: Int, position: Int) {
        if tokens.isEmpty { (self.slot, self.position) = (slot, position) }
        precondition(slot == self.slot && position == self.position + tokens.count, "the journal is of another place")
        precondition(tokens.count + new.count <= rows, "more tokens than the journal has room for")
        current = tokens.count..<(tokens.count + new.count)
        tokens += new
    }

    // MARK: - Saving

    /// Runs one mixer over the rows of the step and saves what undoing it needs.
    func record(
        branch index: Int, inputs: UnsafePointer<Float>, state: UnsafeMutablePointer<Float>, run: (Range<Int>) -> Void
    ) {
        let undo = undos[index]
        let all = 0..<current.count
        if undo.isAppendOnly { return run(all) }
        if undo.isRingOnly || mode != .snapshot {
            for row in current { copyEntries(undo, state, row: row, saving: true) }
            if !undo.isRingOnly, current.lowerBound == 0 { copyRewritten(undo, state, copy: 0, saving: true) }
            if let kept = undo.inputs {
                (kept.pointer + current.lowerBound * width).update(from: inputs, count: all.count * width)
                bytesSaved += 4 * all.count * width
            }
            return run(all)
        }
        for row in current {
            copyEntries(undo, state, row: row, saving: true)
            if row > 0 { copyRewritten(undo, state, copy: row - 1, saving: true) }
            run((row - current.lowerBound)..<(row - current.lowerBound + 1))
        }
    }

    // MARK: - Putting back

    /// Puts a mixer's state back to what it was after `kept` tokens, or, where that needs the mixer to run again, to
    /// what it was before the step.
    /// - Returns: whether the mixer has to run again over the tokens that stay.
    func restore(branch index: Int, state: UnsafeMutablePointer<Float>, kept: Int) -> Bool {
        let undo = undos[index]
        if undo.isAppendOnly { return false }
        let runsAgain =
            switch mode {
            case .snapshot: false
            // When any mixer needs it, all run again, and from the same state as before.
            case .recompute: undos.contains(where: \.isRunAgain)
            case .replay: undo.isRunAgain
            }
        // The last first: tokens further apart than the window share an entry.
        for row in ((runsAgain ? 0 : kept)..<tokens.count).reversed() {
            copyEntries(undo, state, row: row, saving: false)
        }
        if !undo.isRingOnly { copyRewritten(undo, state, copy: runsAgain ? 0 : kept - 1, saving: false) }
        return runsAgain
    }

    func inputs(branch index: Int) -> UnsafePointer<Float>? { undos[index].inputs.map { UnsafePointer($0.pointer) } }

    // MARK: - Copying

    private func copyRewritten(_ undo: Undo, _ state: UnsafeMutablePointer<Float>, copy: Int, saving: Bool) {
        var saved = undo.memory.pointer + copy * undo.rewrittenCount
        for range in undo.rewritten {
            move(state + range.lowerBound, saved, range.count, saving)
            saved += range.count
        }
    }

    /// Copies the ring entries that a token overwrites.
    private func copyEntries(_ undo: Undo, _ state: UnsafeMutablePointer<Float>, row: Int, saving: Bool) {
        var saved = undo.memory.pointer + copies * undo.rewrittenCount + row * undo.ringCount
        let position = position + row
        for part in undo.rings {
            let columns = part.shape[2]
            // While the ring fills, nothing is overwritten.
            guard position >= part.shape[1] else { continue }
            for head in 0..<part.shape[0] {
                let entry = head * part.shape[1] + part.entryIndex(position: position)
                move(state + part.offset + entry * columns, saved, columns, saving)
                saved += columns
            }
        }
    }

    private func move(
        _ state: UnsafeMutablePointer<Float>, _ saved: UnsafeMutablePointer<Float>, _ count: Int, _ saving: Bool
    ) {
        if saving {
            saved.update(from: state, count: count)
            bytesSaved += 4 * count
        } else {
            state.update(from: saved, count: count)
            bytesRestored += 4 * count
        }
    }
}

extension RecurrentDecoder {
    /// Gives tokens to one slot and remembers them in a journal, after those that it holds already.
    /// - Returns: the logits `[tokens.count, vocabulary]` of what comes after each, valid until the next step.
    public func step(slot: Int, tokens: [Int32], journal: StepJournal) -> UnsafeBufferPointer<Float> {
        journal.add(tokens, slot: slot, position: position(slot: slot))
        self.journal = journal
        defer { self.journal = nil }
        return step(slots: Array(repeating: slot, count: tokens.count), tokens: tokens)
    }

    /// Takes back all but the first `kept` of the tokens that a journal remembers, which must be the slot's last: the slot
    /// goes on as if it had never seen the others. The journal is empty afterwards.
    public func rollBack(_ journal: StepJournal, keeping kept: Int) {
        let (slot, count) = (journal.slot, journal.tokens.count)
        precondition(kept >= 1 && kept <= count, "a rollback to \(kept) of \(count) tokens")
        precondition(position(slot: slot) == journal.position + count, "the slot has gone on since the step")
        defer { journal.clear() }
        guard kept < count else { return }
        var runAgain: [Int] = []
        for (index, branch) in branches.enumerated()
        where journal.restore(branch: index, state: branch.state(slot: slot), kept: kept) { runAgain.append(index) }
        if journal.mode == .recompute, !runAgain.isEmpty {
            positions[slot] = Int32(journal.position)
            take(slots: Array(repeating: slot, count: kept), tokens: Array(journal.tokens.prefix(kept)))
            return
        }
        for index in runAgain {
            guard let inputs = journal.inputs(branch: index) else { continue }
            replay(branch: index, slot: slot, position: journal.position, rows: kept, inputs: inputs)
        }
        positions[slot] = Int32(journal.position + kept)
    }
}
