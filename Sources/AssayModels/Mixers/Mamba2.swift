import AssayTensor
import CKernels
import Foundation

/// Mamba-2 (Dao & Gu, "Transformers are SSMs: Generalized Models and Efficient Algorithms Through Structured State Space
/// Duality", 2024), as in transformers' `Mamba2Mixer` and Granite 4.0: with D = heads * headDimension,
///
///     z, xBC, dt = x W_in;  x, B, C = silu(conv(xBC) + bias)
///     dt = softplus(dt + dt_bias_h);  g = -exp(A_log_h) dt
///     S <- e^g S + B (dt x_h)';  o_h = S' C + D_h x_h
///     y = W_out(rms(o * silu(z)) weight), each group of heads normalised by itself
///
/// without positions. B and C are shared by the heads of a group. The convolution is the mixer's own: the short
/// convolution of the architecture does not concern it.
///
/// Options: `state-dimension` of B and C (128), `groups` (1), `head-dimension` (the architecture's), either `expand`,
/// by which D is wider than the residual stream (2), or `heads`, `convolution`, its kernel (4), `projection-bias` (false:
/// whether both projections have one), and `step-least` and `step-most` (0 and no limit), between which dt is held
/// (`time_step_limit`, which no release uses).
public struct Mamba2: Mixer {
    /// `mamba-2`.
    public static let name = "mamba-2"
    /// See the type.
    public static let optionNames = [
        "state-dimension", "groups", "expand", "heads", "head-dimension", "convolution",
        "projection-bias", "step-least", "step-most",
    ]

    let width: Int
    let shape: LinearAttentionShape
    let kernel: Int
    let hasBias: Bool
    /// Between what dt is held.
    let stepLimits: ClosedRange<Float>
    let epsilon: Double
    private let deviation: Float
    private let outputDeviation: Float

    /// The mixer of a layer.
    public init(_ request: MixerRequest) throws {
        let architecture = request.architecture
        width = architecture.width
        let dimension = try request.integer("head-dimension", default: architecture.headDimension, in: 1...1_024)
        let heads = try Self.heads(request, dimension: dimension)
        let groups = try request.integer("groups", default: 1, in: 1...1_024)
        guard heads % groups == 0 else {
            throw request.failure(
                "groups", "is \(groups), which does not divide the \(heads) heads", remedy: "Give a divisor of \(heads)"
            )
        }
        shape = LinearAttentionShape(
            heads: heads, keyHeads: groups,
            keyDimension: try request.integer("state-dimension", default: 128, in: 1...1_024),
            valueDimension: dimension)
        kernel = try request.integer("convolution", default: 4, in: 1...Int(CK_CONVOLUTION_MAXIMUM))
        hasBias = try request.boolean("projection-bias", default: false)
        let least = try request.number("step-least", default: 0, in: 0...1e9)
        let most = try request.number("step-most", default: .infinity, in: 0...Double.infinity)
        guard least <= most else {
            throw request.failure("step-least", "is above 'step-most'", remedy: "Give a smaller one")
        }
        stepLimits = Float(least)...Float(most)
        epsilon = architecture.normEpsilon
        deviation = Float(architecture.initialDeviation)
        outputDeviation = Float(architecture.outputDeviation)
    }

    private static func heads(_ request: MixerRequest, dimension: Int) throws -> Int {
        if request.options["heads"] != nil {
            guard request.options["expand"] == nil else {
                throw request.failure(
                    "expand", "follows from 'heads' and 'head-dimension'", remedy: "Give one of 'expand' and 'heads'")
            }
            return try request.integer("heads", default: 1, in: 1...1_024)
        }
        let width = request.architecture.width
        let expand = try request.number("expand", default: 2, in: 0.01...64)
        let inner = (expand * Double(width)).rounded()
        guard inner >= Double(dimension), Int(inner) % dimension == 0 else {
            throw request.failure(
                "expand", "makes \(Int(inner)) columns of \(width), which are no whole heads of \(dimension)",
                remedy: "Give a 'head-dimension' that divides them, or 'heads'")
        }
        return Int(inner) / dimension
    }

    /// Columns of all heads, D.
    var innerWidth: Int { shape.heads * shape.valueDimension }
    /// Columns of B, and of C.
    var groupsWidth: Int { shape.keyHeads * shape.keyDimension }
    /// Columns that go through the convolution: x | B | C.
    var channels: Int { innerWidth + 2 * groupsWidth }
    /// Columns of a row z | x | B | C | dt.
    var projectedWidth: Int { innerWidth + channels + shape.heads }

    /// Declares the projections, the convolution, the steps, decays and skips of the heads, and the norm.
    ///
    /// They start as in the authors' implementation: A uniform between 1 and 16, steps log-uniform between 0.001 and 0.1,
    /// skips 1, the convolution as PyTorch's Conv1d.
    public func declareParameters(prefix: String, in layout: inout ParameterLayout) {
        let heads = shape.heads
        let bound = 1 / Float(kernel).squareRoot()
        layout.declare(prefix + "in_proj.weight", [projectedWidth, width], .normal(standardDeviation: deviation))
        layout.declare(prefix + "conv1d.weight", [channels, kernel], .uniform(-bound, bound))
        layout.declare(prefix + "conv1d.bias", [channels], .uniform(-bound, bound), decays: false)
        layout.declare(prefix + "dt_bias", [heads], .inverseSoftplusOfLogUniform(0.001, 0.1), decays: false)
        layout.declare(prefix + "A_log", [heads], .logarithmOfUniform(1, 16), decays: false)
        layout.declare(prefix + "D", [heads], .constant(1), decays: false)
        layout.declare(prefix + "norm.weight", [innerWidth], .constant(1), decays: false)
        layout.declare(
            prefix + "out_proj.weight", [width, innerWidth], .normal(standardDeviation: outputDeviation))
        if hasBias {
            layout.declare(prefix + "in_proj.bias", [projectedWidth], .constant(0), decays: false)
            layout.declare(prefix + "out_proj.bias", [width], .constant(0), decays: false)
        }
    }

    /// The parallel form, in chunks.
    public func parallel(_ x: Tensor, prefix: String, on tape: Tape) -> Tensor {
        func parameter(_ name: String) -> Tensor { tape.parameter(prefix + name) }
        var projected = tape.linear(x, parameter("in_proj.weight"))
        if hasBias { projected = tape.addBias(projected, parameter("in_proj.bias")) }
        let rows = tape.shortConvolution(
            projected.columns(innerWidth, channels), parameter("conv1d.weight"), bias: parameter("conv1d.bias"),
            silu: true)
        let (step, logDecay) = tape.selectiveStep(
            projected.columns(innerWidth + channels, shape.heads), bias: parameter("dt_bias"),
            decay: parameter("A_log"), limits: stepLimits)
        let outputs = tape.linearAttention(
            query: rows.columns(innerWidth + groupsWidth, groupsWidth), key: rows.columns(innerWidth, groupsWidth),
            value: rows.columns(0, innerWidth), shape: shape, decay: .token(logDecay), valueScale: step,
            skip: parameter("D"))
        let gated = tape.gatedNorm(
            outputs, parameter("norm.weight"), gate: projected.columns(0, innerWidth), kind: .siluBeforeNorm,
            parts: shape.keyHeads, epsilon: Float(epsilon))
        let output = tape.linear(gated, parameter("out_proj.weight"))
        return hasBias ? tape.addBias(output, parameter("out_proj.bias")) : output
    }

    // MARK: Recurrent

    /// The history of the convolution, x | B | C, and `[stateDimension, headDimension]` for every head.
    public func stateLayout(capacity: Int) -> StateLayout {
        var layout = StateLayout()
        layout.append("convolution", .history, [kernel - 1, channels])
        layout.append("state", .recurrence, [shape.heads, shape.keyDimension, shape.valueDimension])
        return layout
    }

    /// Scratch of a step.
    public func stepScratchCount(batch: Int, capacity: Int) -> Int {
        batch * (projectedWidth + innerWidth + 1) + shape.heads
    }

    /// The recurrent form.
    public func step(_ call: MixerStep) {
        let heads = shape.heads
        let rows = call.scratch
        let outputs = rows + call.batch * projectedWidth
        let inverse = outputs + call.batch * innerWidth
        let decays = inverse + call.batch
        let (convolution, bias) = (call.parameter("conv1d.weight"), call.parameter("conv1d.bias"))
        let (stepBias, decay, skip) = (call.parameter("dt_bias"), call.parameter("A_log"), call.parameter("D"))
        call.multiply("in_proj.weight", call.input, stride: width, into: rows, stride: projectedWidth)
        if hasBias { call.addBias("in_proj.bias", to: rows, width: projectedWidth) }
        for i in 0..<call.batch {
            let mixed = rows + i * projectedWidth + innerWidth
            let steps = mixed + channels
            ck_convolution_step(channels, kernel, call.states[i], mixed, convolution, bias, 1, mixed)
            ck_add(heads, steps, stepBias, steps)
            ck_softplus(heads, steps, steps)
            SelectiveStep.hold(heads, steps, in: stepLimits)
            for head in 0..<heads { decays[head] = -exp(decay[head]) * steps[head] }
            var token = LinearAttentionToken(
                query: mixed + innerWidth + groupsWidth, key: mixed + innerWidth, value: mixed)
            token.logDecay = UnsafePointer(decays)
            token.valueScale = UnsafePointer(steps)
            token.skip = UnsafePointer(skip)
            shape.step(
                token, states: call.states[i] + (kernel - 1) * channels, into: outputs + i * innerWidth)
        }
        let groupWidth = innerWidth / shape.keyHeads
        for column in stride(from: 0, to: innerWidth, by: groupWidth) {
            ck_gate_first_norm_forward(
                call.batch, groupWidth, outputs + column, innerWidth, call.parameter("norm.weight") + column,
                rows + column, projectedWidth, Float(epsilon), outputs + column, innerWidth, inverse)
        }
        call.multiply("out_proj.weight", outputs, stride: innerWidth, into: call.output, stride: width)
        if hasBias { call.addBias("out_proj.bias", to: call.output, width: width) }
    }

    // MARK: Cost

    /// Heads.
    public var headCount: Int { shape.heads }

    /// What a token costs: in prefill the products of the chunked form, their masked halves not counted.
    public func cost(context: Int) -> MixerCost {
        let projections = Double(2 * width * (projectedWidth + innerWidth) + 2 * channels * kernel)
        return MixerCost(
            prefillFLOPs: projections + shape.chunkedFLOPs(time: context),
            decodeFLOPs: projections + shape.stepFLOPs,
            stateBytes: Double(4 * stateCount(capacity: context)))
    }
}
