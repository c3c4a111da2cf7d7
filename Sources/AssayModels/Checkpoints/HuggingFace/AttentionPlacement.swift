/// The shape of grouped attention in a release, and where its tensors go.
struct AttentionPlacement {
    let width: Int
    let heads: Int
    let keyValueHeads: Int
    let headDimension: Int
    /// Whether all four projections have biases.
    var hasBias = false
    /// Whether the rows of each head's query and gate come in turn in one projection (Qwen3-Next).
    var hasGate = false
    /// The names of the norms of queries and keys, if there are any.
    var norms: (query: String, key: String)?
    /// Whether one norm is over all heads.
    var normsAll = false
    /// Whether norms are published as what is added to one.
    var addsOne = false
    /// The name of the projection of the outputs.
    var output = "o_proj"

    init(_ decoder: DecoderFields) {
        width = decoder.width
        heads = decoder.heads
        keyValueHeads = decoder.keyValueHeads
        headDimension = decoder.headDimension
    }

    /// Options that say what the tensors are.
    var options: [String: MixerOption] {
        var options: [String: MixerOption] = ["short-convolution": 0]
        if hasBias { options["projection-bias"] = true }
        if hasGate { options["output-gate"] = true }
        if hasBias, hasGate { options["gate-bias"] = true }
        if norms != nil { options["query-key-norm"] = .text(normsAll ? "all" : "head") }
        return options
    }

    /// Places the tensors of one layer.
    /// - Parameters:
    ///   - prefix: of the release, such as `model.layers.0.self_attn.`.
    ///   - parameters: of ours, such as `model.layers.0.mixer.`.
    func place(_ weights: WeightPlacement, from prefix: String, to parameters: String) throws {
        try placeProjections(weights, prefix, parameters, leaf: "weight", columns: width)
        try weights.set(
            parameters + "out_proj.weight",
            try weights.take(prefix + output + ".weight", width, heads * headDimension))
        if hasBias {
            try placeProjections(weights, prefix, parameters, leaf: "bias", columns: 1)
            try weights.set(parameters + "out_proj.bias", try weights.take(prefix + output + ".bias", width))
        }
        guard let norms else { return }
        let counts = normsAll ? (heads, keyValueHeads) : (1, 1)
        for (name, ours, count) in [(norms.query, "q_norm", counts.0), (norms.key, "k_norm", counts.1)] {
            let norm = try weights.take(prefix + name + ".weight", count * headDimension)
            try weights.set(parameters + ours + ".weight", addsOne ? norm.plusOne() : norm)
        }
    }

    private func placeProjections(
        _ weights: WeightPlacement, _ prefix: String, _ parameters: String, leaf: String, columns: Int
    ) throws {
        func take(_ name: String, _ rows: Int) throws -> LoadedTensor {
            let shape = columns > 1 || leaf == "weight" ? [rows, columns] : [rows]
            return try weights.take("\(prefix)\(name).\(leaf)", shape: shape)
        }
        let d = headDimension
        var query = try take("q_proj", heads * d * (hasGate ? 2 : 1))
        if hasGate {
            try weights.set(
                parameters + "output_gate." + leaf, query.rows(HeadRows.part(1, of: [d, d], heads: heads)))
            query = query.rows(HeadRows.part(0, of: [d, d], heads: heads))
        }
        try weights.set(
            parameters + "qkv_proj." + leaf, query, try take("k_proj", keyValueHeads * d),
            try take("v_proj", keyValueHeads * d))
    }
}
