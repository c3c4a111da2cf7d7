import CKernels

extension Tape {
    /// Causal depthwise convolution over time, with SiLU if wished.
    /// - Parameters:
    ///   - x: `[batch, time, channels]`.
    ///   - weight: `[channels, kernel]`, the last column for the token itself.
    ///   - bias: `[channels]`; nil for none.
    public func shortConvolution(_ x: Tensor, _ weight: Tensor, bias: Tensor? = nil, silu: Bool) -> Tensor {
        shortConvolution(x.allColumns, weight, bias: bias, silu: silu)
    }

    /// The same of some columns of a wider tensor.
    public func shortConvolution(_ x: TensorSlice, _ weight: Tensor, bias: Tensor? = nil, silu: Bool) -> Tensor {
        let shape = x.tensor.shape
        precondition(shape.count == 3 && weight.shape.count == 2 && weight.shape[0] == x.width, "channels differ")
        precondition(weight.width <= Int(CK_CONVOLUTION_MAXIMUM), "the kernel is too wide")
        precondition(bias == nil || bias?.count == x.width, "a bias has one element a channel")
        let output = tensor([shape[0], shape[1], x.width])
        record(ShortConvolutionOperation(input: x, weight: weight, bias: bias, silu: silu, output: output))
        return output
    }
}

private final class ShortConvolutionOperation: TapeOperation {
    let input: TensorSlice
    let weight: Tensor
    let bias: Tensor?
    let silu: Int32
    let output: Tensor
    let claim: SliceClaim

    init(input: TensorSlice, weight: Tensor, bias: Tensor?, silu: Bool, output: Tensor) {
        self.input = input
        self.weight = weight
        self.bias = bias
        self.silu = silu ? 1 : 0
        self.output = output
        claim = SliceClaim([input])
    }

    func forward() {
        let (time, channels) = (output.shape[1], output.width)
        for sequence in 0..<output.shape[0] {
            let row = sequence * time
            ck_convolution_forward(
                time, channels, weight.width, input.value + row * input.stride, input.stride, weight.value,
                bias?.value, silu, output.value + row * channels, channels)
        }
    }

    func backward() {
        let (time, channels) = (output.shape[1], output.width)
        let gradient = output.gradient
        claim.claim()
        for sequence in 0..<output.shape[0] {
            let row = sequence * time
            ck_convolution_backward(
                time, channels, weight.width, input.value + row * input.stride, input.stride, weight.value,
                bias?.value, silu, gradient + row * channels, channels, input.gradient + row * input.stride,
                input.stride, claim.adds(0) ? 1 : 0, weight.gradient, bias?.gradient)
        }
    }
}
