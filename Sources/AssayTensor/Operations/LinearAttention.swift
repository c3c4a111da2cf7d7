import CKernels

/// The shape of a linear attention.
public struct LinearAttentionShape: Sendable, Hashable {
    /// Value heads.
    public var heads: Int
    /// Query and key heads; each serves `heads / keyHeads` neighbouring value heads.
    public var keyHeads: Int
    /// Width of a query and key head.
    public var keyDimension: Int
    /// Width of a value head.
    public var valueDimension: Int
    /// What the queries are multiplied with.
    public var queryScale: Float

    /// A shape; as many query and key heads as value heads unless given.
    public init(heads: Int, keyHeads: Int? = nil, keyDimension: Int, valueDimension: Int, queryScale: Float = 1) {
        self.heads = heads
        self.keyHeads = keyHeads ?? heads
        self.keyDimension = keyDimension
        self.valueDimension = valueDimension
        self.queryScale = queryScale
    }

    /// Value heads that share queries and keys.
    public var groupHeads: Int { heads / keyHeads }
    /// Floats of the states of all heads, `[heads, keyDimension, valueDimension]`.
    public var stateCount: Int { heads * keyDimension * valueDimension }

    /// The heads that share queries and keys, as kernels take them, but for the pointers.
    public func group(time: Int, chunk: Int? = nil) -> ck_scan_group {
        var group = ck_scan_group()
        group.time = time
        group.heads = groupHeads
        group.key_dimension = keyDimension
        group.value_dimension = valueDimension
        group.chunk = chunk ?? 0
        group.query_scale = queryScale
        return group
    }

    /// Floating-point operations of a token in the chunked form, masked halves not counted: the scores and their product
    /// with the values, and two products with states.
    public func chunkedFLOPs(time: Int) -> Double {
        var group = group(time: max(time, 1))
        let within = ck_scan_chunk(&group) * (keyHeads * keyDimension + heads * valueDimension)
        return Double(within + 4 * stateCount)
    }

    /// Those of a token in the recurrent form: decay, outer product, and reading.
    public var stepFLOPs: Double { Double(5 * stateCount) }
}

/// One token of a linear attention, for the recurrent form: where its queries, keys and values begin, and the other
/// inputs of the formula (``Tape/linearAttention(query:key:value:shape:decay:valueScale:skip:)``) for each head.
public struct LinearAttentionToken {
    /// `[keyHeads, keyDimension]`.
    public var query: UnsafePointer<Float>
    /// `[keyHeads, keyDimension]`.
    public var key: UnsafePointer<Float>
    /// `[heads, valueDimension]`.
    public var value: UnsafePointer<Float>
    /// Log decays of the token, `[heads]`; nil where decays are fixed.
    public var logDecay: UnsafePointer<Float>?
    /// Minus the logarithms of fixed decays, `[heads]`.
    public var slopes: UnsafePointer<Float>?
    /// `[heads]`; nil for 1.
    public var valueScale: UnsafePointer<Float>?
    /// `[heads]`; nil for 0.
    public var skip: UnsafePointer<Float>?

    /// A token with fixed decays, unless others are set.
    public init(
        query: UnsafePointer<Float>, key: UnsafePointer<Float>, value: UnsafePointer<Float>,
        slopes: UnsafePointer<Float>? = nil
    ) {
        (self.query, self.key, self.value, self.slopes) = (query, key, value, slopes)
    }
}

extension LinearAttentionShape {
    /// Updates the states, `[heads, keyDimension, valueDimension]`, and writes `[heads, valueDimension]`.
    public func step(
        _ token: LinearAttentionToken, states: UnsafeMutablePointer<Float>, into output: UnsafeMutablePointer<Float>
    ) {
        var group = group(time: 1)
        for index in 0..<keyHeads {
            let head = index * groupHeads
            group.q = token.query + index * keyDimension
            group.k = token.key + index * keyDimension
            group.v = token.value + head * valueDimension
            group.log_decay = token.logDecay.map { $0 + head }
            group.slope = token.slopes.map { $0 + head }
            group.scale = token.valueScale.map { $0 + head }
            group.skip = token.skip.map { $0 + head }
            ck_scan_step(&group, states + head * keyDimension * valueDimension, output + head * valueDimension)
        }
    }
}

/// How the states of a linear attention fade.
public enum LinearAttentionDecay {
    /// By a factor a head: minus its logarithm, at least 0.
    case fixed([Float])
    /// By a factor a head and token: its logarithm, at most 0, `[batch, time, heads]`.
    case token(Tensor)
}

extension Tape {
    /// Linear attention with decay: `S <- e^g S + k (s v)'; o = queryScale S' q + skip v` for every head.
    /// - Parameters:
    ///   - query: `[batch, time, keyHeads * keyDimension]`, possibly columns of a wider tensor.
    ///   - key: likewise.
    ///   - value: `[batch, time, heads * valueDimension]`, likewise.
    ///   - valueScale: s, `[batch, time, heads]`; nil for 1.
    ///   - skip: `[heads]`; nil for 0.
    /// - Returns: `[batch, time, heads * valueDimension]`.
    public func linearAttention(
        query: TensorSlice, key: TensorSlice, value: TensorSlice, shape: LinearAttentionShape,
        decay: LinearAttentionDecay, valueScale: Tensor? = nil, skip: Tensor? = nil
    ) -> Tensor {
        let keyWidth = shape.keyHeads * shape.keyDimension
        precondition(
            query.width == keyWidth && key.width == keyWidth && value.width == shape.heads * shape.valueDimension
                && shape.heads % shape.keyHeads == 0, "linear attention heads do not fit")
        let output = tensor([value.tensor.shape[0], value.tensor.shape[1], value.width])
        record(
            LinearAttentionOperation(
                slices: [query, key, value], shape: shape, decay: decay, valueScale: valueScale, skip: skip,
                output: output, tape: self))
        return output
    }
}

private final class LinearAttentionOperation: TapeOperation {
    /// Query, key, value.
    let slices: [TensorSlice]
    let shape: LinearAttentionShape
    let logDecay: Tensor?
    /// Minus the logarithms of fixed decays.
    let slopes: UnsafeMutablePointer<Float>
    let valueScale: Tensor?
    let skip: Tensor?
    let output: Tensor
    /// The dimensions of every group, and its chunk.
    let form: ck_scan_group
    let keepsStates: Bool
    /// The states that the backward pass starts chunks from, for every sequence and group; those of one without it.
    let states: UnsafeMutablePointer<Float>
    let statesCount: Int
    let workspace: Workspace
    let claim: SliceClaim

    init(
        slices: [TensorSlice], shape: LinearAttentionShape, decay: LinearAttentionDecay, valueScale: Tensor?,
        skip: Tensor?, output: Tensor, tape: Tape
    ) {
        (self.slices, self.shape, self.valueScale) = (slices, shape, valueScale)
        (self.skip, self.output) = (skip, output)
        slopes = tape.scratch(shape.heads)
        switch decay {
        case .token(let tensor):
            precondition(tensor.count * shape.valueDimension == output.count, "a log decay for each head and token")
            logDecay = tensor
        case .fixed(let values):
            precondition(values.count == shape.heads && values.allSatisfy { $0 >= 0 }, "a decay for each head")
            logDecay = nil
            slopes.update(from: values, count: values.count)
        }
        let (batch, time) = (output.shape[0], output.shape[1])
        var form = shape.group(time: time, chunk: tape.chunk)
        keepsStates = tape.recordsGradients
        statesCount = keepsStates ? ck_scan_states_count(&form) : ck_scan_state_count(&form)
        states = tape.scratch(keepsStates ? batch * shape.keyHeads * statesCount : statesCount)
        workspace = tape.workspace(ck_scan_scratch_count(&form))
        self.form = form
        claim = SliceClaim(slices)
    }

    /// Calls with each group of each sequence: what it reads, its number, the first row of the sequence and the first
    /// head.
    private func forEachGroup(_ body: (inout ck_scan_group, _ index: Int, _ row: Int, _ head: Int) -> Void) {
        let time = output.shape[1]
        for sequence in 0..<output.shape[0] {
            let row = sequence * time
            for key in 0..<shape.keyHeads {
                let head = key * shape.groupHeads
                let gates = row * shape.heads + head
                var group = form
                group.ldq = slices[0].stride
                group.ldk = slices[1].stride
                group.ldv = slices[2].stride
                group.q = UnsafePointer(slices[0].value + row * group.ldq + key * shape.keyDimension)
                group.k = UnsafePointer(slices[1].value + row * group.ldk + key * shape.keyDimension)
                group.v = UnsafePointer(slices[2].value + row * group.ldv + head * shape.valueDimension)
                group.log_decay = logDecay.map { UnsafePointer($0.value + gates) }
                group.ldg = shape.heads
                group.slope = UnsafePointer(slopes + head)
                group.scale = valueScale.map { UnsafePointer($0.value + gates) }
                group.lds = shape.heads
                group.skip = skip.map { UnsafePointer($0.value + head) }
                body(&group, sequence * shape.keyHeads + key, row, head)
            }
        }
    }

    func forward() {
        forEachGroup { group, index, row, head in
            let own = states + (keepsStates ? index * statesCount : 0)
            // Without a backward pass the states of the group before are still there.
            if !keepsStates { own.update(repeating: 0, count: statesCount) }
            ck_scan_forward(
                &group, output.value + row * output.width + head * shape.valueDimension, output.width, own,
                keepsStates ? 1 : 0, workspace.pointer)
        }
    }

    func backward() {
        let gradient = output.gradient
        claim.claim()
        var common = ck_scan_gradients()
        common.accumulate_q = claim.adds(0) ? 1 : 0
        common.accumulate_k = claim.adds(1) ? 1 : 0
        common.accumulate_v = claim.adds(2) ? 1 : 0
        common.accumulate_log_decay = logDecay?.claimGradient() ?? false ? 1 : 0
        common.accumulate_scale = valueScale?.claimGradient() ?? false ? 1 : 0
        if let skip, !skip.claimGradient() { skip.gradient.update(repeating: 0, count: skip.count) }
        forEachGroup { group, index, row, head in
            let gates = row * shape.heads + head
            let key = head / shape.groupHeads * shape.keyDimension
            var target = common
            target.q = slices[0].gradient + row * group.ldq + key
            target.k = slices[1].gradient + row * group.ldk + key
            target.v = slices[2].gradient + row * group.ldv + head * shape.valueDimension
            (target.ldq, target.ldk, target.ldv) = (group.ldq, group.ldk, group.ldv)
            target.log_decay = logDecay.map { $0.gradient + gates }
            target.scale = valueScale.map { $0.gradient + gates }
            (target.ldg, target.lds) = (group.ldg, group.lds)
            target.skip = skip.map { $0.gradient + head }
            ck_scan_backward(
                &group, states + index * statesCount,
                gradient + row * output.width + head * shape.valueDimension, output.width, &target, workspace.pointer)
        }
    }
}
