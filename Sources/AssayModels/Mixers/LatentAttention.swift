import AssayTensor
import CKernels

/// Queries, keys and values by way of a latent vector a token: what multi-head latent attention, dense and sparse, is
/// made of (DeepSeek-V2, arXiv 2405.04434, section 2.1).
///
///     c, r = x W_kv_a;  c = rms(c);  k_h, v_h = c W_kv_b;  key of head h = turned(r) | k_h
///     q = x W_q, or rms(x W_q_a) W_q_b;  query of head h = turned(q_r) | q_h
///
/// Decoding keeps c and r only. Instead of expanding the cache, it multiplies the query with the keys' half of W_kv_b and
/// the mean of latents with the values' half: q_h (c W)' = (q_h W') c'.
///
/// A head is `rotary | own` and rotary pairs are half-split; published checkpoints have `own | rotary` in interleaved
/// pairs, the same function after a permutation of the projections' rows.
struct LatentAttention: SelectableAttention {
    static let optionNames =
        [
            "latent-dimension", "query-latent-dimension", "nope-dimension", "rotary-dimension", "value-dimension",
            "scale", "projection-bias",
        ] + RotaryEmbedding.optionNames
    /// That of the published models' latent norms, whatever their other norms have.
    static let epsilon = 1e-6

    let width: Int
    let latent: Int
    /// Width of the queries' latent; 0 for a direct projection.
    let queryLatent: Int
    /// Elements of a head that are its own.
    let own: Int
    /// Elements of a key that all heads share, and of a query that meet them.
    let shared: Int
    let rotary: RotaryEmbedding
    /// Of the expanded heads.
    let shape: AttentionShape
    /// Whether the maps to the latents and the output have biases.
    let hasBias: Bool
    private let deviation: Float
    private let outputDeviation: Float

    init(_ request: MixerRequest, window: Int = 0, sinks: Int = 0, top: Int = 0) throws {
        let architecture = request.architecture
        let dimension = architecture.headDimension
        width = architecture.width
        latent = try request.integer("latent-dimension", default: 4 * dimension, in: 1...65_536)
        queryLatent = try request.integer("query-latent-dimension", default: 0, in: 0...65_536)
        own = try request.integer("nope-dimension", default: dimension, in: 1...4_096)
        shared = try request.integer("rotary-dimension", default: (dimension + 3) / 4 * 2, in: 0...4_096)
        rotary = try RotaryEmbedding(request, elements: shared, called: "rotary-dimension")
        let scale = try request.number("scale", default: 1 / Double(own + shared).squareRoot(), in: 1e-6...1e6)
        shape = AttentionShape(
            heads: architecture.heads, keyValueHeads: architecture.heads, headDimension: own + shared,
            valueDimension: try request.integer("value-dimension", default: dimension, in: 1...4_096),
            scale: Float(scale), window: window, sinks: sinks, top: top)
        hasBias = try request.boolean("projection-bias", default: false)
        deviation = Float(architecture.initialDeviation)
        outputDeviation = Float(architecture.outputDeviation)
    }

    var heads: Int { shape.heads }
    /// Columns of the keys' own parts, the first outputs of `kv_b_proj`.
    private var ownWidth: Int { heads * own }
    /// What queries are made from: their latent, or the token.
    var querySourceWidth: Int { queryLatent > 0 ? queryLatent : width }

    func declareParameters(prefix: String, in layout: inout ParameterLayout) {
        func matrix(_ name: String, _ shape: [Int]) {
            layout.declare(prefix + name, shape, .normal(standardDeviation: deviation))
        }
        if queryLatent > 0 {
            matrix("q_a_proj.weight", [queryLatent, width])
            layout.declare(prefix + "q_a_norm.weight", [queryLatent], .constant(1), decays: false)
        }
        matrix(queryName, [shape.queryWidth, querySourceWidth])
        matrix("kv_a_proj.weight", [latent + shared, width])
        layout.declare(prefix + "kv_a_norm.weight", [latent], .constant(1), decays: false)
        matrix("kv_b_proj.weight", [ownWidth + shape.valueWidth, latent])
        layout.declare(
            prefix + "out_proj.weight", [width, shape.outputWidth], .normal(standardDeviation: outputDeviation))
        guard hasBias else { return }
        if queryLatent > 0 { layout.declare(prefix + "q_a_proj.bias", [queryLatent], .constant(0), decays: false) }
        layout.declare(prefix + "kv_a_proj.bias", [latent + shared], .constant(0), decays: false)
        layout.declare(prefix + "out_proj.bias", [width], .constant(0), decays: false)
    }

    /// A product with its bias, if there are any.
    private func biased(_ rows: Tensor, _ name: String, prefix: String, on tape: Tape) -> Tensor {
        hasBias ? tape.addBias(rows, tape.parameter(prefix + name)) : rows
    }

    private var queryName: String { queryLatent > 0 ? "q_b_proj.weight" : "q_proj.weight" }

    // MARK: Parallel

    /// The expanded heads of a sequence.
    func record(_ x: Tensor, prefix: String, on tape: Tape) -> RecordedHeads {
        var source = x
        if queryLatent > 0 {
            source = tape.rmsNorm(
                biased(
                    tape.linear(x, tape.parameter(prefix + "q_a_proj.weight")), "q_a_proj.bias", prefix: prefix,
                    on: tape),
                tape.parameter(prefix + "q_a_norm.weight"), epsilon: Float(Self.epsilon))
        }
        let query = tape.linear(source, tape.parameter(prefix + queryName))
        rotary.turn(query, queries: heads, headDimension: shape.headDimension, on: tape)
        let rows = biased(
            tape.linear(x, tape.parameter(prefix + "kv_a_proj.weight")), "kv_a_proj.bias", prefix: prefix, on: tape)
        rotary.turn(rows, offset: latent, keys: 1, headDimension: shared, on: tape)
        let latents = tape.rmsNormParts(
            rows, weights: [tape.parameter(prefix + "kv_a_norm.weight")], counts: [1], epsilon: Float(Self.epsilon))
        let expanded = tape.linear(latents, tape.parameter(prefix + "kv_b_proj.weight"))
        var key = expanded.columns(0, ownWidth)
        if shared > 0 { key = tape.headsWithShared(rows.columns(latent, shared), own: key, heads: heads).allColumns }
        return RecordedHeads(
            query: query.allColumns, key: key, value: expanded.columns(ownWidth, shape.valueWidth),
            querySource: source)
    }

    func recordOutput(_ heads: Tensor, of x: Tensor, prefix: String, on tape: Tape) -> Tensor {
        biased(
            tape.linear(heads, tape.parameter(prefix + "out_proj.weight")), "out_proj.bias", prefix: prefix, on: tape)
    }

    // MARK: Recurrent

    /// Adds the caches of latents and of shared keys.
    func appendState(to layout: inout StateLayout, capacity: Int) {
        let entries = shape.entryCount(capacity: capacity)
        for (name, columns) in [("latents", latent), ("rotary-keys", shared)] {
            layout.append(name, .cache, [1, entries, columns], window: shape.window, sinks: shape.sinks)
        }
    }

    func rowCount(batch: Int) -> Int {
        batch * (queryLatent + shape.queryWidth + latent + shared + heads * latent + shape.outputWidth)
    }

    /// Projects the tokens of a step: turned queries, queries as latents, normalised latents and turned shared keys.
    func project(_ call: MixerStep) -> StepRows {
        let queries = call.scratch + call.batch * queryLatent
        let entries = queries + call.batch * shape.queryWidth
        let absorbed = entries + call.batch * (latent + shared)
        let outputs = absorbed + call.batch * heads * latent
        let rows = StepRows(
            source: queryLatent > 0 ? UnsafePointer(call.scratch) : call.input, queries: queries, entries: entries,
            absorbed: absorbed, outputs: outputs, rest: outputs + call.batch * shape.outputWidth)
        if queryLatent > 0 {
            call.multiply("q_a_proj.weight", call.input, stride: width, into: call.scratch, stride: queryLatent)
            if hasBias { call.addBias("q_a_proj.bias", to: call.scratch, width: queryLatent) }
            ck_rms_norm_forward(
                call.batch, queryLatent, call.scratch, queryLatent, call.parameter("q_a_norm.weight"),
                Float(Self.epsilon), call.scratch, queryLatent, nil)
        }
        call.multiply(queryName, rows.source, stride: querySourceWidth, into: queries, stride: shape.queryWidth)
        call.multiply("kv_a_proj.weight", call.input, stride: width, into: entries, stride: latent + shared)
        if hasBias { call.addBias("kv_a_proj.bias", to: entries, width: latent + shared) }
        ck_rms_norm_forward(
            call.batch, latent, entries, latent + shared, call.parameter("kv_a_norm.weight"), Float(Self.epsilon),
            entries, latent + shared, nil)
        for i in 0..<call.batch {
            let position = Int(call.positions[i])
            rotary.turn(
                queries + i * shape.queryWidth, queries: heads, headDimension: shape.headDimension, position: position,
                capacity: call.capacity)
            rotary.turn(
                entries + i * (latent + shared) + latent, keys: 1, headDimension: shared, position: position,
                capacity: call.capacity)
        }
        let weight = call.parameter("kv_b_proj.weight")
        for head in 0..<heads {
            ck_gemm(
                0, 0, call.batch, latent, own, 1, queries + head * shape.headDimension + shared, shape.queryWidth,
                weight + head * own * latent, latent, 0, absorbed + head * latent, heads * latent)
        }
        return rows
    }

    /// Keeps the latent and the shared key of token i of a step.
    func write(_ i: Int, _ rows: StepRows, position: Int, to state: UnsafeMutablePointer<Float>, layout: StateLayout) {
        let entry = rows.entries + i * (latent + shared)
        layout["latents"]?.write(entry, position: position, to: state)
        layout["rotary-keys"]?.write(entry + latent, position: position, to: state)
    }

    func attendCount(tokens: Int) -> Int { tokens * (heads + latent + shared) }

    /// Attends by absorption, and leaves each head's mean latent in place of its query.
    func attend(
        _ i: Int, _ rows: StepRows, _ call: MixerStep, layout: StateLayout, tokens: [Int]?,
        scratch: UnsafeMutablePointer<Float>
    ) {
        guard let cache = layout["latents"] else { return }
        let count = tokens?.count ?? cache.entryCount(position: Int(call.positions[i]) + 1)
        var latents = call.states[i] + cache.offset
        var sharedKeys = layout["rotary-keys"].map { call.states[i] + $0.offset }
        let scores = scratch + (tokens == nil ? 0 : count * (latent + shared))
        if let tokens {
            gather(tokens, latents, width: latent, into: scratch)
            latents = scratch
            if let keys = sharedKeys {
                gather(tokens, keys, width: shared, into: scratch + count * latent)
                sharedKeys = scratch + count * latent
            }
        }
        let queries = rows.absorbed + i * heads * latent
        ck_gemm(0, 1, heads, count, latent, shape.scale, queries, latent, latents, latent, 0, scores, count)
        if let sharedKeys {
            ck_gemm(
                0, 1, heads, count, shared, shape.scale, rows.queries + i * shape.queryWidth, shape.headDimension,
                sharedKeys, shared, 1, scores, count)
        }
        if shape.top > 0 {
            for head in 0..<heads {
                TopScores.keep(shape.top, of: count, scores + head * count, scratch: scores + heads * count)
            }
        }
        ck_softmax_rows(heads, count, scores, count, scores, count)
        ck_gemm(0, 0, heads, latent, count, 1, scores, count, latents, latent, 0, queries, latent)
    }

    /// The outputs of a step from the mean latents of its tokens.
    func finish(_ rows: StepRows, _ call: MixerStep) {
        for head in 0..<heads {
            let first = ownWidth + head * shape.valueDimension
            call.multiply(
                "kv_b_proj.weight", outputs: first..<(first + shape.valueDimension), rows.absorbed + head * latent,
                stride: heads * latent, into: rows.outputs + head * shape.valueDimension, stride: shape.outputWidth)
        }
        call.multiply("out_proj.weight", rows.outputs, stride: shape.outputWidth, into: call.output, stride: width)
        if hasBias { call.addBias("out_proj.bias", to: call.output, width: width) }
    }

    // MARK: Reference

    /// The expanded heads, in double precision.
    func referenceHeads(_ x: [Double], time: Int, weights: [String: [Double]]) -> ReferenceHeads {
        func weight(_ name: String) -> [Double] {
            guard let values = weights[name] else { preconditionFailure("no \(name)") }
            return values
        }
        func biased(_ rows: [Double], _ name: String) -> [Double] {
            weights[name].map { Reference.addBias(rows, $0) } ?? rows
        }
        var source = x
        if queryLatent > 0 {
            source = Reference.rmsNorm(
                biased(Reference.linear(x, weight("q_a_proj.weight"), inputs: width), "q_a_proj.bias"),
                weight("q_a_norm.weight"),
                epsilon: Self.epsilon)
        }
        let queries = Reference.linear(source, weight(queryName), inputs: querySourceWidth)
        let rows = biased(Reference.linear(x, weight("kv_a_proj.weight"), inputs: width), "kv_a_proj.bias")
        func part(_ offset: Int, _ count: Int) -> [Double] {
            Reference.columns(rows, width: latent + shared, offset: offset, count: count)
        }
        let latents = Reference.rmsNorm(part(0, latent), weight("kv_a_norm.weight"), epsilon: Self.epsilon)
        let expanded = Reference.linear(latents, weight("kv_b_proj.weight"), inputs: latent)
        let turned = rotary.referenceKeys(part(latent, shared), heads: 1, headDimension: shared)
        var keys: [Double] = []
        for t in 0..<time {
            for head in 0..<heads {
                let start = t * (ownWidth + shape.valueWidth) + head * own
                keys += turned[(t * shared)..<((t + 1) * shared)] + expanded[start..<(start + own)]
            }
        }
        let values = Reference.columns(
            expanded, width: ownWidth + shape.valueWidth, offset: ownWidth, count: shape.valueWidth)
        return ReferenceHeads(
            queries: rotary.referenceQueries(queries, heads: heads, headDimension: shape.headDimension), keys: keys,
            values: values, querySource: source)
    }

    func referenceOutput(_ heads: [Double], of x: [Double], weights: [String: [Double]]) -> [Double] {
        let output = Reference.linear(heads, weights["out_proj.weight"] ?? [], inputs: shape.outputWidth)
        return weights["out_proj.bias"].map { Reference.addBias(output, $0) } ?? output
    }

    // MARK: Cost

    /// Operations of all projections of a token. Absorbing a query and expanding a mean latent cost in decoding what
    /// expanding a latent costs in prefill.
    var projectionFLOPs: Double {
        let queries = queryLatent * width + shape.queryWidth * querySourceWidth
        let entries = (latent + shared) * width + (ownWidth + shape.valueWidth) * latent
        return Double(2 * (queries + entries + width * shape.outputWidth))
    }

    /// Of expanded heads.
    var prefillFLOPs: Double { Double(2 * heads * (shape.headDimension + shape.valueDimension)) }

    /// By absorption.
    var decodeFLOPs: Double { Double(2 * heads * (2 * latent + shared)) }
}
