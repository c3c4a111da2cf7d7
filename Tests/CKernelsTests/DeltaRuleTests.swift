import CKernels
import Foundation
import Testing

extension KernelTests {
    @Suite("Delta rule") struct DeltaRuleTests {
        /// Dimensions of a head, and how its inputs lie: a row is q | k of all steps | v of all steps | a | b of all
        /// steps, with a gap behind.
        struct Shape: CustomStringConvertible {
            let time: Int
            let key: Int
            let value: Int
            var steps = 1
            var chunk = 0
            var decays = true
            var betaScale: Float = 1

            var columns: Int { key + steps * (key + value) + 1 + steps }
            var stride: Int { columns + 3 }
            var valueColumn: Int { key + steps * key }
            var decayColumn: Int { valueColumn + steps * value }
            var kernel: ck_delta_shape {
                ck_delta_shape(time: time, steps: steps, chunk: chunk, key_dimension: key, value_dimension: value)
            }
            var description: String { "\(time) x \(steps) of \(key) x \(value), chunk \(chunk), decay \(decays)" }

            func head(_ rows: UnsafePointer<Float>, aLog: Float, bias: Float) -> ck_delta_head {
                ck_delta_head(
                    shape: kernel, q: rows, k: rows + key, ldq: stride, ldk: stride, k_step: key,
                    v: rows + valueColumn, ldv: stride, v_step: value, a: decays ? rows + decayColumn : nil,
                    lda: stride, b: rows + decayColumn + 1, ldb: stride, b_step: 1, a_log: aLog, dt_bias: bias,
                    beta_scale: betaScale)
            }

            func gradients(
                _ rows: UnsafeMutablePointer<Float>, _ aLog: UnsafeMutablePointer<Float>,
                _ bias: UnsafeMutablePointer<Float>, accumulate: Int32
            ) -> ck_delta_gradients {
                ck_delta_gradients(
                    q: rows, k: rows + key, ldq: stride, ldk: stride, k_step: key, v: rows + valueColumn, ldv: stride,
                    v_step: value, a: rows + decayColumn, lda: stride, b: rows + decayColumn + 1, ldb: stride,
                    b_step: 1, a_log: aLog, dt_bias: bias, accumulate_qk: accumulate, accumulate_v: accumulate,
                    accumulate_gates: accumulate)
            }

            /// The recurrence in double precision: outputs and the last state.
            func reference(
                _ rows: [Double], aLog: Double, bias: Double, initial: [Double]? = nil
            ) -> (output: [Double], state: [Double]) {
                var state = initial ?? [Double](repeating: 0, count: key * value)
                var output: [Double] = []
                for t in 0..<time {
                    let row = Array(rows[t * columns..<(t + 1) * columns])
                    func normalised(_ start: Int, _ factor: Double) -> [Double] {
                        let x = row[start..<start + key]
                        let scale = factor / (x.reduce(1e-6) { $0 + $1 * $1 }).squareRoot()
                        return x.map { $0 * scale }
                    }
                    let a = row[decayColumn] + bias
                    let decay = decays ? exp(-exp(aLog) * (max(a, 0) + log1p(exp(-abs(a))))) : 1
                    for i in state.indices { state[i] *= decay }
                    for step in 0..<steps {
                        let keys = normalised(key + step * key, 1)
                        let beta = Double(betaScale) / (1 + exp(-row[decayColumn + 1 + step]))
                        for j in 0..<value {
                            let held = (0..<key).reduce(0.0) { $0 + state[$1 * value + j] * keys[$1] }
                            let written = beta * (row[valueColumn + step * value + j] - held)
                            for i in 0..<key { state[i * value + j] += keys[i] * written }
                        }
                    }
                    let query = normalised(0, 1 / Double(key).squareRoot())
                    for j in 0..<value {
                        output.append((0..<key).reduce(0.0) { $0 + state[$1 * value + j] * query[$1] })
                    }
                }
                return (output, state)
            }
        }

        @Test(
            "chunks of any size, steps and the recurrence agree from any state on, final states too",
            arguments: instructionSets)
        func forms(isa: Int32) {
            var random = TestRandom(50)
            withInstructionSet(isa) {
                for (shape, aLog) in [
                    (Shape(time: 1, key: 8, value: 8), 0.3), (Shape(time: 5, key: 12, value: 20), 0),
                    (Shape(time: 32, key: 16, value: 16), -1), (Shape(time: 33, key: 16, value: 32), 0.3),
                    (Shape(time: 100, key: 32, value: 17), -3), (Shape(time: 70, key: 64, value: 64), -2),
                    (Shape(time: 40, key: 80, value: 48), -1), (Shape(time: 70, key: 32, value: 32), 5),
                    (Shape(time: 70, key: 12, value: 8, decays: false), 0),
                    (Shape(time: 70, key: 16, value: 16, betaScale: 2), -3),
                    (Shape(time: 70, key: 16, value: 16, decays: false, betaScale: 2), 0),
                    (Shape(time: 100, key: 8, value: 8, chunk: 16), -2),
                    (Shape(time: 100, key: 8, value: 8, chunk: 40), -2),
                    (Shape(time: 300, key: 8, value: 8, chunk: 256, betaScale: 2), -3),
                    (Shape(time: 39, key: 8, value: 8, steps: 2, betaScale: 2), -1),
                    (Shape(time: 39, key: 12, value: 20, steps: 3, decays: false, betaScale: 2), 0),
                    (Shape(time: 33, key: 64, value: 72, steps: 4), 0.3),
                    (Shape(time: 70, key: 8, value: 8, steps: 3, chunk: 64), -2),
                ] as [(Shape, Float)] {
                    checkForms(shape, aLog: aLog, random: &random)
                }
            }
        }

        private func checkForms(_ shape: Shape, aLog: Float, random: inout TestRandom) {
            let (time, key, value) = (shape.time, shape.key, shape.value)
            let rows = Matrix(time, shape.columns, stride: shape.stride, random: &random)
            let initial = random.floats(key * value)
            let expected = shape.reference(rows.dense, aLog: Double(aLog), bias: 0.5, initial: doubles(initial))
            var (chunked, stepped) = (Matrix(time, value, stride: value + 2), Matrix(time, value))
            let state = Guarded(ck_delta_state_count(shape.kernel))
            let scratch = Guarded(ck_delta_scratch_count(shape.kernel))
            let padded = (value + 15) / 16 * 16
            for i in 0..<key * value { state.pointer[i / value * padded + i % value] = initial[i] }
            var steps = initial
            rows.values.withUnsafeBufferPointer { rows in
                guard let start = rows.baseAddress else { return }
                var all = shape.head(start, aLog: aLog, bias: 0.5)
                ck_delta_forward(&all, &chunked.values, chunked.stride, state.pointer, nil, scratch.pointer)
                stepped.values.withUnsafeMutableBufferPointer { output in
                    guard let output = output.baseAddress else { return }
                    for t in 0..<time {
                        var one = shape.head(start + t * shape.stride, aLog: aLog, bias: 0.5)
                        ck_delta_step(&one, &steps, output + t * value, scratch.pointer)
                    }
                }
            }
            let last = (0..<key * value).map { Double(state.pointer[$0 / value * padded + $0 % value]) }
            // Long chunks sum up more rounding of their decays.
            let tolerance = shape.chunk > 64 ? 2e-5 : 4e-6
            expectClose(chunked.dense, expected.output, tolerance: tolerance, "chunked, \(shape)")
            expectClose(stepped.dense, expected.output, tolerance: tolerance, "stepped, \(shape)")
            expectClose(last, expected.state, tolerance: tolerance, "state after chunks, \(shape)")
            expectClose(doubles(steps), expected.state, tolerance: tolerance, "state after steps, \(shape)")
            #expect(chunked.gapsAreIntact && state.isIntact && scratch.isIntact)
        }

        @Test("gradients are those of the recurrence, written or added", arguments: instructionSets)
        func gradients(isa: Int32) {
            var random = TestRandom(51)
            withInstructionSet(isa) {
                for (shape, aLog, bias) in [
                    (Shape(time: 1, key: 4, value: 4), 0.3, 0), (Shape(time: 37, key: 4, value: 6), -1, 0.5),
                    (Shape(time: 66, key: 6, value: 3), -4, 0), (Shape(time: 34, key: 4, value: 4), 4, 3),
                    (Shape(time: 34, key: 4, value: 4, decays: false, betaScale: 2), 0, 0),
                    (Shape(time: 34, key: 4, value: 4, chunk: 16, betaScale: 2), -2, 0),
                    (Shape(time: 19, key: 4, value: 5, steps: 2, betaScale: 2), -1, 0.5),
                    (Shape(time: 35, key: 4, value: 3, steps: 3, decays: false), 0, 0),
                    (Shape(time: 18, key: 3, value: 3, steps: 4, chunk: 16), -2, 0),
                    (Shape(time: 19, key: 4, value: 4, steps: 2), 4, 3),
                ] as [(Shape, Float, Float)] {
                    checkGradients(shape, aLog: aLog, bias: bias, random: &random)
                }
            }
        }

        private func checkGradients(_ shape: Shape, aLog: Float, bias: Float, random: inout TestRandom) {
            let (time, value) = (shape.time, shape.value)
            let rows = Matrix(time, shape.columns, stride: shape.stride, random: &random)
            let upstream = Matrix(time, value, stride: value + 1, random: &random)
            let expected = numericalGradient(rows.dense + [Double(aLog), Double(bias)]) { inputs in
                let output = shape.reference(
                    Array(inputs.dropLast(2)), aLog: inputs[inputs.count - 2], bias: inputs[inputs.count - 1]
                ).output
                return weighted(output, by: upstream.dense)
            }
            let states = Guarded(ck_delta_states_count(shape.kernel))
            let errors = Guarded(ck_delta_errors_count(shape.kernel))
            let scratch = Guarded(ck_delta_scratch_count(shape.kernel))
            var output = Matrix(time, value)
            var result = Matrix(time, shape.columns, stride: shape.stride)
            if !shape.decays {
                // Without decay nothing is written there.
                for t in 0..<time { result[t, shape.decayColumn] = 0 }
            }
            var decay: [Float] = [0, 0]
            rows.values.withUnsafeBufferPointer { rows in
                guard let start = rows.baseAddress else { return }
                var head = shape.head(start, aLog: aLog, bias: bias)
                ck_delta_forward(&head, &output.values, value, states.pointer, errors.pointer, scratch.pointer)
                for accumulate: Int32 in [0, 1] {
                    result.values.withUnsafeMutableBufferPointer { target in
                        decay.withUnsafeMutableBufferPointer { decay in
                            guard let target = target.baseAddress, let decay = decay.baseAddress else { return }
                            var gradients = shape.gradients(target, decay, decay + 1, accumulate: accumulate)
                            ck_delta_backward(
                                &head, states.pointer, errors.pointer, upstream.values, upstream.stride, &gradients,
                                scratch.pointer)
                        }
                    }
                }
            }
            // The second pass added the same again.
            let computed = result.dense + doubles(decay)
            expectClose(computed.map { $0 / 2 }, expected, tolerance: 2e-5, "gradients of \(shape)")
            #expect(result.gapsAreIntact && states.isIntact && errors.isIntact && scratch.isIntact)
        }

        @Test("equal keys written over and over, beta at its ends and no decay stay finite and exact")
        func hardSystems() {
            var random = TestRandom(52)
            for (betaInput, aLog, scale) in [(20, -20, 1), (-30, -20, 1), (5, -8, 1), (20, -20, 2)]
                as [(Float, Float, Float)]
            {
                let shape = Shape(time: 96, key: 16, value: 16, betaScale: scale)
                var rows = Matrix(96, shape.columns, stride: shape.stride, random: &random)
                for t in 0..<96 {
                    for column in 16..<32 { rows[t, column] = rows[0, column] }
                    rows[t, shape.columns - 1] = betaInput
                }
                let expected = shape.reference(rows.dense, aLog: Double(aLog), bias: 0)
                var output = Matrix(96, 16)
                let state = Guarded(ck_delta_state_count(shape.kernel))
                let scratch = Guarded(ck_delta_scratch_count(shape.kernel))
                rows.values.withUnsafeBufferPointer { rows in
                    guard let start = rows.baseAddress else { return }
                    var head = shape.head(start, aLog: aLog, bias: 0)
                    ck_delta_forward(&head, &output.values, 16, state.pointer, nil, scratch.pointer)
                }
                // A reflection forgets nothing, rounding neither.
                expectClose(output.dense, expected.output, tolerance: scale == 2 ? 3e-5 : 2e-6)
            }
        }
    }
}
