import AssayTensor
import CKernels

/// The gated short convolution of LFM2 (transformers: `Lfm2ShortConv`): a causal depthwise convolution between two
/// gates that the token itself makes,
///
///     b, c, x = input W_in;  y = W_out(c * conv(b * x))
///
/// without activation. It sees the last `kernel` tokens only; what reaches further is the business of other layers.
///
/// Option: `kernel` (default 3).
public struct GatedConvolution: Mixer {
    /// `gated-convolution`.
    public static let name = "gated-convolution"
    /// See the type.
    public static let optionNames = ["kernel"]

    private let width: Int
    private let kernel: Int
    private let deviation: Float
    private let outputDeviation: Float

    /// The mixer of a layer.
    public init(_ request: MixerRequest) throws {
        width = request.architecture.width
        kernel = try request.integer("kernel", default: 3, in: 1...Int(CK_CONVOLUTION_MAXIMUM))
        deviation = Float(request.architecture.initialDeviation)
        outputDeviation = Float(request.architecture.outputDeviation)
    }

    /// Declares both projections and the kernels of the channels.
    public func declareParameters(prefix: String, in layout: inout ParameterLayout) {
        layout.declare(prefix + "in_proj.weight", [3 * width, width], .normal(standardDeviation: deviation))
        // The default of PyTorch's Conv1d for one input channel a group.
        let bound = 1 / Float(kernel).squareRoot()
        layout.declare(prefix + "conv.weight", [width, kernel], .uniform(-bound, bound))
        layout.declare(prefix + "out_proj.weight", [width, width], .normal(standardDeviation: outputDeviation))
    }

    /// The parallel form.
    public func parallel(_ x: Tensor, prefix: String, on tape: Tape) -> Tensor {
        let rows = tape.linear(x, tape.parameter(prefix + "in_proj.weight"))
        let mixed = tape.gatedConvolution(rows, tape.parameter(prefix + "conv.weight"))
        return tape.linear(mixed, tape.parameter(prefix + "out_proj.weight"))
    }

    /// The last `kernel - 1` inputs of the convolution.
    public func stateLayout(capacity: Int) -> StateLayout {
        var layout = StateLayout()
        layout.append("convolution", .history, [kernel - 1, width])
        return layout
    }

    /// Scratch of a step.
    public func stepScratchCount(batch: Int, capacity: Int) -> Int { batch * 4 * width }

    /// The recurrent form.
    public func step(_ call: MixerStep) {
        let rows = call.scratch
        let mixed = rows + call.batch * 3 * width
        call.multiply("in_proj.weight", call.input, stride: width, into: rows, stride: 3 * width)
        let weight = call.parameter("conv.weight")
        for i in 0..<call.batch {
            let (row, output) = (rows + i * 3 * width, mixed + i * width)
            ck_multiply(width, row, row + 2 * width, output)
            ck_convolution_step(width, kernel, call.states[i], output, weight, nil, 0, output)
            ck_multiply(width, row + width, output, output)
        }
        call.multiply("out_proj.weight", mixed, stride: width, into: call.output, stride: width)
    }

    /// The reference form.
    public func reference(_ x: [Double], time: Int, weights: [String: [Double]]) -> [Double] {
        guard let input = weights["in_proj.weight"], let kernels = weights["conv.weight"],
            let out = weights["out_proj.weight"]
        else { preconditionFailure("weights of a gated convolution are missing") }
        let rows = Reference.linear(x, input, inputs: width)
        func part(_ index: Int) -> [Double] {
            Reference.columns(rows, width: 3 * width, offset: index * width, count: width)
        }
        let gated = zip(part(0), part(2)).map { $0 * $1 }
        let filtered = Reference.convolution(gated, kernels, channels: width)
        return Reference.linear(zip(part(1), filtered).map { $0 * $1 }, out, inputs: width)
    }

    /// What a token costs: the projections, two gates and the convolution.
    public func cost(context: Int) -> MixerCost {
        let operations = Double(2 * 4 * width * width + 2 * width + 2 * kernel * width)
        return MixerCost(
            prefillFLOPs: operations, decodeFLOPs: operations,
            stateBytes: Double(4 * stateCount(capacity: context)))
    }
}
