import CKernels
import Foundation
import Testing

extension KernelTests {
    @Suite("Gate before norm") struct GateFirstNormTests {
        private static func reference(_ x: [Double], _ gate: [Double], _ weight: [Double]) -> [Double] {
            let width = weight.count
            let gated = zip(x, gate).map { $0 * $1 / (1 + exp(-$1)) }
            return gated.indices.map { place in
                let start = place / width * width
                let square = gated[start..<start + width].reduce(0) { $0 + $1 * $1 } / Double(width)
                return gated[place] / (square + 1e-3).squareRoot() * weight[place - start]
            }
        }

        @Test("outputs and gradients follow the definition for any width", arguments: instructionSets)
        func gateFirstNorm(isa: Int32) {
            var random = TestRandom(56)
            withInstructionSet(isa) {
                for width in [1, 5, 16, 35] {
                    let rows = 3
                    let x = Matrix(rows, width, stride: width + 1, random: &random)
                    let gate = Matrix(rows, width, stride: width + 2, random: &random)
                    let dy = Matrix(rows, width, stride: width + 3, random: &random)
                    let weight = random.floats(width)
                    var y = Matrix(rows, width, stride: width + 4)
                    var inverse = [Float](repeating: 0, count: rows)
                    ck_gate_first_norm_forward(
                        rows, width, x.values, x.stride, weight, gate.values, gate.stride, 1e-3, &y.values, y.stride,
                        &inverse)
                    expectClose(y.dense, Self.reference(x.dense, gate.dense, doubles(weight)), tolerance: 1e-6)
                    let count = rows * width
                    let expected = numericalGradient(x.dense + gate.dense + doubles(weight)) { all in
                        weighted(
                            Self.reference(
                                Array(all[..<count]), Array(all[count..<2 * count]), Array(all[(2 * count)...])),
                            by: dy.dense)
                    }
                    var dx = Matrix(rows, width, stride: width + 5)
                    var dgate = Matrix(rows, width, stride: width + 6)
                    var dweight = [Float](repeating: 0, count: width)
                    for accumulate: Int32 in [0, 1] {
                        ck_gate_first_norm_backward(
                            rows, width, x.values, x.stride, weight, gate.values, gate.stride, inverse, dy.values,
                            dy.stride, &dx.values, dx.stride, &dgate.values, dgate.stride, accumulate, &dweight)
                    }
                    // Gradients of gate and weight were added twice, that of x is always written.
                    expectClose(
                        dx.dense + dgate.dense.map { $0 / 2 } + doubles(dweight).map { $0 / 2 }, expected,
                        tolerance: 2e-5)
                    #expect(y.gapsAreIntact && dx.gapsAreIntact && dgate.gapsAreIntact)
                }
            }
        }
    }

    @Suite("Normaliser") struct NormaliserTests {
        private static func reference(_ q: [Double], _ k: [Double], width: Int) -> [Double] {
            var sum = [Double](repeating: 0, count: width)
            return stride(from: 0, to: q.count, by: width).map { row in
                for j in 0..<width { sum[j] += k[row + j] }
                return (0..<width).reduce(0.0) { $0 + q[row + $1] * sum[$1] }
            }
        }

        @Test(
            "products with running sums, their gradients and the sums follow the definition", arguments: instructionSets
        )
        func runningDots(isa: Int32) {
            var random = TestRandom(57)
            withInstructionSet(isa) {
                for (time, width) in [(1, 3), (9, 16), (12, 21)] {
                    let q = Matrix(time, width, stride: width + 1, random: &random)
                    let k = Matrix(time, width, stride: width + 2, random: &random)
                    let ddots = random.floats(time)
                    var dots = [Float](repeating: 0, count: time)
                    var sum = [Float](repeating: 0, count: width)
                    ck_running_dots_forward(time, width, q.values, q.stride, k.values, k.stride, &sum, &dots)
                    expectClose(doubles(dots), Self.reference(q.dense, k.dense, width: width), tolerance: 1e-5)
                    let sums = (0..<width).map { j in (0..<time).reduce(0.0) { $0 + Double(k[$1, j]) } }
                    expectClose(doubles(sum), sums, tolerance: 1e-5)
                    let expected = numericalGradient(q.dense + k.dense) { all in
                        weighted(
                            Self.reference(Array(all[..<(time * width)]), Array(all[(time * width)...]), width: width),
                            by: doubles(ddots))
                    }
                    var dq = Matrix(time, width, stride: width + 3)
                    var dk = Matrix(time, width, stride: width + 4)
                    for accumulate: Int32 in [0, 1] {
                        ck_running_dots_backward(
                            time, width, q.values, q.stride, k.values, k.stride, ddots, &dq.values, dq.stride,
                            accumulate, &dk.values, dk.stride, accumulate, &sum)
                    }
                    expectClose((dq.dense + dk.dense).map { $0 / 2 }, expected, tolerance: 1e-5)
                    #expect(dq.gapsAreIntact && dk.gapsAreIntact)
                }
            }
        }
    }
}
