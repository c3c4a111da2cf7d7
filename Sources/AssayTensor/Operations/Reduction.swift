import CKernels

extension Tape {
    /// The sum over the last axis, which becomes 1.
    public func sum(_ x: Tensor) -> Tensor { reduce(x, factor: 1) }

    /// The mean over the last axis, which becomes 1.
    public func mean(_ x: Tensor) -> Tensor { reduce(x, factor: 1 / Float(x.width)) }

    private func reduce(_ x: Tensor, factor: Float) -> Tensor {
        let output = tensor(x.shape.dropLast() + [1])
        record(ReductionOperation(input: x, factor: factor, output: output))
        return output
    }
}

private final class ReductionOperation: TapeOperation {
    let input: Tensor
    let factor: Float
    let output: Tensor

    init(input: Tensor, factor: Float, output: Tensor) {
        self.input = input
        self.factor = factor
        self.output = output
    }

    func forward() {
        let width = input.width
        for row in 0..<input.rows {
            output.value[row] = Float(ck_sum(width, input.value + row * width)) * factor
        }
    }

    func backward() {
        let width = input.width
        let gradient = output.gradient
        let adds = input.claimGradient()
        for row in 0..<input.rows {
            let value = gradient[row] * factor
            let place = input.gradient + row * width
            for i in 0..<width { place[i] = adds ? place[i] + value : value }
        }
    }
}
