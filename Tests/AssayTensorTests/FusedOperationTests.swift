import AssayCore
import Foundation
import Testing

@testable import AssayTensor

@Suite struct FusedOperationTests {
    @Test("a linear map has the values and gradients of its definition")
    func linear() {
        OperationCheck(
            inputs: [[2, 3, 7]], parameters: [[5, 7]], record: { [$0.linear($1[0], $1[1])] },
            reference: { Definition.linear($0[0], $0[1], inputs: 7) }
        ).run()
    }

    @Test("RMS norm, with a weight and without")
    func norm() {
        OperationCheck(
            inputs: [[3, 6]], parameters: [[6]], record: { [$0.rmsNorm($1[0], $1[1], epsilon: 0.01)] },
            reference: { Definition.rmsNorm($0[0], $0[1], epsilon: 0.01) }
        ).run()
        OperationCheck(
            inputs: [[2, 2, 5]], record: { [$0.rmsNorm($1[0], nil, epsilon: 0.01)] },
            reference: { Definition.rmsNorm($0[0], [1, 1, 1, 1, 1], epsilon: 0.01) }
        ).run()
    }

    @Test("norms of parts of a row leave the rest alone")
    func normParts() {
        OperationCheck(
            inputs: [[4, 11]], parameters: [[3], [2]],
            record: { [$0.rmsNormParts($1[0], weights: [$1[1], $1[2]], counts: [2, 1], epsilon: 0.01)] },
            reference: { values in
                Definition.rows(values[0], width: 11).flatMap { row in
                    Definition.rmsNorm(Array(row[0..<6]), values[1], epsilon: 0.01)
                        + Definition.rmsNorm(Array(row[6..<8]), values[2], epsilon: 0.01)
                }
            }
        ).run()
    }

    @Test("a residual with its norm passes gradients to both sides, over several blocks of rows")
    func residualNorm() {
        for shape in [[2, 3, 4], [3, 1700]] {
            let width = shape[shape.count - 1]
            let check = OperationCheck(
                inputs: [shape, shape], parameters: [[width]],
                record: { tape, tensors in
                    let result = tape.residualNorm(tensors[0], tensors[1], tensors[2], epsilon: 0.01)
                    return [result.sum, result.norm]
                },
                reference: { values in
                    let sum = zip(values[0], values[1]).map { $0 + $1 }
                    return sum + Definition.rmsNorm(sum, values[2], epsilon: 0.01)
                })
            if width < 10 { check.run() } else { valuesOnly(check) }
        }
    }

    /// The forward pass alone, for shapes whose differences would take too long.
    private func valuesOnly(_ check: OperationCheck) {
        var layout = ParameterLayout()
        for (i, shape) in check.parameters.enumerated() { layout.declare("p\(i)", shape, .constant(0)) }
        let tape = Tape(layout: layout, recordsGradients: false)
        let tensors = check.inputs.map { tape.input($0) } + check.parameters.indices.map { tape.parameter("p\($0)") }
        let outputs = check.record(tape, tensors)
        let weights = FloatBlock(count: layout.count)
        var random = CounterRandom(key: 8, index: 0)
        for i in 0..<weights.count { weights.pointer[i] = Float(random.unit() - 0.5) }
        tape.bind(weights: weights)
        for tensor in tensors.prefix(check.inputs.count) {
            for i in 0..<tensor.count { tensor.value[i] = Float(random.unit() - 0.5) }
        }
        tape.forward()
        let values = outputs.flatMap { output in (0..<output.count).map { output.value[$0] } }
        let point = tensors.map { tensor in (0..<tensor.count).map { Double(tensor.value[$0]) } }
        #expect(OperationCheck.error(values, check.reference(point)) < 1e-5)
    }

    @Test("the gated MLP, over several blocks of rows too")
    func gatedMLP() {
        func check(_ rows: Int) -> OperationCheck {
            OperationCheck(
                inputs: [[rows, 5]], parameters: [[6, 5], [5, 3]],
                record: { [$0.gatedMLP($1[0], gateUp: $1[1], down: $1[2])] },
                reference: {
                    let products = Definition.linear($0[0], $0[1], inputs: 5)
                    return Definition.linear(Definition.swiGLU(products, hidden: 3), $0[2], inputs: 3)
                })
        }
        check(4).run()
        check(80).run()
    }

    @Test("SwiGLU")
    func swiGLU() {
        OperationCheck(
            inputs: [[3, 8]], record: { [$0.swiGLU($1[0])] }, reference: { Definition.swiGLU($0[0], hidden: 4) }
        ).run()
    }

    @Test("rotary embedding turns the first elements of the first heads, in place")
    func rotary() {
        let table = RotaryTable(time: 5, dimension: 4, base: 100)
        OperationCheck(
            inputs: [[2, 4, 17]], parameters: [[17]],
            record: { tape, tensors in
                [
                    tape.rotary(
                        tape.rmsNorm(tensors[0], tensors[1], epsilon: 1), heads: 2, headDimension: 6, table: table)
                ]
            },
            reference: { values in
                var x = Definition.rmsNorm(values[0], values[1], epsilon: 1)
                for row in 0..<8 {
                    for (head, i) in [(0, 0), (0, 1), (1, 0), (1, 1)] {
                        let angle = Double(row % 4) * pow(100, -Double(i) / 2)
                        let (a, b) = (row * 17 + head * 6 + i, row * 17 + head * 6 + i + 2)
                        (x[a], x[b]) = (x[a] * cos(angle) - x[b] * sin(angle), x[b] * cos(angle) + x[a] * sin(angle))
                    }
                }
                return x
            }
        ).run()
    }

    @Test(
        "causal attention with grouped queries, windows and sinks",
        arguments: [(2, 2, 0, 0), (4, 2, 0, 0), (3, 1, 2, 0), (2, 1, 2, 1)])
    func attention(_ heads: Int, _ keyValueHeads: Int, _ window: Int, _ sinks: Int) {
        let dimension = 3
        let (q, kv) = (heads * dimension, keyValueHeads * dimension)
        let shape = AttentionShape(
            heads: heads, keyValueHeads: keyValueHeads, headDimension: dimension, window: window, sinks: sinks)
        func reference(_ query: [Double], _ key: [Double], _ value: [Double]) -> [Double] {
            let rows = [(query, q), (key, kv), (value, kv)].map { Definition.rows($0.0, width: $0.1) }
            return [0..<5, 5..<10].flatMap {
                Definition.attention(
                    Array(rows[0][$0]), Array(rows[1][$0]), Array(rows[2][$0]), heads: heads,
                    keyValueHeads: keyValueHeads, window: window, sinks: sinks)
            }
        }
        // Three tensors; then columns of one, with a column that nobody reads.
        OperationCheck(
            inputs: [[2, 5, q], [2, 5, kv], [2, 5, kv]],
            record: { tape, x in
                [
                    tape.causalAttention(
                        query: x[0].allColumns, key: x[1].allColumns, value: x[2].allColumns, shape: shape)
                ]
            }, reference: { reference($0[0], $0[1], $0[2]) }
        ).run()
        OperationCheck(
            inputs: [[2, 5, q + 2 * kv + 1]],
            record: { tape, x in
                [
                    tape.causalAttention(
                        query: x[0].columns(0, q), key: x[0].columns(q, kv), value: x[0].columns(q + kv + 1, kv),
                        shape: shape)
                ]
            },
            reference: { values in
                let rows = Definition.rows(values[0], width: q + 2 * kv + 1)
                return reference(
                    rows.flatMap { $0[..<q] }, rows.flatMap { $0[q..<(q + kv)] }, rows.flatMap { $0[(q + kv + 1)...] })
            }
        ).run()
    }

    @Test("values of another width than keys, and a score that joins every softmax")
    func attentionSinkLogits() {
        let shape = AttentionShape(heads: 4, keyValueHeads: 2, headDimension: 3, valueDimension: 2)
        OperationCheck(
            inputs: [[1, 6, 12], [1, 6, 6], [1, 6, 4]], parameters: [[4]],
            record: { tape, x in
                [
                    tape.causalAttention(
                        query: x[0].allColumns, key: x[1].allColumns, value: x[2].allColumns, shape: shape,
                        sinkLogits: x[3])
                ]
            },
            reference: { values in
                let rows = zip(values, [12, 6, 4]).map { Definition.rows($0, width: $1) }
                return Definition.attention(
                    rows[0], rows[1], rows[2], heads: 4, keyValueHeads: 2, sinkLogits: values[3])
            }
        ).run()
    }

    @Test("a short convolution between two gates")
    func gatedConvolution() {
        OperationCheck(
            inputs: [[2, 6, 15]], parameters: [[5, 3]],
            record: { [$0.gatedConvolution($1[0], $1[1])] },
            reference: { values in
                let rows = Definition.rows(values[0], width: 15)
                let gated = rows.flatMap { row in (0..<5).map { row[$0] * row[10 + $0] } }
                let filtered = Definition.convolution(gated, values[1], time: 6, channels: 5, silu: false)
                return zip(rows.flatMap { $0[5..<10] }, filtered).map { $0 * $1 }
            }
        ).run()
    }

    @Test("values and keys of which one has a gradient already")
    func attentionMixedClaims() {
        let shape = AttentionShape(heads: 1, keyValueHeads: 1, headDimension: 3)
        OperationCheck(
            inputs: [[1, 4, 3], [1, 4, 3], [1, 4, 3]],
            record: { tape, x in
                let copy = tape.scale(x[2], by: 1)
                let heads = tape.causalAttention(
                    query: x[0].allColumns, key: x[1].allColumns, value: copy.allColumns, shape: shape)
                return [heads, tape.scale(copy, by: 2)]
            },
            reference: { values in
                let rows = values.map { Definition.rows($0, width: 3) }
                return Definition.attention(
                    rows[0], rows[1], rows[2], heads: 1, keyValueHeads: 1, window: 0, sinks: 0)
                    + values[2].map { 2 * $0 }
            }
        ).run()
    }

    @Test("short convolution, with SiLU and without", arguments: [true, false])
    func convolution(_ silu: Bool) {
        OperationCheck(
            inputs: [[2, 6, 5]], parameters: [[5, 4]],
            record: { [$0.shortConvolution($1[0], $1[1], silu: silu)] },
            reference: { Definition.convolution($0[0], $0[1], time: 6, channels: 5, silu: silu) }
        ).run()
    }

    @Test("short convolution of some columns, with a bias", arguments: [true, false])
    func convolutionOfColumns(_ silu: Bool) {
        OperationCheck(
            inputs: [[2, 6, 9]], parameters: [[5, 3], [5]],
            record: { [$0.shortConvolution($1[0].columns(3, 5), $1[1], bias: $1[2], silu: silu)] },
            reference: { values in
                let columns = Definition.rows(values[0], width: 9).flatMap { Array($0[3..<8]) }
                return Definition.convolution(
                    columns, values[1], bias: values[2], time: 6, channels: 5, silu: silu)
            }
        ).run()
    }

    @Test("an embedding gathers rows and scatters their gradients")
    func embedding() {
        let tokens: [Int32] = [2, 0, 2, 3, 1, 2]
        tokens.withUnsafeBufferPointer { buffer in
            guard let base = buffer.baseAddress else { return }
            OperationCheck(
                parameters: [[5, 3]], record: { [$0.embedding(base, shape: [2, 3], table: $1[0])] },
                reference: { values in tokens.flatMap { values[0][(Int($0) * 3)..<(Int($0) * 3 + 3)] } }
            ).run()
        }
    }

    @Test("cross-entropy over gathered target rows, one of them twice, with a head that is used elsewhere too")
    func crossEntropy() {
        let targets = TargetTable(capacity: 6)
        let chosen: [(Int, Int, Double)] = [(3, 1, 0.5), (0, 4, 2), (3, 2, 1)]
        for (row, token, weight) in chosen {
            targets.append(row: Int32(row), token: Int32(token), weight: Float(weight))
        }
        var layout = ParameterLayout()
        layout.declare("head", [5, 3], .constant(0))
        let tape = Tape(layout: layout, recordsGradients: true)
        let (x, y) = (tape.input([2, 2, 3]), tape.input([2, 2, 3]))
        let loss = tape.crossEntropy(tape.linear(tape.gatherSum(x, y, targets), tape.parameter("head")), targets)
        let (weights, gradients) = (FloatBlock(count: layout.count), FloatBlock(count: layout.count))
        var random = CounterRandom(key: 4, index: 0)
        var point = (0..<39).map { _ in Double(Float(random.unit() - 0.5)) }
        for i in 0..<12 { (x.value[i], y.value[i]) = (Float(point[i]), Float(point[12 + i])) }
        for i in 0..<15 { weights.pointer[i] = Float(point[24 + i]) }
        tape.bind(weights: weights, gradients: gradients)
        func reference() -> Double {
            chosen.reduce(0.0) { sum, target in
                let logits = (0..<5).map { v in
                    (0..<3).reduce(0.0) {
                        $0 + (point[target.0 * 3 + $1] + point[12 + target.0 * 3 + $1]) * point[24 + v * 3 + $1]
                    }
                }
                return sum - target.2 * log(Definition.softmax(logits)[target.1])
            }
        }
        tape.forward()
        #expect(abs(loss.loss - reference()) < 1e-5)
        tape.backward()
        let analytic =
            (0..<12).map { x.gradient[$0] } + (0..<12).map { y.gradient[$0] } + (0..<15).map { gradients.pointer[$0] }
        let numeric = point.indices.map { i in
            let middle = point[i]
            point[i] = middle + 1e-5
            let high = reference()
            point[i] = middle - 1e-5
            let low = reference()
            point[i] = middle
            return (high - low) / 2e-5
        }
        #expect(OperationCheck.error(analytic, numeric) < 1e-5)
    }
}
