import CKernels

extension Tape {
    /// Causal softmax attention to selected tokens only.
    ///
    /// - Parameters: as of ``causalAttention(query:key:value:shape:sinkLogits:)``; window and sinks are not looked at.
    /// - Returns: `[batch, time, heads * valueDimension]`; zero where a query sees nothing.
    public func selectedAttention(
        query: TensorSlice, key: TensorSlice, value: TensorSlice, shape: AttentionShape, selection: TokenSelection
    ) -> Tensor {
        precondition(
            query.width == shape.queryWidth && key.width == shape.keyWidth && value.width == shape.valueWidth
                && (selection.heads == 1 || selection.heads == shape.keyValueHeads)
                && selection.time == query.tensor.shape[1], "attention heads do not fit")
        let (batch, time) = (query.tensor.shape[0], query.tensor.shape[1])
        let output = tensor([batch, time, shape.outputWidth])
        let count = ck_selected_scratch_count(
            time, shape.headDimension, shape.valueDimension, selection.count, selection.blockSize)
        record(
            SelectedAttentionOperation(
                query: query, key: key, value: value, shape: shape, selection: selection, output: output,
                logSumExp: scratch(batch * shape.heads * time), workspace: workspace(count)))
        return output
    }
}

private final class SelectedAttentionOperation: TapeOperation {
    let query: TensorSlice
    let key: TensorSlice
    let value: TensorSlice
    let shape: AttentionShape
    let selection: TokenSelection
    let output: Tensor
    let logSumExp: UnsafeMutablePointer<Float>
    let workspace: Workspace
    let claim: SliceClaim

    init(
        query: TensorSlice, key: TensorSlice, value: TensorSlice, shape: AttentionShape, selection: TokenSelection,
        output: Tensor, logSumExp: UnsafeMutablePointer<Float>, workspace: Workspace
    ) {
        self.query = query
        self.key = key
        self.value = value
        self.shape = shape
        self.selection = selection
        self.output = output
        self.logSumExp = logSumExp
        self.workspace = workspace
        claim = SliceClaim([query, key, value])
    }

    /// The query heads of a key-value head of a sequence.
    private func argument(head: Int, sequence: Int) -> ck_selected_heads {
        let row = sequence * output.shape[1]
        return ck_selected_heads(
            time: output.shape[1], group: shape.group, key_dimension: shape.headDimension,
            value_dimension: shape.valueDimension, scale: shape.scale,
            q: query.value + row * query.stride + head * shape.group * shape.headDimension,
            k: key.value + row * key.stride + head * shape.headDimension,
            v: value.value + row * value.stride + head * shape.valueDimension, ldq: query.stride, ldk: key.stride,
            ldv: value.stride, blocks: selection.blocks(sequence: sequence, head: head), count: selection.count,
            ldb: selection.count, block_size: selection.blockSize)
    }

    /// Where the outputs of a group are, and its log-sum-exps.
    private func places(head: Int, sequence: Int) -> (output: Int, logSumExp: UnsafeMutablePointer<Float>) {
        let (time, first) = (output.shape[1], head * shape.group)
        return (
            sequence * time * output.width + first * shape.valueDimension,
            logSumExp + (sequence * shape.heads + first) * time
        )
    }

    func forward() {
        for sequence in 0..<output.shape[0] {
            for head in 0..<shape.keyValueHeads {
                var argument = argument(head: head, sequence: sequence)
                let place = places(head: head, sequence: sequence)
                ck_selected_forward(
                    &argument, output.value + place.output, output.width, place.logSumExp, workspace.pointer)
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
        selection.attended?.update(repeating: 0, count: batch * time * selection.count * selection.blockSize)
        for sequence in 0..<batch {
            let row = sequence * time
            for head in 0..<shape.keyValueHeads {
                var argument = argument(head: head, sequence: sequence)
                var gradients = ck_attention_gradients(
                    dq: dq + row * query.stride + head * shape.group * shape.headDimension,
                    dk: dk + row * key.stride + head * shape.headDimension,
                    dv: dv + row * value.stride + head * shape.valueDimension, lddq: query.stride, lddk: key.stride,
                    lddv: value.stride, accumulate_dq: claim.adds(0) ? 1 : 0, accumulate_dkv: addsBoth ? 1 : 0,
                    dsink_logit: nil)
                let place = places(head: head, sequence: sequence)
                ck_selected_backward(
                    &argument, output.value + place.output, output.width, place.logSumExp, gradient + place.output,
                    output.width, &gradients, selection.attended(sequence: sequence), workspace.pointer)
            }
        }
    }
}
