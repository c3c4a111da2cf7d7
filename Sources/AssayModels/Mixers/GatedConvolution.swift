import AssayTensor
import CKernels

/// The gated short convolution of LFM2 (transformers: `Lfm2ShortConv`): a causal depthwise convolution between two
/// gates that the token itself makes,
///
///     b, c, x = input W_in;  y = W_out(c * conv(b * x))
///
/// without activation. It sees the last `kernel` tokens only; what reaches further is the business of other layers.
///
/// Options: `kernel` (default 3), `bias` (false: whether the projections and the convolution have one).
public struct GatedConvolution: Mixer {
    /// `gated-convolution`.
    public static let name = "gated-convolution"
    /// See the type.
    public static let optionNames = ["kernel", "bias"]

    private let width: Int
    private let kernel: Int
    private let hasBias: Bool
    private let deviation: Float
    private let outputDeviation: Float

    /// The mixer of a layer.
    public init(_ request: MixerRequest) throws {
        width = request.architecture.width
        kernel = try request.integer("kernel", default: 3, in: 1...Int(CK_CONVOLUTION_MAXIMUM))
        hasBias = try request.boolean("bias", default: false)
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
        if hasBias {
            for (name, count) in [("in_proj.bias", 3 * width), ("conv.bias", width), ("out_proj.bias", width)] {
                layout.declare(prefix + name, [count], .constant(0), decays: false)
            }
        }
    }

    /// The parallel form.
    public func parallel(_ x: Tensor, prefix: String, on tape: Tape) -> Tensor {
        func biased(_ rows: Tensor, _ name: String) -> Tensor {
            hasBias ? tape.addBias(rows, tape.parameter(prefix + name)) : rows
        }
        let rows = biased(tape.linear(x, tape.parameter(prefix + "in_proj.weight")), "in_proj.bias")
        let mixed = tape.gatedConvolution(
            rows, tape.parameter(prefix + "conv.weight"), bias: hasBias ? tape.parameter(prefix + "conv.bias") : nil)
        return biased(tape.linear(mixed, tape.parameter(prefix + "out_proj.weight")), "out_proj.bias")
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
        if hasBias { call.addBias("in_proj.bias", to: rows, width: 3 * width) }
        let weight = call.parameter("conv.weight")
        let bias = hasBias ? UnsafePointer(call.parameter("conv.bias")) : nil
        for i in 0..<call.batch {
            let (row, output) = (rows + i * 3 * width, mixed + i * width)
            ck_multiply(width, row, row + 2 * width, output)
            ck_convolution_step(width, kernel, call.states[i], output, weight, bias, 0, output)
            ck_multiply(width, row + width, output, output)
        }
        call.multiply("out_proj.weight", mixed, stride: width, into: call.output, stride: width)
        if hasBias { call.addBias("out_proj.bias", to: call.output, width: width) }
    }

    /// The reference form.
    public func reference(_ x: [Double], time: Int, weights: [String: [Double]]) -> [Double] {
        guard let input = weights["in_proj.weight"], let kernels = weights["conv.weight"],
            let out = weights["out_proj.weight"]
        else { preconditionFailure("weights of a gated convolution are missing") }
        func biased(_ rows: [Double], _ name: String) -> [Double] {
            weights[name].map { Reference.addBias(rows, $0) } ?? rows
        }
        let rows = biased(Reference.linear(x, input, inputs: width), "in_proj.bias")
        func part(_ index: Int) -> [Double] {
            Reference.columns(rows, width: 3 * width, offset: index * width, count: width)
        }
        let gated = zip(part(0), part(2)).map { $0 * $1 }
        let filtered = biased(Reference.convolution(gated, kernels, channels: width), "conv.bias")
        let mixed = Reference.linear(zip(part(1), filtered).map { $0 * $1 }, out, inputs: width)
        return biased(mixed, "out_proj.bias")
    }

    /// What a token costs: the projections, two gates and the convolution.
    public func cost(context: Int) -> MixerCost {
        let operations = Double(2 * 4 * width * width + 2 * width + 2 * kernel * width)
        return MixerCost(
            prefillFLOPs: operations, decodeFLOPs: operations,
            stateBytes: Double(4 * stateCount(capacity: context)))
    }
}
