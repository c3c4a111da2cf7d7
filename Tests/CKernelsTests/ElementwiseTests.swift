import CKernels
import Foundation
import Testing

extension KernelTests {
    @Suite("Elementwise functions") struct ElementwiseTests {
        /// A function, its derivative and the kernels for both.
        struct Case: Sendable, CustomStringConvertible {
            let description: String
            let bound: Double
            let value: @Sendable (Double) -> Double
            let slope: @Sendable (Double) -> Double
            let kernel: @Sendable (Int, UnsafePointer<Float>?, UnsafeMutablePointer<Float>?) -> Void
            let backward:
                @Sendable (Int, UnsafePointer<Float>?, UnsafePointer<Float>?, UnsafeMutablePointer<Float>?, Int32) ->
                    Void
        }

        static func sigmoid(_ x: Double) -> Double { 1 / (1 + Foundation.exp(-x)) }

        static let cases = [
            Case(
                description: "exp", bound: 1.5, value: { Foundation.exp($0) }, slope: { Foundation.exp($0) },
                kernel: { ck_exp($0, $1, $2) }, backward: { ck_exp_backward($0, $1, $2, $3, $4) }),
            Case(
                description: "sigmoid", bound: 3, value: sigmoid, slope: { sigmoid($0) * sigmoid(-$0) },
                kernel: { ck_sigmoid($0, $1, $2) }, backward: { ck_sigmoid_backward($0, $1, $2, $3, $4) }),
            Case(
                description: "silu", bound: 4, value: { $0 * sigmoid($0) },
                slope: { sigmoid($0) * (1 + $0 * sigmoid(-$0)) },
                kernel: { ck_silu($0, $1, $2) }, backward: { ck_silu_backward($0, $1, $2, $3, $4) }),
            Case(
                description: "softplus", bound: 4, value: { $0 > 40 ? $0 : log1p(Foundation.exp($0)) }, slope: sigmoid,
                kernel: { ck_softplus($0, $1, $2) }, backward: { ck_softplus_backward($0, $1, $2, $3, $4) }),
            Case(
                description: "elu + 1", bound: 4, value: { $0 > 0 ? $0 + 1 : Foundation.exp($0) },
                slope: { $0 > 0 ? 1 : Foundation.exp($0) }, kernel: { ck_elu_plus_one($0, $1, $2) },
                backward: { ck_elu_plus_one_backward($0, $1, $2, $3, $4) }),
        ]

        private func apply(_ item: Case, _ x: [Float]) -> [Float] {
            // One element more than is asked for, to see that it stays.
            var y = [Float](repeating: Matrix.gap, count: x.count + 1)
            item.kernel(x.count, x, &y)
            #expect(y[x.count] == Matrix.gap)
            return Array(y.dropLast())
        }

        @Test(
            "values are within a few units in the last place over the normal range", arguments: instructionSets, cases)
        func values(isa: Int32, item: Case) {
            var random = TestRandom(10)
            let x =
                random.floats(20_001, in: -86...88) + random.floats(20_000, in: -4...4)
                + random.floats(999, in: -1e-3...1e-3)
            withInstructionSet(isa) {
                var worst = 0.0
                var place: Float = 0
                for (x, y) in zip(x, apply(item, x)) {
                    let expected = item.value(Double(x))
                    let distance = abs(Double(y) - expected) / Double(max(Float(abs(expected)), 1e-37).ulp)
                    if !(distance <= worst) { (worst, place) = (distance, x) }
                }
                #expect(worst < item.bound, "\(item) is \(worst) ulp off at \(place)")
            }
        }

        @Test("extremes, zeros, infinities and NaN are as in libm", arguments: instructionSets)
        func extremes(isa: Int32) {
            withInstructionSet(isa) {
                let x: [Float] = [
                    0, -0, .infinity, -.infinity, .nan, 88.7, 88.73, 89, 1e30, -87.5, -95, -103, -103.9, -104.1, -1e30,
                    .greatestFiniteMagnitude, -.greatestFiniteMagnitude, .leastNonzeroMagnitude,
                ]
                // At every lane, and in the tail of a vector.
                for offset in 0..<17 {
                    let padded = [Float](repeating: 1, count: offset) + x
                    let exp = apply(Self.cases[0], padded).dropFirst(offset)
                    for (x, y) in zip(x, exp) {
                        let expected = Float(Foundation.exp(Double(x)))
                        #expect(
                            y.isNaN == expected.isNaN
                                && (y.isNaN || abs(y - expected) <= 1.5 * expected.ulp || y == expected),
                            "exp(\(x)) = \(y), not \(expected)")
                    }
                    #expect(Array(exp)[0] == 1 && Array(exp)[1] == 1)
                    let sigmoid = Array(apply(Self.cases[1], padded).dropFirst(offset))
                    #expect(sigmoid[0] == 0.5 && sigmoid[2] == 1 && sigmoid[3] == 0 && sigmoid[4].isNaN)
                    let softplus = Array(apply(Self.cases[3], padded).dropFirst(offset))
                    #expect(softplus[2] == .infinity && softplus[3] == 0 && softplus[4].isNaN && softplus[8] == 1e30)
                    #expect(softplus[11] >= 0 && softplus[11] < 100 * .leastNonzeroMagnitude)
                }
            }
        }

        @Test("subnormal results of exp are right to the last bit or one off", arguments: instructionSets)
        func subnormal(isa: Int32) {
            withInstructionSet(isa) {
                let x = (0..<1700).map { -87 - Float($0) * 0.01 }
                for (x, y) in zip(x, apply(Self.cases[0], x)) {
                    let expected = Foundation.exp(Double(x))
                    #expect(abs(Double(y) - expected) <= max(1.5 * Double(Float(expected).ulp), 1.5e-45))
                }
            }
        }

        @Test(
            "backward passes multiply by the derivative, add if asked, and work in place", arguments: instructionSets,
            cases)
        func backward(isa: Int32, item: Case) {
            var random = TestRandom(11)
            withInstructionSet(isa) {
                for count in [1, 5, 16, 37, 100] {
                    let x = random.floats(count, in: -6...6)
                    let dy = random.floats(count)
                    let old = random.floats(count)
                    let expected = zip(x, dy).map { item.slope(Double($0)) * Double($1) }
                    var dx = [Float](repeating: .nan, count: count)
                    item.backward(count, x, dy, &dx, 0)
                    expectClose(doubles(dx), expected, tolerance: 1e-6)
                    dx = old
                    item.backward(count, x, dy, &dx, 1)
                    expectClose(doubles(dx), zip(old, expected).map { Double($0) + $1 }, tolerance: 1e-6)
                    dx = dy
                    dx.withUnsafeMutableBufferPointer { item.backward(count, x, $0.baseAddress, $0.baseAddress, 0) }
                    expectClose(doubles(dx), expected, tolerance: 1e-6)
                }
            }
        }

        @Test(
            "derivatives of the reference equal differences, so that the test above tests the derivative",
            arguments: cases)
        func slopes(item: Case) {
            for x in stride(from: -5.0, through: 5, by: 0.37) {
                let numerical = numericalGradient([x]) { item.value($0[0]) }[0]
                #expect(abs(numerical - item.slope(x)) < 1e-6 * max(1, abs(numerical)))
            }
        }

        @Test("SwiGLU and its gradient follow the definition", arguments: instructionSets)
        func swiglu(isa: Int32) {
            var random = TestRandom(12)
            func reference(_ x: [Double], rows: Int, hidden: Int) -> [Double] {
                (0..<rows * hidden).map { place in
                    let (r, i) = (place / hidden, place % hidden)
                    let gate = x[r * 2 * hidden + i]
                    return gate / (1 + Foundation.exp(-gate)) * x[r * 2 * hidden + hidden + i]
                }
            }
            withInstructionSet(isa) {
                for (rows, hidden) in [(1, 1), (3, 7), (4, 16), (2, 37)] {
                    let gateUp = random.floats(rows * 2 * hidden, in: -3...3)
                    let dout = random.floats(rows * hidden)
                    var out = [Float](repeating: .nan, count: rows * hidden)
                    ck_swiglu_forward(rows, hidden, gateUp, &out)
                    expectClose(doubles(out), reference(doubles(gateUp), rows: rows, hidden: hidden), tolerance: 1e-6)
                    let expected = numericalGradient(doubles(gateUp)) {
                        weighted(reference($0, rows: rows, hidden: hidden), by: doubles(dout))
                    }
                    var gradient = [Float](repeating: .nan, count: gateUp.count)
                    ck_swiglu_backward(rows, hidden, gateUp, dout, &gradient, nil)
                    expectClose(doubles(gradient), expected, tolerance: 2e-6)
                    var inPlace = gateUp
                    var again = dout
                    inPlace.withUnsafeMutableBufferPointer { x in
                        again.withUnsafeMutableBufferPointer { y in
                            ck_swiglu_backward(
                                rows, hidden, x.baseAddress, y.baseAddress, x.baseAddress, y.baseAddress)
                        }
                    }
                    #expect(inPlace == gradient)
                    #expect(again == out)
                }
            }
        }

        @Test("sums, products and scalings touch exactly their elements", arguments: instructionSets)
        func arithmetic(isa: Int32) {
            var random = TestRandom(13)
            withInstructionSet(isa) {
                for n in [0, 1, 3, 4, 8, 15, 16, 17, 33, 100] {
                    let x = random.floats(n)
                    let y = random.floats(n)
                    let old = random.floats(n + 1)
                    func result(_ body: (UnsafeMutablePointer<Float>) -> Void) -> [Float] {
                        var out = old
                        out.withUnsafeMutableBufferPointer { body($0.baseAddress!) }
                        #expect(out[n] == old[n])
                        return Array(out.dropLast())
                    }
                    #expect(result { ck_add(n, x, y, $0) } == zip(x, y).map { $0 + $1 })
                    #expect(result { ck_subtract(n, x, y, $0) } == zip(x, y).map { $0 - $1 })
                    #expect(result { ck_multiply(n, x, y, $0) } == zip(x, y).map { $0 * $1 })
                    #expect(result { ck_scale(n, 0.3, x, $0) } == x.map { $0 * 0.3 })
                    let fused = (0..<n).map { Double(old[$0]) + Double(x[$0]) * Double(y[$0]) }
                    var added = old
                    ck_multiply_accumulate(n, x, y, &added)
                    expectClose(doubles(added), fused + [Double(old[n])], tolerance: 1.2e-7)
                    let sum = zip(old, x).map { Double($0) + 0.3 * Double($1) }
                    expectClose(doubles(result { ck_axpy(n, 0.3, x, $0) }), sum, tolerance: 1.2e-7)
                    #expect(abs(ck_sum(n, x) - doubles(x).reduce(0, +)) < 1e-12)
                    #expect(abs(ck_sum_of_squares(n, x) - doubles(x).reduce(0) { $0 + $1 * $1 }) < 1e-12)
                    #expect(abs(ck_dot(n, x, y) - zip(x, y).reduce(0) { $0 + Double($1.0) * Double($1.1) }) < 1e-12)
                }
            }
        }

        @Test("a sum of squares beyond the range of single precision is finite")
        func largeSquares() {
            #expect(ck_sum_of_squares(40, [Float](repeating: 1e30, count: 40)).isFinite)
        }
    }
}
