import Foundation
import Testing

@testable import AssayTensor

/// Operations that latent and sparse attention are made of.
@Suite struct SparseOperationTests {
    @Test("heads that share some of their elements")
    func sharedHeads() {
        OperationCheck(
            inputs: [[2, 3, 5], [2, 3, 6]],
            record: { tape, x in
                [tape.headsWithShared(x[0].columns(1, 2), own: x[1].allColumns, heads: 2)]
            },
            reference: { values in
                let (shared, own) = (Definition.rows(values[0], width: 5), Definition.rows(values[1], width: 6))
                return shared.indices.flatMap { row -> [Double] in
                    let common = Array(shared[row][1..<3])
                    return common + Array(own[row][..<3]) + common + Array(own[row][3...])
                }
            }
        ).run()
    }

    @Test("means of whole blocks of tokens, without what is left over", arguments: [2, 3, 7])
    func blockMeans(_ size: Int) {
        OperationCheck(
            inputs: [[2, 5, 4]],
            record: { tape, x in [tape.blockMeans(x[0].columns(1, 3), blockSize: size)] },
            reference: { values in
                let rows = Definition.rows(values[0], width: 4)
                return [0, 5].flatMap { first -> [Double] in
                    let blocks = (0..<(5 / size)).flatMap { block in
                        (1..<4).map { c in
                            (0..<size).reduce(0.0) { $0 + rows[first + block * size + $1][c] } / Double(size)
                        }
                    }
                    return blocks.isEmpty ? [0, 0, 0] : blocks
                }
            }
        ).run()
    }

    @Test("branches with a gate for each head")
    func gatedBranches() {
        OperationCheck(
            inputs: [[1, 3, 4], [1, 3, 4], [1, 3, 4]],
            record: { tape, x in [tape.gatedBranches([x[0], x[1]], gates: x[2], heads: 2)] },
            reference: { values in
                values[0].indices.map { index in
                    let gates = index / 4 * 4 + index % 4 / 2 * 2
                    return (0..<2).reduce(0.0) { $0 + values[$1][index] / (1 + exp(-values[2][gates + $1])) }
                }
            }
        ).run()
    }

    @Test("a detached tensor has the values, and no gradient passes through it")
    func detached() {
        OperationCheck(
            inputs: [[2, 3]],
            record: { tape, x in
                let copy = tape.scale(x[0], by: 1)
                return [tape.add(copy, tape.scale(copy, by: 0))]
            }, reference: { $0[0] }
        ).run()
        let tape = Tape(layout: ParameterLayout(), recordsGradients: true)
        let x = tape.input([2, 3])
        let end = WeightedSum([tape.scale(tape.detached(x), by: 2)], seed: 1)
        tape.record(end)
        tape.bind(weights: FloatBlock(count: 0), gradients: FloatBlock(count: 0))
        for i in 0..<6 { x.value[i] = Float(i) }
        for _ in 0..<2 {
            tape.forward()
            tape.backward()
            #expect((0..<6).allSatisfy { end.tensors[0].value[$0] == Float(2 * $0) && x.gradient[$0] == 0 })
        }
    }
}
