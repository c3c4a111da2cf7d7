import CKernels

extension Tape {
    /// A short convolution between two gates (LFM2): `c * conv(b * x)`, with a bias after the convolution if there is one.
    /// - Parameters:
    ///   - rows: `[batch, time, 3 channels]`: b, then c, then x.
    ///   - weight: `[channels, kernel]`, the last column for the token itself.
    ///   - bias: `[channels]`.
    /// - Returns: `[batch, time, channels]`.
    public func gatedConvolution(_ rows: Tensor, _ weight: Tensor, bias: Tensor? = nil) -> Tensor {
        let channels = weight.shape[0]
        precondition(rows.shape.count == 3 && weight.shape.count == 2 && rows.width == 3 * channels, "channels differ")
        precondition(weight.width <= Int(CK_CONVOLUTION_MAXIMUM), "the kernel is too wide")
        let output = tensor(rows.shape.dropLast() + [channels])
        record(
            GatedConvolutionOperation(
                rows: rows, weight: weight, bias: bias, output: output, gated: scratch(output.count),
                filtered: scratch(output.count), workspace: workspace(2 * rows.shape[1] * channels)))
        return output
    }
}

private final class GatedConvolutionOperation: TapeOperation {
    let rows: Tensor
    let weight: Tensor
    let bias: Tensor?
    let output: Tensor
    /// `b * x`, and what the convolution makes of it.
    let gated: UnsafeMutablePointer<Float>
    let filtered: UnsafeMutablePointer<Float>
    let workspace: Workspace

    init(
        rows: Tensor, weight: Tensor, bias: Tensor?, output: Tensor, gated: UnsafeMutablePointer<Float>,
        filtered: UnsafeMutablePointer<Float>, workspace: Workspace
    ) {
        self.rows = rows
        self.weight = weight
        self.bias = bias
        self.output = output
        self.gated = gated
        self.filtered = filtered
        self.workspace = workspace
    }

    func forward() {
        let (time, channels) = (output.shape[1], output.width)
        for row in 0..<output.rows {
            let source = rows.value + row * rows.width
            ck_multiply(channels, source, source + 2 * channels, gated + row * channels)
        }
        for sequence in 0..<output.shape[0] {
            let offset = sequence * time * channels
            ck_convolution_forward(
                time, channels, weight.width, gated + offset, channels, weight.value, bias?.value, 0, filtered + offset,
                channels)
        }
        for row in 0..<output.rows {
            ck_multiply(
                channels, rows.value + row * rows.width + channels, filtered + row * channels,
                output.value + row * channels)
        }
    }

    func backward() {
        let (time, channels) = (output.shape[1], output.width)
        let gradient = output.gradient
        let adds = rows.claimGradient()
        if !adds { rows.gradient.update(repeating: 0, count: rows.count) }
        // Gradients of what the convolution makes, and of what it reads.
        let above = workspace.pointer
        let below = above + time * channels
        for sequence in 0..<output.shape[0] {
            for t in 0..<time {
                let row = sequence * time + t
                ck_multiply(
                    channels, gradient + row * channels, rows.value + row * rows.width + channels,
                    above + t * channels)
            }
            ck_convolution_backward(
                time, channels, weight.width, gated + sequence * time * channels, channels, weight.value,
                bias?.value, 0, above, channels, below, channels, 0, weight.gradient, bias?.gradient)
            for t in 0..<time {
                let row = sequence * time + t
                let (source, target) = (rows.value + row * rows.width, rows.gradient + row * rows.width)
                let inner = below + t * channels
                ck_multiply_accumulate(channels, inner, source + 2 * channels, target)
                ck_multiply_accumulate(
                    channels, gradient + row * channels, filtered + row * channels, target + channels)
                ck_multiply_accumulate(channels, inner, source, target + 2 * channels)
            }
        }
    }
}
