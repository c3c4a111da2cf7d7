import CKernels

/// How a gate and the norm of what it gates come together.
public enum GatedNormKind: Sendable, Hashable {
    /// `rms(x) weight silu(gate)`, as in Gated DeltaNet and RetNet.
    case siluAfterNorm
    /// `rms(x) weight sigmoid(gate)`, as in lightning attention and Kimi Delta Attention.
    case sigmoidAfterNorm
    /// `rms(x silu(gate)) weight`, as in Mamba-2.
    case siluBeforeNorm
}

/// The order in which the gradient of a norm's weight is summed. Either is as good; results keep their bits in one.
public enum GatedNormOrder: Sendable, Hashable {
    /// All rows of a part, then those of the next.
    case byPart
    /// All parts of a row, then those of the next: for a weight that all parts share and a gate that is a whole tensor.
    case byRow
}

extension Tape {
    /// RMS norm of neighbouring parts of the last axis, with a gate.
    /// - Parameters:
    ///   - x: `[batch, time, width]`.
    ///   - weight: `[width / parts]`, the same for all parts, or `[width]`.
    ///   - gate: `[batch, time, width]` before its function, possibly columns of a wider tensor.
    ///   - parts: how many parts are normalised, each by itself.
    ///   - order: in which the gradient of the weight is summed.
    public func gatedNorm(
        _ x: Tensor, _ weight: Tensor, gate: TensorSlice, kind: GatedNormKind, parts: Int, epsilon: Float,
        order: GatedNormOrder = .byPart
    ) -> Tensor {
        precondition(x.width % parts == 0 && gate.width == x.width && gate.tensor.rows == x.rows, "a gate does not fit")
        precondition(weight.count == x.width || weight.count * parts == x.width, "a norm's weight does not fit")
        precondition(
            order == .byPart || weight.count * parts == x.width && gate.stride == x.width, "rows are not in one piece")
        let output = tensor(x.shape)
        record(
            GatedNormOperation(
                input: x, weight: weight, gate: gate, kind: kind, parts: parts, order: order, epsilon: epsilon,
                output: output, inverse: scratch(parts * x.rows), workspace: workspace(x.width / parts)))
        return output
    }
}

private final class GatedNormOperation: TapeOperation {
    let input: Tensor
    let weight: Tensor
    let gate: TensorSlice
    let kind: GatedNormKind
    /// Rows that a row of the input is taken as: where parts are taken row by row, each is a row.
    let split: Int
    /// Parts of such a row, and floats from one to the next.
    let parts: Int
    let stride: Int
    let gateStride: Int
    let epsilon: Float
    let output: Tensor
    /// `[parts, rows]`.
    let inverse: UnsafeMutablePointer<Float>
    let workspace: Workspace
    let claim: SliceClaim

    init(
        input: Tensor, weight: Tensor, gate: TensorSlice, kind: GatedNormKind, parts: Int, order: GatedNormOrder,
        epsilon: Float, output: Tensor, inverse: UnsafeMutablePointer<Float>, workspace: Workspace
    ) {
        self.input = input
        self.weight = weight
        self.gate = gate
        self.kind = kind
        split = order == .byRow ? parts : 1
        self.parts = parts / split
        stride = input.width / split
        gateStride = gate.stride / split
        self.epsilon = epsilon
        self.output = output
        self.inverse = inverse
        self.workspace = workspace
        claim = SliceClaim([gate])
    }

    private var rows: Int { input.rows * split }
    private var partWidth: Int { stride / parts }
    /// Floats from the weight of one part to that of the next.
    private var weightStep: Int { weight.count == stride ? partWidth : 0 }

    func forward() {
        let (width, ld) = (partWidth, stride)
        for part in 0..<parts {
            let column = part * width
            let (x, y) = (input.value + column, output.value + column)
            let (own, scales) = (weight.value + part * weightStep, inverse + part * rows)
            if kind == .siluBeforeNorm {
                ck_gate_first_norm_forward(
                    rows, width, x, ld, own, gate.value + column, gateStride, epsilon, y, ld, scales)
            } else {
                ck_gated_norm_forward(
                    rows, width, x, ld, own, gate.value + column, gateStride, kind == .sigmoidAfterNorm ? 1 : 0,
                    epsilon, y, ld, scales)
            }
        }
    }

    func backward() {
        let adds = input.claimGradient()
        claim.claim()
        if !weight.claimGradient() { weight.gradient.update(repeating: 0, count: weight.count) }
        for part in 0..<parts {
            let target = input.gradient + part * partWidth
            guard adds else {
                backward(part, rows: 0..<rows, into: target, stride: stride)
                continue
            }
            // The kernels overwrite, so that here a row goes through the workspace.
            for row in 0..<rows {
                backward(part, rows: row..<(row + 1), into: workspace.pointer, stride: partWidth)
                ck_axpy(partWidth, 1, workspace.pointer, target + row * stride)
            }
        }
    }

    private func backward(_ part: Int, rows: Range<Int>, into dx: UnsafeMutablePointer<Float>, stride ldx: Int) {
        let (width, ld, row) = (partWidth, stride, rows.lowerBound)
        let column = row * ld + part * width
        let (x, dy) = (input.value + column, output.gradient + column)
        let gateColumn = row * gateStride + part * width
        let (g, dg) = (gate.value + gateColumn, gate.gradient + gateColumn)
        let (own, scales) = (weight.value + part * weightStep, inverse + part * self.rows + row)
        let (dweight, addsGate): (UnsafeMutablePointer<Float>, Int32) = (
            weight.gradient + part * weightStep, claim.adds(0) ? 1 : 0
        )
        if kind == .siluBeforeNorm {
            ck_gate_first_norm_backward(
                rows.count, width, x, ld, own, g, gateStride, scales, dy, ld, dx, ldx, dg, gateStride, addsGate,
                dweight)
        } else {
            ck_gated_norm_backward(
                rows.count, width, x, ld, own, g, gateStride, kind == .sigmoidAfterNorm ? 1 : 0, scales, dy, ld, dx,
                ldx, dg, gateStride, addsGate, dweight)
        }
    }
}
