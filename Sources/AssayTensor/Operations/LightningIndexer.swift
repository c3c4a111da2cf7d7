import CKernels

/// The shape of a lightning indexer.
public struct IndexerShape: Sendable, Hashable {
    /// Query heads; they share one key.
    public var heads: Int
    /// Width of a head.
    public var dimension: Int
    /// Blocks that it chooses.
    public var count: Int
    /// Tokens of a block.
    public var blockSize: Int

    /// A shape.
    public init(heads: Int, dimension: Int, count: Int, blockSize: Int) {
        self.heads = heads
        self.dimension = dimension
        self.count = count
        self.blockSize = blockSize
    }

    /// What scores are multiplied with: `dimension^-1/2 heads^-1/2`.
    public var scale: Float { 1 / Float(dimension * heads).squareRoot() }
}

extension Tape {
    /// The lightning indexer of DeepSeek-V3.2: for every query t the `count` blocks of tokens with the greatest scores,
    ///
    ///     I(t, s) = scale sum_h w_h(t) max(0, q_h(t) . k(s)),
    ///
    /// a block's score being that of its best token up to t; of equals the latest.
    ///
    /// A choice has no gradient. Instead the backward pass teaches the indexer, beside the loss of the model, to foretell
    /// the attention p (averaged over the heads, and taken as given) among the tokens that it chose: it adds the gradient
    /// of the mean over all queries of KL(p(t) || softmax(I(t))), as in the sparse training stage of DeepSeek-V3.2.
    /// - Parameters:
    ///   - query: `[batch, time, heads * dimension]`, key: `[batch, time, dimension]`, weight: `[batch, time, heads]`.
    ///   - attentionHeads: query heads of the attention that the selection is for.
    public func lightningIndexer(
        query: Tensor, key: Tensor, weight: Tensor, shape: IndexerShape, attentionHeads: Int
    ) -> TokenSelection {
        precondition(
            query.width == shape.heads * shape.dimension && key.width == shape.dimension
                && weight.width == shape.heads && query.shape.count == 3, "the indexer's heads do not fit")
        let (batch, time) = (query.shape[0], query.shape[1])
        let selection = TokenSelection(
            count: shape.count, blockSize: shape.blockSize, batch: batch, time: time, heads: 1, isTaught: true,
            on: self)
        let count = ck_indexer_scratch_count(time, shape.heads, shape.dimension, shape.count, shape.blockSize)
        record(
            LightningIndexerOperation(
                query: query, key: key, weight: weight, shape: shape, attentionHeads: attentionHeads,
                selection: selection, workspace: workspace(count)))
        return selection
    }
}

private final class LightningIndexerOperation: TapeOperation {
    let query: Tensor
    let key: Tensor
    let weight: Tensor
    let shape: IndexerShape
    let attentionHeads: Int
    let selection: TokenSelection
    let workspace: Workspace

    init(
        query: Tensor, key: Tensor, weight: Tensor, shape: IndexerShape, attentionHeads: Int,
        selection: TokenSelection, workspace: Workspace
    ) {
        self.query = query
        self.key = key
        self.weight = weight
        self.shape = shape
        self.attentionHeads = attentionHeads
        self.selection = selection
        self.workspace = workspace
    }

    private func argument(sequence: Int) -> ck_indexer {
        let row = sequence * selection.time
        return ck_indexer(
            time: selection.time, heads: shape.heads, dimension: shape.dimension, scale: shape.scale,
            q: query.value + row * query.width, k: key.value + row * key.width, w: weight.value + row * weight.width,
            ldq: query.width, ldk: key.width, ldw: weight.width)
    }

    func forward() {
        for sequence in 0..<query.shape[0] {
            var argument = argument(sequence: sequence)
            ck_indexer_select(
                &argument, shape.count, shape.blockSize, selection.blocks(sequence: sequence, head: 0),
                workspace.pointer)
        }
    }

    func backward() {
        for tensor in [query, key, weight] where !tensor.claimGradient() {
            tensor.gradient.update(repeating: 0, count: tensor.count)
        }
        for sequence in 0..<query.shape[0] {
            guard let attended = selection.attended(sequence: sequence) else { return }
            let row = sequence * selection.time
            var argument = argument(sequence: sequence)
            var gradients = ck_indexer_gradients(
                dq: query.gradient + row * query.width, dk: key.gradient + row * key.width,
                dw: weight.gradient + row * weight.width, lddq: query.width, lddk: key.width, lddw: weight.width)
            _ = ck_indexer_backward(
                &argument, shape.count, shape.blockSize, selection.blocks(sequence: sequence, head: 0), attended,
                1 / Float(attentionHeads), 1 / Float(query.shape[0] * selection.time), &gradients, workspace.pointer)
        }
    }
}
