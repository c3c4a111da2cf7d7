import CKernels
import Foundation
import Testing

extension KernelTests {
    @Suite("Attention") struct AttentionTests {
        /// One head of one sequence, with the plain definition in double precision.
        struct Head: CustomStringConvertible {
            let time: Int
            let width: Int
            let window: Int
            let sinks: Int
            let scale = 0.6
            let q: Matrix
            let k: Matrix
            let v: Matrix
            let dout: Matrix

            init(_ time: Int, _ width: Int, _ window: Int, _ sinks: Int, random: inout TestRandom) {
                (self.time, self.width, self.window, self.sinks) = (time, width, window, sinks)
                q = Matrix(time, width, stride: 3 * width + 1, random: &random)
                k = Matrix(time, width, stride: width + 2, random: &random)
                v = Matrix(time, width, stride: width, random: &random)
                dout = Matrix(time, width, stride: width + 3, random: &random)
            }

            var description: String { "time \(time) width \(width) window \(window) sinks \(sinks)" }

            func sees(_ t: Int, _ s: Int) -> Bool { s <= t && (window == 0 || t - s < window || s < sinks) }

            func output(_ q: [Double], _ k: [Double], _ v: [Double]) -> (out: [Double], logSumExp: [Double]) {
                var out = [Double](repeating: 0, count: time * width)
                var logSumExp: [Double] = []
                for t in 0..<time {
                    let visible = (0...t).filter { sees(t, $0) }
                    let scores = visible.map { s in
                        scale * (0..<width).reduce(0.0) { $0 + q[t * width + $1] * k[s * width + $1] }
                    }
                    let greatest = scores.max() ?? 0
                    let sum = scores.reduce(0) { $0 + exp($1 - greatest) }
                    logSumExp.append(greatest + log(sum))
                    for (s, score) in zip(visible, scores) {
                        let p = exp(score - greatest) / sum
                        for c in 0..<width { out[t * width + c] += p * v[s * width + c] }
                    }
                }
                return (out, logSumExp)
            }

            /// The gradients of sum(out * dout), by the chain rule on whole matrices.
            func gradients() -> (dq: [Double], dk: [Double], dv: [Double]) {
                let (q, k, v, d) = (self.q.dense, self.k.dense, self.v.dense, self.dout.dense)
                let lse = output(q, k, v).logSumExp
                var (dq, dk, dv) = (q.map { _ in 0.0 }, q.map { _ in 0.0 }, q.map { _ in 0.0 })
                for t in 0..<time {
                    let visible = (0...t).filter { sees(t, $0) }
                    let p = visible.map { s in
                        exp(scale * (0..<width).reduce(0.0) { $0 + q[t * width + $1] * k[s * width + $1] } - lse[t])
                    }
                    let dp = visible.map { s in
                        (0..<width).reduce(0.0) { $0 + d[t * width + $1] * v[s * width + $1] }
                    }
                    let mean = zip(p, dp).reduce(0) { $0 + $1.0 * $1.1 }
                    for (i, s) in visible.enumerated() {
                        let ds = scale * p[i] * (dp[i] - mean)
                        for c in 0..<width {
                            dq[t * width + c] += ds * k[s * width + c]
                            dk[s * width + c] += ds * q[t * width + c]
                            dv[s * width + c] += p[i] * d[t * width + c]
                        }
                    }
                }
                return (dq, dk, dv)
            }

            var scratch: [Float] { [Float](repeating: .nan, count: ck_attention_scratch_count(time, width)) }

            func forward() -> (out: Matrix, logSumExp: [Float]) {
                var out = Matrix(time, width, stride: width + 5)
                var logSumExp = [Float](repeating: .nan, count: time)
                var scratch = scratch
                ck_attention_forward(
                    time, width, Float(scale), window, sinks, q.values, q.stride, k.values, k.stride, v.values,
                    v.stride,
                    &out.values, out.stride, &logSumExp, &scratch)
                return (out, logSumExp)
            }
        }

        static let shapes = [
            (1, 4, 0, 0), (5, 8, 0, 0), (12, 16, 0, 0), (13, 32, 0, 0), (33, 20, 0, 0), (64, 32, 0, 0), (97, 64, 0, 0),
            (130, 33, 0, 0), (200, 16, 0, 0), (10, 8, 1, 0), (40, 16, 7, 0), (100, 32, 32, 0), (130, 16, 33, 4),
            (200, 16, 40, 40), (210, 32, 64, 97), (150, 16, 20, 200), (120, 16, 500, 3), (97, 48, 96, 1),
        ]

        @Test("outputs and log-sum-exps equal the definition, with windows and sinks", arguments: instructionSets)
        func forward(isa: Int32) {
            var random = TestRandom(50)
            withInstructionSet(isa) {
                for (time, width, window, sinks) in Self.shapes {
                    let head = Head(time, width, window, sinks, random: &random)
                    let expected = head.output(head.q.dense, head.k.dense, head.v.dense)
                    let (out, logSumExp) = head.forward()
                    expectClose(out.dense, expected.out, tolerance: 2e-6, "\(head)")
                    expectClose(doubles(logSumExp), expected.logSumExp, tolerance: 1e-6, "\(head)")
                    #expect(out.gapsAreIntact)
                }
            }
        }

        @Test(
            "sequences longer than a block of keys are right, with windows over block borders",
            arguments: instructionSets)
        func long(isa: Int32) {
            var random = TestRandom(51)
            withInstructionSet(isa) {
                for (time, window, sinks) in [(1100, 0, 0), (1100, 530, 0), (1100, 520, 600), (700, 100, 5)] {
                    let head = Head(time, 8, window, sinks, random: &random)
                    let expected = head.output(head.q.dense, head.k.dense, head.v.dense).out
                    expectClose(head.forward().out.dense, expected, tolerance: 2e-6, "\(head)")
                }
            }
        }

        @Test("the reference gradients that the backward pass is held against equal central differences")
        func referenceGradients() {
            var random = TestRandom(52)
            for (window, sinks) in [(0, 0), (3, 0), (3, 2)] {
                let head = Head(9, 5, window, sinks, random: &random)
                let (q, k, v, d) = (head.q.dense, head.k.dense, head.v.dense, head.dout.dense)
                let expected = head.gradients()
                expectClose(
                    expected.dq, numericalGradient(q) { weighted(head.output($0, k, v).out, by: d) }, tolerance: 1e-8)
                expectClose(
                    expected.dk, numericalGradient(k) { weighted(head.output(q, $0, v).out, by: d) }, tolerance: 1e-8)
                expectClose(
                    expected.dv, numericalGradient(v) { weighted(head.output(q, k, $0).out, by: d) }, tolerance: 1e-8)
            }
        }

        @Test("gradients of queries, keys and values are right, overwritten and added to", arguments: instructionSets)
        func backward(isa: Int32) {
            var random = TestRandom(53)
            withInstructionSet(isa) {
                for (index, (time, width, window, sinks)) in Self.shapes.enumerated() {
                    let head = Head(time, width, window, sinks, random: &random)
                    let expected = head.gradients()
                    let (out, logSumExp) = head.forward()
                    let (addsQuery, addsKey) = (index % 2 == 0, index % 3 == 0)
                    let zeros = [Double](repeating: 0, count: time * width)
                    var dq = Matrix(time, width, stride: width + 1)
                    var dk = Matrix(time, width, stride: width + 2)
                    var dv = Matrix(time, width, stride: width + 3)
                    if addsQuery { dq = Matrix(time, width, stride: width + 1, random: &random) }
                    if addsKey { dk = Matrix(time, width, stride: width + 2, random: &random) }
                    if addsKey { dv = Matrix(time, width, stride: width + 3, random: &random) }
                    let old = (addsQuery ? dq.dense : zeros, addsKey ? dk.dense : zeros, addsKey ? dv.dense : zeros)
                    var scratch = head.scratch
                    ck_attention_backward(
                        time, width, Float(head.scale), window, sinks, head.q.values, head.q.stride, head.k.values,
                        head.k.stride, head.v.values, head.v.stride, out.values, out.stride, logSumExp,
                        head.dout.values,
                        head.dout.stride, &dq.values, dq.stride, addsQuery ? 1 : 0, &dk.values, dk.stride, &dv.values,
                        dv.stride, addsKey ? 1 : 0, &scratch)
                    expectClose(dq.dense, zip(old.0, expected.dq).map { $0 + $1 }, tolerance: 5e-6, "dq \(head)")
                    expectClose(dk.dense, zip(old.1, expected.dk).map { $0 + $1 }, tolerance: 5e-6, "dk \(head)")
                    expectClose(dv.dense, zip(old.2, expected.dv).map { $0 + $1 }, tolerance: 5e-6, "dv \(head)")
                    #expect(dq.gapsAreIntact && dk.gapsAreIntact && dv.gapsAreIntact)
                }
            }
        }

        @Test("scores far from zero neither overflow nor vanish", arguments: instructionSets)
        func largeScores(isa: Int32) {
            withInstructionSet(isa) {
                let (time, width) = (40, 16)
                var random = TestRandom(54)
                let v = random.floats(time * width)
                let q = [Float](repeating: 30, count: time * width)
                for sign in [1, -1] as [Float] {
                    let k = [Float](repeating: 30 * sign, count: time * width)
                    var out = [Float](repeating: .nan, count: time * width)
                    var lse = [Float](repeating: .nan, count: time)
                    var scratch = [Float](repeating: .nan, count: ck_attention_scratch_count(time, width))
                    ck_attention_forward(
                        time, width, 1, 0, 0, q, width, k, width, v, width, &out, width, &lse, &scratch)
                    // All keys are alike, so the output is the mean of the values so far.
                    var sum = [Double](repeating: 0, count: width)
                    for t in 0..<time {
                        for c in 0..<width {
                            sum[c] += Double(v[t * width + c])
                            #expect(abs(Double(out[t * width + c]) - sum[c] / Double(t + 1)) < 1e-5)
                        }
                    }
                }
            }
        }

        @Test("decoding a token equals the last row of the whole sequence", arguments: instructionSets)
        func decode(isa: Int32) {
            var random = TestRandom(55)
            withInstructionSet(isa) {
                for (time, width) in [(1, 8), (7, 16), (33, 20), (100, 64)] {
                    let head = Head(time, width, 0, 0, random: &random)
                    let whole = head.output(head.q.dense, head.k.dense, head.v.dense).out
                    let query = (0..<width).map { head.q[time - 1, $0] }
                    var out = [Float](repeating: .nan, count: width)
                    var scratch = [Float](repeating: .nan, count: time)
                    ck_attention_decode(
                        time, width, Float(head.scale), query, head.k.values, head.k.stride, head.v.values,
                        head.v.stride, &out, &scratch)
                    expectClose(doubles(out), Array(whole.suffix(width)), tolerance: 2e-6)
                }
            }
        }
    }
}
