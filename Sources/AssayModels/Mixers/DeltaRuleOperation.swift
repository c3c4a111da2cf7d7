import AssayTensor
import CKernels

/// The heads of a layer of the delta rule over whole sequences, with the norm after them.
final class DeltaRuleOperation: TapeOperation {
    private let rows: Tensor
    private let gates: Tensor
    private let decay: (rate: Tensor, bias: Tensor)?
    private let weight: Tensor
    private let output: Tensor
    private let layer: DeltaRuleLayer
    private let chunk: Int?
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
    ///   - rows: `q | k | v`, `[batch, time, channels]`, the keys and values of all steps.
    ///   - gates: `z | b | a`, `[batch, time, gatesWidth]`.
    ///   - decay: `A_log` and `dt_bias`, `[valueHeads]`, if the state decays.
    ///   - weight: of the norm, `[valueDimension]`.
    /// - Returns: `[batch, time, valueHeads * valueDimension]`.
    static func record(
        rows: Tensor, gates: Tensor, decay: (rate: Tensor, bias: Tensor)?, weight: Tensor, layer: DeltaRuleLayer,
        on tape: Tape
    ) -> Tensor {
        let output = tape.tensor([rows.shape[0], rows.shape[1], layer.headsWidth])
        tape.record(
            DeltaRuleOperation(
                rows: rows, gates: gates, decay: decay, weight: weight, output: output, layer: layer, tape: tape))
        return output
    }

    private init(
        rows: Tensor, gates: Tensor, decay: (rate: Tensor, bias: Tensor)?, weight: Tensor, output: Tensor,
        layer: DeltaRuleLayer, tape: Tape
    ) {
        (self.rows, self.gates, self.decay) = (rows, gates, decay)
        (self.weight, self.output, self.layer) = (weight, output, layer)
        chunk = tape.chunk
        let (batch, time) = (output.shape[0], output.shape[1])
        let (shape, count) = (layer.kernelShape(time: time, chunk: chunk), batch * layer.shape.valueHeads)
        keepsStates = tape.recordsGradients
        heads = tape.scratch(output.count)
        inverse = tape.scratch(count * time)
        statesCount = keepsStates ? ck_delta_states_count(shape) : ck_delta_state_count(shape)
        errorsCount = keepsStates ? ck_delta_errors_count(shape) : 0
        states = tape.scratch(keepsStates ? count * statesCount : statesCount)
        errors = tape.scratch(count * errorsCount)
        workspace = tape.workspace(time * layer.shape.valueDimension + 16 + ck_delta_scratch_count(shape))
    }

    /// Calls with each value head of each sequence: its number among all, and where its columns begin in the outputs and
    /// in `z`.
    private func forEachHead(
        _ body: (_ arguments: inout ck_delta_head, _ sequence: Int, _ head: Int, _ column: Int, _ z: Int) -> Void
    ) {
        let (batch, time) = (output.shape[0], output.shape[1])
        let decay = decay.map { (rate: UnsafePointer($0.rate.value), bias: UnsafePointer($0.bias.value)) }
        for sequence in 0..<batch {
            let row = sequence * time
            for head in 0..<layer.shape.valueHeads {
                var arguments = layer.argument(
                    head: head, time: time, chunk: chunk, rows: rows.value + row * rows.width,
                    gates: gates.value + row * gates.width, decay: decay)
                let column = head * layer.shape.valueDimension
                body(&arguments, sequence, head, row * output.width + column, row * gates.width + column)
            }
        }
    }

    func forward() {
        let time = output.shape[1]
        forEachHead { arguments, sequence, head, column, z in
            let index = sequence * layer.shape.valueHeads + head
            let own = states + (keepsStates ? index * statesCount : 0)
            // Without a backward pass the state of the head before is still there.
            if !keepsStates { own.update(repeating: 0, count: statesCount) }
            ck_delta_forward(
                &arguments, heads + column, output.width, own, keepsStates ? errors + index * errorsCount : nil,
                workspace.pointer)
            layer.normalise(
                rows: time, heads + column, stride: output.width, weight: weight.value, gate: gates.value + z,
                gateStride: gates.width, into: output.value + column, stride: output.width,
                inverse: inverse + index * time)
        }
    }

    func backward() {
        let (time, dimension) = (output.shape[1], layer.shape.valueDimension)
        let gradient = output.gradient
        let addsRows: Int32 = rows.claimGradient() ? 1 : 0
        let addsGates: Int32 = gates.claimGradient() ? 1 : 0
        let headGradient = workspace.pointer
        let scratch = headGradient + (time * dimension + 15) / 16 * 16
        forEachHead { arguments, sequence, head, column, z in
            let index = sequence * layer.shape.valueHeads + head
            let scales = inverse + index * time
            if layer.isGated {
                ck_gated_norm_backward(
                    time, dimension, heads + column, output.width, weight.value, gates.value + z, gates.width, 0,
                    scales, gradient + column, output.width, headGradient, dimension, gates.gradient + z,
                    gates.width, addsGates, weight.gradient)
            } else {
                ck_rms_norm_backward(
                    time, dimension, heads + column, output.width, weight.value, scales, gradient + column,
                    output.width, headGradient, dimension, 0, weight.gradient)
            }
            var target = gradients(sequence: sequence, head: head, addsRows: addsRows, addsGates: addsGates)
            ck_delta_backward(
                &arguments, states + index * statesCount, errors + index * errorsCount, headGradient, dimension,
                &target, scratch)
        }
    }

    private func gradients(sequence: Int, head: Int, addsRows: Int32, addsGates: Int32) -> ck_delta_gradients {
        let row = sequence * output.shape[1]
        let group = layer.shape.valueHeads / layer.shape.keyHeads
        let start = rows.gradient + row * rows.width
        let query = start + layer.queryColumn(head: head)
        let gate = gates.gradient + row * gates.width
        return ck_delta_gradients(
            q: query, k: query + layer.projection.keyOffset, ldq: rows.width, ldk: rows.width,
            k_step: layer.projection.queryWidth, v: start + layer.valueColumn(head: head), ldv: rows.width,
            v_step: layer.headsWidth, a: decay.map { _ in gate + layer.decayOffset + head }, lda: gates.width,
            b: gate + layer.betaOffset + head, ldb: gates.width, b_step: layer.shape.valueHeads,
            a_log: decay.map { $0.rate.gradient + head }, dt_bias: decay.map { $0.bias.gradient + head },
            // Value heads after the first of a group add to the gradients of the same query and key head.
            accumulate_qk: head % group == 0 ? addsRows : 1, accumulate_v: addsRows, accumulate_gates: addsGates)
    }
}
