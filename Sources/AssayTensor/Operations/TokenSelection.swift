/// Which tokens the queries of some sequences see: blocks of neighbouring tokens, chosen anew in every forward pass.
public final class TokenSelection {
    /// Blocks that a query sees at most.
    public let count: Int
    /// Tokens of a block.
    public let blockSize: Int
    /// Tokens of a sequence.
    public let time: Int
    /// Key-value heads that choose for themselves; 1 where all see the same.
    public let heads: Int
    /// `[batch, heads, time, count]`, each once, -1 for none.
    let blocks: UnsafeMutablePointer<Int32>
    /// `[batch, time, count * blockSize]`: the attention, summed over heads, that each query pays to each token that it
    /// sees; written by the backward pass of the attention. Nil unless something learns from it.
    let attended: UnsafeMutablePointer<Float>?

    /// Memory for a selection on a tape.
    init(count: Int, blockSize: Int, batch: Int, time: Int, heads: Int, isTaught: Bool, on tape: Tape) {
        self.count = count
        self.blockSize = blockSize
        self.time = time
        self.heads = heads
        let places = batch * heads * time * count
        blocks = UnsafeMutableRawPointer(tape.scratch(places)).bindMemory(to: Int32.self, capacity: places)
        attended = isTaught && tape.recordsGradients ? tape.scratch(batch * time * count * blockSize) : nil
    }

    /// The blocks of a sequence and head, `[time, count]`.
    func blocks(sequence: Int, head: Int) -> UnsafeMutablePointer<Int32> {
        blocks + (sequence * heads + (heads == 1 ? 0 : head)) * time * count
    }

    /// The attention of a sequence, `[time, count * blockSize]`.
    func attended(sequence: Int) -> UnsafeMutablePointer<Float>? {
        attended.map { $0 + sequence * time * count * blockSize }
    }
}
