import AssayTensor
import CKernels

/// A norm of the residual stream, in all three forms.
struct StreamNorm: Sendable, Hashable {
    let kind: NormKind
    /// What its parameters are called, without `.weight` and `.bias`.
    let name: String
    let width: Int
    let epsilon: Double

    private var weightName: String { name + ".weight" }
    private var biasName: String { name + ".bias" }

    func declareParameters(in layout: inout ParameterLayout) {
        layout.declare(weightName, [width], .constant(1), decays: false)
        if kind == .layer { layout.declare(biasName, [width], .constant(0), decays: false) }
    }

    func parallel(_ x: Tensor, on tape: Tape) -> Tensor {
        let weight = tape.parameter(weightName)
        return switch kind {
        case .rms: tape.rmsNorm(x, weight, epsilon: Float(epsilon))
        case .layer: tape.layerNorm(x, weight, tape.parameter(biasName), epsilon: Float(epsilon))
        }
    }

    /// The plain residual sum of `x` and `y`, and its norm.
    func parallelSum(_ x: Tensor, _ y: Tensor, on tape: Tape) -> (sum: Tensor, norm: Tensor) {
        if kind == .rms { return tape.residualNorm(x, y, tape.parameter(weightName), epsilon: Float(epsilon)) }
        let sum = tape.residual(x, y)
        return (sum, parallel(sum, on: tape))
    }

    func reference(_ x: [Double], parameter: (String) -> [Double]) -> [Double] {
        switch kind {
        case .rms: Reference.rmsNorm(x, parameter(weightName), epsilon: epsilon)
        case .layer: Reference.layerNorm(x, parameter(weightName), parameter(biasName), epsilon: epsilon)
        }
    }

    /// The norm over weights that stay where they are.
    func bound(_ parameters: LayerParameters) -> BoundNorm {
        BoundNorm(
            norm: self, weight: UnsafePointer(parameters.pointer(weightName)),
            bias: kind == .layer ? UnsafePointer(parameters.pointer(biasName)) : nil)
    }
}

/// A norm and its weights, for decoding.
struct BoundNorm {
    let norm: StreamNorm
    let weight: UnsafePointer<Float>
    let bias: UnsafePointer<Float>?

    /// Normalises rows; `output` may be `input`.
    func apply(rows: Int, _ input: UnsafePointer<Float>, into output: UnsafeMutablePointer<Float>) {
        let (width, epsilon) = (norm.width, Float(norm.epsilon))
        switch norm.kind {
        case .rms: ck_rms_norm_forward(rows, width, input, width, weight, epsilon, output, width, nil)
        case .layer: ck_layer_norm_forward(rows, width, input, width, weight, bias, epsilon, output, width, nil, nil)
        }
    }
}
