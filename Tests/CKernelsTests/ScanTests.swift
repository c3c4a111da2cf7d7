import CKernels
import Foundation
import Testing

extension Guarded {
    /// A copy of values, at an address that stays.
    fileprivate convenience init(_ values: [Float]) {
        self.init(values.count)
        for (i, value) in values.enumerated() { pointer[i] = value }
    }

    fileprivate var values: [Float] { (0..<count).map { pointer[$0] } }
}

/// A group of heads for the scan: a row is q | k | v | g | s with a gap behind.
private struct ScanCase {
    enum Decay { case token, fixed, none }

    var time: Int
    var heads = 1
    var key: Int
    var value: Int
    var decay = Decay.token
    /// The size of log decays.
    var strength: Float = 1
    /// Whether values have factors, and heads a skip.
    var isSelective = false
    var chunk = 0

    static let queryScale: Float = 0.6

    var width: Int { heads * value }
    var columns: Int { 2 * key + width + 2 * heads }
    var stride: Int { columns + 3 }
    private var decays: Int { 2 * key + width }

    /// Random rows; their log decays are at most 0.
    func rows(_ random: inout TestRandom) -> Matrix {
        var rows = Matrix(time, columns, stride: stride, random: &random)
        for t in 0..<time {
            for head in 0..<heads { rows[t, decays + head] = -strength * abs(rows[t, decays + head]) }
        }
        return rows
    }

    /// Slopes and skips, one a head.
    func constants(_ random: inout TestRandom) -> (slopes: Guarded, skips: Guarded) {
        (Guarded(random.floats(heads, in: 0...strength)), Guarded(random.floats(heads)))
    }

    func group(_ rows: UnsafePointer<Float>, time: Int, _ slopes: Guarded, _ skips: Guarded) -> ck_scan_group {
        var group = ck_scan_group()
        (group.time, group.heads, group.key_dimension, group.value_dimension) = (time, heads, key, value)
        (group.chunk, group.query_scale) = (chunk, Self.queryScale)
        (group.q, group.k, group.v) = (rows, rows + key, rows + 2 * key)
        (group.ldq, group.ldk, group.ldv, group.ldg, group.lds) = (stride, stride, stride, stride, stride)
        if decay == .token { group.log_decay = rows + decays }
        if decay == .fixed { group.slope = UnsafePointer(slopes.pointer) }
        if isSelective { (group.scale, group.skip) = (rows + decays + heads, UnsafePointer(skips.pointer)) }
        return group
    }

    func gradients(_ block: Guarded, _ skips: Guarded, accumulate: Int32) -> ck_scan_gradients {
        let rows = block.pointer
        var target = ck_scan_gradients()
        (target.q, target.k, target.v) = (rows, rows + key, rows + 2 * key)
        (target.ldq, target.ldk, target.ldv, target.ldg, target.lds) = (stride, stride, stride, stride, stride)
        if decay == .token { target.log_decay = rows + decays }
        if isSelective { (target.scale, target.skip) = (rows + decays + heads, skips.pointer) }
        target.accumulate_q = accumulate
        target.accumulate_k = accumulate
        target.accumulate_v = accumulate
        target.accumulate_log_decay = accumulate
        target.accumulate_scale = accumulate
        return target
    }

    /// The recurrence as it is defined, from a state `[heads, key, value]`.
    func reference(
        _ rows: [Double], slopes: Guarded, skips: [Double], state: [Double]
    ) -> (output: [Double], state: [Double]) {
        var state = state
        var output = [Double](repeating: 0, count: time * width)
        for t in 0..<time {
            let row = t * columns
            for column in 0..<width {
                let head = column / value
                let logDecay =
                    decay == .token ? rows[row + decays + head] : decay == .fixed ? -Double(slopes.pointer[head]) : 0
                let x = rows[row + 2 * key + column]
                let written = isSelective ? x * rows[row + decays + heads + head] : x
                var read = 0.0
                for i in 0..<key {
                    let place = (head * key + i) * value + column % value
                    state[place] = exp(logDecay) * state[place] + rows[row + key + i] * written
                    read += rows[row + i] * state[place]
                }
                output[t * width + column] =
                    Double(Self.queryScale) * read + (isSelective ? skips[head] * x : 0)
            }
        }
        return (output, state)
    }

    /// The padded states of the chunked form and those without padding.
    private func places() -> [Int] {
        let (rows, columns) = ((key + 15) / 16 * 16, (value + 15) / 16 * 16)
        return (0..<heads * key * value).map {
            ($0 / (key * value) * rows + $0 / value % key) * columns + $0 % value
        }
    }

    func padded(_ state: [Float], into block: UnsafeMutablePointer<Float>) {
        for (place, value) in zip(places(), state) { block[place] = value }
    }

    func dense(_ block: UnsafeMutablePointer<Float>) -> [Double] { places().map { Double(block[$0]) } }
}

extension KernelTests {
    @Suite("Scan") struct ScanTests {
        private static let cases = [
            ScanCase(time: 1, key: 4, value: 5),
            ScanCase(time: 63, key: 12, value: 12, decay: .fixed, strength: 0.5),
            ScanCase(time: 64, key: 16, value: 16, decay: .none),
            ScanCase(time: 130, key: 32, value: 48, strength: 0.01),
            ScanCase(time: 100, heads: 3, key: 20, value: 8, isSelective: true),
            ScanCase(time: 90, heads: 2, key: 72, value: 16, decay: .fixed, strength: 90, isSelective: true),
            // Decays that erase the state now and then.
            ScanCase(time: 200, heads: 2, key: 16, value: 8, strength: 200, isSelective: true),
        ]

        @Test(
            "chunks of any size, steps and the recurrence agree, states too, from a state that is not empty",
            arguments: instructionSets)
        func forms(isa: Int32) {
            var random = TestRandom(53)
            withInstructionSet(isa) {
                for base in Self.cases {
                    let rows = base.rows(&random)
                    let input = Guarded(rows.values)
                    let (slopes, skips) = base.constants(&random)
                    let start = random.floats(base.heads * base.key * base.value)
                    let expected = base.reference(
                        rows.dense, slopes: slopes, skips: doubles(skips.values), state: doubles(start))
                    for chunk in [0, 16, 64, 256] {
                        var scan = base
                        scan.chunk = chunk
                        var out = Matrix(scan.time, scan.width, stride: scan.width + 2)
                        var group = scan.group(input.pointer, time: scan.time, slopes, skips)
                        for keep: Int32 in [0, 1] {
                            let count =
                                keep == 1 ? ck_scan_states_count(&group) : ck_scan_state_count(&group)
                            let (states, scratch) = (Guarded(count), Guarded(ck_scan_scratch_count(&group)))
                            scan.padded(start, into: states.pointer)
                            ck_scan_forward(&group, &out.values, out.stride, states.pointer, keep, scratch.pointer)
                            let last = states.pointer + count - ck_scan_state_count(&group)
                            // Sums of up to 130 x 32 products, whose size the tolerance allows for.
                            expectClose(out.dense, expected.output, tolerance: 5e-5, "chunks of \(chunk)")
                            expectClose(scan.dense(last), expected.state, tolerance: 5e-5, "state after chunks")
                            #expect(states.isIntact && scratch.isIntact && out.gapsAreIntact)
                        }
                    }
                    var steps = start
                    var stepped = Matrix(base.time, base.width)
                    for t in 0..<base.time {
                        var one = base.group(input.pointer + t * base.stride, time: 1, slopes, skips)
                        var row = [Float](repeating: 0, count: base.width)
                        ck_scan_step(&one, &steps, &row)
                        for column in 0..<base.width { stepped[t, column] = row[column] }
                    }
                    expectClose(stepped.dense, expected.output, tolerance: 5e-5, "stepped")
                    expectClose(doubles(steps), expected.state, tolerance: 5e-5, "state after steps")
                }
            }
        }

        @Test(
            "gradients of all inputs are those of the recurrence, written or added, weak where decay is strong",
            arguments: instructionSets)
        func gradients(isa: Int32) {
            var random = TestRandom(54)
            withInstructionSet(isa) {
                for scan in [
                    ScanCase(time: 1, key: 4, value: 4),
                    ScanCase(time: 35, heads: 2, key: 3, value: 4, strength: 0.2, isSelective: true),
                    ScanCase(time: 37, heads: 2, key: 4, value: 3, strength: 30, isSelective: true, chunk: 16),
                    ScanCase(time: 35, key: 5, value: 3, decay: .fixed, strength: 0.3),
                    ScanCase(time: 20, heads: 3, key: 5, value: 3, decay: .none, isSelective: true, chunk: 256),
                ] {
                    let rows = scan.rows(&random)
                    let input = Guarded(rows.values)
                    let (slopes, skips) = scan.constants(&random)
                    let start = random.floats(scan.heads * scan.key * scan.value)
                    let upstream = Matrix(scan.time, scan.width, stride: scan.width + 2, random: &random)
                    func loss(_ rows: [Double], _ skips: [Double]) -> Double {
                        weighted(
                            scan.reference(rows, slopes: slopes, skips: skips, state: doubles(start)).output,
                            by: upstream.dense)
                    }
                    let expected = numericalGradient(rows.dense) { loss($0, doubles(skips.values)) }
                    let expectedSkips = numericalGradient(doubles(skips.values)) { loss(rows.dense, $0) }
                    var group = scan.group(input.pointer, time: scan.time, slopes, skips)
                    let states = Guarded(ck_scan_states_count(&group))
                    let scratch = Guarded(ck_scan_scratch_count(&group))
                    scan.padded(start, into: states.pointer)
                    var output = Matrix(scan.time, scan.width)
                    ck_scan_forward(&group, &output.values, scan.width, states.pointer, 1, scratch.pointer)
                    var result = Matrix(scan.time, scan.columns, stride: scan.stride, filled: 0)
                    let (target, targetSkips) = (Guarded(result.values), Guarded(scan.heads))
                    for accumulate: Int32 in [0, 1] {
                        var gradients = scan.gradients(target, targetSkips, accumulate: accumulate)
                        ck_scan_backward(
                            &group, states.pointer, upstream.values, upstream.stride, &gradients, scratch.pointer)
                    }
                    result.values = target.values
                    expectClose(result.dense.map { $0 / 2 }, expected, tolerance: 1e-5)
                    expectClose(doubles(targetSkips.values).map { $0 / 2 }, expectedSkips, tolerance: 1e-5, "skips")
                    #expect(result.gapsAreIntact && states.isIntact && scratch.isIntact)
                }
            }
        }
    }
}
