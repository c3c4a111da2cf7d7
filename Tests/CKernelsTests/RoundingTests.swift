import CKernels
import Foundation
import Testing

extension KernelTests {
    @Suite struct Rounding {
        /// A format by its definition: the nearest multiple of a number's quantum, ties to even, at most the largest.
        private struct Format {
            let code: Int32
            let fractionBits: Int
            let smallestExponent: Int
            let largest: Double

            func round(_ x: Double) -> Double {
                guard x.isFinite, x != 0 else { return x }
                let exponent = max(Int(x.exponent), smallestExponent)
                let quantum = exp2(Double(exponent - fractionBits))
                let rounded = (x / quantum).rounded(.toNearestOrEven) * quantum
                return min(max(rounded, -largest), largest)
            }
        }

        private static let bfloat16 = Format(
            code: Int32(CK_FORMAT_BFLOAT16), fractionBits: 7, smallestExponent: -126, largest: 0x1.FEp127)
        private static let float16 = Format(
            code: Int32(CK_FORMAT_FLOAT16), fractionBits: 10, smallestExponent: -14, largest: 65_504)
        private static let fp8 = Format(
            code: Int32(CK_FORMAT_FP8), fractionBits: 3, smallestExponent: -6, largest: 448)

        private func rounded(_ code: Int32, _ x: [Float], width: Int? = nil) -> [Float] {
            var values = x
            let width = width ?? x.count
            ck_round_rows(code, x.count / width, width, &values, width)
            return values
        }

        private func restored(_ code: Int32, _ x: [Float], width: Int) -> [Float] {
            let rows = x.count / width
            var bytes = [UInt8](repeating: 0, count: rows * ck_encoded_count(code, width))
            var values = x
            ck_encode_rows(code, rows, width, x, width, &bytes)
            ck_decode_rows(code, rows, width, bytes, &values, width)
            return values
        }

        private func expectSame(_ actual: [Float], _ expected: [Double], _ what: String) {
            let wrong = zip(actual, expected).enumerated().first { _, pair in
                Double(pair.0) != pair.1 && !(pair.0.isNaN && pair.1.isNaN)
            }
            #expect(wrong == nil, "\(what): \(String(describing: wrong))")
        }

        @Test func `the 16-bit formats are right on every exponent and every tie`() {
            // All signs, exponents and leading fraction bits, with the trailing bits around the ties of both formats.
            let trailing: [UInt32] = [0, 1, 0x0fff, 0x1000, 0x1001, 0x2fff, 0x3000, 0x7fff, 0x8000, 0x8001, 0xffff]
            for isa in instructionSets {
                withInstructionSet(isa) {
                    for bits in trailing {
                        let x = (0..<65_536).map { Float(bitPattern: UInt32($0) << 16 | bits) }
                        for format in [Self.bfloat16, Self.float16] {
                            let expected = x.map { format.round(Double($0)) }
                            expectSame(rounded(format.code, x), expected, "format \(format.code), bits \(bits)")
                            expectSame(restored(format.code, x, width: 256), expected, "as bytes, \(format.code)")
                        }
                    }
                }
            }
        }

        @Test func `rows with a scale are right for every step and every tie`() {
            for isa in instructionSets {
                withInstructionSet(isa) {
                    // The largest of a format beside a value: a scale of one.
                    var inRange: [Float] = []
                    for code in 0..<32_768 {
                        let x = Float(bitPattern: UInt32(code) << 16)
                        if x <= 448 { inRange += [448, x, 448, -x] }
                    }
                    let expected = inRange.map { Self.fp8.round(Double($0)) }
                    expectSame(rounded(Self.fp8.code, inRange, width: 2), expected, "fp8")
                    expectSame(restored(Self.fp8.code, inRange, width: 2), expected, "fp8 as bytes")
                    let quarters: [Float] = (-508...508).flatMap { [Float(127), Float($0) / 4] }
                    let integers = quarters.map { Double($0).rounded(.toNearestOrEven) }
                    expectSame(rounded(Int32(CK_FORMAT_INT8), quarters, width: 2), integers, "int8")
                    expectSame(restored(Int32(CK_FORMAT_INT8), quarters, width: 2), integers, "int8 as bytes")
                    // Rows of an odd width, too: two numbers share a byte.
                    let eighths: [Float] = (-56...56).flatMap { [Float(7), Float($0) / 8, -Float($0) / 8] }
                    let small = eighths.map { Double($0).rounded(.toNearestOrEven) }
                    expectSame(rounded(Int32(CK_FORMAT_INT4), eighths, width: 3), small, "int4")
                    expectSame(restored(Int32(CK_FORMAT_INT4), eighths, width: 3), small, "int4 as bytes")
                }
            }
        }

        @Test func `each row has its own scale, and gaps between rows are not touched`() {
            var random = TestRandom(9)
            for isa in instructionSets {
                for width in [1, 3, 8, 17, 64] {
                    for (code, steps) in [
                        (Int32(CK_FORMAT_INT8), 127.0), (Int32(CK_FORMAT_FP8), 448.0), (Int32(CK_FORMAT_INT4), 7.0),
                    ] {
                        var matrix = Matrix(6, width, stride: width + 3, random: &random)
                        for column in 0..<width {
                            matrix[1, column] *= 1e-6
                            matrix[2, column] *= 1e30
                            matrix[3, column] = 0
                        }
                        let before = matrix
                        withInstructionSet(isa) { ck_round_rows(code, 6, width, &matrix.values, width + 3) }
                        #expect(matrix.gapsAreIntact)
                        for row in 0..<6 {
                            let largest = (0..<width).map { abs(before[row, $0]) }.max() ?? 0
                            let scale = Double(largest / Float(steps))
                            for column in 0..<width where scale > 0 {
                                let x = Double(before[row, column] / Float(scale))
                                let q = steps != 448 ? x.rounded(.toNearestOrEven) : Self.fp8.round(x)
                                let y = Float(min(max(q, -steps), steps)) * Float(scale)
                                #expect(matrix[row, column] == y)
                            }
                            if scale == 0 { #expect((0..<width).allSatisfy { matrix[row, $0] == 0 }) }
                        }
                    }
                }
            }
        }

        @Test func `what is broken stays broken`() {
            for isa in instructionSets {
                withInstructionSet(isa) {
                    for bad: Float in [.nan, .infinity, -.infinity] {
                        let row: [Float] = [1, bad, -2, 0.5, 3]
                        for code in [Int32(CK_FORMAT_BFLOAT16), Int32(CK_FORMAT_FLOAT16)] {
                            for result in [rounded(code, row), restored(code, row, width: 5)] {
                                #expect(result[1] == bad || (result[1].isNaN && bad.isNaN))
                                #expect(result[0] == 1 && result[2...] == [-2, 0.5, 3])
                            }
                        }
                        for code in [CK_FORMAT_INT8, CK_FORMAT_FP8, CK_FORMAT_INT4].map({ Int32($0) }) {
                            #expect(rounded(code, row).allSatisfy { $0.isNaN })
                            #expect(restored(code, row, width: 5).allSatisfy { $0.isNaN })
                        }
                    }
                }
            }
        }

        @Test func `squared errors are sums of squares`() {
            var random = TestRandom(4)
            for isa in instructionSets {
                for count in [0, 1, 7, 33, 256] {
                    let (x, y) = (random.floats(count), random.floats(count))
                    var (error, norm) = (0.0, 0.0)
                    withInstructionSet(isa) { ck_squared_error(count, x, y, &error, &norm) }
                    let expected = zip(x, y).reduce(0.0) { $0 + pow(Double($1.0) - Double($1.1), 2) }
                    #expect(abs(error - expected) <= 1e-12 * max(1, expected))
                    #expect(abs(norm - y.reduce(0.0) { $0 + Double($1) * Double($1) }) <= 1e-12 * Double(count + 1))
                }
            }
        }

        @Test func `comparisons of logits are those of the probabilities`() {
            var random = TestRandom(5)
            for isa in instructionSets {
                for count in [1, 2, 5, 16, 33, 200] {
                    for size: Float in [1e-3, 0.3, 8] {
                        let x = random.floats(count, in: -6...6)
                        let y = zip(x, random.floats(count, in: -size...size)).map { $0 + $1 + 2 }
                        var result = ck_logit_comparison()
                        withInstructionSet(isa) { ck_compare_logits(count, x, y, &result) }
                        func logProbabilities(_ row: [Float]) -> [Double] {
                            let top = Double(row.max() ?? 0)
                            let sum = row.reduce(0.0) { $0 + exp(Double($1) - top) }
                            return row.map { Double($0) - top - log(sum) }
                        }
                        let (p, q) = (logProbabilities(x), logProbabilities(y))
                        let forward = zip(p, q).reduce(0.0) { $0 + exp($1.0) * ($1.0 - $1.1) }
                        let backward = zip(p, q).reduce(0.0) { $0 + exp($1.1) * ($1.1 - $1.0) }
                        #expect(abs(result.kl_xy - forward) < 1e-6 * forward + 1e-13)
                        #expect(abs(result.kl_yx - backward) < 1e-6 * backward + 1e-13)
                        #expect(Int(result.argmax_x) == x.indices.max { x[$0] < x[$1] })
                        #expect(Int(result.argmax_y) == y.indices.max { y[$0] < y[$1] })
                        let differences = zip(x, y).map { abs($0 - $1) }
                        #expect(result.difference_max == Double(differences.max() ?? 0))
                        #expect(abs(result.difference_sum - doubles(differences).reduce(0, +)) < 1e-4)
                        let sorted = x.sorted(by: >)
                        if count > 1 { #expect(result.margin_x == sorted[0] - sorted[1]) }
                    }
                }
            }
        }
    }
}
