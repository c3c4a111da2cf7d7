import CKernels

extension Tape {
    /// `x + bias` for every row. The last rows may be idle.
    /// - Parameter bias: `[x.width]`.
    public func addBias(_ x: Tensor, _ bias: Tensor) -> Tensor {
        precondition(bias.count == x.width, "a bias of another width")
        let output = tensor(x.shape)
        record(BiasOperation(input: x, bias: bias, output: output))
        return output
    }
}

/// A bias that is added to rows, and its gradient from theirs.
enum RowBias {
    /// Adds a bias to rows next to each other.
    static func add(_ bias: UnsafePointer<Float>, to rows: UnsafeMutablePointer<Float>, count: Int, width: Int) {
        for row in 0..<count { ck_add(width, rows + row * width, bias, rows + row * width) }
    }

    /// Adds the sum of rows to the gradient of a bias.
    static func backward(
        _ rows: UnsafePointer<Float>, count: Int, width: Int, into gradient: UnsafeMutablePointer<Float>
    ) {
        for row in 0..<count { ck_axpy(width, 1, rows + row * width, gradient) }
    }
}

private final class BiasOperation: TapeOperation {
    let input: Tensor
    let bias: Tensor
    let output: Tensor

    init(input: Tensor, bias: Tensor, output: Tensor) {
        (self.input, self.bias, self.output) = (input, bias, output)
    }

    func forward() {
        output.activeRows = input.activeRows
        let width = input.width
        for row in 0..<input.activeRows {
            ck_add(width, input.value + row * width, bias.value, output.value + row * width)
        }
    }

    func backward() {
        input.passGradient(of: output)
        if !bias.claimGradient() { bias.gradient.update(repeating: 0, count: bias.count) }
        RowBias.backward(output.gradient, count: input.activeRows, width: input.width, into: bias.gradient)
    }
}
