import AssayTensor
import CKernels

extension Tape {
    /// `x_t + mix (x_{t-1} - x_t)` for several vectors `mix` `[width]`, zero before the first token.
    /// - Parameter x: `[batch, time, width]`.
    /// - Returns: one tensor of the same shape for each vector.
    func tokenShift(_ x: Tensor, mixes: [Tensor]) -> [Tensor] {
        let outputs = mixes.map { _ in tensor(x.shape) }
        record(TokenShiftOperation(input: x, mixes: mixes, outputs: outputs))
        return outputs
    }

    /// `value + (first - value) sigmoid(gate + bias)`, all of one shape but for the bias `[width]`.
    func gatedMix(_ value: Tensor, first: Tensor, gate: Tensor, bias: Tensor) -> Tensor {
        precondition(value.count == first.count && value.count == gate.count, "values of another shape")
        let output = tensor(value.shape)
        record(GatedMixOperation(value: value, first: first, gate: gate, bias: bias, output: output))
        return output
    }

    /// The keys of RWKV-7's state from its raw keys `k` and rates, as ck_rwkv.h says: those that it is read with, those
    /// that this is taken away with, and those that values are written with.
    func rwkvKeys(
        _ k: Tensor, rates: Tensor, bias: Tensor, removal: Tensor, replacement: Tensor, heads: Int
    ) -> (read: Tensor, write: Tensor, key: Tensor) {
        let outputs = (read: tensor(k.shape), write: tensor(k.shape), key: tensor(k.shape))
        record(
            RWKVKeysOperation(
                k: k, rates: rates, bias: bias, removal: removal, replacement: replacement, heads: heads,
                outputs: outputs))
        return outputs
    }

    /// The way out of RWKV-7's heads, as ck_rwkv.h says.
    func rwkvOutput(
        _ outputs: Tensor, query: Tensor, key: Tensor, value: Tensor, gate: Tensor, weight: Tensor,
        bias: Tensor,
        bonus: Tensor, heads: Int, epsilon: Float
    ) -> Tensor {
        let result = tensor(outputs.shape)
        record(
            RWKVOutputOperation(
                rows: [outputs, query, key, value, gate], parameters: [weight, bias, bonus], heads: heads,
                epsilon: epsilon, output: result))
        return result
    }
}

private final class TokenShiftOperation: TapeOperation {
    let input: Tensor
    let mixes: [Tensor]
    let outputs: [Tensor]

    init(input: Tensor, mixes: [Tensor], outputs: [Tensor]) {
        (self.input, self.mixes, self.outputs) = (input, mixes, outputs)
    }

    private func forEachSequence(_ body: (_ offset: Int) -> Void) {
        for sequence in 0..<input.shape[0] { body(sequence * input.shape[1] * input.width) }
    }

    func forward() {
        let (time, width) = (input.shape[1], input.width)
        for (mix, output) in zip(mixes, outputs) {
            forEachSequence { offset in
                ck_token_shift_forward(
                    time, width, nil, input.value + offset, width, mix.value, output.value + offset, width)
            }
        }
    }

    func backward() {
        let (time, width) = (input.shape[1], input.width)
        for (mix, output) in zip(mixes, outputs) {
            let upstream = output.gradient
            let adds: Int32 = input.claimGradient() ? 1 : 0
            forEachSequence { offset in
                ck_token_shift_backward(
                    time, width, input.value + offset, width, mix.value, upstream + offset, width,
                    input.gradient + offset, width, adds, mix.gradient)
            }
        }
    }
}

private final class GatedMixOperation: TapeOperation {
    let value: Tensor
    let first: Tensor
    let gate: Tensor
    let bias: Tensor
    let output: Tensor

    init(value: Tensor, first: Tensor, gate: Tensor, bias: Tensor, output: Tensor) {
        (self.value, self.first, self.gate, self.bias, self.output) = (value, first, gate, bias, output)
    }

    func forward() {
        ck_gated_mix_forward(
            value.rows, value.width, value.value, first.value, gate.value, bias.value, output.value)
    }

    func backward() {
        let upstream = output.gradient
        var adds: Int32 = value.claimGradient() ? 1 : 0
        if first.claimGradient() { adds |= 2 }
        if gate.claimGradient() { adds |= 4 }
        ck_gated_mix_backward(
            value.rows, value.width, value.value, first.value, gate.value, bias.value, upstream,
            value.gradient,
            first.gradient, gate.gradient, adds, bias.gradient)
    }
}

private final class RWKVKeysOperation: TapeOperation {
    let k: Tensor
    let rates: Tensor
    let bias: Tensor
    let removal: Tensor
    let replacement: Tensor
    let heads: Int
    let outputs: (read: Tensor, write: Tensor, key: Tensor)

    init(
        k: Tensor, rates: Tensor, bias: Tensor, removal: Tensor, replacement: Tensor, heads: Int,
        outputs: (read: Tensor, write: Tensor, key: Tensor)
    ) {
        (self.k, self.rates, self.bias) = (k, rates, bias)
        (self.removal, self.replacement, self.heads, self.outputs) = (
            removal, replacement, heads, outputs
        )
    }

    private var argument: ck_rwkv_keys {
        ck_rwkv_keys(
            rows: k.rows, heads: heads, width: k.width / heads, k: k.value, z: rates.value,
            bias: bias.value,
            removal: removal.value, replacement: replacement.value)
    }

    func forward() {
        var argument = argument
        ck_rwkv_keys_forward(&argument, outputs.read.value, outputs.write.value, outputs.key.value)
    }

    func backward() {
        let (read, write, key) = (outputs.read.gradient, outputs.write.gradient, outputs.key.gradient)
        let addsK: Int32 = k.claimGradient() ? 1 : 0
        let addsRates: Int32 = rates.claimGradient() ? 1 : 0
        var argument = argument
        ck_rwkv_keys_backward(
            &argument, read, write, key, k.gradient, addsK, rates.gradient, addsRates, bias.gradient,
            removal.gradient, replacement.gradient)
    }
}

private final class RWKVOutputOperation: TapeOperation {
    /// Outputs of the recurrence, queries, keys, values and gates.
    let rows: [Tensor]
    /// Weight and bias of the norm, and the bonus.
    let parameters: [Tensor]
    let heads: Int
    let epsilon: Float
    let output: Tensor

    init(rows: [Tensor], parameters: [Tensor], heads: Int, epsilon: Float, output: Tensor) {
        (self.rows, self.parameters, self.heads) = (rows, parameters, heads)
        (self.epsilon, self.output) = (epsilon, output)
    }

    private var argument: ck_rwkv_output {
        ck_rwkv_output(
            rows: output.rows, heads: heads, width: output.width / heads, o: rows[0].value,
            q: rows[1].value,
            k: rows[2].value, v: rows[3].value, gate: rows[4].value, weight: parameters[0].value,
            norm_bias: parameters[1].value, bonus: parameters[2].value, epsilon: epsilon)
    }

    func forward() {
        var argument = argument
        ck_rwkv_output_forward(&argument, output.value)
    }

    func backward() {
        let upstream = output.gradient
        var adds: Int32 = 0
        for (i, row) in rows.enumerated() where row.claimGradient() { adds |= 1 << Int32(i) }
        var argument = argument
        var gradients = ck_rwkv_output_gradients(
            o: rows[0].gradient, q: rows[1].gradient, k: rows[2].gradient, v: rows[3].gradient,
            gate: rows[4].gradient, weight: parameters[0].gradient, norm_bias: parameters[1].gradient,
            bonus: parameters[2].gradient, accumulate: adds)
        ck_rwkv_output_backward(&argument, upstream, &gradients)
    }
}
