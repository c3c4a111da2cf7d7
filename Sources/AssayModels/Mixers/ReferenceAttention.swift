import AssayTensor
import Foundation

extension Reference {
    /// Softmax attention as it is defined, for one sequence: queries `[time, heads * headDimension]`, keys and values
    /// likewise, to `[time, heads * valueDimension]`.
    /// - Parameters:
    ///   - sinkLogits: a score of each head that joins its softmax and has no value.
    ///   - sees: what query t of a key-value head may look at, beside causality, window and sinks; nil for all.
    static func attention(
        _ queries: [Double], _ keys: [Double], _ values: [Double], shape: AttentionShape,
        sinkLogits: [Double]? = nil, sees: ((_ head: Int, _ t: Int, _ s: Int) -> Bool)? = nil
    ) -> [Double] {
        let time = queries.count / shape.queryWidth
        var output = [Double](repeating: 0, count: time * shape.outputWidth)
        for t in 0..<time {
            for head in 0..<shape.heads {
                let keyValueHead = head / shape.group
                let visible = (0...t).filter {
                    (shape.window == 0 || t - $0 < shape.window || $0 < shape.sinks)
                        && sees?(keyValueHead, t, $0) ?? true
                }
                let column = keyValueHead * shape.valueDimension
                let place = t * shape.outputWidth + head * shape.valueDimension
                let weights = probabilities(queries, keys, shape: shape, head: head, t: t, visible, sinkLogits?[head])
                for (s, weight) in zip(visible, weights) {
                    for i in 0..<shape.valueDimension {
                        output[place + i] += weight * values[s * shape.valueWidth + column + i]
                    }
                }
            }
        }
        return output
    }

    /// The softmax of one query over some keys, or over the best of them, and a sink's score if there is one.
    static func probabilities(
        _ queries: [Double], _ keys: [Double], shape: AttentionShape, head: Int, t: Int, _ visible: [Int],
        _ sinkLogit: Double?
    ) -> [Double] {
        let query = t * shape.queryWidth + head * shape.headDimension
        let column = head / shape.group * shape.headDimension
        let scores = visible.map { s in
            (0..<shape.headDimension).reduce(0.0) {
                $0 + queries[query + $1] * keys[s * shape.keyWidth + column + $1]
            } * Double(shape.scale)
        }
        let greatest = max(scores.max() ?? 0, sinkLogit ?? -.infinity)
        var exponentials = scores.map { exp($0 - greatest) }
        if shape.top > 0, shape.top < scores.count {
            let order = scores.indices.sorted { (scores[$0], $0) > (scores[$1], $1) }
            for i in order.dropFirst(shape.top) { exponentials[i] = 0 }
        }
        let sum = exponentials.reduce(sinkLogit.map { exp($0 - greatest) } ?? 0, +)
        return exponentials.map { $0 / sum }
    }

    /// A bias added to every row.
    static func addBias(_ x: [Double], _ bias: [Double]) -> [Double] {
        x.indices.map { x[$0] + bias[$0 % bias.count] }
    }
}
