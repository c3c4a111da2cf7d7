/// MiniMax-M2: full attention with one norm over all query heads and one over all key heads, and sigmoid routing.
struct MiniMaxM2System: HuggingFaceSystem {
    static let modelTypes = ["minimax_m2"]

    let architecture: Architecture
    private let decoder: DecoderFields
    private let attention: AttentionPlacement
    private let experts: ExpertFields

    init(_ fields: ConfigurationFields, tensors: ModelTensors) throws {
        decoder = try DecoderFields(fields, name: "minimax_m2", headDimension: 128)
        _ = try fields.word("hidden_act", among: ["silu"], default: "silu")
        _ = try fields.word("scoring_func", among: ["sigmoid"], default: "sigmoid")
        _ = try fields.word("qk_norm_type", among: ["per_layer"], default: "per_layer")
        try fields.demand("use_qk_norm", is: .boolean(true))
        try fields.demand("use_routing_bias", is: .boolean(true))
        // Every layer is full attention with a number of its own in the original configuration.
        if let types = try fields.integers("attn_type_list"), types.contains(where: { $0 != 1 }) {
            throw fields.failure("attn_type_list", "holds other numbers than 1, full attention")
        }
        for name in ["shared_intermediate_size", "sliding_window"] { try fields.demand(name, is: .number(0)) }
        experts = try ExpertFields(
            fields, experts: fields.has("num_local_experts") ? "num_local_experts" : "num_experts",
            chosen: "num_experts_per_tok", hidden: "intermediate_size")
        var attention = AttentionPlacement(decoder)
        attention.norms = ("q_norm", "k_norm")
        attention.normsAll = true
        self.attention = attention
        let turned =
            fields.has("rotary_dim") ? try fields.integer("rotary_dim", in: 0...decoder.headDimension) : nil
        let rotary = try RotaryFields(
            fields, elements: decoder.headDimension, base: 5_000_000, rotaryElements: turned)
        let layer = LayerConfiguration(
            mixer: "full", options: attention.options.merging(rotary.options) { $1 },
            feedForward: "mixture-of-experts",
            feedForwardOptions: experts.options(["routing": "sigmoid", "balance": true]))
        architecture = decoder.architecture(
            [LayerConfiguration](repeating: layer, count: decoder.layerCount), tensors: tensors)
    }

    func place(_ weights: WeightPlacement, _ tensors: ModelTensors) throws {
        for layer in 0..<decoder.layerCount {
            let (theirs, ours) = (tensors.layer(layer), tensors.ours(layer))
            try weights.setLayerNorms(from: theirs, to: ours, width: decoder.width)
            try attention.place(weights, from: theirs + "self_attn.", to: ours + "mixer.")
            let block = theirs + "block_sparse_moe."
            try weights.set(
                ours + "mlp.router.weight", try weights.take(block + "gate.weight", experts.experts, decoder.width))
            // The bias stands beside the gate, not on it.
            try weights.set(
                ours + "mlp.router.bias", try weights.take(block + "e_score_correction_bias", experts.experts))
            try weights.setExperts(
                experts.experts, from: block + "experts.", to: ours + "mlp.", width: decoder.width,
                hidden: experts.hidden, names: ExpertNames.mixtral)
        }
        try weights.setFinalNorm(tensors, width: decoder.width)
    }
}
