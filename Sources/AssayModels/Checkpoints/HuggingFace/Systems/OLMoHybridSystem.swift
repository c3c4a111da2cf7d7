/// OLMo-hybrid: Gated DeltaNet layers with norms before their branches, and full attention with norms after them.
struct OLMoHybridSystem: HuggingFaceSystem {
    static let modelTypes = ["olmo_hybrid"]

    let architecture: Architecture
    private let decoder: DecoderFields
    private let attention: AttentionPlacement
    private let delta: DeltaFields
    private let isLinear: [Bool]

    init(_ fields: ConfigurationFields, tensors: ModelTensors) throws {
        let decoder = try DecoderFields(fields, name: "olmo_hybrid")
        self.decoder = decoder
        _ = try fields.word("hidden_act", among: ["silu"], default: "silu")
        try fields.demand("linear_use_gate", is: .boolean(true))
        var attention = AttentionPlacement(decoder)
        attention.hasBias = try fields.boolean("attention_bias", default: false)
        attention.norms = ("q_norm", "k_norm")
        attention.normsAll = true
        self.attention = attention
        let keys = try fields.integer("linear_num_key_heads", in: DecoderFields.headCounts, default: decoder.heads)
        delta = try DeltaFields(
            fields, width: decoder.width, heads: (decoder.heads, decoder.heads),
            dimensions: (max(1, 3 * decoder.width / (4 * keys)), nil))
        let options = attention.options.merging(try Self.rotary(fields, elements: decoder.headDimension)) { $1 }
        let linear = delta.options.merging([
            "negative-eigenvalues": .boolean(try fields.boolean("linear_allow_neg_eigval", default: true)),
            // Fixed, whatever the other norms have.
            "norm-epsilon": 1e-5,
        ]) { $1 }
        let isLinear = try Self.linearLayers(fields, count: decoder.layerCount)
        self.isLinear = isLinear
        architecture = decoder.architecture(
            isLinear.map {
                $0
                    ? LayerConfiguration(mixer: "gated-delta-net", options: linear)
                    : LayerConfiguration(
                        mixer: "full", options: options, mixerForm: BranchForm(.output),
                        feedForwardForm: BranchForm(.output))
            }, tensors: tensors, shortConvolution: delta.kernel)
    }

    /// No positions where the configuration gives no base, as in the releases.
    private static func rotary(_ fields: ConfigurationFields, elements: Int) throws -> [String: MixerOption] {
        let own = try fields.fields("rope_parameters")
        guard own?.has("rope_theta") ?? false || fields.has("rope_theta") else {
            fields.skip("rope_scaling")
            own?.skip("rope_type", "type")
            return RotaryFields.none
        }
        let scaling = try fields.fields("rope_scaling")
        return try RotaryFields(fields, scaling ?? own, elements: elements, base: 10_000).options
    }

    private static func linearLayers(_ fields: ConfigurationFields, count: Int) throws -> [Bool] {
        if let types = try fields.words("layer_types", count: count, among: ["linear_attention", "full_attention"]) {
            return types.map { $0 == "linear_attention" }
        }
        let types = (0..<count).map { $0 % 4 != 3 }
        return types.contains(false) ? types : types.dropLast() + [false]
    }

    func place(_ weights: WeightPlacement, _ tensors: ModelTensors) throws {
        let width = decoder.width
        for layer in isLinear.indices {
            let (theirs, ours) = (tensors.layer(layer), tensors.ours(layer))
            // Releases and transformers do not call them the same.
            let second = weights.firstName(
                theirs + "feedforward_layer_norm.weight", theirs + "post_attention_layernorm.weight")
            try weights.setNorm(ours + "post_attention_layernorm.weight", from: second, width: width)
            if isLinear[layer] {
                let first = weights.firstName(
                    theirs + "attention_layer_norm.weight", theirs + "input_layernorm.weight")
                try weights.setNorm(ours + "input_layernorm.weight", from: first, width: width)
                try placeLinear(weights, from: theirs + "linear_attn.", to: ours + "mixer.")
            } else {
                try attention.place(weights, from: theirs + "self_attn.", to: ours + "mixer.")
                try weights.setNorm(
                    ours + "post_feedforward_layernorm.weight", from: theirs + "post_feedforward_layernorm.weight",
                    width: width)
            }
            try weights.setGatedMLP(from: theirs + "mlp.", to: ours + "mlp.", width: width, hidden: decoder.hidden)
        }
        try weights.setFinalNorm(tensors, width: width)
    }

    private func placeLinear(_ weights: WeightPlacement, from prefix: String, to parameters: String) throws {
        let width = decoder.width
        func matrix(_ name: String, _ rows: Int) throws -> LoadedTensor {
            try weights.take("\(prefix)\(name)_proj.weight", rows, width)
        }
        try weights.set(
            parameters + "qkv_proj.weight", try matrix("q", delta.keyWidth), try matrix("k", delta.keyWidth),
            try matrix("v", delta.valueWidth))
        try weights.set(
            parameters + "zba_proj.weight", try matrix("g", delta.valueWidth), try matrix("b", delta.valueHeads),
            try matrix("a", delta.valueHeads))
        try delta.placeHeads(weights, from: prefix, to: parameters, norm: "o_norm", output: "o_proj")
        try weights.set(parameters + "conv.weight", try convolution(weights, from: prefix))
    }

    /// The kernels of q, k and v. transformers cuts them into thirds when it saves, releases where they end: one
    /// after another they are the same.
    private func convolution(_ weights: WeightPlacement, from prefix: String) throws -> [LoadedTensor] {
        let names = ["q", "k", "v"].map { "\(prefix)\($0)_conv1d.weight" }
        let actual = names.map { weights.source.shape($0)?.first ?? 0 }
        let isWhole = actual.allSatisfy { $0 <= delta.channels } && actual.reduce(0, +) == delta.channels
        let counts = isWhole ? actual : [delta.keyWidth, delta.keyWidth, delta.valueWidth]
        return try zip(names, counts).map { try weights.take($0, $1, 1, delta.kernel) }
    }
}
