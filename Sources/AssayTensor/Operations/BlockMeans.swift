import CKernels

extension Tape {
    /// The means of whole blocks of neighbouring tokens; what is left over at the end is left out.
    /// - Parameter x: `[batch, time, width]`, possibly columns of a wider tensor.
    /// - Returns: `[batch, time / blockSize, width]`, with one row of zeros where there is no whole block.
    public func blockMeans(_ x: TensorSlice, blockSize: Int) -> Tensor {
        let (batch, time) = (x.tensor.shape[0], x.tensor.shape[1])
        precondition(x.tensor.shape.count == 3 && blockSize > 0, "blocks of nothing")
        let output = tensor([batch, max(time / blockSize, 1), x.width])
        record(BlockMeansOperation(input: x, blockSize: blockSize, output: output))
        return output
    }
}

private final class BlockMeansOperation: TapeOperation {
    let input: TensorSlice
    let blockSize: Int
    let output: Tensor
    let claim: SliceClaim

    init(input: TensorSlice, blockSize: Int, output: Tensor) {
        self.input = input
        self.blockSize = blockSize
        self.output = output
        claim = SliceClaim([input])
    }

    /// Calls with every token of a whole block: its row in the input, and that of its block in the output.
    private func forEachToken(_ body: (_ token: Int, _ block: Int) -> Void) {
        let (batch, time) = (input.tensor.shape[0], input.tensor.shape[1])
        for sequence in 0..<batch {
            for t in 0..<(time / blockSize * blockSize) {
                body(sequence * time + t, sequence * output.shape[1] + t / blockSize)
            }
        }
    }

    func forward() {
        output.value.update(repeating: 0, count: output.count)
        forEachToken { token, block in
            ck_axpy(
                input.width, 1 / Float(blockSize), input.value + token * input.stride,
                output.value + block * output.width)
        }
    }

    func backward() {
        let gradient = output.gradient
        claim.claim()
        if !claim.adds(0) { input.clearGradient() }
        forEachToken { token, block in
            ck_axpy(
                input.width, 1 / Float(blockSize), gradient + block * output.width,
                input.gradient + token * input.stride)
        }
    }
}
