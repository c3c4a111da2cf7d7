/// LFM2: gated short convolutions and attention in turn.
struct LFM2System: HuggingFaceSystem {
    static let modelTypes = ["lfm2"]

    let architecture: Architecture
    private let decoder: DecoderFields
    private let attention: AttentionPlacement
    private let types: [String]
    private let kernel: Int
    private let hasBias: Bool
    private let hidden: Int

    init(_ fields: ConfigurationFields, tensors: ModelTensors) throws {
        let tied = try fields.boolean(
            "tie_embedding", default: try fields.boolean("tie_word_embeddings", default: true))
        decoder = try DecoderFields(
            fields, name: "lfm2", epsilon: "norm_eps", standardEpsilon: 1e-5,
            hidden: fields.has("block_ff_dim") ? "block_ff_dim" : "intermediate_size", tied: tied)
        // A name of the same value in releases.
        fields.skip(
            "intermediate_size", "conv_dim", "conv_dim_out", "block_dim", "num_heads", "block_mlp_init_scale",
            "block_out_init_scale", "conv_use_xavier_init", "block_norm_eps", "use_pos_enc")
        kernel = try fields.integer("conv_L_cache", in: DecoderFields.kernels, default: 3)
        hasBias = try fields.boolean("conv_bias", default: false)
        hidden = try Self.hidden(fields, stated: decoder.hidden)
        try fields.demand("block_use_swiglu", is: .boolean(true))
        var attention = AttentionPlacement(decoder)
        attention.norms = ("q_layernorm", "k_layernorm")
        attention.output = "out_proj"
        self.attention = attention
        let rotary = try RotaryFields(fields, elements: decoder.headDimension, base: 1_000_000)
        let (count, full) = (
            decoder.layerCount, Set(try fields.integers("full_attn_idxs") ?? Array(0..<decoder.layerCount))
        )
        types =
            try fields.words("layer_types", count: count, among: ["conv", "full_attention"])
            ?? (0..<count).map { full.contains($0) ? "full_attention" : "conv" }
        var convolution: [String: MixerOption] = ["kernel": .number(Double(kernel))]
        if hasBias { convolution["bias"] = true }
        let options: [String: MixerOption] = ["hidden": .number(Double(hidden))]
        architecture = decoder.architecture(
            types.map {
                $0 == "conv"
                    ? LayerConfiguration(mixer: "gated-convolution", options: convolution, feedForwardOptions: options)
                    : LayerConfiguration(
                        mixer: "full", options: attention.options.merging(rotary.options) { $1 },
                        feedForwardOptions: options)
            }, tensors: tensors)
    }

    /// Two thirds of the stated width, times a factor, in whole multiples.
    private static func hidden(_ fields: ConfigurationFields, stated: Int) throws -> Int {
        let adjusts = try fields.boolean("block_auto_adjust_ff_dim", default: true)
        let factor = try fields.number("block_ffn_dim_multiplier", in: 1e-3...1e3, default: 1)
        let multiple = try fields.integer("block_multiple_of", in: 1...65_536, default: 256)
        guard adjusts else { return stated }
        let wanted = Int(factor * Double(2 * stated / 3))
        let result = (wanted + multiple - 1) / multiple * multiple
        guard DecoderFields.hiddenWidths.contains(result) else {
            throw fields.failure("block_ffn_dim_multiplier", "makes an inner width of \(result)")
        }
        return result
    }

    func place(_ weights: WeightPlacement, _ tensors: ModelTensors) throws {
        let width = decoder.width
        for layer in 0..<decoder.layerCount {
            let (theirs, ours) = (tensors.layer(layer), tensors.ours(layer))
            try weights.setNorm(ours + "input_layernorm.weight", from: theirs + "operator_norm.weight", width: width)
            try weights.setNorm(
                ours + "post_attention_layernorm.weight", from: theirs + "ffn_norm.weight", width: width)
            if types[layer] == "conv" {
                try placeConvolution(weights, from: theirs + "conv.", to: ours + "mixer.")
            } else {
                try attention.place(weights, from: theirs + "self_attn.", to: ours + "mixer.")
            }
            try weights.setGatedMLP(
                from: theirs + "feed_forward.", to: ours + "mlp.", width: width, hidden: hidden,
                names: ExpertNames.mixtral)
        }
        // The norm before the head, whatever its name says.
        try weights.setFinalNorm(tensors, named: "embedding_norm.weight", width: width)
    }

    private func placeConvolution(_ weights: WeightPlacement, from prefix: String, to parameters: String) throws {
        let width = decoder.width
        try weights.set(parameters + "in_proj.weight", try weights.take(prefix + "in_proj.weight", 3 * width, width))
        try weights.set(parameters + "conv.weight", try weights.take(prefix + "conv.weight", width, 1, kernel))
        try weights.set(parameters + "out_proj.weight", try weights.take(prefix + "out_proj.weight", width, width))
        guard hasBias else { return }
        for (name, count) in [("in_proj.bias", 3 * width), ("conv.bias", width), ("out_proj.bias", width)] {
            try weights.set(parameters + name, try weights.take(prefix + name, count))
        }
    }
}
