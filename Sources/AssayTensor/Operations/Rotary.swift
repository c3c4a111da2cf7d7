import CKernels

extension Tape {
    /// Turns the first `table.dimension` elements of each of `heads` heads, IN PLACE, and returns `x`.
    ///
    /// - Parameters:
    ///   - x: `[batch, time, at least offset + heads * headDimension]`, the output of an operation whose backward does
    ///     not read its output: a linear map, a norm or a convolution.
    ///   - offset: the column where the first head begins.
    @discardableResult
    public func rotary(
        _ x: Tensor, offset: Int = 0, heads: Int, headDimension: Int, table: RotaryTable
    ) -> Tensor {
        precondition(x.shape.count == 3 && x.width >= offset + heads * headDimension, "rotary heads do not fit")
        precondition(table.time >= x.shape[1] && table.dimension <= headDimension, "a rotary table too small")
        if table.dimension > 0 {
            record(RotaryOperation(x: x, offset: offset, heads: heads, headDimension: headDimension, table: table))
        }
        return x
    }
}

private final class RotaryOperation: TapeOperation {
    let x: Tensor
    let offset: Int
    let heads: Int
    let headDimension: Int
    let table: RotaryTable

    init(x: Tensor, offset: Int, heads: Int, headDimension: Int, table: RotaryTable) {
        self.x = x
        self.offset = offset
        self.heads = heads
        self.headDimension = headDimension
        self.table = table
    }

    private func turn(_ pointer: UnsafeMutablePointer<Float>, inverse: Int32) {
        let time = x.shape[1]
        for sequence in 0..<x.shape[0] {
            ck_rotary(
                time, heads, headDimension, table.dimension, table.cosines, table.sines,
                pointer + sequence * time * x.width + offset, x.width, inverse)
        }
    }

    func forward() { turn(x.value, inverse: 0) }

    func backward() {
        _ = x.gradient
        x.separateGradient()
        turn(x.gradient, inverse: 1)
    }
}
