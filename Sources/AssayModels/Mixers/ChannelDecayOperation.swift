import AssayTensor
import CKernels

/// The heads of a recurrence with channel-wise decay (ck_channel.h) over whole sequences.
///
/// Which rule it is follows from the inputs: with `beta` the delta rule, with `removal` the low-rank one, with neither
/// the additive one. The columns of a head lie next to each other.
final class ChannelDecayOperation: TapeOperation {
    /// What goes into the recurrence; all over `[batch, time]`.
    struct Inputs {
        /// `[heads * keyDimension]` columns.
        let query: TensorSlice
        /// As wide.
        let key: TensorSlice
        /// `[heads * valueDimension]` columns.
        let value: TensorSlice
        /// Logarithms of the decays, as wide as the keys.
        let decay: TensorSlice
        /// How much of the error a token writes, `[heads]` columns.
        var beta: TensorSlice?
        /// The keys that the old state is read with, and those that this is taken away with; as wide as the keys.
        var removal: (read: TensorSlice, write: TensorSlice)?

        var all: [TensorSlice] {
            [query, key, value, decay] + (beta.map { [$0] } ?? []) + (removal.map { [$0.read, $0.write] } ?? [])
        }
    }

    private let inputs: Inputs
    private let heads: Int
    private let scale: Float
    private let normalises: Bool
    private let output: Tensor
    private let shape: ck_channel_shape
    private let claim: SliceClaim
    private let keepsStates: Bool
    /// What the backward pass starts from, for every sequence and head: the states before each chunk and the solutions
    /// of the triangular systems. Without it, one state.
    private let states: UnsafeMutablePointer<Float>
    private let solutions: UnsafeMutablePointer<Float>
    private let statesCount: Int
    private let solutionsCount: Int
    private let workspace: Workspace

    /// Records the recurrence.
    /// - Parameters:
    ///   - scale: of the queries.
    ///   - normalises: whether the queries and keys of a head are divided by their lengths first.
    /// - Returns: `[batch, time, heads * valueDimension]`.
    static func record(
        _ inputs: Inputs, heads: Int, scale: Float, normalises: Bool, on tape: Tape
    ) -> Tensor {
        let shape = inputs.query.tensor.shape
        let output = tape.tensor([shape[0], shape[1], inputs.value.width])
        tape.record(
            ChannelDecayOperation(
                inputs: inputs, heads: heads, scale: scale, normalises: normalises, output: output, tape: tape))
        return output
    }

    private init(inputs: Inputs, heads: Int, scale: Float, normalises: Bool, output: Tensor, tape: Tape) {
        (self.inputs, self.heads, self.scale, self.normalises) = (inputs, heads, scale, normalises)
        self.output = output
        let (batch, time) = (output.shape[0], output.shape[1])
        let rule =
            inputs.beta != nil ? CK_CHANNEL_DELTA : inputs.removal != nil ? CK_CHANNEL_LOW_RANK : CK_CHANNEL_ADDITIVE
        shape = ck_channel_shape(
            rule: Int32(rule), time: time, chunk: tape.chunk ?? 0, key_dimension: inputs.key.width / heads,
            value_dimension: inputs.value.width / heads)
        claim = SliceClaim(inputs.all)
        keepsStates = tape.recordsGradients
        statesCount = keepsStates ? ck_channel_states_count(shape) : ck_channel_state_count(shape)
        solutionsCount = keepsStates ? ck_channel_solutions_count(shape) : 0
        states = tape.scratch(keepsStates ? batch * heads * statesCount : statesCount)
        solutions = tape.scratch(batch * heads * solutionsCount)
        let normal = normalises ? Self.rounded(time * shape.key_dimension) : 0
        workspace = tape.workspace(4 * normal + 2 * Self.rounded(time) + ck_channel_scratch_count(shape))
    }

    private static func rounded(_ count: Int) -> Int { (count + 15) / 16 * 16 }

    /// The normalised queries and keys of a head and their gradients, in the workspace, and what is left of that.
    private struct Room {
        let query, key, queryGradient, keyGradient: UnsafeMutablePointer<Float>
        let queryInverse, keyInverse: UnsafeMutablePointer<Float>
        let scratch: UnsafeMutablePointer<Float>
    }

    private var room: Room {
        let time = rounded(shape.time)
        let normal = normalises ? rounded(shape.time * shape.key_dimension) : 0
        let start = workspace.pointer
        let inverse = start + 4 * normal
        return Room(
            query: start, key: start + normal, queryGradient: start + 2 * normal, keyGradient: start + 3 * normal,
            queryInverse: inverse, keyInverse: inverse + time, scratch: inverse + 2 * time)
    }

    private func rounded(_ count: Int) -> Int { Self.rounded(count) }

    /// Where the part of a head of one sequence begins in a slice.
    private func place(
        _ slice: TensorSlice, _ base: UnsafeMutablePointer<Float>, sequence: Int, head: Int
    ) -> UnsafeMutablePointer<Float> {
        base + sequence * shape.time * slice.stride + head * (slice.width / heads)
    }

    private func value(_ slice: TensorSlice, _ sequence: Int, _ head: Int) -> UnsafePointer<Float> {
        UnsafePointer(place(slice, slice.value, sequence: sequence, head: head))
    }

    private func gradient(_ slice: TensorSlice, _ sequence: Int, _ head: Int) -> UnsafeMutablePointer<Float> {
        place(slice, slice.gradient, sequence: sequence, head: head)
    }

    /// A head for the kernels, with its queries and keys normalised if they are to be.
    private func argument(_ sequence: Int, _ head: Int, _ room: Room) -> ck_channel_head {
        var (query, key) = (value(inputs.query, sequence, head), value(inputs.key, sequence, head))
        var (queryStride, keyStride) = (inputs.query.stride, inputs.key.stride)
        if normalises {
            let width = shape.key_dimension
            ck_l2_norm_forward(
                shape.time, width, query, queryStride, HeadNorm.epsilon, room.query, width, room.queryInverse)
            ck_l2_norm_forward(shape.time, width, key, keyStride, HeadNorm.epsilon, room.key, width, room.keyInverse)
            (query, key) = (UnsafePointer(room.query), UnsafePointer(room.key))
            (queryStride, keyStride) = (width, width)
        }
        return ck_channel_head(
            shape: shape, scale: scale, q: query, k: key, v: value(inputs.value, sequence, head), ldq: queryStride,
            ldk: keyStride, ldv: inputs.value.stride, g: value(inputs.decay, sequence, head),
            ldg: inputs.decay.stride, beta: inputs.beta.map { value($0, sequence, head) },
            ldb: inputs.beta?.stride ?? 0, r: inputs.removal.map { value($0.read, sequence, head) },
            w: inputs.removal.map { value($0.write, sequence, head) }, ldr: inputs.removal?.read.stride ?? 0,
            ldw: inputs.removal?.write.stride ?? 0)
    }

    private func forEachHead(_ body: (_ sequence: Int, _ head: Int, _ index: Int) -> Void) {
        for sequence in 0..<output.shape[0] {
            for head in 0..<heads { body(sequence, head, sequence * heads + head) }
        }
    }

    func forward() {
        let room = room
        forEachHead { sequence, head, index in
            let own = states + (keepsStates ? index * statesCount : 0)
            // Without a backward pass the state of the head before is still there.
            if !keepsStates { own.update(repeating: 0, count: statesCount) }
            var arguments = argument(sequence, head, room)
            ck_channel_forward(
                &arguments, output.value + sequence * shape.time * output.width + head * shape.value_dimension,
                output.width, keepsStates ? 1 : 0, own, solutions + index * solutionsCount, room.scratch)
        }
    }

    func backward() {
        let room = room
        let upstream = output.gradient
        claim.claim()
        forEachHead { sequence, head, index in
            var arguments = argument(sequence, head, room)
            var target = gradients(sequence, head, room)
            ck_channel_backward(
                &arguments, states + index * statesCount, solutions + index * solutionsCount,
                upstream + sequence * shape.time * output.width + head * shape.value_dimension, output.width, &target,
                room.scratch)
            if normalises { passNorms(sequence, head, room) }
        }
    }

    private func gradients(_ sequence: Int, _ head: Int, _ room: Room) -> ck_channel_gradients {
        let width = shape.key_dimension
        var flags = [CK_CHANNEL_ADDS_Q, CK_CHANNEL_ADDS_K, CK_CHANNEL_ADDS_V, CK_CHANNEL_ADDS_G]
        if inputs.beta != nil { flags.append(CK_CHANNEL_ADDS_BETA) }
        if inputs.removal != nil { flags += [CK_CHANNEL_ADDS_R, CK_CHANNEL_ADDS_W] }
        var adds = 0
        for (i, flag) in flags.enumerated() where claim.adds(i) && !(normalises && i < 2) { adds |= Int(flag) }
        return ck_channel_gradients(
            q: normalises ? room.queryGradient : gradient(inputs.query, sequence, head),
            k: normalises ? room.keyGradient : gradient(inputs.key, sequence, head),
            v: gradient(inputs.value, sequence, head), ldq: normalises ? width : inputs.query.stride,
            ldk: normalises ? width : inputs.key.stride, ldv: inputs.value.stride,
            g: gradient(inputs.decay, sequence, head), ldg: inputs.decay.stride,
            beta: inputs.beta.map { gradient($0, sequence, head) }, ldb: inputs.beta?.stride ?? 0,
            r: inputs.removal.map { gradient($0.read, sequence, head) },
            w: inputs.removal.map { gradient($0.write, sequence, head) }, ldr: inputs.removal?.read.stride ?? 0,
            ldw: inputs.removal?.write.stride ?? 0, accumulate: Int32(adds))
    }

    /// The gradients of queries and keys from those of the normalised ones.
    private func passNorms(_ sequence: Int, _ head: Int, _ room: Room) {
        let width = shape.key_dimension
        ck_l2_norm_backward(
            shape.time, width, value(inputs.query, sequence, head), inputs.query.stride, room.queryInverse,
            room.queryGradient, width, gradient(inputs.query, sequence, head), inputs.query.stride,
            claim.adds(0) ? 1 : 0)
        ck_l2_norm_backward(
            shape.time, width, value(inputs.key, sequence, head), inputs.key.stride, room.keyInverse,
            room.keyGradient, width, gradient(inputs.key, sequence, head), inputs.key.stride, claim.adds(1) ? 1 : 0)
    }
}

/// What the norms of queries and keys have in common.
enum HeadNorm {
    /// Under the root of the sum of squares, as in flash-linear-attention's kernels.
    static let epsilon: Float = 1e-6
}
