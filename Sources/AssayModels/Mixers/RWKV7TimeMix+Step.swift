import CKernels

extension RWKV7TimeMix {
    /// Rows of all heads that a step holds.
    private static let rowCount = 12

    /// Scratch of a step.
    public func stepScratchCount(batch: Int, capacity: Int) -> Int {
        let inner = maps.map(rank).max() ?? 0
        return batch * (Self.shifts.count * width + Self.rowCount * headsWidth + inner) + 3
            * headDimension
    }

    /// The recurrent form.
    public func step(_ call: MixerStep) {
        let batch = call.batch
        let shifted = call.scratch
        let rows = shifted + batch * Self.shifts.count * width
        func row(_ index: Int) -> UnsafeMutablePointer<Float> { rows + index * batch * headsWidth }
        let (query, key, value, rates, decays, gates) = (row(0), row(1), row(2), row(3), row(4), row(5))
        let (read, write, replaced, outputs, mixed, other) = (
            row(6), row(7), row(8), row(9), row(10), row(11)
        )
        let inner = row(Self.rowCount)
        let scratch = inner + batch * (maps.map(rank).max() ?? 0)
        shift(call, into: shifted)
        func input(_ name: String) -> UnsafeMutablePointer<Float> {
            shifted + (Self.shifts.firstIndex(of: name) ?? 0) * batch * width
        }
        func project(_ name: String, into output: UnsafeMutablePointer<Float>) {
            call.multiply(
                "\(name)_proj.weight", input(name), stride: width, into: output, stride: headsWidth)
        }
        func lowRank(
            _ map: String, into output: UnsafeMutablePointer<Float>,
            _ activation: ((Int, UnsafePointer<Float>?, UnsafeMutablePointer<Float>?) -> Void)? = nil
        ) {
            call.multiply(
                "\(map)_lora.a.weight", input(map), stride: width, into: inner, stride: rank(map))
            activation?(batch * rank(map), inner, inner)
            call.multiply(
                "\(map)_lora.b.weight", inner, stride: rank(map), into: output, stride: headsWidth)
        }
        project("r", into: query)
        project("k", into: key)
        project("v", into: value)
        lowRank("w", into: decays, ck_tanh)
        gate.forward(
            rows: batch, heads: heads, width: headDimension, decays,
            bias: call.parameter("w_lora.b.bias"), aLog: nil,
            into: decays)
        lowRank("a", into: rates)
        lowRank("g", into: gates, ck_sigmoid)
        if isFirst {
            call.shared.update(from: value, count: batch * headsWidth)
        } else {
            lowRank("v", into: other)
            ck_gated_mix_forward(
                batch, headsWidth, value, call.shared, other, call.parameter("v_lora.b.bias"), value)
        }
        var keys = ck_rwkv_keys(
            rows: batch, heads: heads, width: headDimension, k: key, z: rates,
            bias: call.parameter("a_lora.b.bias"), removal: call.parameter("k_k"),
            replacement: call.parameter("k_a"))
        ck_rwkv_keys_forward(&keys, read, write, replaced)
        for i in 0..<batch {
            for head in 0..<heads {
                let place = i * headsWidth + head * headDimension
                var arguments = ck_channel_head(
                    shape: shape(time: 1), scale: 1, q: query + place, k: replaced + place, v: value + place,
                    ldq: 0,
                    ldk: 0, ldv: 0, g: decays + place, ldg: 0, beta: nil, ldb: 0, r: read + place,
                    w: write + place,
                    ldr: 0, ldw: 0)
                let state = call.states[i] + width + head * headDimension * headDimension
                ck_channel_step(&arguments, state, outputs + place, scratch)
            }
        }
        var output = ck_rwkv_output(
            rows: batch, heads: heads, width: headDimension, o: outputs, q: query, k: replaced, v: value,
            gate: gates,
            weight: call.parameter("norm.weight"), norm_bias: call.parameter("norm.bias"),
            bonus: call.parameter("r_k"), epsilon: Float(epsilon))
        ck_rwkv_output_forward(&output, mixed)
        call.multiply("out_proj.weight", mixed, stride: headsWidth, into: call.output, stride: width)
    }

    /// Mixes every row with the one before it in its sequence, which the state holds, and moves the state on.
    private func shift(_ call: MixerStep, into shifted: UnsafeMutablePointer<Float>) {
        let mixes = Self.shifts.map { call.parameter("x_\($0)") }
        for i in 0..<call.batch {
            let (row, state) = (call.input + i * width, call.states[i])
            for (index, mix) in mixes.enumerated() {
                let output = shifted + (index * call.batch + i) * width
                ck_token_shift_forward(1, width, state, row, width, mix, output, width)
            }
            state.update(from: row, count: width)
        }
    }
}
