/// The Gated DeltaNet layers of Qwen3-Next, Qwen3.5 and OLMo-hybrid in a configuration.
struct DeltaFields {
    let width: Int
    let keyHeads: Int
    let valueHeads: Int
    let keyDimension: Int
    let valueDimension: Int
    let kernel: Int

    /// - Parameters:
    ///   - heads: of queries and keys, and of values, where the configuration leaves them out.
    ///   - dimensions: of a key, and of a value, likewise.
    init(
        _ fields: ConfigurationFields, width: Int, heads: (key: Int, value: Int), dimensions: (key: Int, value: Int?)
    ) throws {
        self.width = width
        keyHeads = try fields.integer("linear_num_key_heads", in: DecoderFields.headCounts, default: heads.key)
        valueHeads = try fields.integer("linear_num_value_heads", in: DecoderFields.headCounts, default: heads.value)
        guard valueHeads % keyHeads == 0 else {
            throw fields.failure(
                "linear_num_value_heads", "is \(valueHeads), no multiple of the \(keyHeads) key heads")
        }
        keyDimension = try fields.integer(
            "linear_key_head_dim", in: DecoderFields.headDimensions, default: dimensions.key)
        valueDimension = try fields.integer(
            "linear_value_head_dim", in: DecoderFields.headDimensions, default: dimensions.value ?? 2 * keyDimension)
        kernel = try fields.integer("linear_conv_kernel_dim", in: DecoderFields.kernels, default: 4)
    }

    var keyWidth: Int { keyHeads * keyDimension }
    var valueWidth: Int { valueHeads * valueDimension }
    /// Columns of q | k | v.
    var channels: Int { 2 * keyWidth + valueWidth }

    /// Options of the mixer.
    var options: [String: MixerOption] {
        [
            "key-heads": .number(Double(keyHeads)), "value-heads": .number(Double(valueHeads)),
            "key-dimension": .number(Double(keyDimension)), "value-dimension": .number(Double(valueDimension)),
        ]
    }

    /// Places what all have: decays, the norm of the heads and the projection of their outputs.
    func placeHeads(
        _ weights: WeightPlacement, from prefix: String, to parameters: String, norm: String = "norm",
        output: String = "out_proj"
    ) throws {
        for name in ["A_log", "dt_bias"] {
            try weights.set(parameters + name, try weights.take(prefix + name, valueHeads))
        }
        try weights.set(parameters + "norm.weight", try weights.take(prefix + norm + ".weight", valueDimension))
        try weights.set(
            parameters + "out_proj.weight", try weights.take(prefix + output + ".weight", width, valueWidth))
    }
}

/// The layers that Qwen3-Next and Qwen3.5 share, apart from how their linear attention is projected.
struct QwenHybridFields {
    let decoder: DecoderFields
    let attention: AttentionPlacement
    let delta: DeltaFields
    /// `linear_attention` or `full_attention` for each layer.
    let types: [String]
    private let rotary: RotaryFields

    init(_ fields: ConfigurationFields, name: String, hidden: String = "intermediate_size") throws {
        decoder = try DecoderFields(fields, name: name, headDimension: 256, hidden: hidden)
        _ = try fields.word("hidden_act", among: ["silu"], default: "silu")
        try fields.demand("attn_output_gate", is: .boolean(true))
        delta = try DeltaFields(fields, width: decoder.width, heads: (16, 32), dimensions: (128, 128))
        var attention = AttentionPlacement(decoder)
        attention.hasBias = try fields.boolean("attention_bias", default: false)
        attention.hasGate = true
        attention.norms = ("q_norm", "k_norm")
        attention.addsOne = true
        self.attention = attention
        rotary = try RotaryFields(fields, elements: decoder.headDimension, fraction: 0.25)
        let interval = try fields.integer("full_attention_interval", in: 1...1_024, default: 4)
        let count = decoder.layerCount
        types =
            try fields.words("layer_types", count: count, among: ["linear_attention", "full_attention"])
            ?? (1...count).map { $0 % interval == 0 ? "full_attention" : "linear_attention" }
    }

    /// The mixer of a layer, and its options.
    func mixer(_ layer: Int) -> (name: String, options: [String: MixerOption]) {
        types[layer] == "full_attention"
            ? ("full", attention.options.merging(rotary.options) { $1 }) : ("gated-delta-net", delta.options)
    }

    /// Places all norms and attention, and what linear layers have in common.
    func place(_ weights: WeightPlacement, _ tensors: ModelTensors, layer: Int) throws {
        let (theirs, ours) = (tensors.layer(layer), tensors.ours(layer))
        try weights.setLayerNorms(from: theirs, to: ours, width: decoder.width, addsOne: true)
        if types[layer] == "full_attention" {
            try attention.place(weights, from: theirs + "self_attn.", to: ours + "mixer.")
        } else {
            let prefix = theirs + "linear_attn."
            try delta.placeHeads(weights, from: prefix, to: ours + "mixer.")
            try weights.set(
                ours + "mixer.conv.weight",
                try weights.take(prefix + "conv1d.weight", delta.channels, 1, delta.kernel))
        }
    }
}
