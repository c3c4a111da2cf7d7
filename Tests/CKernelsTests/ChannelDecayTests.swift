import CKernels
import Foundation
import Testing

/// Dimensions of a head, and how its inputs lie: a row is q | k | v | g | beta | r | w with a gap behind.
private struct ChannelShape: CustomStringConvertible {
    let rule: Int
    let time: Int
    let key: Int
    let value: Int
    var chunk = 0
    /// Bounds of the decays' logarithms, negated.
    var decays: ClosedRange<Float> = 0.01...0.5

    var description: String { "rule \(rule), \(time) x \(key) x \(value), chunk \(chunk), decays \(decays)" }

    var valueOffset: Int { 2 * key }
    var decayOffset: Int { 2 * key + value }
    var betaOffset: Int { decayOffset + key }
    var readOffset: Int { betaOffset + 1 }
    var columns: Int { readOffset + 2 * key }
    var stride: Int { columns + 3 }
    static let scale: Float = 0.4

    var kernelShape: ck_channel_shape {
        ck_channel_shape(rule: Int32(rule), time: time, chunk: chunk, key_dimension: key, value_dimension: value)
    }

    /// Columns that the rule looks at.
    var usedColumns: [Int] {
        let common = Array(0..<betaOffset)
        if rule == CK_CHANNEL_DELTA { return common + [betaOffset] }
        return rule == CK_CHANNEL_LOW_RANK ? common + Array(readOffset..<columns) : common
    }

    func inputs(_ random: inout TestRandom) -> Matrix {
        var rows = Matrix(time, columns, stride: stride, random: &random)
        for t in 0..<time {
            // Evenly over the orders of magnitude, so that gentle and violent decays stand side by side.
            for i in 0..<key {
                rows[t, decayOffset + i] = -exp(
                    Float.random(in: log(decays.lowerBound)...log(decays.upperBound), using: &random))
            }
            for start in [key, readOffset] {
                let length = (0..<key).reduce(Float(0.01)) { $0 + rows[t, start + $1] * rows[t, start + $1] }
                for i in 0..<key { rows[t, start + i] /= length.squareRoot() }
            }
            // Twice the read key's length at most, as the delta rule with negative eigenvalues takes away.
            for i in 0..<key { rows[t, readOffset + key + i] = rows[t, readOffset + i] * (1 + rows[t, betaOffset]) }
            rows[t, betaOffset] += 1
        }
        return rows
    }

    func head(_ rows: UnsafePointer<Float>, time: Int? = nil) -> ck_channel_head {
        var shape = kernelShape
        shape.time = time ?? self.time
        return ck_channel_head(
            shape: shape, scale: Self.scale, q: rows, k: rows + key, v: rows + valueOffset, ldq: stride, ldk: stride,
            ldv: stride, g: rows + decayOffset, ldg: stride, beta: rows + betaOffset, ldb: stride,
            r: rows + readOffset, w: rows + readOffset + key, ldr: stride, ldw: stride)
    }

    func gradients(_ rows: UnsafeMutablePointer<Float>, accumulate: Int32) -> ck_channel_gradients {
        ck_channel_gradients(
            q: rows, k: rows + key, v: rows + valueOffset, ldq: stride, ldk: stride, ldv: stride,
            g: rows + decayOffset, ldg: stride, beta: rows + betaOffset, ldb: stride, r: rows + readOffset,
            w: rows + readOffset + key, ldr: stride, ldw: stride, accumulate: accumulate)
    }

    /// The recurrence in double precision: outputs and the last state.
    func reference(_ rows: [Double], start: [Double]? = nil) -> (output: [Double], state: [Double]) {
        var state = start ?? [Double](repeating: 0, count: key * value)
        var output: [Double] = []
        for t in 0..<time {
            let row = Array(rows[t * columns..<(t + 1) * columns])
            func product(_ offset: Int) -> [Double] {
                (0..<value).map { j in (0..<key).reduce(0.0) { $0 + row[offset + $1] * state[$1 * value + j] } }
            }
            let taken = rule == CK_CHANNEL_LOW_RANK ? product(readOffset) : []
            for i in 0..<key * value { state[i] *= exp(row[decayOffset + i / value]) }
            let held = rule == CK_CHANNEL_DELTA ? product(key) : []
            for i in 0..<key {
                for j in 0..<value {
                    var written = row[valueOffset + j]
                    if rule == CK_CHANNEL_DELTA { written = row[betaOffset] * (written - held[j]) }
                    state[i * value + j] += row[key + i] * written
                    if rule == CK_CHANNEL_LOW_RANK { state[i * value + j] -= row[readOffset + key + i] * taken[j] }
                }
            }
            output += product(0).map { Double(Self.scale) * $0 }
        }
        return (output, state)
    }
}

extension KernelTests {
    @Suite("Channel-wise decay") struct ChannelDecayTests {
        private static let rules = [CK_CHANNEL_ADDITIVE, CK_CHANNEL_DELTA, CK_CHANNEL_LOW_RANK].map { Int($0) }

        /// A state as the chunked form keeps it, from one without padding, and back.
        private func padded(_ state: [Float], _ shape: ChannelShape, _ place: (Int, Int) -> Void) {
            let width = (shape.value + 15) / 16 * 16
            for i in state.indices { place(i, i / shape.value * width + i % shape.value) }
        }

        private func checkForms(_ shape: ChannelShape, random: inout TestRandom) {
            let (time, value) = (shape.time, shape.value)
            let rows = shape.inputs(&random)
            let start = random.floats(shape.key * value)
            let expected = shape.reference(rows.dense, start: doubles(start))
            var (chunked, stepped) = (Matrix(time, value, stride: value + 2), Matrix(time, value))
            let state = Guarded(ck_channel_state_count(shape.kernelShape))
            let scratch = Guarded(ck_channel_scratch_count(shape.kernelShape))
            padded(start, shape) { state.pointer[$1] = start[$0] }
            var steps = start
            rows.values.withUnsafeBufferPointer { rows in
                guard let first = rows.baseAddress else { return }
                var all = shape.head(first)
                ck_channel_forward(&all, &chunked.values, chunked.stride, 0, state.pointer, nil, scratch.pointer)
                stepped.values.withUnsafeMutableBufferPointer { output in
                    guard let output = output.baseAddress else { return }
                    for t in 0..<time {
                        var one = shape.head(first + t * shape.stride, time: 1)
                        ck_channel_step(&one, &steps, output + t * value, scratch.pointer)
                    }
                }
            }
            var last = start
            padded(start, shape) { last[$0] = state.pointer[$1] }
            expectClose(chunked.dense, expected.output, tolerance: 3e-6, "chunked, \(shape)")
            expectClose(stepped.dense, expected.output, tolerance: 3e-6, "stepped, \(shape)")
            expectClose(doubles(last), expected.state, tolerance: 5e-6, "state after chunks, \(shape)")
            expectClose(doubles(steps), expected.state, tolerance: 5e-6, "state after steps, \(shape)")
            #expect(chunked.gapsAreIntact && state.isIntact && scratch.isIntact, "\(shape)")
        }

        private func checkGradients(_ shape: ChannelShape, random: inout TestRandom) {
            let (time, value) = (shape.time, shape.value)
            let rows = shape.inputs(&random)
            let upstream = Matrix(time, value, stride: value + 1, random: &random)
            let expected = numericalGradient(rows.dense) { weighted(shape.reference($0).output, by: upstream.dense) }
            let states = Guarded(ck_channel_states_count(shape.kernelShape))
            let solutions = Guarded(ck_channel_solutions_count(shape.kernelShape))
            let scratch = Guarded(ck_channel_scratch_count(shape.kernelShape))
            var output = Matrix(time, value)
            var result = Matrix(time, shape.columns, stride: shape.stride, filled: 0)
            rows.values.withUnsafeBufferPointer { rows in
                guard let first = rows.baseAddress else { return }
                var head = shape.head(first)
                ck_channel_forward(
                    &head, &output.values, value, 1, states.pointer, solutions.pointer, scratch.pointer)
                for accumulate: Int32 in [0, 127] {
                    result.values.withUnsafeMutableBufferPointer { target in
                        guard let target = target.baseAddress else { return }
                        var gradients = shape.gradients(target, accumulate: accumulate)
                        ck_channel_backward(
                            &head, states.pointer, solutions.pointer, upstream.values, upstream.stride, &gradients,
                            scratch.pointer)
                    }
                }
            }
            expectClose(output.dense, shape.reference(rows.dense).output, tolerance: 3e-6, "outputs, \(shape)")
            let places = (0..<time).flatMap { t in shape.usedColumns.map { t * shape.columns + $0 } }
            // The second pass added the same again.
            expectClose(
                places.map { result.dense[$0] / 2 }, places.map { expected[$0] }, tolerance: 3e-5,
                "gradients, \(shape)")
            #expect(result.gapsAreIntact && states.isIntact && solutions.isIntact && scratch.isIntact, "\(shape)")
        }

        @Test(
            "chunks, steps and the recurrence agree from any first state, whatever the lengths and widths",
            arguments: instructionSets, rules)
        func forms(isa: Int32, rule: Int) {
            var random = TestRandom(60)
            withInstructionSet(isa) {
                for (time, key, value, chunk) in [
                    (1, 8, 8, 0), (5, 12, 20, 0), (16, 16, 16, 16), (33, 16, 32, 0), (100, 32, 17, 16),
                    (90, 40, 24, 64), (130, 16, 16, 128), (70, 72, 64, 0), (40, 80, 80, 20),
                ] {
                    checkForms(
                        ChannelShape(rule: rule, time: time, key: key, value: value, chunk: chunk), random: &random)
                }
            }
        }

        @Test(
            "no decay overflows, however violent, in one channel beside gentle ones in others",
            arguments: instructionSets, rules)
        func decays(isa: Int32, rule: Int) {
            var random = TestRandom(61)
            withInstructionSet(isa) {
                // The exponents of a block are at most 16 times these: small enough for inverses of decays at first,
                // and soon beyond anything that float32 could hold.
                for decays in [1e-8...1e-7, 1...5, 20...90, 1e3...1e5, 1e-6...1e5] as [ClosedRange<Float>] {
                    checkForms(
                        ChannelShape(rule: rule, time: 70, key: 16, value: 16, chunk: 64, decays: decays),
                        random: &random)
                }
            }
        }

        @Test(
            "gradients are those of the recurrence, written or added, through strong decays and weak ones",
            arguments: instructionSets, rules)
        func gradients(isa: Int32, rule: Int) {
            var random = TestRandom(62)
            withInstructionSet(isa) {
                for (time, key, value, chunk, decays) in [
                    (1, 4, 4, 0, 0.01...0.5), (37, 4, 6, 0, 0.01...0.5), (66, 6, 3, 64, 1e-4...0.1),
                    (50, 5, 4, 16, 0.5...4), (40, 4, 4, 32, 1e-3...60),
                ] as [(Int, Int, Int, Int, ClosedRange<Float>)] {
                    checkGradients(
                        ChannelShape(rule: rule, time: time, key: key, value: value, chunk: chunk, decays: decays),
                        random: &random)
                }
            }
        }
    }

    @Suite("Decay gates") struct DecayGateTests {
        private static let kinds = [CK_DECAY_SOFTPLUS, CK_DECAY_LOG_SIGMOID, CK_DECAY_SIGMOID].map { Int32($0) }

        /// `inputs` are the rows, the biases, and the logarithms of the rates if the kind has them.
        private static func reference(kind: Int32, _ inputs: [Double], rows: Int, heads: Int, width: Int) -> [Double] {
            let count = rows * heads * width
            return (0..<count).map { place in
                let column = place % (heads * width)
                let z = inputs[place] + inputs[count + column]
                let softplus = { (x: Double) in max(x, 0) + log1p(exp(-abs(x))) }
                return switch kind {
                case Int32(CK_DECAY_SOFTPLUS):
                    -exp(inputs[count + heads * width + column / width]) * softplus(z)
                case Int32(CK_DECAY_LOG_SIGMOID): -0.7 * softplus(-z)
                default: -0.7 / (1 + exp(-z))
                }
            }
        }

        @Test("decays and gradients follow the definition, saturated gates too", arguments: instructionSets, kinds)
        func gates(isa: Int32, kind: Int32) {
            var random = TestRandom(63)
            withInstructionSet(isa) {
                for (rows, heads, width) in [(1, 1, 1), (3, 2, 5), (5, 3, 16), (2, 1, 35)] {
                    let columns = heads * width
                    var z = Matrix(rows, columns, stride: columns + 1, random: &random)
                    for r in 0..<rows { for c in 0..<columns { z[r, c] *= 12 } }
                    let upstream = Matrix(rows, columns, stride: columns + 2, random: &random)
                    let (bias, aLog) = (random.floats(columns), random.floats(heads))
                    let hasRates = kind == Int32(CK_DECAY_SOFTPLUS)
                    let inputs = z.dense + doubles(bias) + (hasRates ? doubles(aLog) : [])
                    let expected = numericalGradient(inputs) {
                        weighted(
                            Self.reference(kind: kind, $0, rows: rows, heads: heads, width: width),
                            by: upstream.dense)
                    }
                    var g = Matrix(rows, columns, stride: columns + 3)
                    var dz = Matrix(rows, columns, stride: columns + 4)
                    var dbias = [Float](repeating: 0, count: columns)
                    var daLog = [Float](repeating: 0, count: heads)
                    aLog.withUnsafeBufferPointer { aLog in
                        let rates = hasRates ? aLog.baseAddress : nil
                        ck_decay_gate_forward(
                            kind, rows, heads, width, z.values, z.stride, bias, rates, -0.7, &g.values, g.stride)
                        for accumulate: Int32 in [0, 1] {
                            ck_decay_gate_backward(
                                kind, rows, heads, width, z.values, z.stride, bias, rates, -0.7, upstream.values,
                                upstream.stride, &dz.values, dz.stride, accumulate, &dbias, &daLog)
                        }
                    }
                    expectClose(
                        g.dense, Self.reference(kind: kind, inputs, rows: rows, heads: heads, width: width),
                        tolerance: 2e-6)
                    // The second pass added the same again.
                    let computed = dz.dense + doubles(dbias) + (hasRates ? doubles(daLog) : [])
                    expectClose(computed.map { $0 / 2 }, expected, tolerance: 2e-5)
                    #expect(g.gapsAreIntact && dz.gapsAreIntact)
                }
            }
        }
    }
}
