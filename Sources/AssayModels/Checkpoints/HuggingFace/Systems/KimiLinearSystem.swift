/// Kimi-Linear: Kimi Delta Attention and latent attention without positions in turn, with a mixture of experts.
struct KimiLinearSystem: HuggingFaceSystem {
    static let modelTypes = ["kimi_linear"]

    let architecture: Architecture
    private let decoder: DecoderFields
    private let latent: LatentPlacement
    private let linear: LinearFields
    private let experts: ExpertFields
    private let sharedHidden: Int
    private let isLinear: [Bool]
    private let isDense: [Bool]

    /// The heads of linear attention.
    private struct LinearFields {
        let heads: Int
        let dimension: Int
        let kernel: Int
        var columns: Int { heads * dimension }
    }

    init(_ fields: ConfigurationFields, tensors: ModelTensors) throws {
        let decoder = try DecoderFields(fields, name: "kimi_linear", headDimension: 128, standardEpsilon: 1e-5)
        self.decoder = decoder
        _ = try fields.word("hidden_act", among: ["silu"], default: "silu")
        _ = try fields.word("moe_router_activation_func", among: ["sigmoid"], default: "sigmoid")
        try fields.demand("mla_use_nope", is: .boolean(true))
        try fields.demand("moe_layer_freq", is: .number(1))
        fields.skip("use_grouped_topk", "qk_head_dim", "rope_theta", "rope_scaling", "rope_parameters")
        latent = try LatentPlacement(fields, decoder: decoder, interleaved: false)
        let part = try fields.fields("linear_attn_config")
        func size(_ outer: String, _ inner: String, _ range: ClosedRange<Int>, _ standard: Int) throws -> Int {
            let own = try fields.integer(outer, in: range, default: standard)
            return try part?.integer(inner, in: range, default: own) ?? own
        }
        let linear = LinearFields(
            heads: try size("linear_num_heads", "num_heads", DecoderFields.headCounts, 32),
            dimension: try size("linear_head_dim", "head_dim", DecoderFields.headDimensions, 128),
            kernel: try size("linear_conv_kernel_dim", "short_conv_kernel_size", DecoderFields.kernels, 4))
        self.linear = linear
        let isLinear = try Self.linearLayers(fields, part, count: decoder.layerCount)
        self.isLinear = isLinear
        isDense = try MixturePlacement.denseLayers(fields, count: decoder.layerCount, standard: 1)
        func name(_ names: String...) -> String { names.first(where: fields.has) ?? names[0] }
        experts = try ExpertFields(
            fields, experts: name("num_experts", "num_local_experts"),
            chosen: name("num_experts_per_token", "num_experts_per_tok"), hidden: "moe_intermediate_size")
        let shared = name("num_shared_experts", "n_shared_experts")
        sharedHidden = try fields.integer(shared, in: 0...64, default: 1) * experts.hidden
        let options = try experts.groupedOptions(
            fields, groups: name("num_expert_group", "n_group"), renormalise: name("moe_renormalize", "norm_topk_prob"),
            shared: shared)
        let (attention, dense) = (latent.options.merging(RotaryFields.none) { $1 }, isDense)
        let kda: [String: MixerOption] = [
            "heads": .number(Double(linear.heads)), "head-dimension": .number(Double(linear.dimension)),
        ]
        var built = decoder.architecture(
            (0..<decoder.layerCount).map { layer in
                LayerConfiguration(
                    mixer: isLinear[layer] ? "kda" : "mla", options: isLinear[layer] ? kda : attention,
                    feedForward: dense[layer] ? "swiglu" : "mixture-of-experts",
                    feedForwardOptions: dense[layer] ? [:] : options)
            }, tensors: tensors, shortConvolution: linear.kernel)
        // The published model does not tie, whatever its configuration says.
        built.tiedHead = !tensors.hasHead
        architecture = built
    }

    /// Numbers of layers in the release count from one.
    private static func linearLayers(
        _ fields: ConfigurationFields, _ part: ConfigurationFields?, count: Int
    ) throws -> [Bool] {
        let (linear, full) = (try part?.integers("kda_layers"), try part?.integers("full_attn_layers"))
        if let types = try fields.words("layer_types", count: count, among: ["linear_attention", "full_attention"]) {
            return types.map { $0 == "linear_attention" }
        }
        guard let linear, let full else { return (0..<count).map { $0 == 0 || $0 % 4 != 0 } }
        guard (linear + full).sorted() == Array(1...count) else {
            throw fields.failure(
                "linear_attn_config",
                "does not name every layer from 1 to \(count) once in kda_layers or full_attn_layers")
        }
        return (1...count).map(Set(linear).contains)
    }

    func place(_ weights: WeightPlacement, _ tensors: ModelTensors) throws {
        let width = decoder.width
        for layer in 0..<decoder.layerCount {
            let (theirs, ours) = (tensors.layer(layer), tensors.ours(layer))
            try weights.setLayerNorms(from: theirs, to: ours, width: width)
            if isLinear[layer] {
                try placeLinear(weights, from: theirs + "self_attn.", to: ours + "mixer.")
            } else {
                try latent.place(weights, from: theirs + "self_attn.", to: ours + "mixer.")
            }
            // The release has dense layers under `mlp`; transformers writes them under the name of the mixtures.
            let block = theirs + "block_sparse_moe."
            if isDense[layer] {
                let prefix = weights.has(theirs + "mlp.gate_proj.weight") ? theirs + "mlp." : block
                try weights.setGatedMLP(from: prefix, to: ours + "mlp.", width: width, hidden: decoder.hidden)
            } else {
                let prefix = weights.has(theirs + "mlp.gate.weight") ? theirs + "mlp." : block
                try MixturePlacement(experts: experts, width: width, sharedHidden: sharedHidden).place(
                    weights, from: prefix, to: ours + "mlp.",
                    names: weights.has(prefix + "experts.0.w1.weight") ? ExpertNames.mixtral : ExpertNames.plain)
            }
        }
        try weights.setFinalNorm(tensors, width: width)
    }

    private func placeLinear(_ weights: WeightPlacement, from prefix: String, to parameters: String) throws {
        let (width, columns, rank) = (decoder.width, linear.columns, linear.dimension)
        func matrix(_ name: String, _ rows: Int, _ columns: Int) throws -> LoadedTensor {
            try weights.take(prefix + name + ".weight", rows, columns)
        }
        func convolution(_ name: String) throws -> LoadedTensor {
            try weights.take(prefix + name + ".weight", columns, 1, linear.kernel)
        }
        try weights.set(
            parameters + "qkv_proj.weight", try matrix("q_proj", columns, width), try matrix("k_proj", columns, width),
            try matrix("v_proj", columns, width))
        try weights.set(
            parameters + "conv.weight", try convolution("q_conv1d"), try convolution("k_conv1d"),
            try convolution("v_conv1d"))
        for name in ["f_a_proj", "g_a_proj"] {
            try weights.set(parameters + name + ".weight", try matrix(name, rank, width))
        }
        for name in ["f_b_proj", "g_b_proj"] {
            try weights.set(parameters + name + ".weight", try matrix(name, columns, rank))
        }
        try weights.set(parameters + "b_proj.weight", try matrix("b_proj", linear.heads, width))
        try weights.set(parameters + "A_log", try weights.take(prefix + "A_log", linear.heads))
        try weights.set(parameters + "dt_bias", try weights.take(prefix + "dt_bias", columns))
        try weights.set(parameters + "norm.weight", try weights.take(prefix + "o_norm.weight", rank))
        try weights.set(parameters + "out_proj.weight", try matrix("o_proj", width, columns))
    }
}
