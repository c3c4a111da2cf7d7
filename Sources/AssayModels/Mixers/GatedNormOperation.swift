import AssayTensor
import CKernels

extension Tape {
    /// RMS norm of each head of a row, times a weight and the sigmoid or SiLU of a gate.
    /// - Parameters:
    ///   - x: `[batch, time, heads * width]`.
    ///   - gate: of the same shape.
    ///   - weight: `[width]`, shared by the heads.
    ///   - sigmoid: whether the gate is the sigmoid; else SiLU.
    func gatedNorm(_ x: Tensor, gate: Tensor, weight: Tensor, sigmoid: Bool, epsilon: Float) -> Tensor {
        precondition(x.count == gate.count && x.width % weight.count == 0, "a gate of another shape")
        let output = tensor(x.shape)
        let inverse = scratch(x.count / weight.count)
        let workspace = workspace(recordsGradients ? x.count : 0)
        record(
            GatedNormOperation(
                input: x, gate: gate, weight: weight, sigmoid: sigmoid ? 1 : 0, epsilon: epsilon, output: output,
                inverse: inverse, workspace: workspace))
        return output
    }
}

private final class GatedNormOperation: TapeOperation {
    let input: Tensor
    let gate: Tensor
    let weight: Tensor
    let sigmoid: Int32
    let epsilon: Float
    let output: Tensor
    let inverse: UnsafeMutablePointer<Float>
    let workspace: Workspace

    init(
        input: Tensor, gate: Tensor, weight: Tensor, sigmoid: Int32, epsilon: Float, output: Tensor,
        inverse: UnsafeMutablePointer<Float>, workspace: Workspace
    ) {
        (self.input, self.gate, self.weight, self.sigmoid) = (input, gate, weight, sigmoid)
        (self.epsilon, self.output, self.inverse, self.workspace) = (epsilon, output, inverse, workspace)
    }

    // A head of a row is a row of its own.
    func forward() {
        let width = weight.count
        ck_gated_norm_forward(
            input.count / width, width, input.value, width, weight.value, gate.value, width, sigmoid, epsilon,
            output.value, width, inverse)
    }

    func backward() {
        let width = weight.count
        let upstream = output.gradient
        let addsGate: Int32 = gate.claimGradient() ? 1 : 0
        let adds = input.claimGradient()
        let own = adds ? workspace.pointer : input.gradient
        ck_gated_norm_backward(
            input.count / width, width, input.value, width, weight.value, gate.value, width, sigmoid, inverse,
            upstream, width, own, width, gate.gradient, width, addsGate, weight.gradient)
        if adds { ck_add(input.count, input.gradient, own, input.gradient) }
    }
}
