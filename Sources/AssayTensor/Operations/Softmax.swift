import CKernels

extension Tape {
    /// Softmax over the last axis. `isCausal`: over the last two axes `[queries, keys]`, query i sees keys up to
    /// `i + keys - queries`; the others get zero.
    public func softmax(_ x: Tensor, isCausal: Bool = false) -> Tensor {
        precondition(!isCausal || x.shape.count >= 2, "a causal softmax has queries and keys")
        precondition(!isCausal || x.shape[x.shape.count - 2] <= x.width, "more queries than keys")
        let output = tensor(x.shape)
        record(SoftmaxOperation(input: x, isCausal: isCausal, output: output))
        return output
    }
}

private final class SoftmaxOperation: TapeOperation {
    let input: Tensor
    let isCausal: Bool
    let output: Tensor

    init(input: Tensor, isCausal: Bool, output: Tensor) {
        self.input = input
        self.isCausal = isCausal
        self.output = output
    }

    /// Columns that a row of a causal softmax sees.
    private func visible(_ row: Int) -> Int {
        let queries = input.shape[input.shape.count - 2]
        return row % queries + 1 + input.width - queries
    }

    func forward() {
        let width = input.width
        guard isCausal else {
            ck_softmax_rows(input.rows, width, input.value, width, output.value, width)
            return
        }
        for row in 0..<input.rows {
            let (count, place) = (visible(row), row * width)
            ck_softmax_rows(1, count, input.value + place, width, output.value + place, width)
            (output.value + place + count).update(repeating: 0, count: width - count)
        }
    }

    func backward() {
        // Where the output is zero, so is the gradient: the causal form needs no other treatment.
        let width = input.width
        let gradient = output.gradient
        let adds = input.claimGradient()
        ck_softmax_rows_backward(
            input.rows, width, output.value, width, gradient, width, input.gradient, width, adds ? 1 : 0)
    }
}
