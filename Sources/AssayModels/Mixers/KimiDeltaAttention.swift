import AssayTensor
import CKernels
import Foundation

/// Kimi Delta Attention (Kimi Team, "Kimi Linear", 2025) as in transformers' `KimiLinearDeltaAttention`: a gated delta
/// rule whose decay is a vector, one factor for each key channel. For every head,
///
///     q, k, v = silu(conv(x W_qkv));  beta = sigmoid(x W_b)
///     g = -exp(A_log_h) softplus(x W_fa W_fb + dt_bias)
///     q^ = q / |q| / sqrt(d);  k^ = k / |k|
///     S <- diag(e^g) S;  S <- S + beta k^ (v - S' k^)';  o = S' q^
///     y = W_out(rms(o_h) * sigmoid(x W_ga W_gb))
///
/// The convolution belongs to the mixer: its kernel is that of the architecture's short convolution if it has one, else
/// 4. Both low-rank gates have the rank of a head's dimension.
///
/// Options: `heads` and `head-dimension` (default: the architecture's), `negative-eigenvalues` (default: false): beta
/// up to 2, so that transitions can have eigenvalues down to -1 (Grazzi et al., "Unlocking State-Tracking in Linear RNNs
/// Through Negative Eigenvalues", 2024).
public struct KimiDeltaAttention: Mixer {
    /// `kda`.
    public static let name = "kda"
    /// See the type.
    public static let optionNames = ["heads", "head-dimension", "negative-eigenvalues"]

    private let layer: ChannelDecayLayer
    /// The upper end of beta.
    private let betaScale: Float
    private let gate = DecayGate.softplus

    /// The mixer of a layer.
    public init(_ request: MixerRequest) throws {
        let architecture = request.architecture
        let heads = try request.integer("heads", default: architecture.heads, in: 1...1_024)
        let headDimension = try request.integer("head-dimension", default: architecture.headDimension, in: 1...1_024)
        betaScale = try request.boolean("negative-eigenvalues", default: false) ? 2 : 1
        let kernel = architecture.shortConvolution > 0 ? architecture.shortConvolution : 4
        let headsWidth = heads * headDimension
        layer = ChannelDecayLayer(
            projection: QueryKeyValueProjection(
                architecture, queryWidth: headsWidth, keyWidth: headsWidth, valueWidth: headsWidth, kernel: kernel,
                activates: true),
            heads: heads, keyDimension: headDimension, valueDimension: headDimension, isDelta: true,
            gate: .sigmoidAfterNorm, epsilon: architecture.normEpsilon,
            outputDeviation: Float(architecture.outputDeviation))
    }

    private var projection: QueryKeyValueProjection { layer.projection }
    private var width: Int { layer.width }
    private var heads: Int { layer.heads }
    private var headDimension: Int { layer.keyDimension }
    private var headsWidth: Int { layer.keysWidth }

    /// Declares the projections, the low-rank gates, the decay of each head, and the norm of a head's output.
    ///
    /// The decays start as in flash-linear-attention: A uniform between 1 and 16, and steps log-uniform between 0.001
    /// and 0.1.
    public func declareParameters(prefix: String, in layout: inout ParameterLayout) {
        projection.declareParameters(prefix: prefix, in: &layout)
        func declare(_ name: String, _ rows: Int, _ columns: Int) {
            layout.declare(prefix + name, [rows, columns], .normal(standardDeviation: projection.deviation))
        }
        declare("f_a_proj.weight", headDimension, width)
        declare("f_b_proj.weight", headsWidth, headDimension)
        layout.declare(prefix + "A_log", [heads], .logarithmOfUniform(1, 16), decays: false)
        layout.declare(prefix + "dt_bias", [headsWidth], .inverseSoftplusOfLogUniform(0.001, 0.1), decays: false)
        declare("b_proj.weight", heads, width)
        declare("g_a_proj.weight", headDimension, width)
        declare("g_b_proj.weight", headsWidth, headDimension)
        layer.declareOutput(prefix: prefix, in: &layout)
    }

    /// The parallel form, in chunks.
    public func parallel(_ x: Tensor, prefix: String, on tape: Tape) -> Tensor {
        func parameter(_ name: String) -> Tensor { tape.parameter(prefix + name) }
        func lowRank(_ first: String, _ second: String) -> Tensor {
            tape.linear(tape.linear(x, parameter(first)), parameter(second))
        }
        let rows = projection.parallel(x, prefix: prefix, on: tape)
        let decay = gate.record(
            lowRank("f_a_proj.weight", "f_b_proj.weight"), bias: parameter("dt_bias"), aLog: parameter("A_log"),
            heads: heads, on: tape)
        var beta = tape.sigmoid(tape.linear(x, parameter("b_proj.weight")))
        if betaScale != 1 { beta = tape.scale(beta, by: betaScale) }
        return layer.parallel(
            rows, decay: decay, beta: beta, gate: lowRank("g_a_proj.weight", "g_b_proj.weight"), prefix: prefix,
            on: tape)
    }

    // MARK: Recurrent

    /// The history of the convolution, and `[headDimension, headDimension]` for every head.
    public func stateLayout(capacity: Int) -> StateLayout { layer.stateLayout() }

    /// Scratch of a step.
    public func stepScratchCount(batch: Int, capacity: Int) -> Int {
        batch * (projection.channels + 3 * headsWidth + headDimension + heads) + layer.scratchCount
    }

    /// The recurrent form.
    public func step(_ call: MixerStep) {
        let batch = call.batch
        let rows = call.scratch
        let decays = rows + batch * projection.channels
        let gates = decays + batch * headsWidth
        let outputs = gates + batch * headsWidth
        let inner = outputs + batch * headsWidth
        let betas = inner + batch * headDimension
        projection.step(call, into: rows)
        func lowRank(_ first: String, _ second: String, into output: UnsafeMutablePointer<Float>) {
            call.multiply(first, call.input, stride: width, into: inner, stride: headDimension)
            call.multiply(second, inner, stride: headDimension, into: output, stride: headsWidth)
        }
        lowRank("f_a_proj.weight", "f_b_proj.weight", into: decays)
        lowRank("g_a_proj.weight", "g_b_proj.weight", into: gates)
        gate.forward(
            rows: batch, heads: heads, width: headDimension, decays, bias: call.parameter("dt_bias"),
            aLog: call.parameter("A_log"), into: decays)
        call.multiply("b_proj.weight", call.input, stride: width, into: betas, stride: heads)
        ck_sigmoid(batch * heads, betas, betas)
        ck_scale(batch * heads, betaScale, betas, betas)
        layer.step(
            call,
            .init(
                rows: rows, decays: decays, betas: betas, gates: gates, outputs: outputs,
                scratch: betas + batch * heads))
    }

    // MARK: Reference

    /// The reference form: the recurrence as it is written above.
    public func reference(_ x: [Double], time: Int, weights: [String: [Double]]) -> [Double] {
        func weight(_ name: String) -> [Double] {
            guard let values = weights[name] else { preconditionFailure("no parameter \(name)") }
            return values
        }
        func lowRank(_ first: String, _ second: String) -> [Double] {
            Reference.linear(
                Reference.linear(x, weight(first), inputs: width), weight(second), inputs: headDimension)
        }
        let z = lowRank("f_a_proj.weight", "f_b_proj.weight")
        let betas = Reference.linear(x, weight("b_proj.weight"), inputs: width)
            .map { Double(betaScale) * Reference.sigmoid($0) }
        let (bias, aLog) = (weight("dt_bias"), weight("A_log"))
        return layer.reference(
            projection.reference(x, weights: weights), time: time,
            decay: { gate.reference(z[$0 * headsWidth + $1] + bias[$1], aLog: aLog[$1 / headDimension]) },
            beta: { betas[$0 * heads + $1] },
            gates: lowRank("g_a_proj.weight", "g_b_proj.weight").map(Reference.sigmoid),
            norm: weight("norm.weight"), output: weight("out_proj.weight"))
    }

    // MARK: Cost

    /// Heads.
    public var headCount: Int { heads }

    /// What a token costs: in prefill the products of the chunked form, their masked halves not counted.
    public func cost(context: Int) -> MixerCost {
        let gates = 2 * headDimension * (width + headsWidth) + heads * width
        return layer.cost(context: context, gates: gates, stateCount: stateCount(capacity: context))
    }
}
