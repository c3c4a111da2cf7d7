/// Llama and its like, such as SmolLM2.
struct LlamaSystem: HuggingFaceSystem {
    static let modelTypes = ["llama"]

    let architecture: Architecture
    private let decoder: DecoderFields
    private let attention: AttentionPlacement
    private let hasBias: Bool

    init(_ fields: ConfigurationFields, tensors: ModelTensors) throws {
        decoder = try DecoderFields(fields, name: "llama")
        try fields.demand("rope_interleaved", is: .boolean(false))
        var attention = AttentionPlacement(decoder)
        attention.hasBias = try fields.boolean("attention_bias", default: false)
        self.attention = attention
        hasBias = try fields.boolean("mlp_bias", default: false)
        let activation = try fields.word(
            "hidden_act", among: ["silu", "swish", "gelu_pytorch_tanh"], default: "silu")
        let rotary = try RotaryFields(fields, elements: decoder.headDimension)
        let layer = LayerConfiguration(
            mixer: "full", options: attention.options.merging(rotary.options) { $1 },
            feedForward: activation == "gelu_pytorch_tanh" ? "geglu" : "swiglu",
            feedForwardOptions: hasBias ? ["bias": true] : [:])
        architecture = decoder.architecture(
            [LayerConfiguration](repeating: layer, count: decoder.layerCount), tensors: tensors)
    }

    func place(_ weights: WeightPlacement, _ tensors: ModelTensors) throws {
        for layer in 0..<decoder.layerCount {
            let (theirs, ours) = (tensors.layer(layer), tensors.ours(layer))
            try weights.setLayerNorms(from: theirs, to: ours, width: decoder.width)
            try attention.place(weights, from: theirs + "self_attn.", to: ours + "mixer.")
            try weights.setGatedMLP(
                from: theirs + "mlp.", to: ours + "mlp.", width: decoder.width, hidden: decoder.hidden, hasBias: hasBias
            )
        }
        try weights.setFinalNorm(tensors, width: decoder.width)
    }
}
