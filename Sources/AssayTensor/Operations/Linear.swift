import CKernels

extension Tape {
    /// `x * weight^T` over the last axis, for a parameter `[out, in]`.
    public func linear(_ x: Tensor, _ weight: Tensor) -> Tensor {
        precondition(weight.shape.count == 2 && x.width == weight.shape[1], "a linear map of another width")
        let output = tensor(x.shape.dropLast() + [weight.shape[0]])
        record(
            LinearOperation(
                input: x, weight: weight, output: output, forwardMatrix: packed(weight, isTransposed: true),
                backwardMatrix: recordsGradients ? packed(weight, isTransposed: false) : nil))
        return output
    }
}

private final class LinearOperation: TapeOperation {
    let input: Tensor
    let weight: Tensor
    let output: Tensor
    let forwardMatrix: PackedMatrix
    let backwardMatrix: PackedMatrix?

    init(
        input: Tensor, weight: Tensor, output: Tensor, forwardMatrix: PackedMatrix, backwardMatrix: PackedMatrix?
    ) {
        self.input = input
        self.weight = weight
        self.output = output
        self.forwardMatrix = forwardMatrix
        self.backwardMatrix = backwardMatrix
    }

    func forward() {
        output.activeRows = input.activeRows
        forwardMatrix.multiply(
            rows: input.activeRows, input.value, stride: input.width, into: output.value, stride: output.width)
    }

    func backward() {
        let rows = input.activeRows
        let gradient = output.gradient
        let adds = input.claimGradient()
        backwardMatrix?.multiply(
            rows: rows, gradient, stride: output.width, adds: adds, into: input.gradient, stride: input.width)
        ck_gemm(
            1, 0, output.width, input.width, rows, 1, gradient, output.width, input.value, input.width, 1,
            weight.gradient, input.width)
    }
}
