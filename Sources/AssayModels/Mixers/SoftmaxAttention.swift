import AssayTensor
import CKernels

/// Causal softmax attention with grouped queries: what full and sliding-window attention share.
///
///     q, k, v = x W_qkv;  q, k = turned(norm(q)), turned(norm(k))
///     o = softmax(scale q k' [, sink logit]) v;  y = W_out(o [* sigmoid(x W_gate)])
///
/// Options, each off unless given:
/// - `rotary-fraction` (share of a head that rotary embedding turns, default 1; 0 is NoPE), `rotary-base`;
/// - `query-key-norm`: `head` (each head for itself: Qwen3, Gemma 3) or `all` (all heads jointly: MiniMax-M2), before the
///   rotary turn. Norms that are published as `1 + w` are the same function, with `1 + w` as the weight here;
/// - `output-gate`: a sigmoid gate on the heads' outputs, made from the token (Qwen3-Next). Published with the rows of
///   each head's query and gate in turn in one projection; here the gate has a projection of its own;
/// - `sink-logits`: one learned score a head that joins every softmax and has no value (gpt-oss);
/// - `scale`: what scores are multiplied with, default `1 / sqrt(headDimension)` (Granite's `attention_multiplier`; the
///   inverse root of Gemma's `query_pre_attn_scalar`);
/// - `projection-bias`: biases on all four projections (gpt-oss), and `gate-bias`: one on that of the output gate;
/// - `short-convolution`: the kernel of a convolution on q, k and v, default that of the architecture.
public struct SoftmaxAttention: SelectableAttention {
    /// How queries and keys are normalised before the rotary turn.
    enum QueryKeyNorm: String, CaseIterable {
        case none
        /// Each head for itself, as in Qwen3.
        case head
        /// All heads together, as in MiniMax-M2.
        case all
    }

    static let optionNames =
        RotaryEmbedding.optionNames + [
            "query-key-norm", "output-gate", "sink-logits", "scale", "projection-bias", "gate-bias",
            "short-convolution",
        ]

    let projection: QueryKeyValueProjection
    let shape: AttentionShape
    let rotary: RotaryEmbedding
    let queryKeyNorm: QueryKeyNorm
    let hasOutputGate: Bool
    let hasGateBias: Bool
    let hasSinkLogits: Bool
    let epsilon: Double
    let outputDeviation: Float

    init(_ request: MixerRequest, window: Int = 0, sinks: Int = 0, top: Int = 0) throws {
        let architecture = request.architecture
        let scale = try request.number(
            "scale", default: 1 / Double(architecture.headDimension).squareRoot(), in: 1e-6...1e6)
        shape = AttentionShape(
            heads: architecture.heads, keyValueHeads: architecture.keyValueHeads,
            headDimension: architecture.headDimension, scale: Float(scale), window: window, sinks: sinks, top: top)
        // No SiLU: softmax attention needs queries and keys of both signs (as in Primer, So et al. 2021).
        projection = QueryKeyValueProjection(
            architecture, queryWidth: shape.queryWidth, keyWidth: shape.keyWidth, valueWidth: shape.valueWidth,
            kernel: try request.integer(
                "short-convolution", default: architecture.shortConvolution, in: 0...Int(CK_CONVOLUTION_MAXIMUM)),
            activates: false, hasBias: try request.boolean("projection-bias", default: false))
        rotary = try RotaryEmbedding(request, elements: architecture.headDimension)
        let norm = try request.word(
            "query-key-norm", default: "none", among: QueryKeyNorm.allCases.map(\.rawValue))
        queryKeyNorm = QueryKeyNorm(rawValue: norm) ?? .none
        hasOutputGate = try request.boolean("output-gate", default: false)
        hasGateBias = try request.boolean("gate-bias", default: false)
        guard hasOutputGate || !hasGateBias else {
            throw request.failure("gate-bias", "is on no gate", remedy: "Give output-gate, or leave it out")
        }
        hasSinkLogits = try request.boolean("sink-logits", default: false)
        epsilon = architecture.normEpsilon
        outputDeviation = Float(architecture.outputDeviation)
    }

    var width: Int { projection.width }
    var querySourceWidth: Int { width }
    var headsWidth: Int { shape.outputWidth }

    /// The width of a norm's weight, and how many parts it normalises.
    private typealias Parts = (width: Int, count: Int)

    private var queryParts: Parts {
        queryKeyNorm == .all ? (shape.queryWidth, 1) : (shape.headDimension, shape.heads)
    }

    private var keyParts: Parts {
        queryKeyNorm == .all ? (shape.keyWidth, 1) : (shape.headDimension, shape.keyValueHeads)
    }

    func declareParameters(prefix: String, in layout: inout ParameterLayout) {
        projection.declareParameters(prefix: prefix, in: &layout)
        if queryKeyNorm != .none {
            layout.declare(prefix + "q_norm.weight", [queryParts.width], .constant(1), decays: false)
            layout.declare(prefix + "k_norm.weight", [keyParts.width], .constant(1), decays: false)
        }
        if hasOutputGate {
            layout.declare(
                prefix + "output_gate.weight", [headsWidth, width],
                .normal(standardDeviation: projection.deviation))
        }
        if hasGateBias { layout.declare(prefix + "output_gate.bias", [headsWidth], .constant(0), decays: false) }
        if hasSinkLogits { layout.declare(prefix + "sinks", [shape.heads], .constant(0), decays: false) }
        layout.declare(
            prefix + "out_proj.weight", [width, headsWidth], .normal(standardDeviation: outputDeviation))
        if projection.hasBias { layout.declare(prefix + "out_proj.bias", [width], .constant(0), decays: false) }
    }

    // MARK: Parallel

    /// The heads of a sequence, queries and keys normalised and turned.
    func record(_ x: Tensor, prefix: String, on tape: Tape) -> RecordedHeads {
        let rows = projection.parallel(x, prefix: prefix, on: tape)
        var turned = rows
        if queryKeyNorm != .none {
            turned = tape.rmsNormParts(
                rows, weights: [tape.parameter(prefix + "q_norm.weight"), tape.parameter(prefix + "k_norm.weight")],
                counts: [queryParts.count, keyParts.count], epsilon: Float(epsilon))
        }
        rotary.turn(
            turned, queries: shape.heads, keys: shape.keyValueHeads, headDimension: shape.headDimension, on: tape)
        return RecordedHeads(
            query: turned.columns(0, projection.queryWidth),
            key: turned.columns(projection.keyOffset, projection.keyWidth),
            value: rows.columns(projection.valueOffset, projection.valueWidth), querySource: x)
    }

    func parallel(_ x: Tensor, prefix: String, on tape: Tape) -> Tensor {
        let parts = record(x, prefix: prefix, on: tape)
        let heads = tape.causalAttention(
            query: parts.query, key: parts.key, value: parts.value, shape: shape,
            sinkLogits: hasSinkLogits ? tape.parameter(prefix + "sinks") : nil)
        return recordOutput(heads, of: x, prefix: prefix, on: tape)
    }

    /// What leaves the mixer, from the outputs of the heads.
    func recordOutput(_ heads: Tensor, of x: Tensor, prefix: String, on tape: Tape) -> Tensor {
        var heads = heads
        if hasOutputGate {
            var gate = tape.linear(x, tape.parameter(prefix + "output_gate.weight"))
            if hasGateBias { gate = tape.addBias(gate, tape.parameter(prefix + "output_gate.bias")) }
            heads = tape.multiply(heads, tape.sigmoid(gate))
        }
        let output = tape.linear(heads, tape.parameter(prefix + "out_proj.weight"))
        return projection.hasBias ? tape.add(output, tape.parameter(prefix + "out_proj.bias")) : output
    }

    // MARK: Recurrent

    func stateLayout(capacity: Int) -> StateLayout {
        var layout = StateLayout()
        appendState(to: &layout, capacity: capacity)
        return layout
    }

    func appendState(to layout: inout StateLayout, capacity: Int) {
        let entries = shape.entryCount(capacity: capacity)
        projection.appendState(to: &layout)
        for (name, columns) in [("keys", shape.headDimension), ("values", shape.valueDimension)] {
            layout.append(
                name, .cache, [shape.keyValueHeads, entries, columns], window: shape.window, sinks: shape.sinks)
        }
    }

    func rowCount(batch: Int) -> Int { batch * (projection.channels + headsWidth) }

    func attendCount(tokens: Int) -> Int {
        shape.group * (tokens + 1) + tokens * (shape.headDimension + shape.valueDimension)
    }

    func stepScratchCount(batch: Int, capacity: Int) -> Int {
        let entries = shape.entryCount(capacity: capacity)
        let choice = shape.top > 0 ? TopScores.scratchCount(keys: entries, count: shape.top) : 0
        return rowCount(batch: batch) + max(shape.group * (entries + 1) + choice, batch * headsWidth)
    }

    func step(_ call: MixerStep) {
        let layout = stateLayout(capacity: call.capacity)
        let rows = project(call)
        for i in 0..<call.batch {
            write(i, rows, position: Int(call.positions[i]), to: call.states[i], layout: layout)
            attend(i, rows, call, layout: layout, tokens: nil, scratch: rows.rest)
        }
        finish(rows, call)
    }

    func project(_ call: MixerStep) -> StepRows {
        let channels = projection.channels
        let rows = call.scratch
        projection.step(call, into: rows)
        for i in 0..<call.batch { prepare(rows + i * channels, position: Int(call.positions[i]), call) }
        let outputs = rows + call.batch * channels
        return StepRows(
            source: call.input, queries: rows, entries: rows + projection.keyOffset, absorbed: rows, outputs: outputs,
            rest: outputs + call.batch * headsWidth)
    }

    func write(_ i: Int, _ rows: StepRows, position: Int, to state: UnsafeMutablePointer<Float>, layout: StateLayout) {
        let entry = rows.entries + i * projection.channels
        layout["keys"]?.write(entry, position: position, to: state)
        layout["values"]?.write(entry + projection.keyWidth, position: position, to: state)
    }

    func attend(
        _ i: Int, _ rows: StepRows, _ call: MixerStep, layout: StateLayout, tokens: [Int]?,
        scratch: UnsafeMutablePointer<Float>
    ) {
        guard let keys = layout["keys"], let values = layout["values"] else { return }
        let state = call.states[i]
        let count = tokens?.count ?? keys.entryCount(position: Int(call.positions[i]) + 1)
        let sinks = hasSinkLogits ? call.parameter("sinks") : nil
        for head in 0..<shape.keyValueHeads {
            var (key, value, scores) = (state + keys.block(head), state + values.block(head), scratch)
            if let tokens {
                let gathered = (key: scratch, value: scratch + count * shape.headDimension)
                gather(tokens, key, width: shape.headDimension, into: gathered.key)
                gather(tokens, value, width: shape.valueDimension, into: gathered.value)
                (key, value, scores) = (gathered.key, gathered.value, gathered.value + count * shape.valueDimension)
            }
            let first = head * shape.group
            let query = rows.queries + i * projection.channels + first * shape.headDimension
            let output = rows.outputs + i * headsWidth + first * shape.valueDimension
            if shape.top > 0 {
                attendToTop(count, query, key, value, sinks: sinks.map { $0 + first }, into: output, scratch: scores)
                continue
            }
            ck_attention_decode(
                shape.group, count, shape.headDimension, shape.valueDimension, shape.scale, sinks.map { $0 + first },
                query, shape.headDimension, key, shape.headDimension, value, shape.valueDimension, output,
                shape.valueDimension, scores)
        }
    }

    /// Attends with the query heads of one key-value head to the best of its cached keys.
    private func attendToTop(
        _ count: Int, _ query: UnsafePointer<Float>, _ key: UnsafePointer<Float>, _ value: UnsafePointer<Float>,
        sinks: UnsafePointer<Float>?, into output: UnsafeMutablePointer<Float>, scratch: UnsafeMutablePointer<Float>
    ) {
        let stride = count + 1
        ck_gemm(
            0, 1, shape.group, count, shape.headDimension, shape.scale, query, shape.headDimension, key,
            shape.headDimension, 0, scratch, stride)
        for member in 0..<shape.group {
            let scores = scratch + member * stride
            TopScores.keep(shape.top, of: count, scores, scratch: scratch + shape.group * stride)
            if let sinks { scores[count] = sinks[member] }
        }
        ck_softmax_rows(shape.group, sinks == nil ? count : count + 1, scratch, stride, scratch, stride)
        ck_gemm(
            0, 0, shape.group, shape.valueDimension, count, 1, scratch, stride, value, shape.valueDimension, 0, output,
            shape.valueDimension)
    }

    func finish(_ rows: StepRows, _ call: MixerStep) {
        if hasOutputGate {
            call.multiply("output_gate.weight", call.input, stride: width, into: rows.rest, stride: headsWidth)
            if hasGateBias { call.addBias("output_gate.bias", to: rows.rest, width: headsWidth) }
            ck_sigmoid(call.batch * headsWidth, rows.rest, rows.rest)
            ck_multiply(call.batch * headsWidth, rows.outputs, rows.rest, rows.outputs)
        }
        call.multiply("out_proj.weight", rows.outputs, stride: headsWidth, into: call.output, stride: width)
        if projection.hasBias { call.addBias("out_proj.bias", to: call.output, width: width) }
    }

    /// Normalises and turns the queries and keys of one token in place.
    func prepare(_ row: UnsafeMutablePointer<Float>, position: Int, _ call: MixerStep) {
        if queryKeyNorm != .none {
            let (query, key) = (queryParts, keyParts)
            let keys = row + projection.keyOffset
            ck_rms_norm_forward(
                query.count, query.width, row, query.width, call.parameter("q_norm.weight"), Float(epsilon), row,
                query.width, nil)
            ck_rms_norm_forward(
                key.count, key.width, keys, key.width, call.parameter("k_norm.weight"), Float(epsilon), keys,
                key.width, nil)
        }
        rotary.turn(
            row, queries: shape.heads, keys: shape.keyValueHeads, headDimension: shape.headDimension,
            position: position, capacity: call.capacity)
    }

    // MARK: Reference

    /// The heads of a sequence, in double precision.
    func referenceHeads(_ x: [Double], time: Int, weights: [String: [Double]]) -> ReferenceHeads {
        let rows = projection.reference(x, weights: weights)
        func part(_ offset: Int, _ count: Int) -> [Double] {
            Reference.columns(rows, width: projection.channels, offset: offset, count: count)
        }
        var (queries, keys) = (part(0, shape.queryWidth), part(projection.keyOffset, shape.keyWidth))
        if let queryNorm = weights["q_norm.weight"], let keyNorm = weights["k_norm.weight"] {
            queries = Reference.rmsNorm(queries, queryNorm, epsilon: epsilon)
            keys = Reference.rmsNorm(keys, keyNorm, epsilon: epsilon)
        }
        return ReferenceHeads(
            queries: rotary.referenceQueries(queries, heads: shape.heads, headDimension: shape.headDimension),
            keys: rotary.referenceKeys(keys, heads: shape.keyValueHeads, headDimension: shape.headDimension),
            values: part(projection.valueOffset, shape.valueWidth), querySource: x)
    }

    func reference(_ x: [Double], time: Int, weights: [String: [Double]]) -> [Double] {
        let parts = referenceHeads(x, time: time, weights: weights)
        let heads = Reference.attention(
            parts.queries, parts.keys, parts.values, shape: shape, sinkLogits: weights["sinks"])
        return referenceOutput(heads, of: x, weights: weights)
    }

    /// What leaves the mixer, in double precision.
    func referenceOutput(_ heads: [Double], of x: [Double], weights: [String: [Double]]) -> [Double] {
        var heads = heads
        if let gate = weights["output_gate.weight"] {
            var gates = Reference.linear(x, gate, inputs: width)
            if let bias = weights["output_gate.bias"] { gates = Reference.addBias(gates, bias) }
            heads = zip(heads, gates).map { $0 * Reference.sigmoid($1) }
        }
        let output = Reference.linear(heads, weights["out_proj.weight"] ?? [], inputs: headsWidth)
        return weights["out_proj.bias"].map { Reference.addBias(output, $0) } ?? output
    }

    // MARK: Cost

    var projectionFLOPs: Double {
        let outputs = Double(2 * width * headsWidth)
        return projection.operations + outputs + (hasOutputGate ? outputs : 0)
    }

    /// A product with a key and one with a value.
    var prefillFLOPs: Double { Double(2 * shape.heads * (shape.headDimension + shape.valueDimension)) }
    var decodeFLOPs: Double { prefillFLOPs }

    func cost(context: Int) -> MixerCost {
        let visible = PositionSum.capped(context, at: shape.visibleCount(position: context))
        return MixerCost(
            prefillFLOPs: projectionFLOPs + prefillFLOPs * visible / Double(max(context, 1)),
            decodeFLOPs: projectionFLOPs + decodeFLOPs * Double(shape.visibleCount(position: context)),
            stateBytes: Double(4 * stateLayout(capacity: context).count))
    }
}

extension AttentionShape {
    /// Tokens that a cache holds at most.
    func entryCount(capacity: Int) -> Int { window == 0 ? capacity : min(capacity, sinks + window) }
}
