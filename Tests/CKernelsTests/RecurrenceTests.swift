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
    @Suite("Gated delta rule") struct DeltaRuleTests {
        /// Dimensions of a head, and how its inputs lie: a row is q | k | v | a | b with a gap behind.
        struct Shape {
            let time: Int
            let key: Int
            let value: Int

            var columns: Int { 2 * key + value + 2 }
            var stride: Int { columns + 3 }

            func kernelShape(time: Int) -> ck_delta_shape {
                ck_delta_shape(time: time, steps: 1, chunk: 0, key_dimension: key, value_dimension: value)
            }

            func head(_ rows: UnsafePointer<Float>, time: Int, aLog: Float, bias: Float) -> ck_delta_head {
                let gates = rows + 2 * key + value
                return ck_delta_head(
                    shape: kernelShape(time: time), q: rows, k: rows + key, ldq: stride, ldk: stride, k_step: 0,
                    v: rows + 2 * key, ldv: stride, v_step: 0, a: gates, lda: stride, b: gates + 1, ldb: stride,
                    b_step: 0, a_log: aLog, dt_bias: bias, beta_scale: 1)
            }

            /// The recurrence in double precision: outputs and the last state.
            func reference(_ rows: [Double], aLog: Double, bias: Double) -> (output: [Double], state: [Double]) {
                var state = [Double](repeating: 0, count: key * value)
                var output: [Double] = []
                for t in 0..<time {
                    let row = Array(rows[t * columns..<(t + 1) * columns])
                    func normalised(_ start: Int, _ factor: Double) -> [Double] {
                        let x = row[start..<start + key]
                        let scale = factor / (x.reduce(1e-6) { $0 + $1 * $1 }).squareRoot()
                        return x.map { $0 * scale }
                    }
                    let query = normalised(0, 1 / Double(key).squareRoot())
                    let keys = normalised(key, 1)
                    let (a, b) = (row[columns - 2], row[columns - 1])
                    let softplus = max(a + bias, 0) + log1p(exp(-abs(a + bias)))
                    let decay = exp(-exp(aLog) * softplus)
                    let beta = 1 / (1 + exp(-b))
                    for j in 0..<value {
                        let held = (0..<key).reduce(0.0) { $0 + decay * state[$1 * value + j] * keys[$1] }
                        let written = beta * (row[2 * key + j] - held)
                        for i in 0..<key {
                            state[i * value + j] = decay * state[i * value + j] + keys[i] * written
                        }
                        output.append((0..<key).reduce(0.0) { $0 + state[$1 * value + j] * query[$1] })
                    }
                }
                return (output, state)
            }
        }

        @Test(
            "chunks, steps and the recurrence agree, states too, whatever the lengths and widths",
            arguments: instructionSets)
        func forms(isa: Int32) {
            var random = TestRandom(50)
            withInstructionSet(isa) {
                for (time, key, value, aLog) in [
                    (1, 8, 8, 0.3), (5, 12, 20, 0), (32, 16, 16, -1), (33, 16, 32, 0.3), (100, 32, 17, -3),
                    (70, 64, 64, -2), (40, 80, 48, -1), (70, 32, 32, 5),
                ] as [(Int, Int, Int, Float)] {
                    let shape = Shape(time: time, key: key, value: value)
                    let rows = Matrix(time, shape.columns, stride: shape.stride, random: &random)
                    let expected = shape.reference(rows.dense, aLog: Double(aLog), bias: 0.5)
                    var (chunked, stepped) = (Matrix(time, value, stride: value + 2), Matrix(time, value))
                    let state = Guarded(ck_delta_state_count(shape.kernelShape(time: time)))
                    let scratch = Guarded(ck_delta_scratch_count(shape.kernelShape(time: time)))
                    var steps = [Float](repeating: 0, count: key * value)
                    rows.values.withUnsafeBufferPointer { rows in
                        guard let start = rows.baseAddress else { return }
                        var all = shape.head(start, time: time, aLog: aLog, bias: 0.5)
                        ck_delta_forward(
                            &all, &chunked.values, chunked.stride, state.pointer, nil, scratch.pointer)
                        stepped.values.withUnsafeMutableBufferPointer { output in
                            guard let output = output.baseAddress else { return }
                            for t in 0..<time {
                                var one = shape.head(start + t * shape.stride, time: 1, aLog: aLog, bias: 0.5)
                                ck_delta_step(&one, &steps, output + t * value, scratch.pointer)
                            }
                        }
                    }
                    let padded = (value + 15) / 16 * 16
                    let last = (0..<key * value).map { Double(state.pointer[$0 / value * padded + $0 % value]) }
                    expectClose(chunked.dense, expected.output, tolerance: 2e-6, "chunked")
                    expectClose(stepped.dense, expected.output, tolerance: 2e-6, "stepped")
                    expectClose(last, expected.state, tolerance: 4e-6, "state after chunks")
                    expectClose(doubles(steps), expected.state, tolerance: 4e-6, "state after steps")
                    #expect(chunked.gapsAreIntact && state.isIntact && scratch.isIntact)
                }
            }
        }

        @Test("gradients are those of the recurrence, written or added", arguments: instructionSets)
        func gradients(isa: Int32) {
            var random = TestRandom(51)
            withInstructionSet(isa) {
                for (time, key, value, aLog, bias) in [
                    (1, 4, 4, 0.3, 0), (37, 4, 6, -1, 0.5), (66, 6, 3, -4, 0), (34, 4, 4, 4, 3),
                ] as [(Int, Int, Int, Float, Float)] {
                    checkGradients(
                        Shape(time: time, key: key, value: value), aLog: aLog, bias: bias, random: &random)
                }
            }
        }

        private func checkGradients(_ shape: Shape, aLog: Float, bias: Float, random: inout TestRandom) {
            let (time, key, value) = (shape.time, shape.key, shape.value)
            let rows = Matrix(time, shape.columns, stride: shape.stride, random: &random)
            let upstream = Matrix(time, value, stride: value + 1, random: &random)
            let expected = numericalGradient(rows.dense + [Double(aLog), Double(bias)]) { inputs in
                let output = shape.reference(
                    Array(inputs.dropLast(2)), aLog: inputs[inputs.count - 2], bias: inputs[inputs.count - 1]
                ).output
                return weighted(output, by: upstream.dense)
            }
            let states = Guarded(ck_delta_states_count(shape.kernelShape(time: time)))
            let errors = Guarded(ck_delta_errors_count(shape.kernelShape(time: time)))
            let scratch = Guarded(ck_delta_scratch_count(shape.kernelShape(time: time)))
            var output = Matrix(time, value)
            var result = Matrix(time, shape.columns, stride: shape.stride)
            var (aLogGradient, biasGradient): (Float, Float) = (0, 0)
            rows.values.withUnsafeBufferPointer { rows in
                guard let start = rows.baseAddress else { return }
                var head = shape.head(start, time: time, aLog: aLog, bias: bias)
                ck_delta_forward(&head, &output.values, value, states.pointer, errors.pointer, scratch.pointer)
                for accumulate: Int32 in [0, 1] {
                    result.values.withUnsafeMutableBufferPointer { target in
                        guard let target = target.baseAddress else { return }
                        let gates = target + 2 * key + value
                        let stride = shape.stride
                        withUnsafeMutablePointer(to: &aLogGradient) { aLogGradient in
                            withUnsafeMutablePointer(to: &biasGradient) { biasGradient in
                                var gradients = ck_delta_gradients(
                                    q: target, k: target + key, ldq: stride, ldk: stride, k_step: 0,
                                    v: target + 2 * key, ldv: stride, v_step: 0, a: gates, lda: stride, b: gates + 1,
                                    ldb: stride, b_step: 0, a_log: aLogGradient, dt_bias: biasGradient,
                                    accumulate_qk: accumulate,
                                    accumulate_v: accumulate, accumulate_gates: accumulate)
                                ck_delta_backward(
                                    &head, states.pointer, errors.pointer, upstream.values, upstream.stride,
                                    &gradients, scratch.pointer)
                            }
                        }
                    }
                }
            }
            // The second pass added the same again.
            let computed = result.dense + [Double(aLogGradient), Double(biasGradient)]
            expectClose(computed.map { $0 / 2 }, expected, tolerance: 2e-5, "gradients of \(shape)")
            #expect(result.gapsAreIntact && states.isIntact && errors.isIntact && scratch.isIntact)
        }

        @Test("equal keys written over and over, beta at its ends and no decay stay finite and exact")
        func hardSystems() {
            var random = TestRandom(52)
            for (betaInput, aLog) in [(20, -20), (-30, -20), (5, -8)] as [(Float, Float)] {
                let shape = Shape(time: 96, key: 16, value: 16)
                var rows = Matrix(96, shape.columns, stride: shape.stride, random: &random)
                for t in 0..<96 {
                    for column in 16..<32 { rows[t, column] = rows[0, column] }
                    rows[t, shape.columns - 1] = betaInput
                }
                let expected = shape.reference(rows.dense, aLog: Double(aLog), bias: 0)
                var output = Matrix(96, 16)
                let state = Guarded(ck_delta_state_count(shape.kernelShape(time: 96)))
                let scratch = Guarded(ck_delta_scratch_count(shape.kernelShape(time: 96)))
                rows.values.withUnsafeBufferPointer { rows in
                    guard let start = rows.baseAddress else { return }
                    var head = shape.head(start, time: 96, aLog: aLog, bias: 0)
                    ck_delta_forward(&head, &output.values, 16, state.pointer, nil, scratch.pointer)
                }
                expectClose(output.dense, expected.output, tolerance: 2e-6)
            }
        }
    }

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
