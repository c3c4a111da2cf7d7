import AssayCore
import AssayTensor
import CKernels
import Foundation

/// Plain linear attention, whose state never fades (Katharopoulos et al., "Transformers are RNNs", 2020;
/// flash-linear-attention: `LinearAttention`). For every head, with a feature map f of queries and keys,
///
///     q, k, v = f(x W_q), f(x W_k), x W_v
///     S <- S + k v';  o = S' q / sqrt(headDimension)
///
/// What is summed is then brought to a size that does not depend on the length: with the normaliser, as published, each
/// output is divided by `q . (k_1 + ... + k_t) / sqrt(headDimension) + 1e-10`; without it, each head's output is RMS
/// normalised, as in flash-linear-attention and after Qin et al., "The Devil in Linear Transformer", 2022.
///
/// It has no positions. Where the architecture has a short convolution, q, k and v go through it before the feature map.
///
/// Options: `feature-map` (`elu`, which is elu(x) + 1, `silu` or `identity`; default `elu`); `normaliser` (default: with
/// `elu`, the only map whose features are positive, which it needs).
public struct LinearAttention: Mixer {
    /// `linear-attention`.
    public static let name = "linear-attention"
    /// See the type.
    public static let optionNames = ["feature-map", "normaliser"]

    let projection: QueryKeyValueProjection
    let shape: LinearAttentionShape
    let featureMap: FeatureMap
    let hasNormaliser: Bool
    let epsilon: Double
    private let outputDeviation: Float

    /// The mixer of a layer.
    public init(_ request: MixerRequest) throws {
        let architecture = request.architecture
        let dimension = architecture.headDimension
        shape = LinearAttentionShape(
            heads: architecture.heads, keyDimension: dimension, valueDimension: dimension,
            queryScale: 1 / Float(dimension).squareRoot())
        let width = architecture.heads * dimension
        projection = QueryKeyValueProjection(
            architecture, queryWidth: width, keyWidth: width, valueWidth: width, activates: false)
        let name = try request.word("feature-map", default: "elu", among: FeatureMap.allCases.map(\.rawValue))
        featureMap = FeatureMap(rawValue: name) ?? .elu
        hasNormaliser = try request.boolean("normaliser", default: featureMap == .elu)
        guard !hasNormaliser || featureMap == .elu else {
            throw request.failure(
                "normaliser", "divides by sums of features, which '\(name)' lets be zero or negative",
                remedy: "Use the feature map 'elu', or no normaliser")
        }
        epsilon = architecture.normEpsilon
        outputDeviation = Float(architecture.outputDeviation)
    }

    private var width: Int { projection.width }
    private var headsWidth: Int { projection.valueWidth }
    private var featuresWidth: Int { projection.valueOffset }

    /// Declares the projections, and the norm of a head's output where there is no normaliser.
    public func declareParameters(prefix: String, in layout: inout ParameterLayout) {
        projection.declareParameters(prefix: prefix, in: &layout)
        if !hasNormaliser {
            layout.declare(prefix + "norm.weight", [shape.valueDimension], .constant(1), decays: false)
        }
        layout.declare(
            prefix + "out_proj.weight", [width, headsWidth], .normal(standardDeviation: outputDeviation))
    }

    /// The parallel form, in chunks.
    public func parallel(_ x: Tensor, prefix: String, on tape: Tape) -> Tensor {
        let rows = projection.parallel(x, prefix: prefix, on: tape)
        let features = featureMap == .identity ? rows : tape.featureMap(rows.columns(0, featuresWidth), featureMap)
        let (query, key) = (
            features.columns(0, projection.queryWidth), features.columns(projection.keyOffset, projection.keyWidth)
        )
        var outputs = tape.linearAttention(
            query: query, key: key, value: rows.columns(projection.valueOffset, headsWidth), shape: shape,
            decay: .fixed([Float](repeating: 0, count: shape.heads)))
        if hasNormaliser {
            outputs = tape.linearAttentionNormaliser(outputs, query: query, key: key, shape: shape)
        } else {
            outputs = tape.rmsNormParts(
                outputs, weights: [tape.parameter(prefix + "norm.weight")], counts: [shape.heads],
                epsilon: Float(epsilon))
        }
        return tape.linear(outputs, tape.parameter(prefix + "out_proj.weight"))
    }

    // MARK: Recurrent

    /// The history of the convolution, `[headDimension, headDimension]` for every head, and with the normaliser the sum
    /// of the keys of every head.
    public func stateLayout(capacity: Int) -> StateLayout {
        var layout = StateLayout()
        projection.appendState(to: &layout)
        layout.append("state", .recurrence, [shape.heads, shape.keyDimension, shape.valueDimension])
        if hasNormaliser { layout.append("normaliser", .recurrence, [shape.heads, 1, shape.keyDimension]) }
        return layout
    }

    /// Scratch of a step.
    public func stepScratchCount(batch: Int, capacity: Int) -> Int {
        batch * (projection.channels + headsWidth) + 1
    }

    /// The recurrent form.
    public func step(_ call: MixerStep) {
        let channels = projection.channels
        let rows = call.scratch
        let outputs = rows + call.batch * channels
        projection.step(call, into: rows)
        for i in 0..<call.batch {
            let row = rows + i * channels
            let states = call.states[i] + projection.stateCount
            featureMap.apply(featuresWidth, row, into: row)
            let token = LinearAttentionToken(
                query: row, key: row + projection.keyOffset, value: row + projection.valueOffset)
            shape.step(token, states: states, into: outputs + i * headsWidth)
            if hasNormaliser {
                normalise(
                    row, sums: states + shape.stateCount, outputs + i * headsWidth, outputs + call.batch * headsWidth)
            }
        }
        if !hasNormaliser {
            ck_rms_norm_forward(
                call.batch * shape.heads, shape.valueDimension, outputs, shape.valueDimension,
                call.parameter("norm.weight"), Float(epsilon), outputs, shape.valueDimension, nil)
        }
        call.multiply("out_proj.weight", outputs, stride: headsWidth, into: call.output, stride: width)
    }

    /// Moves the sums of the keys on, and divides the outputs of one token.
    private func normalise(
        _ row: UnsafePointer<Float>, sums: UnsafeMutablePointer<Float>, _ output: UnsafeMutablePointer<Float>,
        _ dot: UnsafeMutablePointer<Float>
    ) {
        let (keys, values) = (shape.keyDimension, shape.valueDimension)
        for head in 0..<shape.heads {
            let query = row + head * keys
            ck_running_dots_forward(1, keys, query, keys, query + projection.keyOffset, keys, sums + head * keys, dot)
            let inverse = 1 / (shape.queryScale * dot[0] + LinearAttentionShape.normaliserEpsilon)
            ck_scale(values, inverse, output + head * values, output + head * values)
        }
    }

    // MARK: Reference

    /// The reference form: the recurrence as it is written above.
    public func reference(_ x: [Double], time: Int, weights: [String: [Double]]) -> [Double] {
        let rows = projection.reference(x, weights: weights).enumerated().map { place, value in
            place % projection.channels < featuresWidth ? mapped(value) : value
        }
        let (channels, d) = (projection.channels, shape.keyDimension)
        let scale = 1 / Double(d).squareRoot()
        var outputs = [Double](repeating: 0, count: time * headsWidth)
        for head in 0..<shape.heads {
            var (state, sum) = ([Double](repeating: 0, count: d * d), [Double](repeating: 0, count: d))
            for t in 0..<time {
                let query = t * channels + head * d
                let (key, value) = (query + projection.keyOffset, query + projection.valueOffset)
                var divisor = 0.0
                for i in 0..<d {
                    sum[i] += rows[key + i]
                    divisor += scale * rows[query + i] * sum[i]
                    for j in 0..<d {
                        state[i * d + j] += rows[key + i] * rows[value + j]
                        outputs[t * headsWidth + head * d + j] += scale * rows[query + i] * state[i * d + j]
                    }
                }
                guard hasNormaliser else { continue }
                for j in 0..<d {
                    outputs[t * headsWidth + head * d + j] /= divisor + Double(LinearAttentionShape.normaliserEpsilon)
                }
            }
        }
        if let norm = weights["norm.weight"] { outputs = Reference.rmsNorm(outputs, norm, epsilon: epsilon) }
        return Reference.linear(outputs, weights["out_proj.weight"] ?? [], inputs: headsWidth)
    }

    private func mapped(_ x: Double) -> Double {
        switch featureMap {
        case .identity: x
        case .silu: Reference.silu(x)
        case .elu: x > 0 ? x + 1 : exp(x)
        }
    }

    // MARK: Cost

    /// Heads.
    public var headCount: Int { shape.heads }

    /// What a token costs: in prefill the products of the chunked form, their masked halves not counted.
    public func cost(context: Int) -> MixerCost {
        var shared = projection.operations + Double(2 * width * headsWidth)
        if hasNormaliser { shared += Double(shape.heads * (3 * shape.keyDimension + shape.valueDimension)) }
        return MixerCost(
            prefillFLOPs: shared + shape.chunkedFLOPs(time: context), decodeFLOPs: shared + shape.stepFLOPs,
            stateBytes: Double(4 * stateCount(capacity: context)))
    }
}
