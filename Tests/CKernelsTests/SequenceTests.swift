import CKernels
import Foundation
import Testing

extension KernelTests {
    @Suite("Rotary embedding") struct RotaryTests {
        @Test(
            "pairs half a rotation apart turn by their angle, the rest stays, the inverse undoes",
            arguments: instructionSets)
        func rotary(isa: Int32) {
            var random = TestRandom(30)
            withInstructionSet(isa) {
                for (time, heads, head, turned) in [(1, 1, 2, 2), (5, 2, 16, 16), (3, 3, 24, 10), (4, 2, 64, 64)] {
                    let half = turned / 2
                    let angles = (0..<time * half).map { _ in Double.random(in: -3...3, using: &random) }
                    let cosines = angles.map { Float(cos($0)) }
                    let sines = angles.map { Float(sin($0)) }
                    let start = Matrix(time, heads * head, stride: heads * head + 5, random: &random)
                    var x = start
                    ck_rotary(time, heads, head, turned, cosines, sines, &x.values, x.stride, 0)
                    for t in 0..<time {
                        for column in 0..<heads * head {
                            let (h, i) = (column / head * head, column % head)
                            var expected = Double(start[t, column])
                            if i < turned {
                                let pair = i % half
                                let angle = angles[t * half + pair]
                                let (a, b) = (Double(start[t, h + pair]), Double(start[t, h + pair + half]))
                                expected = i < half ? a * cos(angle) - b * sin(angle) : b * cos(angle) + a * sin(angle)
                            }
                            #expect(abs(Double(x[t, column]) - expected) < 5e-7)
                        }
                    }
                    #expect(x.gapsAreIntact)
                    ck_rotary(time, heads, head, turned, cosines, sines, &x.values, x.stride, 1)
                    expectClose(x.dense, start.dense, tolerance: 1e-6)
                }
            }
        }
    }

    @Suite("Short convolution") struct ConvolutionTests {
        static func reference(
            _ x: [Double], _ weight: [Double], _ bias: [Double]?, time: Int, channels: Int, kernel: Int, silu: Bool
        ) -> [Double] {
            (0..<time * channels).map { place in
                let (t, c) = (place / channels, place % channels)
                var z = bias?[c] ?? 0
                for j in 0..<kernel where t - kernel + 1 + j >= 0 {
                    z += weight[c * kernel + j] * x[(t - kernel + 1 + j) * channels + c]
                }
                return silu ? z / (1 + Foundation.exp(-z)) : z
            }
        }

        @Test(
            "outputs and gradients follow the definition for every kernel width, with and without a bias",
            arguments: instructionSets, [true, false])
        func convolution(isa: Int32, silu: Bool) {
            var random = TestRandom(31)
            withInstructionSet(isa) {
                for kernel in 1...Int(CK_CONVOLUTION_MAXIMUM) {
                    for (time, channels) in [(1, 3), (2, 16), (7, 21), (12, 33)] {
                        let x = Matrix(time, channels, stride: channels + 3, random: &random)
                        let dy = Matrix(time, channels, stride: channels + 1, random: &random)
                        let (weight, bias) = (random.floats(channels * kernel), random.floats(channels))
                        let hasBias = (kernel + time) % 2 == 0
                        func output(_ x: [Double], _ w: [Double], _ b: [Double]) -> [Double] {
                            Self.reference(
                                x, w, hasBias ? b : nil, time: time, channels: channels, kernel: kernel, silu: silu)
                        }
                        let (weights, biases) = (doubles(weight), doubles(bias))
                        var y = Matrix(time, channels, stride: channels + 2)
                        ck_convolution_forward(
                            time, channels, kernel, x.values, x.stride, weight, hasBias ? bias : nil, silu ? 1 : 0,
                            &y.values, y.stride)
                        expectClose(y.dense, output(x.dense, weights, biases), tolerance: 1e-6)
                        #expect(y.gapsAreIntact)
                        let slopes = numericalGradient(x.dense) { weighted(output($0, weights, biases), by: dy.dense) }
                        let turns = numericalGradient(weights) { weighted(output(x.dense, $0, biases), by: dy.dense) }
                        let shifts = numericalGradient(biases) { weighted(output(x.dense, weights, $0), by: dy.dense) }
                        let old = Matrix(time, channels, stride: channels + 4, random: &random)
                        for accumulate in [false, true] {
                            var dx = accumulate ? old : Matrix(time, channels, stride: channels + 4)
                            var (dweight, dbias) = (weight, bias)
                            ck_convolution_backward(
                                time, channels, kernel, x.values, x.stride, weight, hasBias ? bias : nil, silu ? 1 : 0,
                                dy.values, dy.stride, &dx.values, dx.stride, accumulate ? 1 : 0, &dweight, &dbias)
                            let sum = zip(old.dense, slopes).map { (accumulate ? $0 : 0) + $1 }
                            expectClose(dx.dense, sum, tolerance: 3e-6)
                            #expect(dx.gapsAreIntact)
                            expectClose(doubles(dweight), zip(weight, turns).map { Double($0) + $1 }, tolerance: 3e-6)
                            expectClose(doubles(dbias), zip(bias, shifts).map { Double($0) + $1 }, tolerance: 3e-6)
                        }
                    }
                }
            }
        }

        @Test("token by token gives what the whole sequence gives", arguments: instructionSets)
        func steps(isa: Int32) {
            var random = TestRandom(32)
            withInstructionSet(isa) {
                for kernel in [1, 2, 4, 8] {
                    let (time, channels) = (11, 37)
                    let x = Matrix(time, channels, random: &random)
                    let weight = random.floats(channels * kernel)
                    let bias = kernel > 2 ? random.floats(channels) : nil
                    var whole = Matrix(time, channels)
                    ck_convolution_forward(
                        time, channels, kernel, x.values, x.stride, weight, bias, 1, &whole.values, whole.stride)
                    var history = [Float](repeating: 0, count: (kernel - 1) * channels + 1)
                    for t in 0..<time {
                        var row = Array(x.values[t * channels..<(t + 1) * channels])
                        row.withUnsafeMutableBufferPointer {
                            ck_convolution_step(
                                channels, kernel, &history, $0.baseAddress, weight, bias, 1, $0.baseAddress)
                        }
                        expectClose(
                            doubles(row), Array(whole.dense[t * channels..<(t + 1) * channels]), tolerance: 1e-6)
                    }
                }
            }
        }
    }
}
