/// Latent attention in a release (DeepSeek, Kimi-Linear), and where its tensors go.
struct LatentPlacement {
    let width: Int
    let heads: Int
    /// Width of the queries' latent; 0 for a direct projection.
    let queryLatent: Int
    let latent: Int
    let own: Int
    let rotary: Int
    let value: Int
    let hasBias: Bool
    /// Whether rotary pairs lie side by side.
    let interleaved: Bool

    init(_ fields: ConfigurationFields, decoder: DecoderFields, interleaved: Bool) throws {
        width = decoder.width
        heads = decoder.heads
        queryLatent = try fields.integer("q_lora_rank", in: 1...65_536, default: 0)
        latent = try fields.integer("kv_lora_rank", in: 1...65_536)
        own = try fields.integer("qk_nope_head_dim", in: 1...4_096)
        rotary = try fields.integer("qk_rope_head_dim", in: 0...4_096)
        value = try fields.integer("v_head_dim", in: 1...4_096)
        hasBias = try fields.boolean("attention_bias", default: false)
        self.interleaved = interleaved
        guard !interleaved || rotary % 2 == 0 else {
            throw fields.failure("qk_rope_head_dim", "is \(rotary), which are no pairs")
        }
        guard decoder.keyValueHeads == heads else {
            throw fields.failure("num_key_value_heads", "is \(decoder.keyValueHeads); latent attention has \(heads)")
        }
    }

    /// Options of the mixer.
    var options: [String: MixerOption] {
        var options: [String: MixerOption] = [
            "query-latent-dimension": .number(Double(queryLatent)), "latent-dimension": .number(Double(latent)),
            "nope-dimension": .number(Double(own)), "rotary-dimension": .number(Double(rotary)),
            "value-dimension": .number(Double(value)),
        ]
        if hasBias { options["projection-bias"] = true }
        return options
    }

    /// Places the tensors of one layer. Heads are `own | rotary` in releases and `rotary | own` here; the expansion of the
    /// latents has each head's key and value in turn there, and all keys before all values here.
    func place(_ weights: WeightPlacement, from prefix: String, to parameters: String) throws {
        let order = HeadRows.latentQueries(heads: heads, own: own, rotary: rotary, interleaved: interleaved)
        let query = queryLatent > 0 ? "q_b_proj.weight" : "q_proj.weight"
        let columns = queryLatent > 0 ? queryLatent : width
        try weights.set(
            parameters + query, try weights.take(prefix + query, heads * (own + rotary), columns).rows(order))
        if queryLatent > 0 {
            try weights.set(
                parameters + "q_a_proj.weight", try weights.take(prefix + "q_a_proj.weight", queryLatent, width))
            try weights.set(
                parameters + "q_a_norm.weight", try weights.take(prefix + "q_a_layernorm.weight", queryLatent))
        }
        let entries = Array(0..<latent) + HeadRows.pairs(rotary, interleaved: interleaved).map { latent + $0 }
        let shared = prefix + "kv_a_proj_with_mqa."
        try weights.set(
            parameters + "kv_a_proj.weight", try weights.take(shared + "weight", latent + rotary, width).rows(entries))
        try weights.set(
            parameters + "kv_a_norm.weight", try weights.take(prefix + "kv_a_layernorm.weight", latent))
        let expansion = try weights.take(prefix + "kv_b_proj.weight", heads * (own + value), latent)
        try weights.set(
            parameters + "kv_b_proj.weight", expansion.rows(HeadRows.part(0, of: [own, value], heads: heads)),
            expansion.rows(HeadRows.part(1, of: [own, value], heads: heads)))
        try weights.set(
            parameters + "out_proj.weight", try weights.take(prefix + "o_proj.weight", width, heads * value))
        guard hasBias else { return }
        if queryLatent > 0 {
            try weights.set(parameters + "q_a_proj.bias", try weights.take(prefix + "q_a_proj.bias", queryLatent))
        }
        try weights.set(
            parameters + "kv_a_proj.bias", try weights.take(shared + "bias", latent + rotary).rows(entries))
        try weights.set(parameters + "out_proj.bias", try weights.take(prefix + "o_proj.bias", width))
    }
}

/// Mixtures of experts as in DeepSeek-V3 and Kimi-Linear, and where their tensors go.
struct MixturePlacement {
    let experts: ExpertFields
    let width: Int
    /// Width of the shared experts together; 0 for none.
    let sharedHidden: Int

    /// Which layers are dense: the first ones, unless `mlp_layer_types` says it.
    static func denseLayers(_ fields: ConfigurationFields, count: Int, standard: Int) throws -> [Bool] {
        let first = try fields.integer("first_k_dense_replace", in: 0...1_024, default: standard)
        let types = try fields.words("mlp_layer_types", count: count, among: ["dense", "sparse"])
        return types.map { $0.map { $0 == "dense" } } ?? (0..<count).map { $0 < first }
    }

    /// Places the tensors of one layer.
    func place(
        _ weights: WeightPlacement, from prefix: String, to parameters: String,
        names: (gate: String, up: String, down: String)
    ) throws {
        try weights.set(
            parameters + "router.weight", try weights.take(prefix + "gate.weight", experts.experts, width))
        try weights.set(
            parameters + "router.bias", try weights.take(prefix + "gate.e_score_correction_bias", experts.experts))
        try weights.setExperts(
            experts.experts, from: prefix + "experts.", to: parameters, width: width, hidden: experts.hidden,
            names: names)
        guard sharedHidden > 0 else { return }
        try weights.setGatedMLP(
            from: prefix + "shared_experts.", to: parameters + "shared_expert.", width: width, hidden: sharedHidden)
    }
}
