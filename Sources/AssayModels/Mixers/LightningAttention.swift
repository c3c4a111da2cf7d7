import AssayTensor
import CKernels
import Foundation

/// Lightning attention as in MiniMax-Text-01 (transformers: `MiniMaxLightningAttention`): linear attention whose state
/// fades by a fixed factor a head,
///
///     q, k, v = silu(x W_qkv);  S = lambda_h S + k' v;  o = q S
///     y = W_out(sigmoid(x W_gate) * rms(o of all heads jointly, epsilon 1e-6))
///     lambda_h = exp(-2^(-8 (h + 1) / heads) (1 - layer / (layers - 1 + 1e-5) + 1e-5))
///
/// without positions, without scaling by the head dimension. Where the architecture has a short convolution, q, k and v
/// go through it and SiLU comes after it, so once in any case. It has as many key and value heads as query heads.
///
/// Options: `decay` (true as published; false for a state that never fades, whose errors never fade either).
public struct LightningAttention: Mixer {
    /// `lightning`.
    public static let name = "lightning"
    /// See the type.
    public static let optionNames = ["decay"]

    let projection: QueryKeyValueProjection
    let heads: Int
    let headDimension: Int
    /// Minus the logarithm of each head's decay.
    let slopes: [Double]
    private let outputDeviation: Float

    static let epsilon = 1e-6

    /// The mixer of a layer.
    public init(_ request: MixerRequest) throws {
        let architecture = request.architecture
        heads = architecture.heads
        headDimension = architecture.headDimension
        let width = heads * headDimension
        projection = QueryKeyValueProjection(
            architecture, queryWidth: width, keyWidth: width, valueWidth: width, activates: true)
        let decays = try request.boolean("decay", default: true)
        slopes =
            decays
            ? Self.slopes(heads: heads, layer: request.layer, layerCount: request.layerCount)
            : [Double](repeating: 0, count: heads)
        outputDeviation = Float(architecture.outputDeviation)
    }

    /// Minus the logarithm of each head's decay in a layer; later layers forget more slowly.
    static func slopes(heads: Int, layer: Int, layerCount: Int) -> [Double] {
        let factor = 1 - Double(layer) / (Double(layerCount - 1) + 1e-5) + 1e-5
        return (1...heads).map { pow(2, -8 * Double($0) / Double(heads)) * factor }
    }

    private var width: Int { projection.width }
    private var headsWidth: Int { heads * headDimension }
    private var shape: LinearAttentionShape {
        LinearAttentionShape(heads: heads, keyDimension: headDimension, valueDimension: headDimension)
    }

    /// Declares the projections, the output gate and the norm of the heads.
    public func declareParameters(prefix: String, in layout: inout ParameterLayout) {
        projection.declareParameters(prefix: prefix, in: &layout)
        layout.declare(
            prefix + "output_gate.weight", [headsWidth, width], .normal(standardDeviation: projection.deviation))
        layout.declare(prefix + "norm.weight", [headsWidth], .constant(1), decays: false)
        layout.declare(
            prefix + "out_proj.weight", [width, headsWidth], .normal(standardDeviation: outputDeviation))
    }

    /// The parallel form, in chunks.
    public func parallel(_ x: Tensor, prefix: String, on tape: Tape) -> Tensor {
        let rows = projection.parallel(x, prefix: prefix, on: tape)
        let gate = tape.linear(x, tape.parameter(prefix + "output_gate.weight"))
        let outputs = tape.linearAttention(
            query: rows.columns(0, headsWidth), key: rows.columns(projection.keyOffset, headsWidth),
            value: rows.columns(projection.valueOffset, headsWidth), shape: shape, decay: .fixed(slopes.map(Float.init))
        )
        let gated = tape.gatedNorm(
            outputs, tape.parameter(prefix + "norm.weight"), gate: gate.allColumns, kind: .sigmoidAfterNorm, parts: 1,
            epsilon: Float(Self.epsilon))
        return tape.linear(gated, tape.parameter(prefix + "out_proj.weight"))
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
        batch * (projection.channels + 2 * headsWidth + 1) + heads
    }

    /// The recurrent form.
    public func step(_ call: MixerStep) {
        let channels = projection.channels
        let rows = call.scratch
        let gates = rows + call.batch * channels
        let outputs = gates + call.batch * headsWidth
        let inverse = outputs + call.batch * headsWidth
        let decays = inverse + call.batch
        for (head, slope) in slopes.enumerated() { decays[head] = Float(slope) }
        projection.step(call, into: rows)
        call.multiply("output_gate.weight", call.input, stride: width, into: gates, stride: headsWidth)
        for i in 0..<call.batch {
            let row = UnsafePointer(rows + i * channels)
            let token = LinearAttentionToken(
                query: row, key: row + projection.keyOffset, value: row + projection.valueOffset, slopes: decays)
            shape.step(token, states: call.states[i] + projection.stateCount, into: outputs + i * headsWidth)
        }
        ck_gated_norm_forward(
            call.batch, headsWidth, outputs, headsWidth, call.parameter("norm.weight"), gates, headsWidth, 1,
            Float(Self.epsilon), outputs, headsWidth, inverse)
        call.multiply("out_proj.weight", outputs, stride: headsWidth, into: call.output, stride: width)
    }

    // MARK: Reference

    /// The reference form: the recurrence as it is written above.
    public func reference(_ x: [Double], time: Int, weights: [String: [Double]]) -> [Double] {
        let rows = projection.reference(x, weights: weights)
        let (channels, d) = (projection.channels, headDimension)
        var outputs = [Double](repeating: 0, count: time * headsWidth)
        for head in 0..<heads {
            let decay = exp(-slopes[head])
            var state = [Double](repeating: 0, count: d * d)
            for t in 0..<time {
                let query = t * channels + head * d
                let (key, value) = (query + projection.keyOffset, query + projection.valueOffset)
                for i in 0..<d {
                    for j in 0..<d {
                        state[i * d + j] = decay * state[i * d + j] + rows[key + i] * rows[value + j]
                        outputs[t * headsWidth + head * d + j] += rows[query + i] * state[i * d + j]
                    }
                }
            }
        }
        guard let gate = weights["output_gate.weight"], let norm = weights["norm.weight"],
            let out = weights["out_proj.weight"]
        else { preconditionFailure("weights of a lightning layer are missing") }
        let gates = Reference.linear(x, gate, inputs: width).map(Reference.sigmoid)
        let normal = Reference.rmsNorm(outputs, norm, epsilon: Self.epsilon)
        return Reference.linear(zip(normal, gates).map { $0 * $1 }, out, inputs: headsWidth)
    }

    // MARK: Cost

    /// Heads.
    public var headCount: Int { heads }

    /// What a token costs: in prefill the products of the chunked form, their masked halves not counted.
    public func cost(context: Int) -> MixerCost {
        let projections = projection.operations + Double(4 * width * headsWidth)
        return MixerCost(
            prefillFLOPs: projections + shape.chunkedFLOPs(time: context),
            decodeFLOPs: projections + shape.stepFLOPs,
            stateBytes: Double(4 * stateCount(capacity: context)))
    }
}
