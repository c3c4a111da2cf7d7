/// Granite 4.0: Mamba-2 and attention in turn, constant factors everywhere, a shared MLP with or without experts beside it.
struct GraniteHybridSystem: HuggingFaceSystem {
    static let modelTypes = ["granitemoehybrid"]

    let architecture: Architecture
    private let decoder: DecoderFields
    private let attention: AttentionPlacement
    private let mixer: Mamba2Placement?
    private let isMamba: [Bool]
    /// The experts beside the shared MLP; nil for none.
    private let experts: ExpertFields?
    private let shared: Int

    init(_ fields: ConfigurationFields, tensors: ModelTensors) throws {
        let decoder = try DecoderFields(fields, name: "granitemoehybrid")
        self.decoder = decoder
        _ = try fields.word("hidden_act", among: ["silu"], default: "silu")
        _ = try fields.word("normalization_function", among: ["rmsnorm"], default: "rmsnorm")
        var attention = AttentionPlacement(decoder)
        attention.hasBias = try fields.boolean("attention_bias", default: false)
        self.attention = attention
        let isMamba = try Self.mambaLayers(fields, count: decoder.layerCount)
        self.isMamba = isMamba
        let mixer = try Self.mixer(fields, width: decoder.width, isThere: isMamba.contains(true))
        self.mixer = mixer
        shared = try fields.integer("shared_intermediate_size", in: DecoderFields.hiddenWidths)
        let isMixture = try fields.integer("num_local_experts", in: 0...1_024, default: 8) > 0
        experts =
            isMixture
            ? try ExpertFields(
                fields, experts: "num_local_experts", chosen: "num_experts_per_tok", hidden: "intermediate_size") : nil
        fields.skip("num_experts_per_tok", "layers_block_type")
        let sharedOption = MixerOption.number(Double(shared))
        let feedForward = experts?.options(["shared-hidden": sharedOption]) ?? ["hidden": sharedOption]
        var options = attention.options
        options["scale"] = .number(try fields.number("attention_multiplier", in: 1e-6...1e6, default: 1))
        options.merge(try Self.rotary(fields, elements: decoder.headDimension)) { $1 }
        func factor(_ name: String) throws -> Double { try fields.number(name, in: 1e-6...1e6, default: 1) }
        architecture = decoder.architecture(
            isMamba.map {
                LayerConfiguration(
                    mixer: $0 ? "mamba-2" : "full", options: $0 ? mixer?.options ?? [:] : options,
                    feedForward: isMixture ? "mixture-of-experts" : "swiglu", feedForwardOptions: feedForward)
            }, tensors: tensors,
            block: BlockForm(
                branchFactor: try factor("residual_multiplier"), embeddingFactor: try factor("embedding_multiplier"),
                logitsDivisor: try factor("logits_scaling")))
    }

    /// Positions only if the configuration asks for them.
    private static func rotary(_ fields: ConfigurationFields, elements: Int) throws -> [String: MixerOption] {
        let kind = try fields.word("position_embedding_type", among: ["rope", "nope"], default: "nope")
        guard kind == "rope" else {
            fields.skip("rope_theta", "rope_scaling", "rope_parameters", "partial_rotary_factor")
            return RotaryFields.none
        }
        return try RotaryFields(fields, elements: elements).options
    }

    private static func mambaLayers(_ fields: ConfigurationFields, count: Int) throws -> [Bool] {
        let words = ["mamba", "attention", "linear_attention", "full_attention"]
        let older = try fields.words("layers_block_type", count: count, among: words)
        let types = try fields.words("layer_types", count: count, among: words) ?? older
        return types.map { $0.map { ["mamba", "linear_attention"].contains($0) } }
            ?? [Bool](repeating: true, count: count)
    }

    private static func mixer(_ fields: ConfigurationFields, width: Int, isThere: Bool) throws -> Mamba2Placement? {
        guard isThere else {
            fields.skip(
                "mamba_n_heads", "mamba_d_head", "mamba_d_state", "mamba_n_groups", "mamba_expand", "mamba_d_conv",
                "mamba_conv_bias", "mamba_proj_bias", "time_step_limit")
            return nil
        }
        return try Mamba2Placement(
            fields, width: width,
            names: Mamba2Placement.Names(
                heads: "mamba_n_heads", dimension: "mamba_d_head", states: "mamba_d_state", groups: "mamba_n_groups",
                expand: "mamba_expand", kernel: "mamba_d_conv", convolutionBias: "mamba_conv_bias",
                projectionBias: "mamba_proj_bias"))
    }

    func place(_ weights: WeightPlacement, _ tensors: ModelTensors) throws {
        let width = decoder.width
        for layer in isMamba.indices {
            let (theirs, ours) = (tensors.layer(layer), tensors.ours(layer))
            try weights.setLayerNorms(from: theirs, to: ours, width: width)
            if isMamba[layer] {
                try mixer?.place(weights, from: theirs + "mamba.", to: ours + "mixer.")
            } else {
                try attention.place(weights, from: theirs + "self_attn.", to: ours + "mixer.")
            }
            try placeShared(
                weights, from: theirs + "shared_mlp.", to: ours + (experts == nil ? "mlp." : "mlp.shared_expert."))
            if let experts {
                try placeExperts(experts, weights, from: theirs + "block_sparse_moe.", to: ours + "mlp.")
            }
        }
        try weights.setFinalNorm(tensors, width: width)
    }

    /// Gate and up are one matrix, as here.
    private func placeShared(_ weights: WeightPlacement, from prefix: String, to parameters: String) throws {
        try weights.set(
            parameters + "gate_up_proj.weight",
            try weights.take(prefix + "input_linear.weight", 2 * shared, decoder.width))
        try weights.set(
            parameters + "down_proj.weight", try weights.take(prefix + "output_linear.weight", decoder.width, shared))
    }

    private func placeExperts(
        _ experts: ExpertFields, _ weights: WeightPlacement, from prefix: String, to parameters: String
    ) throws {
        let (count, hidden, width) = (experts.experts, experts.hidden, decoder.width)
        try weights.set(
            parameters + "router.weight", try weights.take(prefix + "router.layer.weight", count, width))
        try weights.setStackedExperts(
            count, gateUp: try weights.take(prefix + "input_linear.weight", count, 2 * hidden, width),
            down: try weights.take(prefix + "output_linear.weight", count, width, hidden), to: parameters)
    }
}
