import CKernels
import Foundation
import Testing

/// Floats at a 64-byte boundary, as tapes give them, with a guard behind them that must stay as it is.
final class Guarded {
    let pointer: UnsafeMutablePointer<Float>
    let count: Int
    static let guardCount = 64

    init(_ count: Int) {
        self.count = count
        let bytes = (count + Guarded.guardCount) * 4
        pointer = UnsafeMutableRawPointer.allocate(byteCount: bytes, alignment: 64)
            .bindMemory(to: Float.self, capacity: count + Guarded.guardCount)
        pointer.initialize(repeating: 0, count: count)
        (pointer + count).initialize(repeating: Matrix.gap, count: Guarded.guardCount)
    }

    deinit { UnsafeMutableRawPointer(pointer).deallocate() }

    var isIntact: Bool { (0..<Guarded.guardCount).allSatisfy { pointer[count + $0] == Matrix.gap } }
}

extension KernelTests {
    @Suite("Gated norm") struct GatedNormTests {
        private static func reference(
            _ x: [Double], _ gate: [Double], _ weight: [Double], sigmoid: Bool
        ) -> [Double] {
            let width = weight.count
            return x.indices.map { place in
                let start = place / width * width
                let square = x[start..<start + width].reduce(0) { $0 + $1 * $1 } / Double(width)
                let s = 1 / (1 + exp(-gate[place]))
                return x[place] / (square + 1e-3).squareRoot() * weight[place - start]
                    * (sigmoid ? s : gate[place] * s)
            }
        }

        @Test(
            "outputs and gradients follow the definition, for both gates and any width",
            arguments: instructionSets, [true, false])
        func gatedNorm(isa: Int32, sigmoid: Bool) {
            var random = TestRandom(55)
            let flag: Int32 = sigmoid ? 1 : 0
            withInstructionSet(isa) {
                for width in [1, 5, 16, 35] {
                    let rows = 3
                    let x = Matrix(rows, width, stride: width + 1, random: &random)
                    let gate = Matrix(rows, width, stride: width + 2, random: &random)
                    let dy = Matrix(rows, width, stride: width + 3, random: &random)
                    let weight = random.floats(width)
                    var y = Matrix(rows, width, stride: width + 4)
                    var inverse = [Float](repeating: 0, count: rows)
                    ck_gated_norm_forward(
                        rows, width, x.values, x.stride, weight, gate.values, gate.stride, flag, 1e-3, &y.values,
                        y.stride, &inverse)
                    expectClose(
                        y.dense, Self.reference(x.dense, gate.dense, doubles(weight), sigmoid: sigmoid),
                        tolerance: 1e-6)
                    let count = rows * width
                    let expected = numericalGradient(x.dense + gate.dense + doubles(weight)) { all in
                        weighted(
                            Self.reference(
                                Array(all[..<count]), Array(all[count..<2 * count]), Array(all[(2 * count)...]),
                                sigmoid: sigmoid), by: dy.dense)
                    }
                    var dx = Matrix(rows, width, stride: width + 5)
                    var dgate = Matrix(rows, width, stride: width + 6)
                    var dweight = [Float](repeating: 0, count: width)
                    for accumulate: Int32 in [0, 1] {
                        ck_gated_norm_backward(
                            rows, width, x.values, x.stride, weight, gate.values, gate.stride, flag, inverse,
                            dy.values, dy.stride, &dx.values, dx.stride, &dgate.values, dgate.stride, accumulate,
                            &dweight)
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
}
