import CKernels
import Foundation
import Testing

extension KernelTests {
    @Suite("Norms and softmax") struct NormTests {
        static let shapes = [(1, 1), (3, 5), (2, 16), (4, 33), (3, 64), (2, 100)]

        static func rmsNorm(_ x: [Double], _ weight: [Double], width: Int, epsilon: Double) -> [Double] {
            x.indices.map { i in
                let row = x[i / width * width..<(i / width + 1) * width]
                let mean = row.reduce(0) { $0 + $1 * $1 } / Double(width)
                return x[i] / (mean + epsilon).squareRoot() * weight[i % width]
            }
        }

        static func l2Norm(_ x: [Double], width: Int, epsilon: Double) -> [Double] {
            x.indices.map { i in
                let row = x[i / width * width..<(i / width + 1) * width]
                return x[i] / (row.reduce(0) { $0 + $1 * $1 } + epsilon).squareRoot()
            }
        }

        static func softmax(_ x: [Double], width: Int) -> [Double] {
            x.indices.map { i in
                let row = x[i / width * width..<(i / width + 1) * width]
                let greatest = row.max() ?? 0
                return Foundation.exp(x[i] - greatest) / row.reduce(0) { $0 + Foundation.exp($1 - greatest) }
            }
        }

        @Test("RMS norm and its gradients follow the definition, with and without weight", arguments: instructionSets)
        func rms(isa: Int32) {
            var random = TestRandom(20)
            withInstructionSet(isa) {
                for (rows, width) in Self.shapes {
                    for hasWeight in [true, false] {
                        let x = Matrix(rows, width, stride: width + 3, random: &random)
                        let dy = Matrix(rows, width, stride: width + 1, random: &random)
                        let weight = random.floats(width, in: 0.5...1.5)
                        let unit = hasWeight ? doubles(weight) : [Double](repeating: 1, count: width)
                        var y = Matrix(rows, width, stride: width + 2)
                        var inverse = [Float](repeating: .nan, count: rows)
                        weight.withUnsafeBufferPointer { pointer in
                            let w = hasWeight ? pointer.baseAddress : nil
                            ck_rms_norm_forward(rows, width, x.values, x.stride, w, 1e-3, &y.values, y.stride, &inverse)
                            expectClose(
                                y.dense, Self.rmsNorm(x.dense, unit, width: width, epsilon: 1e-3), tolerance: 1e-6)
                            #expect(y.gapsAreIntact)
                            let expected = numericalGradient(x.dense) {
                                weighted(Self.rmsNorm($0, unit, width: width, epsilon: 1e-3), by: dy.dense)
                            }
                            var dx = Matrix(rows, width, stride: width + 4)
                            ck_rms_norm_backward(
                                rows, width, x.values, x.stride, w, inverse, dy.values, dy.stride, &dx.values,
                                dx.stride,
                                0, nil)
                            expectClose(dx.dense, expected, tolerance: 3e-6)
                            let old = Matrix(rows, width, stride: width + 4, random: &random)
                            dx = old
                            let oldWeights = random.floats(width)
                            var dweight = oldWeights
                            ck_rms_norm_backward(
                                rows, width, x.values, x.stride, w, inverse, dy.values, dy.stride, &dx.values,
                                dx.stride,
                                1, &dweight)
                            expectClose(dx.dense, zip(old.dense, expected).map { $0 + $1 }, tolerance: 3e-6)
                            #expect(dx.gapsAreIntact)
                            let slopes = numericalGradient(unit) {
                                weighted(Self.rmsNorm(x.dense, $0, width: width, epsilon: 1e-3), by: dy.dense)
                            }
                            expectClose(
                                doubles(dweight), zip(oldWeights, slopes).map { Double($0) + $1 }, tolerance: 3e-6)
                        }
                    }
                }
            }
        }

        @Test("L2 norm and its gradient follow the definition", arguments: instructionSets)
        func l2(isa: Int32) {
            var random = TestRandom(21)
            withInstructionSet(isa) {
                for (rows, width) in Self.shapes {
                    let x = Matrix(rows, width, stride: width + 3, random: &random)
                    let dy = Matrix(rows, width, stride: width + 1, random: &random)
                    var y = Matrix(rows, width, stride: width + 2)
                    var inverse = [Float](repeating: .nan, count: rows)
                    ck_l2_norm_forward(rows, width, x.values, x.stride, 1e-3, &y.values, y.stride, &inverse)
                    expectClose(y.dense, Self.l2Norm(x.dense, width: width, epsilon: 1e-3), tolerance: 1e-6)
                    #expect(y.gapsAreIntact)
                    let expected = numericalGradient(x.dense) {
                        weighted(Self.l2Norm($0, width: width, epsilon: 1e-3), by: dy.dense)
                    }
                    let old = Matrix(rows, width, stride: width + 4, random: &random)
                    for accumulate in [false, true] {
                        var dx = accumulate ? old : Matrix(rows, width, stride: width + 4)
                        ck_l2_norm_backward(
                            rows, width, x.values, x.stride, inverse, dy.values, dy.stride, &dx.values, dx.stride,
                            accumulate ? 1 : 0)
                        let sum = zip(old.dense, expected).map { (accumulate ? $0 : 0) + $1 }
                        expectClose(dx.dense, sum, tolerance: 1e-5)
                        #expect(dx.gapsAreIntact)
                    }
                }
            }
        }

        @Test("softmax of rows and its gradient follow the definition, far from zero too", arguments: instructionSets)
        func softmaxRows(isa: Int32) {
            var random = TestRandom(22)
            withInstructionSet(isa) {
                for (rows, width) in Self.shapes {
                    for offset in [0, 500, -500] as [Float] {
                        var x = Matrix(rows, width, stride: width + 3, random: &random)
                        for r in 0..<rows { for c in 0..<width { x[r, c] = x[r, c] * 5 + offset } }
                        let dy = Matrix(rows, width, stride: width + 1, random: &random)
                        var y = Matrix(rows, width, stride: width + 2)
                        ck_softmax_rows(rows, width, x.values, x.stride, &y.values, y.stride)
                        expectClose(y.dense, Self.softmax(x.dense, width: width), tolerance: 1e-6)
                        #expect(y.gapsAreIntact)
                        let expected = numericalGradient(x.dense) {
                            weighted(Self.softmax($0, width: width), by: dy.dense)
                        }
                        let old = Matrix(rows, width, stride: width + 4, random: &random)
                        for accumulate in [false, true] {
                            var dx = accumulate ? old : Matrix(rows, width, stride: width + 4)
                            ck_softmax_rows_backward(
                                rows, width, y.values, y.stride, dy.values, dy.stride, &dx.values, dx.stride,
                                accumulate ? 1 : 0)
                            let sum = zip(old.dense, expected).map { (accumulate ? $0 : 0) + $1 }
                            expectClose(dx.dense, sum, tolerance: 2e-6)
                            #expect(dx.gapsAreIntact)
                        }
                    }
                }
            }
        }
    }
}
