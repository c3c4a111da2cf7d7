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
/// `rotary-fraction` (share of the shared elements that turn, default 1; 0 is NoPE), `rotary-base`.
public struct MultiHeadLatentAttention: Mixer {
    /// `mla`.
    public static let name = "mla"
    /// See the type.
    public static let optionNames = LatentAttention.optionNames

    private let attention: LatentAttention

    /// The mixer of a layer.
    public init(_ request: MixerRequest) throws { attention = try LatentAttention(request) }

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
        attention.rowCount(batch: batch) + attention.heads * capacity
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
        MixerCost(
            prefillFLOPs: attention.projectionFLOPs + attention.prefillFLOPs * Double(context + 1) / 2,
            decodeFLOPs: attention.projectionFLOPs + attention.decodeFLOPs * Double(context + 1),
            stateBytes: Double(4 * stateCount(capacity: context)))
    }
}
