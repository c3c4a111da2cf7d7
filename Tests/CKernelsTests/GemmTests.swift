import CKernels
import Testing

extension KernelTests {
    @Suite("Matrix products") struct GemmTests {
        /// A product, in single and in double precision.
        struct Product {
            let transposeA: Bool
            let transposeB: Bool
            let m: Int
            let n: Int
            let k: Int
            let a: Matrix
            let b: Matrix
            var c: Matrix

            init(_ m: Int, _ n: Int, _ k: Int, _ transposeA: Bool, _ transposeB: Bool, random: inout TestRandom) {
                (self.m, self.n, self.k) = (m, n, k)
                (self.transposeA, self.transposeB) = (transposeA, transposeB)
                let pad = Int.random(in: 0...3, using: &random)
                let (rowsA, columnsA) = transposeA ? (k, m) : (m, k)
                let (rowsB, columnsB) = transposeB ? (n, k) : (k, n)
                a = Matrix(rowsA, columnsA, stride: columnsA + pad, random: &random)
                b = Matrix(rowsB, columnsB, stride: columnsB + pad, random: &random)
                c = Matrix(m, n, stride: n + pad, random: &random)
            }

            func reference(alpha: Float, beta: Float) -> [Double] {
                (0..<m * n).map { place in
                    let (i, j) = (place / n, place % n)
                    var sum = 0.0
                    for p in 0..<k {
                        sum += Double(transposeA ? a[p, i] : a[i, p]) * Double(transposeB ? b[j, p] : b[p, j])
                    }
                    return Double(alpha) * sum + (beta == 0 ? 0 : Double(beta) * Double(c[i, j]))
                }
            }

            mutating func run(alpha: Float, beta: Float) {
                ck_gemm(
                    transposeA ? 1 : 0, transposeB ? 1 : 0, m, n, k, alpha, a.values, a.stride, b.values, b.stride,
                    beta, &c.values, c.stride)
            }

            mutating func runPacked(alpha: Float, beta: Float) {
                var packed = [Float](repeating: .nan, count: ck_packed_count(n, k))
                ck_pack_b(transposeB ? 1 : 0, n, k, b.values, b.stride, &packed)
                ck_gemm_packed(
                    transposeA ? 1 : 0, m, n, k, alpha, a.values, a.stride, packed, beta, &c.values, c.stride)
            }
        }

        static let shapes = [
            (1, 1, 1), (1, 40, 70), (2, 33, 16), (3, 5, 7), (4, 16, 1), (5, 17, 3), (6, 31, 8), (7, 32, 9), (8, 33, 64),
            (11, 47, 13), (12, 48, 32), (13, 49, 33), (16, 16, 16), (23, 64, 100), (24, 65, 31), (32, 32, 32),
            (37, 95, 257), (64, 64, 64), (97, 70, 20), (120, 40, 513), (131, 545, 12), (100, 3, 300),
        ]

        @Test(
            "products equal sums in double precision for all transposes, tails and strides", arguments: instructionSets)
        func shapes(isa: Int32) {
            var random = TestRandom(1)
            withInstructionSet(isa) {
                for (m, n, k) in Self.shapes {
                    for code in 0..<8 {
                        var product = Product(m, n, k, code & 1 != 0, code & 2 != 0, random: &random)
                        let (alpha, beta): (Float, Float) = code & 4 != 0 ? (1, 0) : (-0.75, 1.5)
                        let expected = product.reference(alpha: alpha, beta: beta)
                        let untouched = product
                        product.run(alpha: alpha, beta: beta)
                        let what = "m \(m) n \(n) k \(k) transposes \(code & 3)"
                        expectClose(product.c.dense, expected, tolerance: 3e-7 * Double(k + 8), what)
                        #expect(product.c.gapsAreIntact, "\(what)")
                        product = untouched
                        product.runPacked(alpha: alpha, beta: beta)
                        expectClose(product.c.dense, expected, tolerance: 3e-7 * Double(k + 8), "packed \(what)")
                        #expect(product.c.gapsAreIntact, "packed \(what)")
                    }
                }
            }
        }

        @Test("with beta 0 the old contents, even NaN, do not matter", arguments: instructionSets)
        func betaZero(isa: Int32) {
            var random = TestRandom(2)
            withInstructionSet(isa) {
                for (m, n, k) in [(1, 9, 40), (13, 37, 300), (130, 50, 40), (5, 5, 0)] {
                    for code in 0..<4 {
                        var product = Product(m, n, k, code & 1 != 0, code & 2 != 0, random: &random)
                        let expected = product.reference(alpha: 1, beta: 0)
                        product.c = Matrix(m, n, stride: product.c.stride)
                        product.run(alpha: 1, beta: 0)
                        expectClose(product.c.dense, expected, tolerance: 1e-4)
                        product.c = Matrix(m, n, stride: product.c.stride)
                        product.runPacked(alpha: 1, beta: 0)
                        expectClose(product.c.dense, expected, tolerance: 1e-4)
                    }
                }
            }
        }

        @Test("a NaN or an infinity in one row of A reaches that row of C only", arguments: instructionSets)
        func nanStaysInItsRow(isa: Int32) {
            var random = TestRandom(3)
            withInstructionSet(isa) {
                for transposeB in [false, true] {
                    let product = Product(20, 40, 33, false, transposeB, random: &random)
                    var a = product.a
                    a[7, 5] = .nan
                    var c = product.c
                    ck_gemm(
                        0, transposeB ? 1 : 0, 20, 40, 33, 1, a.values, a.stride, product.b.values, product.b.stride, 0,
                        &c.values, c.stride)
                    for i in 0..<20 { for j in 0..<40 { #expect(c[i, j].isNaN == (i == 7)) } }
                }
            }
        }

        @Test("a row has the same bits alone, among others, packed, and on a second call", arguments: instructionSets)
        func rowsAreIndependent(isa: Int32) {
            var random = TestRandom(4)
            withInstructionSet(isa) {
                var whole = Product(200, 70, 300, false, true, random: &random)
                let untouched = whole
                whole.run(alpha: 1, beta: 0)
                var again = untouched
                again.run(alpha: 1, beta: 0)
                #expect(again.c.values == whole.c.values)
                again.runPacked(alpha: 1, beta: 0)
                #expect(again.c.values == whole.c.values)
                var few = untouched.c
                ck_gemm(
                    0, 1, 5, 70, 300, 1, untouched.a.values, untouched.a.stride, untouched.b.values, untouched.b.stride,
                    0, &few.values, few.stride)
                for i in 0..<5 { for j in 0..<70 { #expect(few[i, j] == whole.c[i, j]) } }
                var packed = [Float](repeating: .nan, count: ck_packed_count(70, 300))
                ck_pack_b(1, 70, 300, untouched.b.values, untouched.b.stride, &packed)
                ck_gemm_packed(
                    0, 1, 70, 300, 1, untouched.a.values, untouched.a.stride, packed, 0, &few.values, few.stride)
                for j in 0..<70 { #expect(few[0, j] == whole.c[0, j]) }
            }
        }

        @Test("AVX2 and AVX-512 give the same bits")
        func setsAgree() {
            guard instructionSets.contains(CK_ISA_AVX512) else { return }
            var random = TestRandom(5)
            let product = Product(50, 90, 400, true, false, random: &random)
            var results: [[Float]] = []
            for isa in [CK_ISA_AVX2, CK_ISA_AVX512] {
                withInstructionSet(isa) {
                    var copy = product
                    copy.run(alpha: 0.5, beta: 1)
                    results.append(copy.c.values)
                }
            }
            #expect(results[0] == results[1])
        }
    }

    @Suite("Dispatch") struct DispatchTests {
        @Test("the baseline is everywhere, unknown sets are refused, and the name follows the selection")
        func selection() {
            #expect(instructionSets.contains(CK_ISA_BASELINE))
            let best = ck_isa_current()
            #expect(ck_isa_select(17) == 0)
            #expect(ck_isa_current() == best)
            var names: Set<String> = []
            for isa in instructionSets {
                withInstructionSet(isa) {
                    #expect(ck_isa_current() == isa)
                    names.insert(String(cString: ck_isa_name()))
                }
            }
            #expect(names.count == instructionSets.count)
            #expect(ck_isa_current() == best && best == instructionSets.max())
        }

        @Test("the peak probe measures a plausible rate", arguments: instructionSets)
        func peak(isa: Int32) {
            withInstructionSet(isa) {
                let rate = ck_fma_peak_probe(0.005)
                #expect(rate > 1e9 && rate < 1e12)
            }
        }
    }
}
