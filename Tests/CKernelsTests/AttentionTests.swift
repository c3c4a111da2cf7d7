import CKernels
import Foundation
import Testing

extension KernelTests {
    @Suite("Attention") struct AttentionTests {
        /// One head of one sequence, with the plain definition in double precision.
        struct Head: CustomStringConvertible {
            let time: Int
            let width: Int
            let valueWidth: Int
            let window: Int
            let sinks: Int
            let sinkLogit: Float?
            let scale = 0.6
            let q: Matrix
            let k: Matrix
            let v: Matrix
            let dout: Matrix

            init(
                _ time: Int, _ width: Int, _ window: Int, _ sinks: Int, valueWidth: Int? = nil, sinkLogit: Float? = nil,
                random: inout TestRandom
            ) {
                (self.time, self.width, self.window, self.sinks) = (time, width, window, sinks)
                self.valueWidth = valueWidth ?? width
                self.sinkLogit = sinkLogit
                q = Matrix(time, width, stride: 3 * width + 1, random: &random)
                k = Matrix(time, width, stride: width + 2, random: &random)
                v = Matrix(time, self.valueWidth, stride: self.valueWidth, random: &random)
                dout = Matrix(time, self.valueWidth, stride: self.valueWidth + 3, random: &random)
            }

            /// Calls with the arguments of the kernel.
            func with<Result>(_ body: (inout ck_attention_head) -> Result) -> Result {
                withUnsafePointer(to: sinkLogit ?? 0) { sink in
                    q.values.withUnsafeBufferPointer { q in
                        k.values.withUnsafeBufferPointer { k in
                            v.values.withUnsafeBufferPointer { v in
                                var head = ck_attention_head(
                                    time: time, key_dimension: width, value_dimension: valueWidth, scale: Float(scale),
                                    window: window, sinks: sinks, stride: 1, sink_logit: sinkLogit == nil ? nil : sink,
                                    q: q.baseAddress, k: k.baseAddress, v: v.baseAddress, ldq: self.q.stride,
                                    ldk: self.k.stride, ldv: self.v.stride)
                                return body(&head)
                            }
                        }
                    }
                }
            }

            var description: String {
                "time \(time) width \(width) values \(valueWidth) window \(window) sinks \(sinks) logit \(sinkLogit ?? 0)"
            }

            func sees(_ t: Int, _ s: Int) -> Bool { s <= t && (window == 0 || t - s < window || s < sinks) }

            func output(
                _ q: [Double], _ k: [Double], _ v: [Double], sink: Double? = nil
            ) -> (out: [Double], logSumExp: [Double]) {
                let sink = sink ?? sinkLogit.map { Double($0) }
                var out = [Double](repeating: 0, count: time * valueWidth)
                var logSumExp: [Double] = []
                for t in 0..<time {
                    let visible = (0...t).filter { sees(t, $0) }
                    let scores = visible.map { s in
                        scale * (0..<width).reduce(0.0) { $0 + q[t * width + $1] * k[s * width + $1] }
                    }
                    let greatest = max(scores.max() ?? 0, sink ?? -.infinity)
                    let rest = sink.map { exp($0 - greatest) } ?? 0
                    let sum = scores.reduce(rest) { $0 + exp($1 - greatest) }
                    logSumExp.append(greatest + log(sum))
                    for (s, score) in zip(visible, scores) {
                        let p = exp(score - greatest) / sum
                        for c in 0..<valueWidth { out[t * valueWidth + c] += p * v[s * valueWidth + c] }
                    }
                }
                return (out, logSumExp)
            }

            func backward(
                _ out: Matrix, _ logSumExp: [Float], dq: inout Matrix, dk: inout Matrix, dv: inout Matrix,
                dsink: inout Float, addsQuery: Bool, addsKey: Bool
            ) {
                let (lddq, lddk, lddv) = (dq.stride, dk.stride, dv.stride)
                var scratch = scratch
                dq.values.withUnsafeMutableBufferPointer { dq in
                    dk.values.withUnsafeMutableBufferPointer { dk in
                        dv.values.withUnsafeMutableBufferPointer { dv in
                            withUnsafeMutablePointer(to: &dsink) { dsink in
                                var gradients = ck_attention_gradients(
                                    dq: dq.baseAddress, dk: dk.baseAddress, dv: dv.baseAddress, lddq: lddq, lddk: lddk,
                                    lddv: lddv, accumulate_dq: addsQuery ? 1 : 0, accumulate_dkv: addsKey ? 1 : 0,
                                    dsink_logit: sinkLogit == nil ? nil : dsink)
                                with {
                                    ck_attention_backward(
                                        &$0, out.values, out.stride, logSumExp, dout.values, dout.stride, &gradients,
                                        &scratch)
                                }
                            }
                        }
                    }
                }
            }

            /// The gradients of sum(out * dout), by the chain rule on whole matrices.
            func gradients() -> (dq: [Double], dk: [Double], dv: [Double], dsink: Double) {
                let (q, k, v, d) = (self.q.dense, self.k.dense, self.v.dense, self.dout.dense)
                let lse = output(q, k, v).logSumExp
                var (dq, dk, dv, dsink) = (q.map { _ in 0.0 }, k.map { _ in 0.0 }, v.map { _ in 0.0 }, 0.0)
                for t in 0..<time {
                    let visible = (0...t).filter { sees(t, $0) }
                    let p = visible.map { s in
                        exp(scale * (0..<width).reduce(0.0) { $0 + q[t * width + $1] * k[s * width + $1] } - lse[t])
                    }
                    let dp = visible.map { s in
                        (0..<valueWidth).reduce(0.0) { $0 + d[t * valueWidth + $1] * v[s * valueWidth + $1] }
                    }
                    let mean = zip(p, dp).reduce(0) { $0 + $1.0 * $1.1 }
                    if let sinkLogit { dsink -= exp(Double(sinkLogit) - lse[t]) * mean }
                    for (i, s) in visible.enumerated() {
                        let ds = scale * p[i] * (dp[i] - mean)
                        for c in 0..<width {
                            dq[t * width + c] += ds * k[s * width + c]
                            dk[s * width + c] += ds * q[t * width + c]
                        }
                        for c in 0..<valueWidth { dv[s * valueWidth + c] += p[i] * d[t * valueWidth + c] }
                    }
                }
                return (dq, dk, dv, dsink)
            }

            var scratch: [Float] {
                [Float](repeating: .nan, count: ck_attention_scratch_count(time, width, valueWidth))
            }

            func forward() -> (out: Matrix, logSumExp: [Float]) {
                var out = Matrix(time, valueWidth, stride: valueWidth + 5)
                var logSumExp = [Float](repeating: .nan, count: time)
                var scratch = scratch
                with { ck_attention_forward(&$0, &out.values, out.stride, &logSumExp, &scratch) }
                return (out, logSumExp)
            }
        }

        static let shapes = [
            (1, 4, 0, 0), (5, 8, 0, 0), (12, 16, 0, 0), (13, 32, 0, 0), (33, 20, 0, 0), (64, 32, 0, 0), (97, 64, 0, 0),
            (130, 33, 0, 0), (200, 16, 0, 0), (10, 8, 1, 0), (40, 16, 7, 0), (100, 32, 32, 0), (130, 16, 33, 4),
            (200, 16, 40, 40), (210, 32, 64, 97), (150, 16, 20, 200), (120, 16, 500, 3), (97, 48, 96, 1),
        ]

        /// The shapes, and values narrower and wider than keys, with and without a sink logit.
        static func heads(_ random: inout TestRandom) -> [Head] {
            shapes.map { Head($0.0, $0.1, $0.2, $0.3, random: &random) } + [
                Head(5, 8, 0, 0, sinkLogit: -1.5, random: &random),
                Head(130, 24, 0, 0, valueWidth: 16, sinkLogit: 1.25, random: &random),
                Head(130, 12, 33, 4, valueWidth: 33, random: &random),
                Head(100, 16, 7, 0, sinkLogit: 3, random: &random),
                Head(40, 16, 1, 0, valueWidth: 5, sinkLogit: 0.5, random: &random),
            ]
        }

        @Test("outputs and log-sum-exps equal the definition, with windows and sinks", arguments: instructionSets)
        func forward(isa: Int32) {
            var random = TestRandom(50)
            withInstructionSet(isa) {
                for head in Self.heads(&random) {
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
            for (window, sinks, sinkLogit) in [(0, 0, nil), (3, 0, 0.4), (3, 2, nil)] as [(Int, Int, Float?)] {
                let head = Head(9, 5, window, sinks, valueWidth: 4, sinkLogit: sinkLogit, random: &random)
                let (q, k, v, d) = (head.q.dense, head.k.dense, head.v.dense, head.dout.dense)
                let expected = head.gradients()
                expectClose(
                    expected.dq, numericalGradient(q) { weighted(head.output($0, k, v).out, by: d) }, tolerance: 1e-8)
                expectClose(
                    expected.dk, numericalGradient(k) { weighted(head.output(q, $0, v).out, by: d) }, tolerance: 1e-8)
                expectClose(
                    expected.dv, numericalGradient(v) { weighted(head.output(q, k, $0).out, by: d) }, tolerance: 1e-8)
                guard let sinkLogit else { continue }
                let slope = numericalGradient([Double(sinkLogit)]) {
                    weighted(head.output(q, k, v, sink: $0[0]).out, by: d)
                }
                expectClose([expected.dsink], slope, tolerance: 1e-8)
            }
        }

        @Test("gradients of queries, keys and values are right, overwritten and added to", arguments: instructionSets)
        func backward(isa: Int32) {
            var random = TestRandom(53)
            withInstructionSet(isa) {
                for (index, head) in Self.heads(&random).enumerated() {
                    let (time, width, valueWidth) = (head.time, head.width, head.valueWidth)
                    let expected = head.gradients()
                    let (out, logSumExp) = head.forward()
                    let (addsQuery, addsKey) = (index % 2 == 0, index % 3 == 0)
                    let zeros = [Double](repeating: 0, count: time * max(width, valueWidth))
                    var dq = Matrix(time, width, stride: width + 1)
                    var dk = Matrix(time, width, stride: width + 2)
                    var dv = Matrix(time, valueWidth, stride: valueWidth + 3)
                    var dsink: Float = 2
                    if addsQuery { dq = Matrix(time, width, stride: width + 1, random: &random) }
                    if addsKey { dk = Matrix(time, width, stride: width + 2, random: &random) }
                    if addsKey { dv = Matrix(time, valueWidth, stride: valueWidth + 3, random: &random) }
                    let old = (addsQuery ? dq.dense : zeros, addsKey ? dk.dense : zeros, addsKey ? dv.dense : zeros)
                    head.backward(
                        out, logSumExp, dq: &dq, dk: &dk, dv: &dv, dsink: &dsink, addsQuery: addsQuery,
                        addsKey: addsKey)
                    expectClose(dq.dense, zip(old.0, expected.dq).map { $0 + $1 }, tolerance: 5e-6, "dq \(head)")
                    expectClose(dk.dense, zip(old.1, expected.dk).map { $0 + $1 }, tolerance: 5e-6, "dk \(head)")
                    expectClose(dv.dense, zip(old.2, expected.dv).map { $0 + $1 }, tolerance: 5e-6, "dv \(head)")
                    expectClose([Double(dsink)], [2 + expected.dsink], tolerance: 5e-6, "dsink \(head)")
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
                    var scratch = [Float](repeating: .nan, count: ck_attention_scratch_count(time, width, width))
                    q.withUnsafeBufferPointer { q in
                        k.withUnsafeBufferPointer { k in
                            v.withUnsafeBufferPointer { v in
                                var head = ck_attention_head(
                                    time: time, key_dimension: width, value_dimension: width, scale: 1, window: 0,
                                    sinks: 0, stride: 1, sink_logit: nil, q: q.baseAddress, k: k.baseAddress,
                                    v: v.baseAddress,
                                    ldq: width, ldk: width, ldv: width)
                                ck_attention_forward(&head, &out, width, &lse, &scratch)
                            }
                        }
                    }
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
                for (time, width, valueWidth, sinkLogit) in [
                    (1, 8, 8, nil), (7, 16, 16, 0.7), (33, 20, 12, nil), (100, 64, 64, -2), (300, 24, 40, 4),
                ] as [(Int, Int, Int, Float?)] {
                    let head = Head(time, width, 0, 0, valueWidth: valueWidth, sinkLogit: sinkLogit, random: &random)
                    let whole = head.output(head.q.dense, head.k.dense, head.v.dense).out
                    // The same query several times: few rows and many go through different products.
                    for queries in [1, 3, 5] {
                        let query = (0..<queries).flatMap { _ in (0..<width).map { head.q[time - 1, $0] } }
                        let sinks = sinkLogit.map { [Float](repeating: $0, count: queries) }
                        var out = [Float](repeating: .nan, count: queries * valueWidth)
                        var scratch = [Float](repeating: .nan, count: queries * (time + 1))
                        ck_attention_decode(
                            queries, time, width, valueWidth, Float(head.scale), sinks, query, width, head.k.values,
                            head.k.stride, head.v.values, head.v.stride, &out, valueWidth, &scratch)
                        let expected = (0..<queries).flatMap { _ in Array(whole.suffix(valueWidth)) }
                        expectClose(doubles(out), expected, tolerance: 2e-6)
                    }
                }
            }
        }
    }
}
