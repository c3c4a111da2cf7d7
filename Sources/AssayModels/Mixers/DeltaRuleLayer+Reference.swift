import Foundation

extension DeltaRuleLayer {
    /// The reference form: the recurrence as it is written above, in double precision.
    func reference(_ x: [Double], time: Int, weights: [String: [Double]]) -> [Double] {
        guard let gatesWeight = weights[gatesName], let norm = weights["norm.weight"],
            let out = weights["out_proj.weight"]
        else { preconditionFailure("weights of a delta-rule layer are missing") }
        let rows = projection.reference(x, weights: weights)
        let gates = Reference.linear(x, gatesWeight, inputs: projection.width)
        var outputs = [Double](repeating: 0, count: time * headsWidth)
        for head in 0..<shape.valueHeads {
            var state = [Double](repeating: 0, count: shape.keyDimension * shape.valueDimension)
            for t in 0..<time {
                let row = Array(rows[t * projection.channels..<(t + 1) * projection.channels])
                let gate = Array(gates[t * gatesWidth..<(t + 1) * gatesWidth])
                let decay = decayFactor(head: head, gate: gate, weights: weights)
                for i in state.indices { state[i] *= decay }
                write(to: &state, head: head, row: row, gate: gate)
                let query = normalised(row, queryColumn(head: head)).map {
                    $0 / Double(shape.keyDimension).squareRoot()
                }
                let start = t * headsWidth + head * shape.valueDimension
                for j in 0..<shape.valueDimension {
                    outputs[start + j] = query.indices.reduce(0.0) {
                        $0 + state[$1 * shape.valueDimension + j] * query[$1]
                    }
                }
            }
        }
        var normal = Reference.rmsNorm(outputs, norm, epsilon: epsilon)
        if isGated {
            let z = Reference.columns(gates, width: gatesWidth, offset: 0, count: headsWidth)
            for i in normal.indices { normal[i] *= Reference.silu(z[i]) }
        }
        return Reference.linear(normal, out, inputs: headsWidth)
    }

    private func decayFactor(head: Int, gate: [Double], weights: [String: [Double]]) -> Double {
        guard decays else { return 1 }
        guard let rate = weights["A_log"], let bias = weights["dt_bias"] else {
            preconditionFailure("weights of a decay are missing")
        }
        return exp(-exp(rate[head]) * Reference.softplus(gate[decayOffset + head] + bias[head]))
    }

    /// The steps of one token.
    private func write(to state: inout [Double], head: Int, row: [Double], gate: [Double]) {
        let columns = shape.valueDimension
        for step in 0..<shape.steps {
            let key = normalised(
                row, queryColumn(head: head) + projection.keyOffset + step * projection.queryWidth)
            let value = valueColumn(head: head) + step * headsWidth
            let beta = Double(betaScale) * Reference.sigmoid(gate[betaOffset + step * shape.valueHeads + head])
            for j in 0..<columns {
                let held = key.indices.reduce(0.0) { $0 + state[$1 * columns + j] * key[$1] }
                for i in key.indices { state[i * columns + j] += key[i] * beta * (row[value + j] - held) }
            }
        }
    }

    private func normalised(_ rows: [Double], _ start: Int) -> [Double] {
        let row = rows[start..<start + shape.keyDimension]
        let inverse = 1 / (row.reduce(1e-6) { $0 + $1 * $1 }).squareRoot()
        return row.map { $0 * inverse }
    }
}
