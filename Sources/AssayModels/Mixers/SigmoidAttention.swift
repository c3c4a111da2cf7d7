import AssayTensor
import Foundation

/// Sigmoid attention (Ramapuram et al., "Theory, Analysis, and Best Practices for Sigmoid Self-Attention", 2024): every
/// key is weighed for itself, not against the others,
///
///     o_t = sum over s <= t of sigmoid(q_t . k_s / sqrt(headDimension) - log(t + 1)) v_s
///
/// where the bias -log(t + 1) is that of the paper for as many keys as are visible. Without positions; the short
/// convolution of a recipe applies. It has no options.
///
/// It is the worked example of docs/add-a-mixer.md: its parallel form consists of plain tensor operations, so it has no
/// backward pass of its own.
public struct SigmoidAttention: Mixer {
    /// `sigmoid`.
    public static let name = "sigmoid"
    /// None.
    public static let optionNames: [String] = []

    private let projection: QueryKeyValueProjection
    private let heads: Int
    private let headDimension: Int
    private let outputDeviation: Float

    /// The mixer of a layer.
    public init(_ request: MixerRequest) throws {
        let architecture = request.architecture
        heads = architecture.heads
        headDimension = architecture.headDimension
        let width = heads * headDimension
        projection = QueryKeyValueProjection(
            architecture, queryWidth: width, keyWidth: width, valueWidth: width, activates: false)
        outputDeviation = Float(architecture.outputDeviation)
    }

    private var headsWidth: Int { heads * headDimension }
    private var scale: Double { 1 / Double(headDimension).squareRoot() }

    /// Declares the projections.
    public func declareParameters(prefix: String, in layout: inout ParameterLayout) {
        projection.declareParameters(prefix: prefix, in: &layout)
        layout.declare(
            prefix + "out_proj.weight", [projection.width, headsWidth], .normal(standardDeviation: outputDeviation))
    }

    /// The parallel form.
    public func parallel(_ x: Tensor, prefix: String, on tape: Tape) -> Tensor {
        let (batch, time) = (x.shape[0], x.shape[1])
        let rows = projection.parallel(x, prefix: prefix, on: tape)
        // [batch, time, channels] to [3, batch, heads, time, headDimension], as three tensors.
        let parts = [0, projection.keyOffset, projection.valueOffset].map { offset in
            let part = tape.slice(rows, offset: offset, width: headsWidth)
            return tape.transpose(tape.reshape(part, [batch, time, heads, headDimension]), [0, 2, 1, 3])
        }
        // The sigmoid of a very negative number is 0: a token does not see those after it.
        let bias = (0..<time * time).map { $0 % time > $0 / time ? -1e9 : -log(Float($0 / time + 1)) }
        let scores = tape.scale(tape.matmul(parts[0], parts[1], transposeB: true), by: Float(scale))
        let weights = tape.sigmoid(tape.add(scores, tape.constant(bias, [time, time])))
        let outputs = tape.transpose(tape.matmul(weights, parts[2]), [0, 2, 1, 3])
        return tape.linear(
            tape.reshape(outputs, [batch, time, headsWidth]), tape.parameter(prefix + "out_proj.weight"))
    }

    /// Keys and values of every token.
    public func stateLayout(capacity: Int) -> StateLayout {
        var layout = StateLayout()
        projection.appendState(to: &layout)
        layout.append("keys", .cache, [1, capacity, headsWidth])
        layout.append("values", .cache, [1, capacity, headsWidth])
        return layout
    }

    /// Scratch of a step: rows of q | k | v, and the outputs of the heads.
    public func stepScratchCount(batch: Int, capacity: Int) -> Int { batch * (projection.channels + headsWidth) }

    /// The recurrent form.
    public func step(_ call: MixerStep) {
        let rows = call.scratch
        let outputs = rows + call.batch * projection.channels
        projection.step(call, into: rows)
        for i in 0..<call.batch {
            let (row, output) = (rows + i * projection.channels, outputs + i * headsWidth)
            let position = Int(call.positions[i])
            let keys = call.states[i] + projection.stateCount
            let values = keys + call.capacity * headsWidth
            (keys + position * headsWidth).update(from: row + projection.keyOffset, count: headsWidth)
            (values + position * headsWidth).update(from: row + projection.valueOffset, count: headsWidth)
            output.update(repeating: 0, count: headsWidth)
            for head in 0..<heads {
                let column = head * headDimension
                for s in 0...position {
                    let (key, value) = (keys + s * headsWidth + column, values + s * headsWidth + column)
                    var score: Float = 0
                    for d in 0..<headDimension { score += row[column + d] * key[d] }
                    let weight = 1 / (1 + exp(log(Float(position + 1)) - score * Float(scale)))
                    for d in 0..<headDimension { output[column + d] += weight * value[d] }
                }
            }
        }
        call.multiply("out_proj.weight", outputs, stride: headsWidth, into: call.output, stride: projection.width)
    }

    /// The reference form.
    public func reference(_ x: [Double], time: Int, weights: [String: [Double]]) -> [Double] {
        let rows = projection.reference(x, weights: weights)
        var outputs = [Double](repeating: 0, count: time * headsWidth)
        for t in 0..<time {
            for column in 0..<headsWidth {
                let head = column / headDimension * headDimension
                for s in 0...t {
                    let (query, key) = (t * projection.channels + head, s * projection.channels + head)
                    let score = (0..<headDimension).reduce(0.0) {
                        $0 + rows[query + $1] * rows[key + projection.keyOffset + $1]
                    }
                    let weight = Reference.sigmoid(score * scale - log(Double(t + 1)))
                    outputs[t * headsWidth + column] +=
                        weight * rows[s * projection.channels + projection.valueOffset + column]
                }
            }
        }
        return Reference.linear(outputs, weights["out_proj.weight"] ?? [], inputs: headsWidth)
    }

    /// Heads.
    public var headCount: Int { heads }

    /// What a token costs: the parallel form computes all scores and hides half of them.
    public func cost(context: Int) -> MixerCost {
        let projections = projection.operations + Double(2 * projection.width * headsWidth)
        return MixerCost(
            prefillFLOPs: projections + Double(4 * headsWidth * context),
            decodeFLOPs: projections + Double(4 * headsWidth * (context + 1)),
            stateBytes: Double(4 * stateLayout(capacity: context).usedCount(position: context)))
    }
}
