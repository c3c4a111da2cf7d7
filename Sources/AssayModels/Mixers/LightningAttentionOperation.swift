import AssayTensor
import CKernels

/// The heads of lightning attention over whole sequences, with the gated norm after them.
final class LightningAttentionOperation: TapeOperation {
    private let rows: Tensor
    private let gate: Tensor
    private let weight: Tensor
    private let output: Tensor
    private let mixer: LightningAttention
    private let keepsStates: Bool
    /// The outputs of the heads before the norm, `[batch, time, heads * headDimension]`.
    private let heads: UnsafeMutablePointer<Float>
    private let inverse: UnsafeMutablePointer<Float>
    /// The states that the backward pass starts chunks from, for every sequence and head; one state without it.
    private let states: UnsafeMutablePointer<Float>
    private let statesCount: Int
    private let workspace: Workspace

    /// Records the operation.
    /// - Parameters:
    ///   - rows: `q | k | v`, `[batch, time, 3 * heads * headDimension]`.
    ///   - gate: `[batch, time, heads * headDimension]`, before its sigmoid.
    /// - Returns: `[batch, time, heads * headDimension]`.
    static func record(
        rows: Tensor, gate: Tensor, weight: Tensor, mixer: LightningAttention, on tape: Tape
    ) -> Tensor {
        let output = tape.tensor(gate.shape)
        tape.record(
            LightningAttentionOperation(
                rows: rows, gate: gate, weight: weight, output: output, mixer: mixer, tape: tape))
        return output
    }

    private init(
        rows: Tensor, gate: Tensor, weight: Tensor, output: Tensor, mixer: LightningAttention, tape: Tape
    ) {
        (self.rows, self.gate, self.weight, self.output, self.mixer) = (rows, gate, weight, output, mixer)
        let (batch, time) = (gate.shape[0], gate.shape[1])
        keepsStates = tape.recordsGradients
        heads = tape.scratch(gate.count)
        inverse = tape.scratch(gate.rows)
        statesCount = ck_lightning_states_count(keepsStates ? time : 0, mixer.headDimension)
        states = tape.scratch(keepsStates ? batch * mixer.heads * statesCount : statesCount)
        workspace = tape.workspace(time * gate.width + 16 + ck_lightning_scratch_count(mixer.headDimension))
    }

    func forward() {
        let (batch, time, width) = (gate.shape[0], gate.shape[1], gate.width)
        for sequence in 0..<batch {
            let offset = sequence * time * width
            for head in 0..<mixer.heads {
                var arguments = mixer.argument(head: head, time: time, rows: rows.value + sequence * time * rows.width)
                let own = states + (keepsStates ? (sequence * mixer.heads + head) * statesCount : 0)
                // Without a backward pass the state of the head before is still there.
                if !keepsStates { own.update(repeating: 0, count: statesCount) }
                ck_lightning_forward(
                    &arguments, heads + offset + head * mixer.headDimension, width, own, keepsStates ? 1 : 0,
                    workspace.pointer)
            }
            ck_gated_norm_forward(
                time, width, heads + offset, width, weight.value, gate.value + offset, width, 1,
                Float(LightningAttention.epsilon), output.value + offset, width, inverse + sequence * time)
        }
    }

    func backward() {
        let (batch, time, width) = (gate.shape[0], gate.shape[1], gate.width)
        let gradient = output.gradient
        let addsRows: Int32 = rows.claimGradient() ? 1 : 0
        let addsGate: Int32 = gate.claimGradient() ? 1 : 0
        let headGradients = workspace.pointer
        let scratch = headGradients + (time * width + 15) / 16 * 16
        for sequence in 0..<batch {
            let offset = sequence * time * width
            ck_gated_norm_backward(
                time, width, heads + offset, width, weight.value, gate.value + offset, width, 1,
                inverse + sequence * time, gradient + offset, width, headGradients, width, gate.gradient + offset,
                width, addsGate, weight.gradient)
            for head in 0..<mixer.heads {
                let start = sequence * time * rows.width
                var arguments = mixer.argument(head: head, time: time, rows: rows.value + start)
                let target = rows.gradient + start + head * mixer.headDimension
                ck_lightning_backward(
                    &arguments, states + (sequence * mixer.heads + head) * statesCount,
                    headGradients + head * mixer.headDimension, width, target, target + mixer.projection.keyOffset,
                    target + mixer.projection.valueOffset, rows.width, addsRows, scratch)
            }
        }
    }
}
