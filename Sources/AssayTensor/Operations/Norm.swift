import CKernels

extension Tape {
    /// `x / sqrt(mean(x^2) + epsilon) * weight` over the last axis; a nil weight is all ones.
    public func rmsNorm(_ x: Tensor, _ weight: Tensor?, epsilon: Float) -> Tensor {
        precondition(weight == nil || weight?.count == x.width, "a norm's weight has the width of its input")
        let output = tensor(x.shape)
        record(
            RMSNormOperation(
                input: x, weight: weight, epsilon: epsilon, output: output, inverse: scratch(x.rows)))
        return output
    }

    /// `(x - mean(x)) / sqrt(variance(x) + epsilon) * weight + bias` over the last axis.
    public func layerNorm(_ x: Tensor, _ weight: Tensor, _ bias: Tensor, epsilon: Float) -> Tensor {
        precondition(weight.count == x.width && bias.count == x.width, "a norm's weight has the width of its input")
        let output = tensor(x.shape)
        record(
            LayerNormOperation(
                input: x, weight: weight, bias: bias, epsilon: epsilon, output: output, means: scratch(x.rows),
                inverse: scratch(x.rows)))
        return output
    }

    /// The residual stream of a block: `sum = x + y` and `norm = rmsNorm(sum)`, in one pass.
    public func residualNorm(
        _ x: Tensor, _ y: Tensor, _ weight: Tensor, epsilon: Float
    ) -> (sum: Tensor, norm: Tensor) {
        precondition(x.shape == y.shape && weight.count == x.width, "a residual of other shape")
        let sum = tensor(x.shape)
        let norm = tensor(x.shape)
        record(
            ResidualNormOperation(
                inputs: (x, y), weight: weight, epsilon: epsilon, sum: sum, norm: norm, inverse: scratch(x.rows)))
        return (sum, norm)
    }

    /// RMS norms of separate parts of the last axis, each with a weight of its own: for instance of every query and key
    /// head. `weights[i]` normalises `counts[i]` neighbouring parts of its own width; columns after the last part are
    /// left out of the output.
    public func rmsNormParts(_ x: Tensor, weights: [Tensor], counts: [Int], epsilon: Float) -> Tensor {
        let width = zip(weights, counts).reduce(0) { $0 + $1.0.count * $1.1 }
        precondition(width <= x.width, "the parts are wider than the input")
        let output = tensor(x.shape.dropLast() + [width])
        let parts = counts.reduce(0, +)
        record(
            RMSNormPartsOperation(
                input: x, weights: weights, counts: counts, epsilon: epsilon, output: output,
                inverse: scratch(parts * x.rows)))
        return output
    }
}

private final class RMSNormOperation: TapeOperation {
    let input: Tensor
    let weight: Tensor?
    let epsilon: Float
    let output: Tensor
    let inverse: UnsafeMutablePointer<Float>

    init(input: Tensor, weight: Tensor?, epsilon: Float, output: Tensor, inverse: UnsafeMutablePointer<Float>) {
        self.input = input
        self.weight = weight
        self.epsilon = epsilon
        self.output = output
        self.inverse = inverse
    }

    func forward() {
        output.activeRows = input.activeRows
        let width = input.width
        ck_rms_norm_forward(
            input.activeRows, width, input.value, width, weight?.value, epsilon, output.value, width, inverse)
    }

    func backward() {
        let width = input.width
        let gradient = output.gradient
        let adds = input.claimGradient()
        ck_rms_norm_backward(
            input.activeRows, width, input.value, width, weight?.value, inverse, gradient, width, input.gradient,
            width, adds ? 1 : 0, weight?.gradient)
    }
}

private final class LayerNormOperation: TapeOperation {
    let input: Tensor
    let weight: Tensor
    let bias: Tensor
    let epsilon: Float
    let output: Tensor
    let means: UnsafeMutablePointer<Float>
    let inverse: UnsafeMutablePointer<Float>

    init(
        input: Tensor, weight: Tensor, bias: Tensor, epsilon: Float, output: Tensor,
        means: UnsafeMutablePointer<Float>, inverse: UnsafeMutablePointer<Float>
    ) {
        self.input = input
        self.weight = weight
        self.bias = bias
        self.epsilon = epsilon
        self.output = output
        self.means = means
        self.inverse = inverse
    }

    func forward() {
        output.activeRows = input.activeRows
        let width = input.width
        ck_layer_norm_forward(
            input.activeRows, width, input.value, width, weight.value, bias.value, epsilon, output.value, width, means,
            inverse)
    }

    func backward() {
        let width = input.width
        let gradient = output.gradient
        let adds = input.claimGradient()
        ck_layer_norm_backward(
            input.activeRows, width, input.value, width, weight.value, means, inverse, gradient, width, input.gradient,
            width, adds ? 1 : 0, weight.gradient, bias.gradient)
    }
}

private final class ResidualNormOperation: TapeOperation {
    let inputs: (Tensor, Tensor)
    let weight: Tensor
    let epsilon: Float
    let sum: Tensor
    let norm: Tensor
    let inverse: UnsafeMutablePointer<Float>

    init(
        inputs: (Tensor, Tensor), weight: Tensor, epsilon: Float, sum: Tensor, norm: Tensor,
        inverse: UnsafeMutablePointer<Float>
    ) {
        self.inputs = inputs
        self.weight = weight
        self.epsilon = epsilon
        self.sum = sum
        self.norm = norm
        self.inverse = inverse
    }

    func forward() {
        let active = inputs.0.activeRows
        sum.activeRows = active
        norm.activeRows = active
        let width = sum.width
        // Few enough rows that the sum is still in the first cache when the norm reads it.
        let step = max(1, 4096 / width)
        for row in stride(from: 0, to: active, by: step) {
            let rows = min(step, active - row)
            let offset = row * width
            ck_add(rows * width, inputs.0.value + offset, inputs.1.value + offset, sum.value + offset)
            ck_rms_norm_forward(
                rows, width, sum.value + offset, width, weight.value, epsilon, norm.value + offset, width,
                inverse + row)
        }
    }

    func backward() {
        let width = sum.width
        let gradient = norm.gradient
        let adds = sum.claimGradient()
        ck_rms_norm_backward(
            sum.activeRows, width, sum.value, width, weight.value, inverse, gradient, width, sum.gradient, width,
            adds ? 1 : 0, weight.gradient)
        inputs.0.passGradient(of: sum)
        inputs.1.passGradient(of: sum)
    }
}

private final class RMSNormPartsOperation: TapeOperation {
    let input: Tensor
    let weights: [Tensor]
    let counts: [Int]
    let epsilon: Float
    let output: Tensor
    let inverse: UnsafeMutablePointer<Float>
    let claim: SliceClaim

    init(
        input: Tensor, weights: [Tensor], counts: [Int], epsilon: Float, output: Tensor,
        inverse: UnsafeMutablePointer<Float>
    ) {
        self.input = input
        self.weights = weights
        self.counts = counts
        self.epsilon = epsilon
        self.output = output
        self.inverse = inverse
        claim = SliceClaim([input.columns(0, output.width)])
    }

    /// Calls with the weight, the first column and the number of each part.
    private func forEachPart(_ body: (_ weight: Tensor, _ column: Int, _ part: Int) -> Void) {
        var column = 0
        var part = 0
        for (weight, count) in zip(weights, counts) {
            for _ in 0..<count {
                body(weight, column, part)
                column += weight.count
                part += 1
            }
        }
    }

    func forward() {
        let rows = input.rows
        forEachPart { weight, column, part in
            ck_rms_norm_forward(
                rows, weight.count, input.value + column, input.width, weight.value, epsilon, output.value + column,
                output.width, inverse + part * rows)
        }
    }

    func backward() {
        let rows = input.rows
        let gradient = output.gradient
        claim.claim()
        let adds = claim.adds(0)
        forEachPart { weight, column, part in
            ck_rms_norm_backward(
                rows, weight.count, input.value + column, input.width, weight.value, inverse + part * rows,
                gradient + column, output.width, input.gradient + column, input.width, adds ? 1 : 0,
                weight.gradient)
        }
    }
}
