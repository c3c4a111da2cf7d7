import AssayTensor
import CKernels
import Foundation

/// Multi-scale retention (Sun et al., "Retentive Network: A Successor to Transformer for Large Language Models", 2023;
/// flash-linear-attention: `MultiScaleRetention`): linear attention with rotary positions and a fixed decay a head,
///
///     q, k, v = rotary(x W_q), rotary(x W_k), x W_v
///     S <- gamma_h S + k v';  o = S' q / sqrt(keyDimension);  gamma_h = 1 - 2^(-5 - h)
///     y = W_out(rms(o_h) weight * silu(x W_gate))
///
/// for heads h = 0, 1, ..., each normalised by itself. Where the architecture has a short convolution, q, k and v go
/// through it and SiLU before the rotary turn; without it there is no SiLU.
///
/// Options: `key-dimension` of a head (default: the architecture's head dimension), `value-dimension` (default: twice
/// that, as published), `rotary-fraction` and `rotary-base`.
public struct RetNet: Mixer {
    /// `retnet`.
    public static let name = "retnet"
    /// See the type.
    public static let optionNames = ["key-dimension", "value-dimension"] + RotaryEmbedding.optionNames

    let projection: QueryKeyValueProjection
    let shape: LinearAttentionShape
    let rotary: RotaryEmbedding
    /// Minus the logarithm of each head's decay.
    let slopes: [Double]
    let epsilon: Double
    private let outputDeviation: Float

    /// The mixer of a layer.
    public init(_ request: MixerRequest) throws {
        let architecture = request.architecture
        let heads = architecture.heads
        let key = try request.integer("key-dimension", default: architecture.headDimension, in: 1...1_024)
        let value = try request.integer("value-dimension", default: 2 * key, in: 1...2_048)
        shape = LinearAttentionShape(
            heads: heads, keyDimension: key, valueDimension: value, queryScale: 1 / Float(key).squareRoot())
        rotary = try RotaryEmbedding(request, elements: key, called: "key-dimension")
        projection = QueryKeyValueProjection(
            architecture, queryWidth: heads * key, keyWidth: heads * key, valueWidth: heads * value,
            activates: architecture.shortConvolution > 0)
        slopes = (0..<heads).map { -log1p(-exp2(-5 - Double($0))) }
        epsilon = architecture.normEpsilon
        outputDeviation = Float(architecture.outputDeviation)
    }

    private var width: Int { projection.width }
    private var headsWidth: Int { projection.valueWidth }

    /// Declares the projections, the gate, and the norm of a head's output.
    public func declareParameters(prefix: String, in layout: inout ParameterLayout) {
        projection.declareParameters(prefix: prefix, in: &layout)
        layout.declare(
            prefix + "gate_proj.weight", [headsWidth, width], .normal(standardDeviation: projection.deviation))
        layout.declare(prefix + "norm.weight", [shape.valueDimension], .constant(1), decays: false)
        layout.declare(
            prefix + "out_proj.weight", [width, headsWidth], .normal(standardDeviation: outputDeviation))
    }

    /// The parallel form, in chunks.
    public func parallel(_ x: Tensor, prefix: String, on tape: Tape) -> Tensor {
        let rows = projection.parallel(x, prefix: prefix, on: tape)
        let gate = tape.linear(x, tape.parameter(prefix + "gate_proj.weight"))
        rotary.turn(rows, queries: shape.heads, keys: shape.heads, headDimension: shape.keyDimension, on: tape)
        let outputs = tape.linearAttention(
            query: rows.columns(0, projection.queryWidth), key: rows.columns(projection.keyOffset, projection.keyWidth),
            value: rows.columns(projection.valueOffset, headsWidth), shape: shape,
            decay: .fixed(slopes.map(Float.init)))
        let gated = tape.gatedNorm(
            outputs, tape.parameter(prefix + "norm.weight"), gate: gate.allColumns, kind: .siluAfterNorm,
            parts: shape.heads, epsilon: Float(epsilon))
        return tape.linear(gated, tape.parameter(prefix + "out_proj.weight"))
    }

    // MARK: Recurrent

    /// The history of the convolution, and `[keyDimension, valueDimension]` for every head.
    public func stateLayout(capacity: Int) -> StateLayout {
        var layout = StateLayout()
        projection.appendState(to: &layout)
        layout.append("state", .recurrence, [shape.heads, shape.keyDimension, shape.valueDimension])
        return layout
    }

    /// Scratch of a step.
    public func stepScratchCount(batch: Int, capacity: Int) -> Int {
        batch * (projection.channels + 2 * headsWidth + shape.heads) + shape.heads
    }

    /// The recurrent form.
    public func step(_ call: MixerStep) {
        let channels = projection.channels
        let rows = call.scratch
        let gates = rows + call.batch * channels
        let outputs = gates + call.batch * headsWidth
        let inverse = outputs + call.batch * headsWidth
        let decays = inverse + call.batch * shape.heads
        for (head, slope) in slopes.enumerated() { decays[head] = Float(slope) }
        projection.step(call, into: rows)
        call.multiply("gate_proj.weight", call.input, stride: width, into: gates, stride: headsWidth)
        for i in 0..<call.batch {
            let row = rows + i * channels
            rotary.turn(
                row, queries: shape.heads, keys: shape.heads, headDimension: shape.keyDimension,
                position: Int(call.positions[i]), capacity: call.capacity)
            let token = LinearAttentionToken(
                query: row, key: row + projection.keyOffset, value: row + projection.valueOffset, slopes: decays)
            shape.step(token, states: call.states[i] + projection.stateCount, into: outputs + i * headsWidth)
        }
        let dimension = shape.valueDimension
        ck_gated_norm_forward(
            call.batch * shape.heads, dimension, outputs, dimension, call.parameter("norm.weight"), gates, dimension, 0,
            Float(epsilon), outputs, dimension, inverse)
        call.multiply("out_proj.weight", outputs, stride: headsWidth, into: call.output, stride: width)
    }

    // MARK: Reference

    /// The reference form: the recurrence as it is written above.
    public func reference(_ x: [Double], time: Int, weights: [String: [Double]]) -> [Double] {
        guard let gate = weights["gate_proj.weight"], let norm = weights["norm.weight"],
            let out = weights["out_proj.weight"]
        else { preconditionFailure("weights of a RetNet layer are missing") }
        let rows = projection.reference(x, weights: weights)
        func columns(_ offset: Int) -> [Double] {
            Reference.columns(rows, width: projection.channels, offset: offset, count: projection.queryWidth)
        }
        let queries = rotary.referenceQueries(columns(0), heads: shape.heads, headDimension: shape.keyDimension)
        let keys = rotary.referenceKeys(
            columns(projection.keyOffset), heads: shape.heads, headDimension: shape.keyDimension)
        let keyWidth = projection.keyWidth
        let (key, value) = (shape.keyDimension, shape.valueDimension)
        var outputs = [Double](repeating: 0, count: time * headsWidth)
        for head in 0..<shape.heads {
            var state = [Double](repeating: 0, count: key * value)
            for t in 0..<time {
                let row = t * keyWidth + head * key
                let values = t * projection.channels + projection.valueOffset + head * value
                for i in 0..<key {
                    for j in 0..<value {
                        let place = i * value + j
                        state[place] = exp(-slopes[head]) * state[place] + keys[row + i] * rows[values + j]
                        outputs[t * headsWidth + head * value + j] +=
                            queries[row + i] * state[place] / Double(key).squareRoot()
                    }
                }
            }
        }
        let gates = Reference.linear(x, gate, inputs: width).map(Reference.silu)
        let normal = Reference.rmsNorm(outputs, norm, epsilon: epsilon)
        return Reference.linear(zip(normal, gates).map { $0 * $1 }, out, inputs: headsWidth)
    }

    // MARK: Cost

    /// Heads.
    public var headCount: Int { shape.heads }

    /// What a token costs: in prefill the products of the chunked form, their masked halves not counted.
    public func cost(context: Int) -> MixerCost {
        let projections = projection.operations + Double(4 * width * headsWidth)
        return MixerCost(
            prefillFLOPs: projections + shape.chunkedFLOPs(time: context),
            decodeFLOPs: projections + shape.stepFLOPs,
            stateBytes: Double(4 * stateCount(capacity: context)))
    }
}

extension RetNet: RotaryMixer {}
