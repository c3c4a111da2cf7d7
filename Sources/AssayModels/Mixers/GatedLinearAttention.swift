import AssayTensor
import CKernels
import Foundation

/// Gated linear attention (Yang et al., "Gated Linear Attention Transformers with Hardware-Efficient Training", 2023) as
/// in flash-linear-attention's `GatedLinearAttention`: linear attention whose state forgets by a vector, one factor for
/// each key channel. For every head,
///
///     q, k, v = x W_qkv;  g = log sigmoid(x W_a W_b + bias) / 16
///     S <- diag(e^g) S + k v';  o = S' q / sqrt(keyDimension)
///     y = W_out(rms(o_h) * silu(x W_g))
///
/// With a short convolution in the architecture, q, k and v go through it and SiLU.
///
/// Options: `heads` (default: the architecture's), `key-dimension` of a head (default: half the architecture's head
/// dimension), `value-dimension` (default: all of it), `gate-rank` (default: 16), `gate-divisor` (default: 16; the
/// greater, the slower the state forgets).
public struct GatedLinearAttention: Mixer {
    /// `gla`.
    public static let name = "gla"
    /// See the type.
    public static let optionNames = ["heads", "key-dimension", "value-dimension", "gate-rank", "gate-divisor"]

    private let projection: QueryKeyValueProjection
    private let heads: Int
    private let keyDimension: Int
    private let valueDimension: Int
    private let gateRank: Int
    private let gate: DecayGate
    private let epsilon: Double
    private let outputDeviation: Float

    /// The mixer of a layer.
    public init(_ request: MixerRequest) throws {
        let architecture = request.architecture
        heads = try request.integer("heads", default: architecture.heads, in: 1...1_024)
        keyDimension = try request.integer(
            "key-dimension", default: max(architecture.headDimension / 2, 1), in: 1...1_024)
        valueDimension = try request.integer("value-dimension", default: architecture.headDimension, in: 1...1_024)
        gateRank = try request.integer("gate-rank", default: 16, in: 1...1_024)
        gate = .logSigmoid(factor: 1 / Float(try request.number("gate-divisor", default: 16, in: 0.01...10_000)))
        projection = QueryKeyValueProjection(
            architecture, queryWidth: heads * keyDimension, keyWidth: heads * keyDimension,
            valueWidth: heads * valueDimension, activates: architecture.shortConvolution > 0)
        epsilon = architecture.normEpsilon
        outputDeviation = Float(architecture.outputDeviation)
    }

    private var width: Int { projection.width }
    private var keysWidth: Int { heads * keyDimension }
    private var valuesWidth: Int { heads * valueDimension }
    private var queryScale: Float { 1 / Float(keyDimension).squareRoot() }

    /// Declares the projections, the low-rank gate of the decays, the gate of the output, and the norm of a head's
    /// output.
    public func declareParameters(prefix: String, in layout: inout ParameterLayout) {
        projection.declareParameters(prefix: prefix, in: &layout)
        func declare(_ name: String, _ rows: Int, _ columns: Int) {
            layout.declare(prefix + name, [rows, columns], .normal(standardDeviation: projection.deviation))
        }
        declare("gk_a_proj.weight", gateRank, width)
        declare("gk_b_proj.weight", keysWidth, gateRank)
        layout.declare(prefix + "gk_b_proj.bias", [keysWidth], .constant(0), decays: false)
        declare("g_proj.weight", valuesWidth, width)
        layout.declare(prefix + "norm.weight", [valueDimension], .constant(1), decays: false)
        layout.declare(prefix + "out_proj.weight", [width, valuesWidth], .normal(standardDeviation: outputDeviation))
    }

    /// The parallel form, in chunks.
    public func parallel(_ x: Tensor, prefix: String, on tape: Tape) -> Tensor {
        func parameter(_ name: String) -> Tensor { tape.parameter(prefix + name) }
        let rows = projection.parallel(x, prefix: prefix, on: tape)
        let inner = tape.linear(x, parameter("gk_a_proj.weight"))
        let decay = gate.record(
            tape.linear(inner, parameter("gk_b_proj.weight")), bias: parameter("gk_b_proj.bias"), aLog: nil,
            heads: heads, on: tape)
        let outputs = ChannelDecayOperation.record(
            ChannelDecayOperation.Inputs(
                query: rows.columns(0, keysWidth), key: rows.columns(projection.keyOffset, keysWidth),
                value: rows.columns(projection.valueOffset, valuesWidth), decay: decay.allColumns),
            heads: heads, scale: queryScale, normalises: false, on: tape)
        let normed = tape.gatedNorm(
            outputs, gate: tape.linear(x, parameter("g_proj.weight")), weight: parameter("norm.weight"),
            sigmoid: false, epsilon: Float(epsilon))
        return tape.linear(normed, parameter("out_proj.weight"))
    }

    // MARK: Recurrent

    /// The history of the convolution, and `[keyDimension, valueDimension]` for every head.
    public func stateLayout(capacity: Int) -> StateLayout {
        var layout = StateLayout()
        projection.appendState(to: &layout)
        layout.append("state", .recurrence, [heads, keyDimension, valueDimension])
        return layout
    }

    /// Scratch of a step.
    public func stepScratchCount(batch: Int, capacity: Int) -> Int {
        batch * (projection.channels + keysWidth + 2 * valuesWidth + gateRank) + heads + 3 * keyDimension
    }

    /// The recurrent form.
    public func step(_ call: MixerStep) {
        let (batch, channels) = (call.batch, projection.channels)
        let rows = call.scratch
        let decays = rows + batch * channels
        let gates = decays + batch * keysWidth
        let outputs = gates + batch * valuesWidth
        let inner = outputs + batch * valuesWidth
        let inverse = inner + batch * gateRank
        let scratch = inverse + heads
        projection.step(call, into: rows)
        call.multiply("gk_a_proj.weight", call.input, stride: width, into: inner, stride: gateRank)
        call.multiply("gk_b_proj.weight", inner, stride: gateRank, into: decays, stride: keysWidth)
        call.multiply("g_proj.weight", call.input, stride: width, into: gates, stride: valuesWidth)
        gate.forward(
            rows: batch, heads: heads, width: keyDimension, decays, bias: call.parameter("gk_b_proj.bias"), aLog: nil,
            into: decays)
        let weight = call.parameter("norm.weight")
        for i in 0..<batch {
            let output = outputs + i * valuesWidth
            for head in 0..<heads {
                var arguments = argument(head: head, row: rows + i * channels, decay: decays + i * keysWidth)
                let state = call.states[i] + projection.stateCount + head * keyDimension * valueDimension
                ck_channel_step(&arguments, state, output + head * valueDimension, scratch)
            }
            ck_gated_norm_forward(
                heads, valueDimension, output, valueDimension, weight, gates + i * valuesWidth, valueDimension, 0,
                Float(epsilon), output, valueDimension, inverse)
        }
        call.multiply("out_proj.weight", outputs, stride: valuesWidth, into: call.output, stride: width)
    }

    private func shape(time: Int) -> ck_channel_shape {
        ck_channel_shape(
            rule: Int32(CK_CHANNEL_ADDITIVE), time: time, chunk: 0, key_dimension: keyDimension,
            value_dimension: valueDimension)
    }

    /// One head of one token.
    private func argument(
        head: Int, row: UnsafePointer<Float>, decay: UnsafePointer<Float>
    ) -> ck_channel_head {
        let column = head * keyDimension
        return ck_channel_head(
            shape: shape(time: 1), scale: queryScale, q: row + column, k: row + projection.keyOffset + column,
            v: row + projection.valueOffset + head * valueDimension, ldq: 0, ldk: 0, ldv: 0, g: decay + column,
            ldg: 0, beta: nil, ldb: 0, r: nil, w: nil, ldr: 0, ldw: 0)
    }

    // MARK: Reference

    /// The reference form: the recurrence as it is written above.
    public func reference(_ x: [Double], time: Int, weights: [String: [Double]]) -> [Double] {
        func weight(_ name: String) -> [Double] {
            guard let values = weights[name] else { preconditionFailure("no parameter \(name)") }
            return values
        }
        let rows = projection.reference(x, weights: weights)
        let inner = Reference.linear(x, weight("gk_a_proj.weight"), inputs: width)
        let z = Reference.linear(inner, weight("gk_b_proj.weight"), inputs: gateRank)
        let bias = weight("gk_b_proj.bias")
        var outputs = [Double](repeating: 0, count: time * valuesWidth)
        for head in 0..<heads {
            var recurrence = ChannelDecayReference(keys: keyDimension, values: valueDimension)
            let column = head * keyDimension
            for t in 0..<time {
                func part(_ start: Int, _ count: Int) -> [Double] {
                    Array(rows[(t * projection.channels + start)...].prefix(count))
                }
                let decay = (column..<column + keyDimension).map {
                    exp(gate.reference(z[t * keysWidth + $0] + bias[$0], aLog: 0))
                }
                let output = recurrence.step(
                    query: part(column, keyDimension).map { $0 / Double(keyDimension).squareRoot() },
                    key: part(projection.keyOffset + column, keyDimension),
                    value: part(projection.valueOffset + head * valueDimension, valueDimension), decay: decay,
                    .additive)
                let start = t * valuesWidth + head * valueDimension
                outputs.replaceSubrange(start..<start + valueDimension, with: output)
            }
        }
        let gates = Reference.linear(x, weight("g_proj.weight"), inputs: width).map(Reference.silu)
        let normed = Reference.rmsNorm(outputs, weight("norm.weight"), epsilon: epsilon)
        return Reference.linear(zip(normed, gates).map { $0 * $1 }, weight("out_proj.weight"), inputs: valuesWidth)
    }

    // MARK: Cost

    /// Heads.
    public var headCount: Int { heads }

    /// What a token costs: in prefill the products of the chunked form, their masked halves not counted.
    public func cost(context: Int) -> MixerCost {
        let gates = gateRank * (width + keysWidth) + valuesWidth * width
        let projections = projection.operations + Double(2 * (gates + width * valuesWidth))
        let chunk = min(ck_channel_chunk(shape(time: context)), max(context, 1))
        // The scores and their product with values, and two products with states.
        let state = keyDimension * valueDimension
        return MixerCost(
            prefillFLOPs: projections + Double(heads * (chunk * (keyDimension + valueDimension) + 4 * state)),
            decodeFLOPs: projections + Double(heads * 5 * state),
            stateBytes: Double(4 * stateCount(capacity: context)))
    }
}
