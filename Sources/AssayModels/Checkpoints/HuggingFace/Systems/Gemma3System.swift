/// Gemma 3: windows and full attention in turn, norms before and after every branch, all of them published as what is
/// added to one.
struct Gemma3System: HuggingFaceSystem {
    static let modelTypes = ["gemma3_text"]

    let architecture: Architecture
    private let decoder: DecoderFields
    private let attention: AttentionPlacement

    private static let norms = [
        "input_layernorm", "post_attention_layernorm", "pre_feedforward_layernorm", "post_feedforward_layernorm",
    ]

    init(_ fields: ConfigurationFields, tensors: ModelTensors) throws {
        decoder = try DecoderFields(fields, name: "gemma3_text", headDimension: 256, tied: true)
        for name in ["hidden_activation", "hidden_act"] {
            _ = try fields.word(name, among: ["gelu_pytorch_tanh"], default: "gelu_pytorch_tanh")
        }
        try fields.demand("use_bidirectional_attention", is: .boolean(false))
        // It is in configurations, but the published model does not use it.
        fields.skip("attn_logit_softcapping")
        var attention = AttentionPlacement(decoder)
        attention.hasBias = try fields.boolean("attention_bias", default: false)
        attention.norms = ("q_norm", "k_norm")
        attention.addsOne = true
        self.attention = attention
        let scalar = try fields.number("query_pre_attn_scalar", in: 1e-6...1e6, default: 256)
        let window = try fields.integer("sliding_window", in: 1...1_048_576, default: 4_096)
        let (full, sliding) = try Self.rotary(fields, elements: decoder.headDimension)
        let common = attention.options.merging(["scale": .number(1 / scalar.squareRoot())]) { $1 }
        let layers = try Self.layerTypes(fields, count: decoder.layerCount).map { type in
            type == "full_attention"
                ? LayerConfiguration(mixer: "full", options: common.merging(full.options) { $1 }, feedForward: "geglu")
                : LayerConfiguration(
                    mixer: "sliding-window",
                    options: common.merging(sliding.options) { $1 }.merging(["window": .number(Double(window))]) { $1 },
                    feedForward: "geglu")
        }
        let cap = try fields.number("final_logit_softcapping", in: 1e-3...1e6, default: 1e-3)
        architecture = decoder.architecture(
            layers, tensors: tensors,
            block: BlockForm(
                residual: .sandwich, embeddingFactor: Double(decoder.width).squareRoot(),
                logitsCap: fields.has("final_logit_softcapping") ? cap : 0))
    }

    /// Full layers have the scaling; windows turn by a base of their own, without any.
    private static func rotary(
        _ fields: ConfigurationFields, elements: Int
    ) throws -> (full: RotaryFields, sliding: RotaryFields) {
        let parameters = try fields.fields("rope_parameters")
        let scaling = try fields.fields("rope_scaling")
        let local = try fields.number("rope_local_base_freq", in: 1.0.nextUp...1e12, default: 10_000)
        let (full, sliding) = (
            try parameters?.fields("full_attention"), try parameters?.fields("sliding_attention")
        )
        return (
            try RotaryFields(fields, full ?? scaling, elements: elements, base: 1_000_000),
            try RotaryFields(
                ConfigurationFields([:], location: fields.location), sliding, elements: elements, base: local)
        )
    }

    private static func layerTypes(_ fields: ConfigurationFields, count: Int) throws -> [String] {
        let older = try fields.integer("sliding_window_pattern", in: 1...1_024, default: 6)
        let pattern = try fields.integer("_sliding_window_pattern", in: 1...1_024, default: older)
        return try fields.words("layer_types", count: count, among: ["full_attention", "sliding_attention"])
            ?? (1...count).map { $0 % pattern == 0 ? "full_attention" : "sliding_attention" }
    }

    func place(_ weights: WeightPlacement, _ tensors: ModelTensors) throws {
        for layer in 0..<decoder.layerCount {
            let (theirs, ours) = (tensors.layer(layer), tensors.ours(layer))
            for name in Self.norms {
                try weights.setNorm(
                    "\(ours)\(name).weight", from: "\(theirs)\(name).weight", width: decoder.width, addsOne: true)
            }
            try attention.place(weights, from: theirs + "self_attn.", to: ours + "mixer.")
            try weights.setGatedMLP(
                from: theirs + "mlp.", to: ours + "mlp.", width: decoder.width, hidden: decoder.hidden)
        }
        try weights.setFinalNorm(tensors, width: decoder.width, addsOne: true)
    }
}
