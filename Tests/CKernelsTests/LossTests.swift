import CKernels
import Foundation
import Testing

extension KernelTests {
    @Suite("Loss and optimiser") struct LossTests {
        static func losses(_ logits: [Double], _ targets: [Int32], vocabulary: Int) -> [Double] {
            targets.indices.map { r in
                let row = logits[r * vocabulary..<(r + 1) * vocabulary]
                let greatest = row.max() ?? 0
                let sum = row.reduce(0) { $0 + Foundation.exp($1 - greatest) }
                return Foundation.log(sum) + greatest - row[row.startIndex + Int(targets[r])]
            }
        }

        @Test("losses, argmax and gradients follow the definition", arguments: instructionSets)
        func crossEntropy(isa: Int32) {
            var random = TestRandom(40)
            withInstructionSet(isa) {
                for (rows, vocabulary) in [(1, 1), (3, 5), (4, 16), (5, 37), (2, 130)] {
                    for spread in [1, 30] as [Float] {
                        let logits = random.floats(rows * vocabulary, in: -spread...spread)
                        let targets = (0..<rows).map { _ in Int32.random(in: 0..<Int32(vocabulary), using: &random) }
                        let weights = random.floats(rows, in: 0...2)
                        let expected = Self.losses(doubles(logits), targets, vocabulary: vocabulary)
                        var nll = [Float](repeating: .nan, count: rows)
                        var best = [Int32](repeating: -1, count: rows)
                        var gradient = logits
                        gradient.withUnsafeMutableBufferPointer {
                            ck_cross_entropy(
                                rows, vocabulary, $0.baseAddress, targets, weights, &nll, &best, $0.baseAddress)
                        }
                        expectClose(doubles(nll), expected, tolerance: 1e-6)
                        let slopes = numericalGradient(doubles(logits)) {
                            weighted(Self.losses($0, targets, vocabulary: vocabulary), by: doubles(weights))
                        }
                        expectClose(doubles(gradient), slopes, tolerance: 2e-6)
                        for r in 0..<rows {
                            let row = Array(logits[r * vocabulary..<(r + 1) * vocabulary])
                            #expect(Int(best[r]) == row.firstIndex(of: row.max()!))
                        }
                        var alone = nll
                        ck_cross_entropy(rows, vocabulary, logits, targets, nil, &alone, nil, nil)
                        #expect(alone == nll)
                    }
                }
            }
        }

        @Test("ties go to the first, NaN spoils its own row only, huge logits stay finite", arguments: instructionSets)
        func unusualLogits(isa: Int32) {
            withInstructionSet(isa) {
                let vocabulary = 20
                var logits = [Float](repeating: 1, count: 4 * vocabulary)
                logits[vocabulary + 7] = .nan
                logits[vocabulary + 9] = 3
                for c in 0..<vocabulary { logits[2 * vocabulary + c] = .nan }
                logits[3 * vocabulary + 18] = 1e30
                let targets: [Int32] = [4, 9, 0, 18]
                var nll = [Float](repeating: 0, count: 4)
                var best = [Int32](repeating: -1, count: 4)
                ck_cross_entropy(4, vocabulary, logits, targets, nil, &nll, &best, nil)
                #expect(best == [0, 9, 0, 18])
                #expect(abs(nll[0] - log(20)) < 1e-6 && nll[1].isNaN && nll[2].isNaN && nll[3] == 0)
            }
        }

        @Test("AdamW steps equal the published update in double precision", arguments: instructionSets)
        func adamW(isa: Int32) {
            var random = TestRandom(41)
            withInstructionSet(isa) {
                for n in [1, 7, 16, 50] {
                    var weights = random.floats(n)
                    var (m, v) = ([Float](repeating: 0, count: n), [Float](repeating: 0, count: n))
                    var reference = doubles(weights)
                    var (m64, v64) = ([Double](repeating: 0, count: n), [Double](repeating: 0, count: n))
                    for step in 1...20 {
                        let gradients = random.floats(n, in: -3...3)
                        let (c1, c2) = (1 - pow(0.9, Double(step)), 1 - pow(0.95, Double(step)))
                        ck_adamw(
                            n, &weights, gradients, &m, &v, 0.01, 0.9, 0.95, 1e-8, 0.1, Float(c1), Float(c2), 0.5)
                        for i in 0..<n {
                            let g = 0.5 * Double(gradients[i])
                            m64[i] = 0.9 * m64[i] + 0.1 * g
                            v64[i] = 0.95 * v64[i] + 0.05 * g * g
                            let update = m64[i] / c1 / ((v64[i] / c2).squareRoot() + 1e-8) + 0.1 * reference[i]
                            reference[i] -= 0.01 * update
                        }
                    }
                    expectClose(doubles(weights), reference, tolerance: 2e-6)
                    expectClose(doubles(m), m64, tolerance: 1e-6)
                    expectClose(doubles(v), v64, tolerance: 1e-6)
                }
            }
        }
    }
}
