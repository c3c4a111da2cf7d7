import CKernels
import Foundation
import Testing

extension KernelTests {
    @Suite("Selected attention") struct SelectedAttentionTests {
        /// The query heads of a key-value head, and blocks that they see.
        final class Group {
            let (time, group, width, valueWidth): (Int, Int, Int, Int)
            let (count, size): (Int, Int)
            var q, k, v, dout: [Float]
            var blocks: [Int32]

            init(
                time: Int, group: Int, width: Int, valueWidth: Int, count: Int, size: Int, random: inout TestRandom
            ) {
                (self.time, self.group, self.width, self.valueWidth) = (time, group, width, valueWidth)
                (self.count, self.size) = (count, size)
                q = random.floats(time * group * width)
                k = random.floats(time * width)
                v = random.floats(time * valueWidth)
                dout = random.floats(time * group * valueWidth)
                blocks = []
                for t in 0..<time {
                    let chosen = (0...(t / size)).shuffled(using: &random).prefix(count).map(Int32.init)
                    blocks += chosen + [Int32](repeating: -1, count: count - chosen.count)
                }
            }

            func seen(_ t: Int) -> [Int] {
                blocks[(t * count)..<((t + 1) * count)].filter { $0 >= 0 }.sorted().flatMap {
                    (Int($0) * size)..<min((Int($0) + 1) * size, t + 1)
                }
            }

            /// The probabilities of what query t of a head sees.
            func probabilities(_ q: [Double], _ k: [Double], _ t: Int, _ head: Int) -> [Double] {
                let scores = seen(t).map { s in
                    0.7 * (0..<width).reduce(0.0) { $0 + q[(t * group + head) * width + $1] * k[s * width + $1] }
                }
                let sum = scores.reduce(0) { $0 + exp($1) }
                return scores.map { exp($0) / sum }
            }

            func output(_ q: [Double], _ k: [Double], _ v: [Double]) -> [Double] {
                (0..<time).flatMap { t in
                    (0..<group).flatMap { head -> [Double] in
                        let weights = probabilities(q, k, t, head)
                        return (0..<valueWidth).map { c in
                            zip(seen(t), weights).reduce(0.0) { $0 + $1.1 * v[$1.0 * valueWidth + c] }
                        }
                    }
                }
            }

            /// Calls with the arguments of the kernels and their scratch.
            func with(_ body: (inout ck_selected_heads, UnsafeMutablePointer<Float>) -> Void) {
                let scratch = ck_selected_scratch_count(time, width, valueWidth, count, size)
                var memory = [Float](repeating: .nan, count: scratch)
                q.withUnsafeBufferPointer { q in
                    k.withUnsafeBufferPointer { k in
                        v.withUnsafeBufferPointer { v in
                            blocks.withUnsafeBufferPointer { blocks in
                                var heads = ck_selected_heads(
                                    time: time, group: group, key_dimension: width, value_dimension: valueWidth,
                                    scale: 0.7, q: q.baseAddress, k: k.baseAddress, v: v.baseAddress,
                                    ldq: group * width, ldk: width, ldv: valueWidth, blocks: blocks.baseAddress,
                                    count: count, ldb: count, block_size: size)
                                memory.withUnsafeMutableBufferPointer {
                                    if let scratch = $0.baseAddress { body(&heads, scratch) }
                                }
                            }
                        }
                    }
                }
            }

            func forward() -> (out: [Float], logSumExp: [Float]) {
                var out = [Float](repeating: .nan, count: time * group * valueWidth)
                var logSumExp = [Float](repeating: .nan, count: group * time)
                with { ck_selected_forward(&$0, &out, group * valueWidth, &logSumExp, $1) }
                return (out, logSumExp)
            }
        }

        static let shapes = [(9, 1, 4, 4, 3, 1), (40, 2, 5, 7, 4, 1), (37, 3, 4, 3, 2, 5), (30, 2, 8, 4, 40, 1)]

        private func groups(_ seed: UInt64) -> [Group] {
            var random = TestRandom(seed)
            return Self.shapes.map {
                Group(
                    time: $0.0, group: $0.1, width: $0.2, valueWidth: $0.3, count: $0.4, size: $0.5, random: &random)
            }
        }

        @Test("outputs equal the definition over what each query sees", arguments: instructionSets)
        func forward(isa: Int32) {
            withInstructionSet(isa) {
                for group in groups(70) {
                    let expected = group.output(doubles(group.q), doubles(group.k), doubles(group.v))
                    expectClose(doubles(group.forward().out), expected, tolerance: 2e-6)
                }
            }
        }

        @Test("a query that sees nothing gives zero", arguments: instructionSets)
        func nothing(isa: Int32) {
            withInstructionSet(isa) {
                let group = groups(71)[1]
                group.blocks.replaceSubrange(80..<84, with: [-1, -1, -1, -1])
                let (out, logSumExp) = group.forward()
                #expect(out[(20 * 14)..<(21 * 14)].allSatisfy { $0 == 0 } && logSumExp[20] == -.infinity)
            }
        }

        @Test(
            "gradients are added to, and equal central differences; so does the attention paid",
            arguments: instructionSets)
        func backward(isa: Int32) {
            withInstructionSet(isa) {
                for group in groups(72) {
                    let (q, k, v, d) = (doubles(group.q), doubles(group.k), doubles(group.v), doubles(group.dout))
                    let (out, logSumExp) = group.forward()
                    var (dq, dk, dv) = (group.q, group.k, group.v)
                    var attended = [Float](repeating: 0, count: group.time * group.count * group.size)
                    dq.withUnsafeMutableBufferPointer { dq in
                        dk.withUnsafeMutableBufferPointer { dk in
                            dv.withUnsafeMutableBufferPointer { dv in
                                var gradients = ck_attention_gradients(
                                    dq: dq.baseAddress, dk: dk.baseAddress, dv: dv.baseAddress,
                                    lddq: group.group * group.width, lddk: group.width, lddv: group.valueWidth,
                                    accumulate_dq: 1, accumulate_dkv: 1, dsink_logit: nil)
                                group.with {
                                    ck_selected_backward(
                                        &$0, out, group.group * group.valueWidth, logSumExp, group.dout,
                                        group.group * group.valueWidth, &gradients, &attended, $1)
                                }
                            }
                        }
                    }
                    func added(_ sum: [Float], _ before: [Double]) -> [Double] { zip(doubles(sum), before).map(-) }
                    expectClose(
                        added(dq, q), numericalGradient(q) { weighted(group.output($0, k, v), by: d) }, tolerance: 5e-6)
                    expectClose(
                        added(dk, k), numericalGradient(k) { weighted(group.output(q, $0, v), by: d) }, tolerance: 5e-6)
                    expectClose(
                        added(dv, v), numericalGradient(v) { weighted(group.output(q, k, $0), by: d) }, tolerance: 5e-6)
                    for t in 0..<group.time {
                        let paid = attended[(t * group.count * group.size)...].prefix(group.count * group.size)
                        let heads = (0..<group.group).map { group.probabilities(q, k, t, $0) }
                        let expected = heads.flatMap { $0 }.reduce(0, +)
                        #expect(abs(Double(paid.reduce(0, +)) - expected) < 1e-5)
                    }
                }
            }
        }

        @Test("the greatest are chosen, of equals the last, in the order of their places", arguments: instructionSets)
        func top(isa: Int32) {
            var random = TestRandom(73)
            withInstructionSet(isa) {
                for (n, count) in [(1, 3), (7, 7), (8, 7), (50, 1), (200, 30), (1000, 64)] {
                    // Few different values, so that many are equal.
                    let values = (0..<n).map { _ in Float(Int.random(in: 0..<9, using: &random)) }
                    var places = [Int32](repeating: 99, count: count)
                    var scratch = [Float](repeating: .nan, count: n)
                    ck_select_top(n, values, count, &places, &scratch)
                    let order = (0..<n).sorted { (values[$0], $0) > (values[$1], $1) }
                    let expected = order.prefix(count).sorted().map(Int32.init)
                    #expect(places == expected + [Int32](repeating: -1, count: max(0, count - n)))
                }
            }
        }
    }
}
