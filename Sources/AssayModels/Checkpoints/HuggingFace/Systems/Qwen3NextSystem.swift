/// Qwen3-Next: Gated DeltaNet and gated attention in turn, and a mixture of experts with a gated shared one.
struct Qwen3NextSystem: HuggingFaceSystem {
    static let modelTypes = ["qwen3_next"]

    let architecture: Architecture
    private let hybrid: QwenHybridFields
    private let experts: ExpertFields
    private let sharedHidden: Int
    private let isDense: [Bool]

    init(_ fields: ConfigurationFields, tensors: ModelTensors) throws {
        let hybrid = try QwenHybridFields(fields, name: "qwen3_next")
        self.hybrid = hybrid
        let experts = try ExpertFields(
            fields, experts: "num_experts", chosen: "num_experts_per_tok", hidden: "moe_intermediate_size")
        self.experts = experts
        sharedHidden = try fields.integer("shared_expert_intermediate_size", in: DecoderFields.hiddenWidths)
        let options = experts.options([
            "renormalise": .boolean(try fields.boolean("norm_topk_prob", default: true)), "shared-gate": true,
            "shared-hidden": .number(Double(sharedHidden)),
        ])
        let step = try fields.integer("decoder_sparse_step", in: 1...1_024, default: 1)
        let dense = Set(try fields.integers("mlp_only_layers") ?? [])
        isDense = (0..<hybrid.decoder.layerCount).map { dense.contains($0) || ($0 + 1) % step != 0 }
        architecture = hybrid.decoder.architecture(
            isDense.enumerated().map { layer, isDense in
                let mixer = hybrid.mixer(layer)
                return LayerConfiguration(
                    mixer: mixer.name, options: mixer.options, feedForward: isDense ? "swiglu" : "mixture-of-experts",
                    feedForwardOptions: isDense ? [:] : options)
            }, tensors: tensors, shortConvolution: hybrid.delta.kernel)
    }

    func place(_ weights: WeightPlacement, _ tensors: ModelTensors) throws {
        let width = hybrid.decoder.width
        for layer in isDense.indices {
            let (theirs, ours) = (tensors.layer(layer), tensors.ours(layer))
            try hybrid.place(weights, tensors, layer: layer)
            if hybrid.types[layer] == "linear_attention" {
                try placeProjections(weights, from: theirs + "linear_attn.", to: ours + "mixer.")
            }
            let (source, target) = (theirs + "mlp.", ours + "mlp.")
            if isDense[layer] {
                try weights.setGatedMLP(from: source, to: target, width: width, hidden: hybrid.decoder.hidden)
                continue
            }
            try weights.set(target + "router.weight", try weights.take(source + "gate.weight", experts.experts, width))
            try weights.setExperts(
                experts.experts, from: source + "experts.", to: target, width: width, hidden: experts.hidden)
            try weights.setGatedMLP(
                from: source + "shared_expert.", to: target + "shared_expert.", width: width, hidden: sharedHidden)
            try weights.set(
                target + "shared_expert_gate.weight", try weights.take(source + "shared_expert_gate.weight", 1, width))
        }
        try weights.setFinalNorm(tensors, width: width, addsOne: true)
    }

    /// Both projections are published by key heads: q, k, and the v and z of its value heads; b and a likewise.
    private func placeProjections(
        _ weights: WeightPlacement, from prefix: String, to parameters: String
    ) throws {
        let delta = hybrid.delta
        let (group, width) = (delta.valueHeads / delta.keyHeads, delta.width)
        let parts = [
            delta.keyDimension, delta.keyDimension, group * delta.valueDimension, group * delta.valueDimension,
        ]
        let rows = try weights.take(prefix + "in_proj_qkvz.weight", delta.channels + delta.valueWidth, width)
        func part(_ index: Int) -> LoadedTensor { rows.rows(HeadRows.part(index, of: parts, heads: delta.keyHeads)) }
        try weights.set(parameters + "qkv_proj.weight", part(0), part(1), part(2))
        let gates = try weights.take(prefix + "in_proj_ba.weight", 2 * delta.valueHeads, width)
        func gate(_ index: Int) -> LoadedTensor {
            gates.rows(HeadRows.part(index, of: [group, group], heads: delta.keyHeads))
        }
        try weights.set(parameters + "zba_proj.weight", part(3), gate(0), gate(1))
    }
}
