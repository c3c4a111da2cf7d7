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

    private let projection: QueryKeyValueProjection
    private let heads: Int
    private let headDimension: Int
    /// The upper end of beta.
    private let betaScale: Float
    private let epsilon: Double
    private let outputDeviation: Float
    private let gate = DecayGate.softplus

    /// The mixer of a layer.
    public init(_ request: MixerRequest) throws {
        let architecture = request.architecture
        heads = try request.integer("heads", default: architecture.heads, in: 1...1_024)
        headDimension = try request.integer("head-dimension", default: architecture.headDimension, in: 1...1_024)
        betaScale = try request.boolean("negative-eigenvalues", default: false) ? 2 : 1
        let kernel = architecture.shortConvolution > 0 ? architecture.shortConvolution : 4
        projection = QueryKeyValueProjection(
            architecture, queryWidth: heads * headDimension, keyWidth: heads * headDimension,
            valueWidth: heads * headDimension, kernel: kernel, activates: true)
        epsilon = architecture.normEpsilon
        outputDeviation = Float(architecture.outputDeviation)
    }

    private var width: Int { projection.width }
    private var headsWidth: Int { heads * headDimension }
    private var queryScale: Float { 1 / Float(headDimension).squareRoot() }

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
        layout.declare(prefix + "norm.weight", [headDimension], .constant(1), decays: false)
        layout.declare(prefix + "out_proj.weight", [width, headsWidth], .normal(standardDeviation: outputDeviation))
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
        let outputs = ChannelDecayOperation.record(
            ChannelDecayOperation.Inputs(
                query: rows.columns(0, headsWidth), key: rows.columns(projection.keyOffset, headsWidth),
                value: rows.columns(projection.valueOffset, headsWidth), decay: decay.allColumns,
                beta: beta.allColumns),
            heads: heads, scale: queryScale, normalises: true, on: tape)
        let normed = tape.gatedNorm(
            outputs, gate: lowRank("g_a_proj.weight", "g_b_proj.weight"), weight: parameter("norm.weight"),
            sigmoid: true, epsilon: Float(epsilon))
        return tape.linear(normed, parameter("out_proj.weight"))
    }

    // MARK: Recurrent

    /// The history of the convolution, and `[headDimension, headDimension]` for every head.
    public func stateLayout(capacity: Int) -> StateLayout {
        var layout = StateLayout()
        projection.appendState(to: &layout)
        layout.append("state", .recurrence, [heads, headDimension, headDimension])
        return layout
    }

    /// Scratch of a step.
    public func stepScratchCount(batch: Int, capacity: Int) -> Int {
        batch * (projection.channels + 3 * headsWidth + headDimension + heads) + heads + 3 * headDimension
    }

    /// The recurrent form.
    public func step(_ call: MixerStep) {
        let (batch, channels) = (call.batch, projection.channels)
        let rows = call.scratch
        let decays = rows + batch * channels
        let gates = decays + batch * headsWidth
        let outputs = gates + batch * headsWidth
        let inner = outputs + batch * headsWidth
        let betas = inner + batch * headDimension
        let inverse = betas + batch * heads
        let scratch = inverse + heads
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
        let weight = call.parameter("norm.weight")
        for i in 0..<batch {
            let (row, output) = (rows + i * channels, outputs + i * headsWidth)
            // Queries and keys of all heads lie next to each other.
            ck_l2_norm_forward(
                2 * heads, headDimension, row, headDimension, HeadNorm.epsilon, row, headDimension, nil)
            for head in 0..<heads {
                var arguments = argument(
                    head: head, row: row, decay: decays + i * headsWidth, beta: betas + i * heads)
                let state = call.states[i] + projection.stateCount + head * headDimension * headDimension
                ck_channel_step(&arguments, state, output + head * headDimension, scratch)
            }
            ck_gated_norm_forward(
                heads, headDimension, output, headDimension, weight, gates + i * headsWidth, headDimension, 1,
                Float(epsilon), output, headDimension, inverse)
        }
        call.multiply("out_proj.weight", outputs, stride: headsWidth, into: call.output, stride: width)
    }

    /// One head of one token.
    private func argument(
        head: Int, row: UnsafePointer<Float>, decay: UnsafePointer<Float>, beta: UnsafePointer<Float>
    ) -> ck_channel_head {
        let column = head * headDimension
        return ck_channel_head(
            shape: ck_channel_shape(
                rule: Int32(CK_CHANNEL_DELTA), time: 1, chunk: 0, key_dimension: headDimension,
                value_dimension: headDimension), scale: queryScale, q: row + column,
            k: row + projection.keyOffset + column, v: row + projection.valueOffset + column, ldq: 0, ldk: 0, ldv: 0,
            g: decay + column, ldg: 0, beta: beta + head, ldb: 0, r: nil, w: nil, ldr: 0, ldw: 0)
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
        let rows = projection.reference(x, weights: weights)
        let z = lowRank("f_a_proj.weight", "f_b_proj.weight")
        let betas = Reference.linear(x, weight("b_proj.weight"), inputs: width)
            .map { Double(betaScale) * Reference.sigmoid($0) }
        let (bias, aLog) = (weight("dt_bias"), weight("A_log"))
        var outputs = [Double](repeating: 0, count: time * headsWidth)
        for head in 0..<heads {
            var recurrence = ChannelDecayReference(keys: headDimension, values: headDimension)
            for t in 0..<time {
                func part(_ offset: Int) -> [Double] {
                    let start = t * projection.channels + offset + head * headDimension
                    return Array(rows[start..<start + headDimension])
                }
                let start = t * headsWidth + head * headDimension
                let decay = (0..<headDimension).map {
                    exp(gate.reference(z[start + $0] + bias[head * headDimension + $0], aLog: aLog[head]))
                }
                let query = ChannelDecayReference.normalised(part(0)).map { $0 / Double(headDimension).squareRoot() }
                let output = recurrence.step(
                    query: query, key: ChannelDecayReference.normalised(part(projection.keyOffset)),
                    value: part(projection.valueOffset), decay: decay, .delta(beta: betas[t * heads + head]))
                outputs.replaceSubrange(start..<start + headDimension, with: output)
            }
        }
        let gates = lowRank("g_a_proj.weight", "g_b_proj.weight").map(Reference.sigmoid)
        let normed = Reference.rmsNorm(outputs, weight("norm.weight"), epsilon: epsilon)
        return Reference.linear(zip(normed, gates).map { $0 * $1 }, weight("out_proj.weight"), inputs: headsWidth)
    }

    // MARK: Cost

    /// Heads.
    public var headCount: Int { heads }

    /// What a token costs: in prefill the products of the chunked form, their masked halves not counted.
    public func cost(context: Int) -> MixerCost {
        let gates = 2 * headDimension * (width + headsWidth) + heads * width
        let projections = projection.operations + Double(2 * (gates + width * headsWidth))
        let shape = ck_channel_shape(
            rule: Int32(CK_CHANNEL_DELTA), time: context, chunk: 0, key_dimension: headDimension,
            value_dimension: headDimension)
        let chunk = min(ck_channel_chunk(shape), max(context, 1))
        // Two products of keys, the solve and the scores' product with values, and three products with states.
        let state = headDimension * headDimension
        return MixerCost(
            prefillFLOPs: projections + Double(heads * (4 * chunk * headDimension + 6 * state)),
            decodeFLOPs: projections + Double(heads * 7 * state),
            stateBytes: Double(4 * stateCount(capacity: context)))
    }
}
