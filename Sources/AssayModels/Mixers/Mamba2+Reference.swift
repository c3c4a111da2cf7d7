import Foundation

extension Mamba2 {
    /// The reference form: the recurrence as it is written at the type.
    public func reference(_ x: [Double], time: Int, weights: [String: [Double]]) -> [Double] {
        guard let input = weights["in_proj.weight"], let convolution = weights["conv1d.weight"],
            let bias = weights["conv1d.bias"], let norm = weights["norm.weight"], let out = weights["out_proj.weight"]
        else { preconditionFailure("weights of a Mamba-2 layer are missing") }
        func biased(_ rows: [Double], _ name: String) -> [Double] {
            weights[name].map { Reference.addBias(rows, $0) } ?? rows
        }
        let projected = biased(Reference.linear(x, input, inputs: width), "in_proj.bias")
        func columns(_ offset: Int, _ count: Int) -> [Double] {
            Reference.columns(projected, width: projectedWidth, offset: offset, count: count)
        }
        let convolved = Reference.convolution(columns(innerWidth, channels), convolution, channels: channels)
        let rows = convolved.enumerated().map { Reference.silu($0.element + bias[$0.offset % channels]) }
        let steps = columns(innerWidth + channels, shape.heads)
        var outputs = [Double](repeating: 0, count: time * innerWidth)
        for head in 0..<shape.heads { scan(head, rows, steps, weights, into: &outputs) }
        let gated = zip(outputs, columns(0, innerWidth)).map { $0 * Reference.silu($1) }
        let group = innerWidth / shape.keyHeads
        let ones = [Double](repeating: 1, count: group)
        let normal = Reference.rmsNorm(gated, ones, epsilon: epsilon)
        let output = Reference.linear(
            normal.enumerated().map { $0.element * norm[$0.offset % innerWidth] }, out, inputs: innerWidth)
        return biased(output, "out_proj.bias")
    }

    /// One head, from the rows x | B | C and the raw steps of all.
    private func scan(
        _ head: Int, _ rows: [Double], _ steps: [Double], _ weights: [String: [Double]], into outputs: inout [Double]
    ) {
        guard let bias = weights["dt_bias"]?[head], let decay = weights["A_log"]?[head], let skip = weights["D"]?[head]
        else { preconditionFailure("weights of a Mamba-2 layer are missing") }
        let (states, dimension) = (shape.keyDimension, shape.valueDimension)
        var state = [Double](repeating: 0, count: states * dimension)
        for t in 0..<(outputs.count / innerWidth) {
            let value = t * channels + head * dimension
            let key = t * channels + innerWidth + head / shape.groupHeads * states
            let raw = Reference.softplus(steps[t * shape.heads + head] + bias)
            let step = min(max(raw, Double(stepLimits.lowerBound)), Double(stepLimits.upperBound))
            let fade = exp(-exp(decay) * step)
            for j in 0..<dimension {
                var read = 0.0
                for i in 0..<states {
                    let place = i * dimension + j
                    state[place] = fade * state[place] + rows[key + i] * step * rows[value + j]
                    read += rows[key + groupsWidth + i] * state[place]
                }
                outputs[t * innerWidth + head * dimension + j] = read + skip * rows[value + j]
            }
        }
    }
}
