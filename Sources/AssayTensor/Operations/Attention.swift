import CKernels

/// The shape of a softmax attention.
public struct AttentionShape: Sendable, Hashable {
    /// Query heads.
    public var heads: Int
    /// Key and value heads; each serves `heads / keyValueHeads` neighbouring query heads.
    public var keyValueHeads: Int
    /// Width of a head.
    public var headDimension: Int
    /// What the scores are multiplied with.
    public var scale: Float
    /// Tokens that a query sees, itself included; 0 for all before it.
    public var window: Int
    /// First tokens that every query sees whatever the window.
    public var sinks: Int

    /// A shape; the scale is `1 / sqrt(headDimension)` unless given.
    public init(
        heads: Int, keyValueHeads: Int, headDimension: Int, scale: Float? = nil, window: Int = 0, sinks: Int = 0
    ) {
        self.heads = heads
        self.keyValueHeads = keyValueHeads
        self.headDimension = headDimension
        self.scale = scale ?? 1 / Float(headDimension).squareRoot()
        self.window = window
        self.sinks = sinks
    }
}

extension Tape {
    /// Causal softmax attention with grouped queries, window and sinks.
    /// - Parameters:
    ///   - query: `[batch, time, heads * headDimension]`, possibly columns of a wider tensor.
    ///   - key: `[batch, time, keyValueHeads * headDimension]`, likewise.
    ///   - value: as `key`.
    /// - Returns: `[batch, time, heads * headDimension]`.
    public func causalAttention(
        query: TensorSlice, key: TensorSlice, value: TensorSlice, shape: AttentionShape
    ) -> Tensor {
        precondition(
            query.width == shape.heads * shape.headDimension
                && key.width == shape.keyValueHeads * shape.headDimension && value.width == key.width
                && shape.heads % shape.keyValueHeads == 0, "attention heads do not fit")
        let (batch, time) = (query.tensor.shape[0], query.tensor.shape[1])
        let output = tensor([batch, time, query.width])
        record(
            AttentionOperation(
                query: query, key: key, value: value, shape: shape, output: output,
                logSumExp: scratch(batch * shape.heads * time),
                workspace: workspace(ck_attention_scratch_count(time, shape.headDimension))))
        return output
    }
}

private final class AttentionOperation: TapeOperation {
    let query: TensorSlice
    let key: TensorSlice
    let value: TensorSlice
    let shape: AttentionShape
    let output: Tensor
    let logSumExp: UnsafeMutablePointer<Float>
    let workspace: Workspace
    let claim: SliceClaim

    init(
        query: TensorSlice, key: TensorSlice, value: TensorSlice, shape: AttentionShape, output: Tensor,
        logSumExp: UnsafeMutablePointer<Float>, workspace: Workspace
    ) {
        self.query = query
        self.key = key
        self.value = value
        self.shape = shape
        self.output = output
        self.logSumExp = logSumExp
        self.workspace = workspace
        claim = SliceClaim([query, key, value])
    }

    func forward() {
        let (batch, time) = (output.shape[0], output.shape[1])
        let (dimension, group) = (shape.headDimension, shape.heads / shape.keyValueHeads)
        for sequence in 0..<batch {
            let row = sequence * time
            for head in 0..<shape.heads {
                let (q, kv) = (head * dimension, head / group * dimension)
                ck_attention_forward(
                    time, dimension, shape.scale, shape.window, shape.sinks,
                    query.value + row * query.stride + q, query.stride, key.value + row * key.stride + kv, key.stride,
                    value.value + row * value.stride + kv, value.stride, output.value + row * output.width + q,
                    output.width, logSumExp + (sequence * shape.heads + head) * time, workspace.pointer)
            }
        }
    }

    func backward() {
        let (batch, time) = (output.shape[0], output.shape[1])
        let (dimension, group) = (shape.headDimension, shape.heads / shape.keyValueHeads)
        let gradient = output.gradient
        claim.claim()
        // The kernel has one flag for keys and values.
        let addsBoth = claim.adds(1) || claim.adds(2)
        if addsBoth, !claim.adds(1) { key.clearGradient() }
        if addsBoth, !claim.adds(2) { value.clearGradient() }
        let (dq, dk, dv) = (query.gradient, key.gradient, value.gradient)
        for sequence in 0..<batch {
            let row = sequence * time
            for head in 0..<shape.heads {
                let (q, kv) = (head * dimension, head / group * dimension)
                let addsKeyValue = addsBoth || head % group > 0
                ck_attention_backward(
                    time, dimension, shape.scale, shape.window, shape.sinks,
                    query.value + row * query.stride + q, query.stride, key.value + row * key.stride + kv, key.stride,
                    value.value + row * value.stride + kv, value.stride, output.value + row * output.width + q,
                    output.width, logSumExp + (sequence * shape.heads + head) * time,
                    gradient + row * output.width + q, output.width, dq + row * query.stride + q, query.stride,
                    claim.adds(0) ? 1 : 0, dk + row * key.stride + kv, key.stride, dv + row * value.stride + kv,
                    value.stride, addsKeyValue ? 1 : 0, workspace.pointer)
            }
        }
    }
}
