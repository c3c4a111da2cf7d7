import AssayTensor

/// Multi-head latent attention (MLA): full softmax attention whose decode state is one latent vector and one shared key
/// a token, as in DeepSeek-V2 and V3; with `rotary-fraction: 0` as in Kimi-Linear, which shares the key but does not turn
/// it (transformers: `DeepseekV3Attention`, `KimiLinearAttention`). It has no short convolution.
///
/// Options: `latent-dimension` (default 4 heads wide), `query-latent-dimension` (default 0: queries straight from the
/// token), `nope-dimension` (elements of a query and key head that are the head's own, default the architecture's head
/// dimension), `rotary-dimension` (elements of a key that all heads share, and that rotary embedding turns; default half
/// of it, 0 for none), `value-dimension` (default the head dimension), `scale` (default 1 / sqrt(nope + rotary)), `projection-bias` (false: whether
/// the maps to the latents and the output have one),
/// `rotary-fraction` (share of the shared elements that turn, default 1; 0 is NoPE), `rotary-base`; `window` (default 0:
/// none) with `sinks` and `top-scores`, as of ``SlidingWindowAttention``.
public struct MultiHeadLatentAttention: Mixer {
    /// `mla`.
    public static let name = "mla"
    /// See the type.
    public static let optionNames = ["window", "sinks", "top-scores"] + LatentAttention.optionNames

    private let attention: LatentAttention

    /// The mixer of a layer.
    public init(_ request: MixerRequest) throws {
        let window = try request.integer("window", default: 0, in: 0...1_048_576)
        let sinks = try request.sinks()
        guard window > 0 || sinks == 0 else {
            throw request.failure("sinks", "stay in sight of no window", remedy: "Give window, or leave it out")
        }
        attention = try LatentAttention(request, window: window, sinks: sinks, top: request.topScores())
    }

    var shape: AttentionShape { attention.shape }

    /// Declares the projections and the norms of the latents.
    public func declareParameters(prefix: String, in layout: inout ParameterLayout) {
        attention.declareParameters(prefix: prefix, in: &layout)
    }

    /// The parallel form, over expanded keys and values.
    public func parallel(_ x: Tensor, prefix: String, on tape: Tape) -> Tensor {
        let heads = attention.record(x, prefix: prefix, on: tape)
        let output = tape.causalAttention(
            query: heads.query, key: heads.key, value: heads.value, shape: attention.shape)
        return attention.recordOutput(output, of: x, prefix: prefix, on: tape)
    }

    /// A latent and a shared key of every token.
    public func stateLayout(capacity: Int) -> StateLayout {
        var layout = StateLayout()
        attention.appendState(to: &layout, capacity: capacity)
        return layout
    }

    /// Scratch of a step.
    public func stepScratchCount(batch: Int, capacity: Int) -> Int {
        let entries = shape.entryCount(capacity: capacity)
        let choice = shape.top > 0 ? TopScores.scratchCount(keys: entries, count: shape.top) : 0
        return attention.rowCount(batch: batch) + attention.heads * entries + choice
    }

    /// The recurrent form, by absorption: the cache is never expanded.
    public func step(_ call: MixerStep) {
        let layout = stateLayout(capacity: call.capacity)
        let rows = attention.project(call)
        for i in 0..<call.batch {
            attention.write(i, rows, position: Int(call.positions[i]), to: call.states[i], layout: layout)
            attention.attend(i, rows, call, layout: layout, tokens: nil, scratch: rows.rest)
        }
        attention.finish(rows, call)
    }

    /// The reference form, over expanded keys and values.
    public func reference(_ x: [Double], time: Int, weights: [String: [Double]]) -> [Double] {
        let heads = attention.referenceHeads(x, time: time, weights: weights)
        let output = Reference.attention(heads.queries, heads.keys, heads.values, shape: attention.shape)
        return attention.referenceOutput(output, of: x, weights: weights)
    }

    /// What a token costs: prefill expands the latents, decoding multiplies with them as they are.
    public func cost(context: Int) -> MixerCost {
        let visible = PositionSum.capped(context, at: shape.visibleCount(position: context))
        return MixerCost(
            prefillFLOPs: attention.projectionFLOPs + attention.prefillFLOPs * visible / Double(max(context, 1)),
            decodeFLOPs: attention.projectionFLOPs
                + attention.decodeFLOPs * Double(shape.visibleCount(position: context)),
            stateBytes: Double(4 * stateCount(capacity: context)))
    }

    /// Query heads.
    public var headCount: Int { attention.heads }
}

extension MultiHeadLatentAttention: RotaryMixer {
    var rotary: RotaryEmbedding { attention.rotary }
}
