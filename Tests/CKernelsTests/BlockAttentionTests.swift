import CKernels
import Foundation
import Testing

extension KernelTests {
    /// Keys that stand for whole blocks of tokens.
    @Suite("Block attention") struct BlockAttentionTests {
        struct Head {
            let (time, width, valueWidth, stride): (Int, Int, Int, Int)
            let q, k, v, dout: [Float]

            init(_ time: Int, _ width: Int, _ valueWidth: Int, _ stride: Int, random: inout TestRandom) {
                (self.time, self.width, self.valueWidth, self.stride) = (time, width, valueWidth, stride)
                q = random.floats(time * width)
                k = random.floats(max(time / stride, 1) * width)
                v = random.floats(max(time / stride, 1) * valueWidth)
                dout = random.floats(time * valueWidth)
            }

            func output(_ q: [Double], _ k: [Double], _ v: [Double]) -> [Double] {
                (0..<time).flatMap { t -> [Double] in
                    let visible = 0..<((t + 1) / stride)
                    let scores = visible.map { s in
                        exp(0.6 * (0..<width).reduce(0.0) { $0 + q[t * width + $1] * k[s * width + $1] })
                    }
                    let sum = scores.reduce(0, +)
                    return (0..<valueWidth).map { c in
                        zip(visible, scores).reduce(0.0) { $0 + $1.1 / sum * v[$1.0 * valueWidth + c] }
                    }
                }
            }

            func with(_ body: (inout ck_attention_head, UnsafeMutablePointer<Float>) -> Void) {
                let count = ck_attention_scratch_count(time, width, valueWidth)
                var memory = [Float](repeating: .nan, count: count)
                q.withUnsafeBufferPointer { q in
                    k.withUnsafeBufferPointer { k in
                        v.withUnsafeBufferPointer { v in
                            var head = ck_attention_head(
                                time: time, key_dimension: width, value_dimension: valueWidth, scale: 0.6, window: 0,
                                sinks: 0, stride: stride, sink_logit: nil, q: q.baseAddress, k: k.baseAddress,
                                v: v.baseAddress, ldq: width, ldk: width, ldv: valueWidth)
                            memory.withUnsafeMutableBufferPointer {
                                if let scratch = $0.baseAddress { body(&head, scratch) }
                            }
                        }
                    }
                }
            }

            func forward() -> (out: [Float], logSumExp: [Float]) {
                var out = [Float](repeating: .nan, count: time * valueWidth)
                var logSumExp = [Float](repeating: .nan, count: time)
                with { ck_attention_forward(&$0, &out, valueWidth, &logSumExp, $1) }
                return (out, logSumExp)
            }
        }

        @Test(
            "a query sees the blocks that are complete, and gives zero before there is one", arguments: instructionSets)
        func forward(isa: Int32) {
            var random = TestRandom(80)
            withInstructionSet(isa) {
                for (time, stride) in [(3, 5), (12, 12), (40, 3), (130, 16), (1100, 2)] {
                    let head = Head(time, 8, 6, stride, random: &random)
                    let expected = head.output(doubles(head.q), doubles(head.k), doubles(head.v))
                    expectClose(doubles(head.forward().out), expected, tolerance: 2e-6, "\(time) by \(stride)")
                }
            }
        }

        @Test("gradients of queries, keys and values equal central differences", arguments: instructionSets)
        func backward(isa: Int32) {
            var random = TestRandom(81)
            withInstructionSet(isa) {
                for (time, stride) in [(20, 7), (45, 2), (110, 13)] {
                    let head = Head(time, 4, 3, stride, random: &random)
                    let (q, k, v, d) = (doubles(head.q), doubles(head.k), doubles(head.v), doubles(head.dout))
                    let (out, logSumExp) = head.forward()
                    var dq = [Float](repeating: .nan, count: q.count)
                    var dk = [Float](repeating: .nan, count: k.count)
                    var dv = [Float](repeating: .nan, count: v.count)
                    dq.withUnsafeMutableBufferPointer { dq in
                        dk.withUnsafeMutableBufferPointer { dk in
                            dv.withUnsafeMutableBufferPointer { dv in
                                var gradients = ck_attention_gradients(
                                    dq: dq.baseAddress, dk: dk.baseAddress, dv: dv.baseAddress, lddq: 4, lddk: 4,
                                    lddv: 3, accumulate_dq: 0, accumulate_dkv: 0, dsink_logit: nil)
                                head.with {
                                    ck_attention_backward(&$0, out, 3, logSumExp, head.dout, 3, &gradients, $1)
                                }
                            }
                        }
                    }
                    let expected = [
                        numericalGradient(q) { weighted(head.output($0, k, v), by: d) },
                        numericalGradient(k) { weighted(head.output(q, $0, v), by: d) },
                        numericalGradient(v) { weighted(head.output(q, k, $0), by: d) },
                    ]
                    for (computed, numeric) in zip([dq, dk, dv], expected) {
                        expectClose(doubles(computed), numeric, tolerance: 5e-6)
                    }
                }
            }
        }
    }
}
