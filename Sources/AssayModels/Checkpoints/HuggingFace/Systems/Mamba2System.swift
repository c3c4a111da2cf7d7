/// Mamba-2: layers that are a mixer and nothing else.
struct Mamba2System: HuggingFaceSystem {
    static let modelTypes = ["mamba2"]

    let architecture: Architecture
    private let mixer: Mamba2Placement
    private let layerCount: Int

    init(_ fields: ConfigurationFields, tensors: ModelTensors) throws {
        let width = try fields.integer("hidden_size", in: DecoderFields.widths)
        layerCount = try fields.integer("num_hidden_layers", in: DecoderFields.layers)
        _ = try fields.word("hidden_act", among: ["silu", "swish"], default: "silu")
        try fields.demand("norm_before_gate", is: .boolean(false))
        try fields.demand("rms_norm", is: .boolean(true))
        let mixer = try Mamba2Placement(
            fields, width: width,
            names: Mamba2Placement.Names(
                heads: "num_heads", dimension: "head_dim", states: "state_size", groups: "n_groups", expand: "expand",
                kernel: "conv_kernel", convolutionBias: "use_conv_bias", projectionBias: "use_bias"))
        self.mixer = mixer
        let isTied = try fields.boolean("tie_word_embeddings", default: false)
        let layer = LayerConfiguration(mixer: "mamba-2", options: mixer.options, feedForward: "none")
        architecture = Architecture(
            name: "mamba2", width: width, heads: mixer.heads, headDimension: mixer.dimension, hiddenWidth: width,
            layers: [LayerConfiguration](repeating: layer, count: layerCount),
            vocabularyCount: try fields.integer("vocab_size", in: DecoderFields.vocabularies),
            tiedHead: isTied || !tensors.hasHead,
            normEpsilon: try fields.number("layer_norm_epsilon", in: DecoderFields.epsilons, default: 1e-5))
    }

    func place(_ weights: WeightPlacement, _ tensors: ModelTensors) throws {
        for layer in 0..<layerCount {
            let (theirs, ours) = (tensors.layer(layer), tensors.ours(layer))
            try weights.setNorm(
                ours + "input_layernorm.weight", from: theirs + "norm.weight", width: architecture.width)
            try mixer.place(weights, from: theirs + "mixer.", to: ours + "mixer.")
        }
        try weights.setFinalNorm(tensors, named: "norm_f.weight", width: architecture.width)
    }
}
