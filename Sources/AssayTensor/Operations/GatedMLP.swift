import CKernels

extension Tape {
    /// The gated MLP `down(activation(gate x) * up x)` (Shazeer, "GLU Variants Improve Transformer", 2020).
    /// - Parameters:
    ///   - gateUp: `[2 * hidden, width]`, the gate's rows first.
    ///   - down: `[width, hidden]`.
    ///   - biases: of both, `[2 * hidden]` and `[width]`.
    public func gatedMLP(
        _ x: Tensor, gateUp: Tensor, down: Tensor, biases: (gateUp: Tensor, down: Tensor)? = nil,
        activation: GatedActivation = .silu
    ) -> Tensor {
        precondition(
            gateUp.shape[1] == x.width && gateUp.shape[0] == 2 * down.shape[1] && down.shape[0] == x.width,
            "the matrices of a gated MLP do not fit")
        let output = tensor(x.shape)
        record(
            GatedMLPOperation(
                input: x, gateUp: gateUp, down: down, biases: biases, activation: activation, output: output,
                tape: self))
        return output
    }

    /// `silu(gate) * up` over the last axis, `[..., 2 * hidden]` with the gate first.
    public func swiGLU(_ gateUp: Tensor) -> Tensor {
        precondition(gateUp.width % 2 == 0, "gate and up have the same width")
        let output = tensor(gateUp.shape.dropLast() + [gateUp.width / 2])
        record(SwiGLUOperation(input: gateUp, output: output))
        return output
    }
}

/// The whole MLP in blocks of rows, so that the hidden activations of a block stay in the second cache between its
/// products.
private final class GatedMLPOperation: TapeOperation {
    let input: Tensor
    let gateUp: Tensor
    let down: Tensor
    let biases: (gateUp: Tensor, down: Tensor)?
    let activation: GatedActivation
    let output: Tensor
    let hidden: Int
    let blockRows: Int
    let gateUpForward: PackedMatrix
    let downForward: PackedMatrix
    let gateUpBackward: PackedMatrix?
    let downBackward: PackedMatrix?
    /// `[rows, 2 * hidden]` while gradients are recorded, else one block.
    let products: UnsafeMutablePointer<Float>
    /// A block of `[blockRows, hidden]`.
    let workspace: Workspace

    init(
        input: Tensor, gateUp: Tensor, down: Tensor, biases: (gateUp: Tensor, down: Tensor)?,
        activation: GatedActivation, output: Tensor, tape: Tape
    ) {
        self.input = input
        self.gateUp = gateUp
        self.down = down
        self.biases = biases
        self.activation = activation
        self.output = output
        hidden = down.shape[1]
        blockRows = min(input.rows, GatedMLPOperation.standardBlockRows)
        gateUpForward = tape.packed(gateUp, isTransposed: true)
        downForward = tape.packed(down, isTransposed: true)
        gateUpBackward = tape.recordsGradients ? tape.packed(gateUp, isTransposed: false) : nil
        downBackward = tape.recordsGradients ? tape.packed(down, isTransposed: false) : nil
        products = tape.scratch((tape.recordsGradients ? input.rows : blockRows) * 2 * hidden)
        workspace = tape.workspace(blockRows * hidden)
    }

    /// Rows of a block: enough that the gradients of the weights are read and written seldom, few enough that the hidden
    /// activations stay in the cache, and whole tiles of the kernel's 12 rows.
    static let standardBlockRows = 72

    func forward() {
        let active = input.activeRows
        output.activeRows = active
        let width = input.width
        let activated = workspace.pointer
        for row in stride(from: 0, to: active, by: blockRows) {
            let rows = min(blockRows, active - row)
            let block = gateUpBackward == nil ? products : products + row * 2 * hidden
            gateUpForward.multiply(
                rows: rows, input.value + row * width, stride: width, into: block, stride: 2 * hidden)
            if let biases { RowBias.add(biases.gateUp.value, to: block, count: rows, width: 2 * hidden) }
            activation.forward(rows: rows, hidden: hidden, block, into: activated)
            let result = output.value + row * width
            downForward.multiply(rows: rows, activated, stride: hidden, into: result, stride: width)
            if let biases { RowBias.add(biases.down.value, to: result, count: rows, width: width) }
        }
    }

    func backward() {
        guard let gateUpBackward, let downBackward else { return }
        let active = input.activeRows
        let width = input.width
        let gradient = output.gradient
        let adds = input.claimGradient()
        let activated = workspace.pointer
        for row in stride(from: 0, to: active, by: blockRows) {
            let rows = min(blockRows, active - row)
            let block = products + row * 2 * hidden
            let outer = gradient + row * width
            let inner = input.value + row * width
            // The gradient of the activations gives way to the activations, and the products to their gradient.
            downBackward.multiply(rows: rows, outer, stride: width, into: activated, stride: hidden)
            activation.backward(
                rows: rows, hidden: hidden, block, gradient: activated, into: block, activated: activated)
            if let biases {
                RowBias.backward(outer, count: rows, width: width, into: biases.down.gradient)
                RowBias.backward(block, count: rows, width: 2 * hidden, into: biases.gateUp.gradient)
            }
            ck_gemm(1, 0, width, hidden, rows, 1, outer, width, activated, hidden, 1, down.gradient, hidden)
            ck_gemm(1, 0, 2 * hidden, width, rows, 1, block, 2 * hidden, inner, width, 1, gateUp.gradient, width)
            gateUpBackward.multiply(
                rows: rows, block, stride: 2 * hidden, adds: adds, into: input.gradient + row * width, stride: width)
        }
    }
}

private final class SwiGLUOperation: TapeOperation {
    let input: Tensor
    let output: Tensor

    init(input: Tensor, output: Tensor) {
        self.input = input
        self.output = output
    }

    func forward() { ck_swiglu_forward(output.rows, output.width, input.value, output.value) }

    func backward() {
        // The kernel overwrites, so a gradient that is there already is kept aside by the general path.
        let gradient = output.gradient
        if !input.claimGradient() {
            ck_swiglu_backward(output.rows, output.width, input.value, gradient, input.gradient, nil)
            return
        }
        addingRows(gradient)
    }

    private func addingRows(_ gradient: UnsafeMutablePointer<Float>) {
        let width = output.width
        withUnsafeTemporaryAllocation(of: Float.self, capacity: 2 * width) { row in
            guard let base = row.baseAddress else { return }
            for index in 0..<output.rows {
                let place = index * 2 * width
                ck_swiglu_backward(1, width, input.value + place, gradient + index * width, base, nil)
                ck_axpy(2 * width, 1, base, input.gradient + place)
            }
        }
    }
}
