import AssayTensor
import CKernels

/// The heads of a Gated DeltaNet over whole sequences, with the gated norm after them.
final class GatedDeltaNetOperation: TapeOperation {
    private let rows: Tensor
    private let gates: Tensor
    private let decay: Tensor
    private let bias: Tensor
    private let weight: Tensor
    private let output: Tensor
    private let mixer: GatedDeltaNet
    private let keepsStates: Bool
    /// The outputs of the heads before the norm, `[batch, time, valueHeads * valueDimension]`.
    private let heads: UnsafeMutablePointer<Float>
    /// `[batch, valueHeads, time]`.
    private let inverse: UnsafeMutablePointer<Float>
    /// What the backward pass starts from, for every sequence and head: the states before each chunk and the prediction
    /// errors. Without it, one state.
    private let states: UnsafeMutablePointer<Float>
    private let errors: UnsafeMutablePointer<Float>
    private let statesCount: Int
    private let errorsCount: Int
    private let workspace: Workspace

    /// Records the operation.
    /// - Parameters:
    ///   - rows: `q | k | v`, `[batch, time, channels]`.
    ///   - gates: `z | b | a`, `[batch, time, gatesWidth]`.
    ///   - decay: `A_log`, `[valueHeads]`.
    ///   - bias: `dt_bias`, `[valueHeads]`.
    ///   - weight: of the norm, `[valueDimension]`.
    /// - Returns: `[batch, time, valueHeads * valueDimension]`.
    static func record(
        rows: Tensor, gates: Tensor, decay: Tensor, bias: Tensor, weight: Tensor, mixer: GatedDeltaNet, on tape: Tape
    ) -> Tensor {
        let output = tape.tensor([rows.shape[0], rows.shape[1], mixer.headsWidth])
        tape.record(
            GatedDeltaNetOperation(
                rows: rows, gates: gates, decay: decay, bias: bias, weight: weight, output: output, mixer: mixer,
                tape: tape))
        return output
    }

    private init(
        rows: Tensor, gates: Tensor, decay: Tensor, bias: Tensor, weight: Tensor, output: Tensor, mixer: GatedDeltaNet,
        tape: Tape
    ) {
        (self.rows, self.gates, self.decay, self.bias) = (rows, gates, decay, bias)
        (self.weight, self.output, self.mixer) = (weight, output, mixer)
        let (batch, time) = (output.shape[0], output.shape[1])
        let (key, value) = (mixer.keyDimension, mixer.valueDimension)
        keepsStates = tape.recordsGradients
        heads = tape.scratch(output.count)
        inverse = tape.scratch(batch * mixer.valueHeads * time)
        statesCount = keepsStates ? ck_delta_states_count(time, key, value) : ck_delta_state_count(key, value)
        errorsCount = keepsStates ? ck_delta_errors_count(time, key, value) : 0
        states = tape.scratch(keepsStates ? batch * mixer.valueHeads * statesCount : statesCount)
        errors = tape.scratch(batch * mixer.valueHeads * errorsCount)
        workspace = tape.workspace(time * value + 16 + ck_delta_scratch_count(key, value))
    }

    /// Calls with each value head of each sequence: its number among all, and where its columns begin in the outputs and
    /// in `z`.
    private func forEachHead(
        _ body: (_ arguments: inout ck_delta_head, _ sequence: Int, _ head: Int, _ column: Int, _ z: Int) -> Void
    ) {
        let (batch, time) = (output.shape[0], output.shape[1])
        for sequence in 0..<batch {
            let row = sequence * time
            for head in 0..<mixer.valueHeads {
                var arguments = mixer.argument(
                    head: head, time: time, rows: rows.value + row * rows.width,
                    gates: gates.value + row * gates.width, decay: decay.value, bias: bias.value)
                let column = head * mixer.valueDimension
                body(&arguments, sequence, head, row * output.width + column, row * gates.width + column)
            }
        }
    }

    func forward() {
        let time = output.shape[1]
        forEachHead { arguments, sequence, head, column, z in
            let index = sequence * mixer.valueHeads + head
            let own = states + (keepsStates ? index * statesCount : 0)
            // Without a backward pass the state of the head before is still there.
            if !keepsStates { own.update(repeating: 0, count: statesCount) }
            ck_delta_forward(
                &arguments, heads + column, output.width, own, keepsStates ? errors + index * errorsCount : nil,
                workspace.pointer)
            ck_gated_norm_forward(
                time, mixer.valueDimension, heads + column, output.width, weight.value, gates.value + z, gates.width,
                0, Float(mixer.epsilon), output.value + column, output.width, inverse + index * time)
        }
    }

    func backward() {
        let (time, dimension) = (output.shape[1], mixer.valueDimension)
        let gradient = output.gradient
        let addsRows: Int32 = rows.claimGradient() ? 1 : 0
        let addsGates: Int32 = gates.claimGradient() ? 1 : 0
        let headGradient = workspace.pointer
        let scratch = headGradient + (time * dimension + 15) / 16 * 16
        forEachHead { arguments, sequence, head, column, z in
            let index = sequence * mixer.valueHeads + head
            ck_gated_norm_backward(
                time, dimension, heads + column, output.width, weight.value, gates.value + z, gates.width, 0,
                inverse + index * time, gradient + column, output.width, headGradient, dimension, gates.gradient + z,
                gates.width, addsGates, weight.gradient)
            var target = gradients(sequence: sequence, head: head, addsRows: addsRows, addsGates: addsGates)
            ck_delta_backward(
                &arguments, states + index * statesCount, errors + index * errorsCount, headGradient, dimension,
                &target, scratch)
        }
    }

    private func gradients(sequence: Int, head: Int, addsRows: Int32, addsGates: Int32) -> ck_delta_gradients {
        let row = sequence * output.shape[1]
        let group = mixer.valueHeads / mixer.keyHeads
        let start = rows.gradient + row * rows.width
        let query = start + head / group * mixer.keyDimension
        let beta = gates.gradient + row * gates.width + mixer.headsWidth + head
        return ck_delta_gradients(
            q: query, k: query + mixer.projection.keyOffset, ldq: rows.width, ldk: rows.width,
            v: start + mixer.projection.valueOffset + head * mixer.valueDimension, ldv: rows.width,
            a: beta + mixer.valueHeads, b: beta, lda: gates.width, ldb: gates.width, a_log: decay.gradient + head,
            dt_bias: bias.gradient + head,
            // Value heads after the first of a group add to the gradients of the same query and key head.
            accumulate_qk: head % group == 0 ? addsRows : 1, accumulate_v: addsRows, accumulate_gates: addsGates)
    }
}
