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

    private let layer: ChannelDecayLayer
    private let gateRank: Int
    private let gate: DecayGate

    /// The mixer of a layer.
    public init(_ request: MixerRequest) throws {
        let architecture = request.architecture
        let heads = try request.integer("heads", default: architecture.heads, in: 1...1_024)
        let keyDimension = try request.integer(
            "key-dimension", default: max(architecture.headDimension / 2, 1), in: 1...1_024)
        let valueDimension = try request.integer("value-dimension", default: architecture.headDimension, in: 1...1_024)
        gateRank = try request.integer("gate-rank", default: 16, in: 1...1_024)
        gate = .logSigmoid(factor: 1 / Float(try request.number("gate-divisor", default: 16, in: 0.01...10_000)))
        layer = ChannelDecayLayer(
            projection: QueryKeyValueProjection(
                architecture, queryWidth: heads * keyDimension, keyWidth: heads * keyDimension,
                valueWidth: heads * valueDimension, activates: architecture.shortConvolution > 0),
            heads: heads, keyDimension: keyDimension, valueDimension: valueDimension, isDelta: false,
            gate: .siluAfterNorm, epsilon: architecture.normEpsilon,
            outputDeviation: Float(architecture.outputDeviation))
    }

    private var projection: QueryKeyValueProjection { layer.projection }
    private var width: Int { layer.width }
    private var heads: Int { layer.heads }
    private var keysWidth: Int { layer.keysWidth }
    private var valuesWidth: Int { layer.valuesWidth }

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
        layer.declareOutput(prefix: prefix, in: &layout)
    }

    /// The parallel form, in chunks.
    public func parallel(_ x: Tensor, prefix: String, on tape: Tape) -> Tensor {
        func parameter(_ name: String) -> Tensor { tape.parameter(prefix + name) }
        let rows = projection.parallel(x, prefix: prefix, on: tape)
        let inner = tape.linear(x, parameter("gk_a_proj.weight"))
        let decay = gate.record(
            tape.linear(inner, parameter("gk_b_proj.weight")), bias: parameter("gk_b_proj.bias"), aLog: nil,
            heads: heads, on: tape)
        return layer.parallel(
            rows, decay: decay, gate: tape.linear(x, parameter("g_proj.weight")), prefix: prefix, on: tape)
    }

    // MARK: Recurrent

    /// The history of the convolution, and `[keyDimension, valueDimension]` for every head.
    public func stateLayout(capacity: Int) -> StateLayout { layer.stateLayout() }

    /// Scratch of a step.
    public func stepScratchCount(batch: Int, capacity: Int) -> Int {
        batch * (projection.channels + keysWidth + 2 * valuesWidth + gateRank) + layer.scratchCount
    }

    /// The recurrent form.
    public func step(_ call: MixerStep) {
        let batch = call.batch
        let rows = call.scratch
        let decays = rows + batch * projection.channels
        let gates = decays + batch * keysWidth
        let outputs = gates + batch * valuesWidth
        let inner = outputs + batch * valuesWidth
        projection.step(call, into: rows)
        call.multiply("gk_a_proj.weight", call.input, stride: width, into: inner, stride: gateRank)
        call.multiply("gk_b_proj.weight", inner, stride: gateRank, into: decays, stride: keysWidth)
        call.multiply("g_proj.weight", call.input, stride: width, into: gates, stride: valuesWidth)
        gate.forward(
            rows: batch, heads: heads, width: layer.keyDimension, decays, bias: call.parameter("gk_b_proj.bias"),
            aLog: nil, into: decays)
        layer.step(
            call,
            .init(rows: rows, decays: decays, gates: gates, outputs: outputs, scratch: inner + batch * gateRank))
    }

    // MARK: Reference

    /// The reference form: the recurrence as it is written above.
    public func reference(_ x: [Double], time: Int, weights: [String: [Double]]) -> [Double] {
        func weight(_ name: String) -> [Double] {
            guard let values = weights[name] else { preconditionFailure("no parameter \(name)") }
            return values
        }
        let inner = Reference.linear(x, weight("gk_a_proj.weight"), inputs: width)
        let z = Reference.linear(inner, weight("gk_b_proj.weight"), inputs: gateRank)
        let bias = weight("gk_b_proj.bias")
        return layer.reference(
            projection.reference(x, weights: weights), time: time,
            decay: { gate.reference(z[$0 * keysWidth + $1] + bias[$1], aLog: 0) },
            gates: Reference.linear(x, weight("g_proj.weight"), inputs: width).map(Reference.silu),
            norm: weight("norm.weight"), output: weight("out_proj.weight"))
    }

    // MARK: Cost

    /// Heads.
    public var headCount: Int { heads }

    /// What a token costs: in prefill the products of the chunked form, their masked halves not counted.
    public func cost(context: Int) -> MixerCost {
        let gates = gateRank * (width + keysWidth) + valuesWidth * width
        return layer.cost(context: context, gates: gates, stateCount: stateCount(capacity: context))
    }
}
