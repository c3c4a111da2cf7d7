import AssayTensor
import CKernels
import Foundation

/// Gated DeltaNet (Yang et al. 2024) as in Qwen3-Next (transformers: `Qwen3NextGatedDeltaNet`): a state that forgets by
/// a gate and overwrites what it held for a key. For every value head h and its query and key head,
///
///     q, k, v = silu(conv(x W_qkv));  z, b, a = x W_zba
///     g = -exp(A_log_h) softplus(a_h + dt_bias_h);  beta = sigmoid(b_h)
///     q^ = q / |q| / sqrt(keyDimension);  k^ = k / |k|
///     S <- e^g S;  u = beta (v - S' k^);  S <- S + k^ u';  o = S' q^
///     y = W_out(rms(o_h) * silu(z_h))
///
/// The convolution is the architecture's short convolution, none if its kernel is 0; SiLU comes after it, or by itself.
/// Each query and key head serves `valueHeads / keyHeads` neighbouring value heads.
///
/// Options: `keyHeads` (default: the architecture's heads), `valueHeads` (default: as many), `keyDimension` and
/// `valueDimension` of a head (default: the architecture's head dimension).
public struct GatedDeltaNet: Mixer {
    /// `gated-delta-net`.
    public static let name = "gated-delta-net"
    /// See the type.
    public static let optionNames = ["key-heads", "value-heads", "key-dimension", "value-dimension"]

    let projection: QueryKeyValueProjection
    let keyHeads: Int
    let valueHeads: Int
    let keyDimension: Int
    let valueDimension: Int
    let epsilon: Double
    private let outputDeviation: Float

    /// The mixer of a layer.
    public init(_ request: MixerRequest) throws {
        let architecture = request.architecture
        keyHeads = try request.integer("key-heads", default: architecture.heads, in: 1...1_024)
        valueHeads = try request.integer("value-heads", default: keyHeads, in: 1...1_024)
        keyDimension = try request.integer("key-dimension", default: architecture.headDimension, in: 1...1_024)
        valueDimension = try request.integer("value-dimension", default: architecture.headDimension, in: 1...1_024)
        guard valueHeads % keyHeads == 0 else {
            throw request.failure(
                "value-heads", "is \(valueHeads), no multiple of the \(keyHeads) key heads",
                remedy: "Give a multiple of keyHeads")
        }
        projection = QueryKeyValueProjection(
            architecture, queryWidth: keyHeads * keyDimension, keyWidth: keyHeads * keyDimension,
            valueWidth: valueHeads * valueDimension, activates: true)
        epsilon = architecture.normEpsilon
        outputDeviation = Float(architecture.outputDeviation)
    }

    private var width: Int { projection.width }
    /// Columns of all value heads.
    var headsWidth: Int { projection.valueWidth }
    /// Columns of a row `z | b | a`.
    var gatesWidth: Int { headsWidth + 2 * valueHeads }
    private var headStateCount: Int { keyDimension * valueDimension }

    /// Declares the projections, the decay of each head, and the norm of a head's output.
    ///
    /// The decays start as in the authors' implementation: A uniform below 16, and steps log-uniform between 0.001 and
    /// 0.1.
    public func declareParameters(prefix: String, in layout: inout ParameterLayout) {
        projection.declareParameters(prefix: prefix, in: &layout)
        layout.declare(
            prefix + "zba_proj.weight", [gatesWidth, width], .normal(standardDeviation: projection.deviation))
        layout.declare(prefix + "A_log", [valueHeads], .logarithmOfUniform(0.01, 16), decays: false)
        layout.declare(prefix + "dt_bias", [valueHeads], .inverseSoftplusOfLogUniform(0.001, 0.1), decays: false)
        layout.declare(prefix + "norm.weight", [valueDimension], .constant(1), decays: false)
        layout.declare(
            prefix + "out_proj.weight", [width, headsWidth], .normal(standardDeviation: outputDeviation))
    }

    /// The parallel form, in chunks.
    public func parallel(_ x: Tensor, prefix: String, on tape: Tape) -> Tensor {
        let rows = projection.parallel(x, prefix: prefix, on: tape)
        let gates = tape.linear(x, tape.parameter(prefix + "zba_proj.weight"))
        let output = GatedDeltaNetOperation.record(
            rows: rows, gates: gates, decay: tape.parameter(prefix + "A_log"), bias: tape.parameter(prefix + "dt_bias"),
            weight: tape.parameter(prefix + "norm.weight"), mixer: self, on: tape)
        return tape.linear(output, tape.parameter(prefix + "out_proj.weight"))
    }

    // MARK: Recurrent

    /// The history of the convolution, and `[keyDimension, valueDimension]` for every value head.
    public func stateLayout(capacity: Int) -> StateLayout {
        var layout = StateLayout()
        projection.appendState(to: &layout)
        layout.append("state", .recurrence, [valueHeads, keyDimension, valueDimension])
        return layout
    }

    /// Scratch of a step.
    public func stepScratchCount(batch: Int, capacity: Int) -> Int {
        batch * (projection.channels + gatesWidth + headsWidth) + valueHeads + 2 * keyDimension
    }

    /// The recurrent form.
    public func step(_ call: MixerStep) {
        let channels = projection.channels
        let rows = call.scratch
        let gates = rows + call.batch * channels
        let outputs = gates + call.batch * gatesWidth
        let inverse = outputs + call.batch * headsWidth
        let scratch = inverse + valueHeads
        projection.step(call, into: rows)
        call.multiply("zba_proj.weight", call.input, stride: width, into: gates, stride: gatesWidth)
        let (decay, bias) = (call.parameter("A_log"), call.parameter("dt_bias"))
        let weight = call.parameter("norm.weight")
        for i in 0..<call.batch {
            let output = outputs + i * headsWidth
            for head in 0..<valueHeads {
                var arguments = argument(
                    head: head, time: 1, rows: rows + i * channels, gates: gates + i * gatesWidth, decay: decay,
                    bias: bias)
                let state = call.states[i] + projection.stateCount + head * headStateCount
                ck_delta_step(&arguments, state, output + head * valueDimension, scratch)
            }
            ck_gated_norm_forward(
                valueHeads, valueDimension, output, valueDimension, weight, gates + i * gatesWidth, valueDimension, 0,
                Float(epsilon), output, valueDimension, inverse)
        }
        call.multiply("out_proj.weight", outputs, stride: headsWidth, into: call.output, stride: width)
    }

    /// One value head of the rows `q | k | v` and `z | b | a` of a sequence, for the kernels.
    func argument(
        head: Int, time: Int, rows: UnsafePointer<Float>, gates: UnsafePointer<Float>, decay: UnsafePointer<Float>,
        bias: UnsafePointer<Float>
    ) -> ck_delta_head {
        let query = rows + head / (valueHeads / keyHeads) * keyDimension
        let beta = gates + headsWidth + head
        return ck_delta_head(
            time: time, key_dimension: keyDimension, value_dimension: valueDimension, q: query,
            k: query + projection.keyOffset, ldq: projection.channels, ldk: projection.channels,
            v: rows + projection.valueOffset + head * valueDimension, ldv: projection.channels, a: beta + valueHeads,
            b: beta, lda: gatesWidth, ldb: gatesWidth, a_log: decay[head], dt_bias: bias[head])
    }

    // MARK: Reference

    /// The reference form: the recurrence as it is written above.
    public func reference(_ x: [Double], time: Int, weights: [String: [Double]]) -> [Double] {
        guard let zba = weights["zba_proj.weight"], let norm = weights["norm.weight"],
            let out = weights["out_proj.weight"], let decay = weights["A_log"], let bias = weights["dt_bias"]
        else { preconditionFailure("weights of a Gated DeltaNet layer are missing") }
        let rows = projection.reference(x, weights: weights)
        let gates = Reference.linear(x, zba, inputs: width)
        var outputs = [Double](repeating: 0, count: time * headsWidth)
        for head in 0..<valueHeads {
            var state = [Double](repeating: 0, count: headStateCount)
            for t in 0..<time {
                let beta = t * gatesWidth + headsWidth + head
                let query = t * projection.channels + head / (valueHeads / keyHeads) * keyDimension
                let key = query + projection.keyOffset
                let value = t * projection.channels + projection.valueOffset + head * valueDimension
                let output = Self.referenceStep(
                    &state, query: normalised(rows, query).map { $0 / Double(keyDimension).squareRoot() },
                    key: normalised(rows, key), value: Array(rows[value..<value + valueDimension]),
                    decay: exp(-exp(decay[head]) * Reference.softplus(gates[beta + valueHeads] + bias[head])),
                    beta: Reference.sigmoid(gates[beta]))
                let start = t * headsWidth + head * valueDimension
                outputs.replaceSubrange(start..<start + valueDimension, with: output)
            }
        }
        let z = Reference.columns(gates, width: gatesWidth, offset: 0, count: headsWidth).map(Reference.silu)
        let normal = Reference.rmsNorm(outputs, norm, epsilon: epsilon)
        return Reference.linear(zip(normal, z).map { $0 * $1 }, out, inputs: headsWidth)
    }

    private func normalised(_ rows: [Double], _ start: Int) -> [Double] {
        let row = rows[start..<start + keyDimension]
        let inverse = 1 / (row.reduce(1e-6) { $0 + $1 * $1 }).squareRoot()
        return row.map { $0 * inverse }
    }

    private static func referenceStep(
        _ state: inout [Double], query: [Double], key: [Double], value: [Double], decay: Double, beta: Double
    ) -> [Double] {
        let width = value.count
        var output = [Double](repeating: 0, count: width)
        for j in 0..<width {
            let held = key.indices.reduce(0.0) { $0 + decay * state[$1 * width + j] * key[$1] }
            let written = beta * (value[j] - held)
            for i in key.indices {
                state[i * width + j] = decay * state[i * width + j] + key[i] * written
                output[j] += state[i * width + j] * query[i]
            }
        }
        return output
    }

    // MARK: Cost

    /// What a token costs: in prefill the products of the chunked form, their masked halves not counted.
    public func cost(context: Int) -> MixerCost {
        let projections = projection.operations + Double(2 * width * (gatesWidth + headsWidth))
        let chunk = min(ck_delta_chunk(keyDimension, valueDimension), max(context, 1))
        // Two products of keys, the solve and the scores' product with values, and three products with states.
        let prefill = Double(valueHeads * (2 * chunk * (keyDimension + valueDimension) + 6 * headStateCount))
        return MixerCost(
            prefillFLOPs: projections + prefill,
            decodeFLOPs: projections + Double(valueHeads * 7 * headStateCount),
            stateBytes: Double(4 * stateCount(capacity: context)))
    }
}
