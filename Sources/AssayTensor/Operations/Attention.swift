import CKernels

/// The shape of a softmax attention.
public struct AttentionShape: Sendable, Hashable {
    /// Query heads.
    public var heads: Int
    /// Key and value heads; each serves `heads / keyValueHeads` neighbouring query heads.
    public var keyValueHeads: Int
    /// Width of a query or key head.
    public var headDimension: Int
    /// Width of a value head.
    public var valueDimension: Int
    /// What the scores are multiplied with.
    public var scale: Float
    /// Tokens that a query sees, itself included; 0 for all before it.
    public var window: Int
    /// First tokens that every query sees whatever the window.
    public var sinks: Int
    /// Tokens that a key and a value stand for: 1, or blocks of tokens, which a query sees when they are complete. A
    /// query that sees none has the output 0.
    public var stride: Int
    /// Keys that a query attends to, of those that it sees: the ones with the highest scores, of equals the latest. 0 for
    /// all; a sink's score stands beside them.
    public var top: Int

    /// A shape; values are as wide as keys, and the scale is `1 / sqrt(headDimension)`, unless given.
    public init(
        heads: Int, keyValueHeads: Int, headDimension: Int, valueDimension: Int? = nil, scale: Float? = nil,
        window: Int = 0, sinks: Int = 0, stride: Int = 1, top: Int = 0
    ) {
        self.heads = heads
        self.keyValueHeads = keyValueHeads
        self.headDimension = headDimension
        self.valueDimension = valueDimension ?? headDimension
        self.scale = scale ?? 1 / Float(headDimension).squareRoot()
        self.window = window
        self.sinks = sinks
        self.stride = stride
        self.top = top
    }

    /// Query heads that share a key and value head.
    public var group: Int { heads / keyValueHeads }
    /// Columns of all queries.
    public var queryWidth: Int { heads * headDimension }
    /// Columns of all keys.
    public var keyWidth: Int { keyValueHeads * headDimension }
    /// Columns of all values.
    public var valueWidth: Int { keyValueHeads * valueDimension }
    /// Columns of the output.
    public var outputWidth: Int { heads * valueDimension }

    /// Tokens that the token at a position sees, itself included.
    public func visibleCount(position: Int) -> Int {
        if window == 0 { return position + 1 }
        return min(position + 1, window + min(sinks, max(0, position + 1 - window)))
    }
}

extension Tape {
    /// Causal softmax attention with grouped queries, window and sinks, to all visible keys or to the best of them.
    /// - Parameters:
    ///   - query: `[batch, time, heads * headDimension]`, possibly columns of a wider tensor.
    ///   - key: `[batch, time / stride, keyValueHeads * headDimension]`, likewise; more rows are not looked at.
    ///   - value: `[batch, time / stride, keyValueHeads * valueDimension]`, likewise.
    ///   - sinkLogits: `[heads]`, a score of each head that joins every softmax and has no value (gpt-oss), or nil.
    /// - Returns: `[batch, time, heads * valueDimension]`.
    public func causalAttention(
        query: TensorSlice, key: TensorSlice, value: TensorSlice, shape: AttentionShape, sinkLogits: Tensor? = nil
    ) -> Tensor {
        precondition(
            query.width == shape.queryWidth && key.width == shape.keyWidth && value.width == shape.valueWidth
                && key.tensor.shape[1] >= query.tensor.shape[1] / shape.stride
                && shape.heads % shape.keyValueHeads == 0 && sinkLogits?.count ?? shape.heads == shape.heads,
            "attention heads do not fit")
        if shape.top > 0 {
            return topAttention(query: query, key: key, value: value, shape: shape, sinkLogits: sinkLogits)
        }
        let (batch, time) = (query.tensor.shape[0], query.tensor.shape[1])
        let output = tensor([batch, time, shape.outputWidth])
        let workspace = workspace(ck_attention_scratch_count(time, shape.headDimension, shape.valueDimension))
        record(
            AttentionOperation(
                query: query, key: key, value: value, shape: shape, sinkLogits: sinkLogits, output: output,
                logSumExp: scratch(batch * shape.heads * time), workspace: workspace))
        return output
    }
}

private final class AttentionOperation: TapeOperation {
    let query: TensorSlice
    let key: TensorSlice
    let value: TensorSlice
    let shape: AttentionShape
    let sinkLogits: Tensor?
    let output: Tensor
    let logSumExp: UnsafeMutablePointer<Float>
    let workspace: Workspace
    let claim: SliceClaim

    init(
        query: TensorSlice, key: TensorSlice, value: TensorSlice, shape: AttentionShape, sinkLogits: Tensor?,
        output: Tensor, logSumExp: UnsafeMutablePointer<Float>, workspace: Workspace
    ) {
        self.query = query
        self.key = key
        self.value = value
        self.shape = shape
        self.sinkLogits = sinkLogits
        self.output = output
        self.logSumExp = logSumExp
        self.workspace = workspace
        claim = SliceClaim([query, key, value])
    }

    /// A head of a sequence.
    private func argument(head: Int, sequence: Int) -> ck_attention_head {
        let keyValueHead = head / shape.group
        let (row, keyRow) = (sequence * output.shape[1], sequence * key.tensor.shape[1])
        return ck_attention_head(
            time: output.shape[1], key_dimension: shape.headDimension, value_dimension: shape.valueDimension,
            scale: shape.scale, window: shape.window, sinks: shape.sinks, stride: shape.stride,
            sink_logit: sinkLogits.map { UnsafePointer($0.value + head) },
            q: query.value + row * query.stride + head * shape.headDimension,
            k: key.value + keyRow * key.stride + keyValueHead * shape.headDimension,
            v: value.value + keyRow * value.stride + keyValueHead * shape.valueDimension, ldq: query.stride,
            ldk: key.stride, ldv: value.stride)
    }

    func forward() {
        let (batch, time) = (output.shape[0], output.shape[1])
        for sequence in 0..<batch {
            let row = sequence * time
            for head in 0..<shape.heads {
                var argument = argument(head: head, sequence: sequence)
                ck_attention_forward(
                    &argument, output.value + row * output.width + head * shape.valueDimension, output.width,
                    logSumExp + (sequence * shape.heads + head) * time, workspace.pointer)
            }
        }
    }

    func backward() {
        let (batch, time) = (output.shape[0], output.shape[1])
        let gradient = output.gradient
        claim.claim()
        // The kernel has one flag for keys and values.
        let addsBoth = claim.adds(1) || claim.adds(2)
        if addsBoth, !claim.adds(1) { key.clearGradient() }
        if addsBoth, !claim.adds(2) { value.clearGradient() }
        let (dq, dk, dv) = (query.gradient, key.gradient, value.gradient)
        for sequence in 0..<batch {
            let (row, keyRow) = (sequence * time, sequence * key.tensor.shape[1])
            for head in 0..<shape.heads {
                var argument = argument(head: head, sequence: sequence)
                let (keyValueHead, member) = head.quotientAndRemainder(dividingBy: shape.group)
                var gradients = ck_attention_gradients(
                    dq: dq + row * query.stride + head * shape.headDimension,
                    dk: dk + keyRow * key.stride + keyValueHead * shape.headDimension,
                    dv: dv + keyRow * value.stride + keyValueHead * shape.valueDimension, lddq: query.stride,
                    lddk: key.stride, lddv: value.stride, accumulate_dq: claim.adds(0) ? 1 : 0,
                    accumulate_dkv: addsBoth || member > 0 ? 1 : 0, dsink_logit: sinkLogits.map { $0.gradient + head })
                let place = row * output.width + head * shape.valueDimension
                ck_attention_backward(
                    &argument, output.value + place, output.width,
                    logSumExp + (sequence * shape.heads + head) * time, gradient + place, output.width, &gradients,
                    workspace.pointer)
            }
        }
    }
}
