import CKernels

extension Tape {
    /// The normaliser of linear attention: the outputs of each head over `queryScale q_t . (k_1 + ... + k_t) + 1e-10`,
    /// the weights that they are sums by.
    /// - Parameters:
    ///   - x: `[batch, time, heads * valueDimension]`.
    ///   - query: `[batch, time, keyHeads * keyDimension]`, possibly columns of a wider tensor.
    ///   - key: likewise.
    public func linearAttentionNormaliser(
        _ x: Tensor, query: TensorSlice, key: TensorSlice, shape: LinearAttentionShape
    ) -> Tensor {
        let keyWidth = shape.keyHeads * shape.keyDimension
        precondition(
            query.width == keyWidth && key.width == keyWidth && x.width == shape.heads * shape.valueDimension,
            "linear attention heads do not fit")
        let output = tensor(x.shape)
        record(
            NormaliserOperation(
                input: x, slices: [query, key], shape: shape, output: output,
                inverses: scratch(shape.keyHeads * x.rows),
                workspace: workspace(x.shape[1] + shape.keyDimension)))
        return output
    }
}

private final class NormaliserOperation: TapeOperation {
    let input: Tensor
    /// Query and key.
    let slices: [TensorSlice]
    let shape: LinearAttentionShape
    let output: Tensor
    /// What the outputs are multiplied with, `[keyHeads, batch, time]`.
    let inverses: UnsafeMutablePointer<Float>
    let workspace: Workspace
    let claim: SliceClaim

    init(
        input: Tensor, slices: [TensorSlice], shape: LinearAttentionShape, output: Tensor,
        inverses: UnsafeMutablePointer<Float>, workspace: Workspace
    ) {
        (self.input, self.slices, self.shape) = (input, slices, shape)
        (self.output, self.inverses, self.workspace) = (output, inverses, workspace)
        claim = SliceClaim(slices)
    }

    /// Columns of the outputs that have the same queries and keys.
    private var groupWidth: Int { shape.groupHeads * shape.valueDimension }

    /// Calls with each query and key head of each sequence: the first row, and the first columns of queries and outputs.
    private func forEachHead(
        _ body: (_ row: Int, _ column: Int, _ outputColumn: Int, _ inverses: UnsafeMutablePointer<Float>) -> Void
    ) {
        for head in 0..<shape.keyHeads {
            for row in stride(from: 0, to: input.rows, by: input.shape[1]) {
                body(row, head * shape.keyDimension, head * groupWidth, inverses + head * input.rows + row)
            }
        }
    }

    func forward() {
        let (time, width, query, key) = (input.shape[1], input.width, slices[0], slices[1])
        forEachHead { row, column, outputColumn, inverses in
            let sum = workspace.pointer
            sum.update(repeating: 0, count: shape.keyDimension)
            ck_running_dots_forward(
                time, shape.keyDimension, query.value + row * query.stride + column, query.stride,
                key.value + row * key.stride + column, key.stride, sum, inverses)
            for t in 0..<time {
                inverses[t] = 1 / (shape.queryScale * inverses[t] + LinearAttentionShape.normaliserEpsilon)
                let place = (row + t) * width + outputColumn
                ck_scale(groupWidth, inverses[t], input.value + place, output.value + place)
            }
        }
    }

    func backward() {
        let (time, width, query, key) = (input.shape[1], input.width, slices[0], slices[1])
        let gradient = output.gradient
        let adds = input.claimGradient()
        if !adds { input.gradient.update(repeating: 0, count: input.count) }
        claim.claim()
        forEachHead { row, column, outputColumn, inverses in
            let dots = workspace.pointer
            for t in 0..<time {
                let place = (row + t) * width + outputColumn
                ck_axpy(groupWidth, inverses[t], gradient + place, input.gradient + place)
                let along = ck_dot(groupWidth, gradient + place, output.value + place)
                dots[t] = -shape.queryScale * inverses[t] * Float(along)
            }
            ck_running_dots_backward(
                time, shape.keyDimension, query.value + row * query.stride + column, query.stride,
                key.value + row * key.stride + column, key.stride, dots,
                query.gradient + row * query.stride + column, query.stride, claim.adds(0) ? 1 : 0,
                key.gradient + row * key.stride + column, key.stride, claim.adds(1) ? 1 : 0, dots + time)
        }
    }
}

extension LinearAttentionShape {
    /// What the normaliser adds to its sums, as in flash-linear-attention.
    public static let normaliserEpsilon: Float = 1e-10
}
