/// Qwen3.5, its text model: as Qwen3-Next, with projections of their own, and dense or with experts.
struct Qwen35System: HuggingFaceSystem {
    static let modelTypes = ["qwen3_5_text", "qwen3_5_moe_text"]

    let architecture: Architecture
    private let hybrid: QwenHybridFields
    /// The experts and the width of the shared one; nil for a dense model.
    private let experts: (fields: ExpertFields, shared: Int)?

    init(_ fields: ConfigurationFields, tensors: ModelTensors) throws {
        let isMixture = fields.has("num_experts")
        let hybrid = try QwenHybridFields(
            fields, name: isMixture ? "qwen3_5_moe_text" : "qwen3_5_text",
            hidden: isMixture ? "moe_intermediate_size" : "intermediate_size")
        self.hybrid = hybrid
        var options: [String: MixerOption] = [:]
        if isMixture {
            let own = try ExpertFields(
                fields, experts: "num_experts", chosen: "num_experts_per_tok", hidden: "moe_intermediate_size")
            let shared = try fields.integer("shared_expert_intermediate_size", in: DecoderFields.hiddenWidths)
            options = own.options(["shared-gate": true, "shared-hidden": .number(Double(shared))])
            experts = (own, shared)
        } else {
            experts = nil
        }
        architecture = hybrid.decoder.architecture(
            (0..<hybrid.decoder.layerCount).map { layer in
                let mixer = hybrid.mixer(layer)
                return LayerConfiguration(
                    mixer: mixer.name, options: mixer.options, feedForward: isMixture ? "mixture-of-experts" : "swiglu",
                    feedForwardOptions: options)
            }, tensors: tensors, shortConvolution: hybrid.delta.kernel)
    }

    func place(_ weights: WeightPlacement, _ tensors: ModelTensors) throws {
        let (delta, width) = (hybrid.delta, hybrid.decoder.width)
        for layer in 0..<hybrid.decoder.layerCount {
            let (theirs, ours) = (tensors.layer(layer), tensors.ours(layer))
            try hybrid.place(weights, tensors, layer: layer)
            if hybrid.types[layer] == "linear_attention" {
                let prefix = theirs + "linear_attn."
                try weights.set(
                    ours + "mixer.qkv_proj.weight",
                    try weights.take(prefix + "in_proj_qkv.weight", delta.channels, width))
                try weights.set(
                    ours + "mixer.zba_proj.weight",
                    try weights.take(prefix + "in_proj_z.weight", delta.valueWidth, width),
                    try weights.take(prefix + "in_proj_b.weight", delta.valueHeads, width),
                    try weights.take(prefix + "in_proj_a.weight", delta.valueHeads, width))
            }
            try placeFeedForward(weights, from: theirs + "mlp.", to: ours + "mlp.")
        }
        try weights.setFinalNorm(tensors, width: width, addsOne: true)
    }

    /// Experts are published in one tensor each for gate and up, and for down.
    private func placeFeedForward(
        _ weights: WeightPlacement, from source: String, to target: String
    ) throws {
        let width = hybrid.decoder.width
        guard let experts else {
            return try weights.setGatedMLP(from: source, to: target, width: width, hidden: hybrid.decoder.hidden)
        }
        let (count, hidden) = (experts.fields.experts, experts.fields.hidden)
        try weights.set(target + "router.weight", try weights.take(source + "gate.weight", count, width))
        if weights.has(source + "experts.gate_up_proj") {
            try weights.setStackedExperts(
                count, gateUp: try weights.take(source + "experts.gate_up_proj", count, 2 * hidden, width),
                down: try weights.take(source + "experts.down_proj", count, width, hidden), to: target)
        } else {
            try weights.setExperts(count, from: source + "experts.", to: target, width: width, hidden: hidden)
        }
        try weights.setGatedMLP(
            from: source + "shared_expert.", to: target + "shared_expert.", width: width, hidden: experts.shared)
        try weights.set(
            target + "shared_expert_gate.weight", try weights.take(source + "shared_expert_gate.weight", 1, width))
    }
}
