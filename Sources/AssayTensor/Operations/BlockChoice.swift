import CKernels

extension Tape {
    /// The blocks of tokens that the queries of each key-value head look at closely (NSA, Yuan et al. 2025, section 3.3):
    /// the first block, a query's own and the one before it; then those to whose mean keys the heads of the group pay most
    /// attention together. A choice has no gradient.
    /// - Parameters:
    ///   - query: `[batch, time, heads * headDimension]`.
    ///   - key: `[batch, time / stride, keyValueHeads * headDimension]`, the mean keys of whole blocks.
    ///   - shape: of the attention to them; its stride is the size of the blocks.
    ///   - count: blocks that a query looks at, at least the 3 that it looks at anyhow.
    public func blockChoice(
        query: TensorSlice, key: TensorSlice, shape: AttentionShape, count: Int
    ) -> TokenSelection {
        precondition(query.width == shape.queryWidth && key.width == shape.keyWidth, "attention heads do not fit")
        precondition(count >= 3, "a query looks at 3 blocks anyhow")
        let (batch, time) = (query.tensor.shape[0], query.tensor.shape[1])
        let selection = TokenSelection(
            count: count, blockSize: shape.stride, batch: batch, time: time, heads: shape.keyValueHeads,
            isTaught: false, on: self)
        let columns = time / shape.stride + 1
        record(
            BlockChoiceOperation(
                query: query, key: key, shape: shape, selection: selection, columns: columns,
                workspace: workspace((2 * BlockChoiceOperation.rows + 1) * columns)))
        return selection
    }
}

private final class BlockChoiceOperation: TapeOperation {
    /// Queries that are scored together.
    static let rows = 32

    let query: TensorSlice
    let key: TensorSlice
    let shape: AttentionShape
    let selection: TokenSelection
    /// Room for the blocks of a sequence.
    let columns: Int
    let workspace: Workspace

    init(
        query: TensorSlice, key: TensorSlice, shape: AttentionShape, selection: TokenSelection, columns: Int,
        workspace: Workspace
    ) {
        self.query = query
        self.key = key
        self.shape = shape
        self.selection = selection
        self.columns = columns
        self.workspace = workspace
    }

    func forward() {
        for sequence in 0..<query.tensor.shape[0] {
            for head in 0..<shape.keyValueHeads {
                for first in stride(from: 0, to: selection.time, by: Self.rows) {
                    let rows = min(Self.rows, selection.time - first)
                    score(sequence: sequence, head: head, first: first, rows: rows)
                    choose(sequence: sequence, head: head, first: first, rows: rows)
                }
            }
        }
    }

    /// The attention of some queries to whole blocks, summed over the group: `[rows, columns]`.
    private func score(sequence: Int, head: Int, first: Int, rows: Int) {
        let (sums, scores) = (workspace.pointer, workspace.pointer + Self.rows * columns)
        sums.update(repeating: 0, count: rows * columns)
        let most = (first + rows) / shape.stride
        let keys = key.value + sequence * key.tensor.shape[1] * key.stride + head * shape.headDimension
        for member in 0..<shape.group where most > 0 {
            let place = (head * shape.group + member) * shape.headDimension
            ck_gemm(
                0, 1, rows, most, shape.headDimension, shape.scale,
                query.value + (sequence * selection.time + first) * query.stride + place, query.stride, keys,
                key.stride, 0, scores, columns)
            for row in 0..<rows {
                let (visible, own) = ((first + row + 1) / shape.stride, scores + row * columns)
                guard visible > 0 else { continue }
                ck_softmax_rows(1, visible, own, columns, own, columns)
                ck_add(visible, sums + row * columns, own, sums + row * columns)
            }
        }
    }

    private func choose(sequence: Int, head: Int, first: Int, rows: Int) {
        let (sums, spare) = (workspace.pointer, workspace.pointer + 2 * Self.rows * columns)
        let blocks = selection.blocks(sequence: sequence, head: head)
        for row in 0..<rows {
            let (own, values) = ((first + row) / shape.stride, sums + row * columns)
            for block in [0, own - 1, own] where block >= 0 { values[block] = .infinity }
            ck_select_top(own + 1, values, selection.count, blocks + (first + row) * selection.count, spare)
        }
    }

    func backward() {}
}
