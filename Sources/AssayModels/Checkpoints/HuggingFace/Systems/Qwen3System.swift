/// Qwen3, dense: norms on each head's query and key, and perhaps a sliding window in later layers.
struct Qwen3System: HuggingFaceSystem {
    static let modelTypes = ["qwen3"]

    let architecture: Architecture
    private let decoder: DecoderFields
    private let attention: AttentionPlacement

    init(_ fields: ConfigurationFields, tensors: ModelTensors) throws {
        decoder = try DecoderFields(fields, name: "qwen3", headDimension: 128)
        _ = try fields.word("hidden_act", among: ["silu"], default: "silu")
        var attention = AttentionPlacement(decoder)
        attention.hasBias = try fields.boolean("attention_bias", default: false)
        attention.norms = ("q_norm", "k_norm")
        self.attention = attention
        let rotary = try RotaryFields(fields, elements: decoder.headDimension)
        let options = attention.options.merging(rotary.options) { $1 }
        let types = try Self.layerTypes(fields, count: decoder.layerCount)
        let window = try fields.integer("sliding_window", in: 1...1_048_576, default: 4_096)
        architecture = decoder.architecture(
            types.map {
                $0 == "sliding_attention"
                    ? LayerConfiguration(
                        mixer: "sliding-window", options: options.merging(["window": .number(Double(window))]) { $1 })
                    : LayerConfiguration(mixer: "full", options: options)
            }, tensors: tensors)
    }

    /// The window counts from a layer on, and only if it is switched on.
    private static func layerTypes(_ fields: ConfigurationFields, count: Int) throws -> [String] {
        let slides = try fields.boolean("use_sliding_window", default: false)
        let first = try fields.integer("max_window_layers", in: 0...1_024, default: 28)
        let given = try fields.words(
            "layer_types", count: count, among: slides ? ["full_attention", "sliding_attention"] : ["full_attention"])
        let hasWindow = slides && (fields.has("sliding_window") || !fields.mentions("sliding_window"))
        return given ?? (0..<count).map { hasWindow && $0 >= first ? "sliding_attention" : "full_attention" }
    }

    func place(_ weights: WeightPlacement, _ tensors: ModelTensors) throws {
        for layer in 0..<decoder.layerCount {
            let (theirs, ours) = (tensors.layer(layer), tensors.ours(layer))
            try weights.setLayerNorms(from: theirs, to: ours, width: decoder.width)
            try attention.place(weights, from: theirs + "self_attn.", to: ours + "mixer.")
            try weights.setGatedMLP(
                from: theirs + "mlp.", to: ours + "mlp.", width: decoder.width, hidden: decoder.hidden)
        }
        try weights.setFinalNorm(tensors, width: decoder.width)
    }
}
