import CKernels

extension Tape {
    /// Causal depthwise convolution over time, with SiLU if wished.
    /// - Parameters:
    ///   - x: `[batch, time, channels]`.
    ///   - weight: `[channels, kernel]`, the last column for the token itself.
    public func shortConvolution(_ x: Tensor, _ weight: Tensor, silu: Bool) -> Tensor {
        precondition(x.shape.count == 3 && weight.shape.count == 2 && weight.shape[0] == x.width, "channels differ")
        precondition(weight.width <= Int(CK_CONVOLUTION_MAXIMUM), "the kernel is too wide")
        let output = tensor(x.shape)
        record(ShortConvolutionOperation(input: x, weight: weight, silu: silu, output: output))
        return output
    }
}

private final class ShortConvolutionOperation: TapeOperation {
    let input: Tensor
    let weight: Tensor
    let silu: Int32
    let output: Tensor

    init(input: Tensor, weight: Tensor, silu: Bool, output: Tensor) {
        self.input = input
        self.weight = weight
        self.silu = silu ? 1 : 0
        self.output = output
    }

    func forward() {
        let (time, channels) = (input.shape[1], input.width)
        for sequence in 0..<input.shape[0] {
            let offset = sequence * time * channels
            ck_convolution_forward(
                time, channels, weight.width, input.value + offset, channels, weight.value, silu,
                output.value + offset, channels)
        }
    }

    func backward() {
        let (time, channels) = (input.shape[1], input.width)
        let gradient = output.gradient
        let adds: Int32 = input.claimGradient() ? 1 : 0
        for sequence in 0..<input.shape[0] {
            let offset = sequence * time * channels
            ck_convolution_backward(
                time, channels, weight.width, input.value + offset, channels, weight.value, silu, gradient + offset,
                channels, input.gradient + offset, channels, adds, weight.gradient)
        }
    }
}
