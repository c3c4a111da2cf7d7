/// DeepSeek-V3.2: latent attention over the tokens that a learned indexer chooses, and a mixture of experts.
struct DeepseekV32System: HuggingFaceSystem {
    static let modelTypes = ["deepseek_v32"]

    let architecture: Architecture
    private let decoder: DecoderFields
    private let latent: LatentPlacement
    private let indexHeads: Int
    private let indexDimension: Int
    private let experts: ExpertFields
    private let sharedHidden: Int
    private let isDense: [Bool]

    init(_ fields: ConfigurationFields, tensors: ModelTensors) throws {
        let decoder = try DecoderFields(fields, name: "deepseek_v32", headDimension: 64)
        self.decoder = decoder
        _ = try fields.word("hidden_act", among: ["silu"], default: "silu")
        _ = try fields.word("scoring_func", among: ["sigmoid"], default: "sigmoid")
        _ = try fields.word("topk_method", among: ["noaux_tc"], default: "noaux_tc")
        try fields.demand("mlp_bias", is: .boolean(false))
        for name in ["moe_layer_freq", "ep_size"] { try fields.demand(name, is: .number(1)) }
        fields.skip("qk_head_dim")
        _ = try fields.words("layer_types", count: decoder.layerCount, among: ["indexed_attention"])
        latent = try LatentPlacement(fields, decoder: decoder, interleaved: true)
        guard latent.queryLatent > 0 else {
            throw fields.failure("q_lora_rank", "is missing; the indexer makes its queries from that latent")
        }
        indexHeads = try fields.integer("index_n_heads", in: 1...1_024)
        indexDimension = try fields.integer("index_head_dim", in: 1...4_096)
        let rotary = try RotaryFields(fields, elements: latent.rotary)
        let score = rotary.scoreFactor / Double(latent.own + latent.rotary).squareRoot()
        let attention = latent.options.merging(rotary.options) { $1 }.merging([
            "scale": .number(score), "index-heads": .number(Double(indexHeads)),
            "index-dimension": .number(Double(indexDimension)),
            "top-k": .number(Double(try fields.integer("index_topk", in: 1...1_048_576))),
        ]) { $1 }
        let isDense = try MixturePlacement.denseLayers(fields, count: decoder.layerCount, standard: 3)
        self.isDense = isDense
        experts = try ExpertFields(
            fields, experts: fields.has("num_experts") ? "num_experts" : "n_routed_experts",
            chosen: "num_experts_per_tok", hidden: "moe_intermediate_size")
        fields.skip("n_routed_experts")
        sharedHidden = try fields.integer("n_shared_experts", in: 0...64, default: 1) * experts.hidden
        let options = try experts.groupedOptions(
            fields, groups: "n_group", renormalise: "norm_topk_prob", shared: "n_shared_experts")
        architecture = decoder.architecture(
            isDense.map {
                LayerConfiguration(
                    mixer: "sparse-top-k", options: attention, feedForward: $0 ? "swiglu" : "mixture-of-experts",
                    feedForwardOptions: $0 ? [:] : options)
            }, tensors: tensors)
    }

    func place(_ weights: WeightPlacement, _ tensors: ModelTensors) throws {
        let width = decoder.width
        for layer in isDense.indices {
            let (theirs, ours) = (tensors.layer(layer), tensors.ours(layer))
            try weights.setLayerNorms(from: theirs, to: ours, width: width)
            try latent.place(weights, from: theirs + "self_attn.", to: ours + "mixer.")
            try placeIndexer(weights, from: theirs + "self_attn.indexer.", to: ours + "mixer.")
            if isDense[layer] {
                try weights.setGatedMLP(from: theirs + "mlp.", to: ours + "mlp.", width: width, hidden: decoder.hidden)
            } else {
                try MixturePlacement(experts: experts, width: width, sharedHidden: sharedHidden).place(
                    weights, from: theirs + "mlp.", to: ours + "mlp.", names: ExpertNames.plain)
            }
        }
        try weights.setFinalNorm(tensors, width: width)
    }

    /// The indexer's pairs are half-split already.
    private func placeIndexer(_ weights: WeightPlacement, from prefix: String, to parameters: String) throws {
        let width = decoder.width
        try weights.set(
            parameters + "index_q.weight",
            try weights.take(prefix + "wq_b.weight", indexHeads * indexDimension, latent.queryLatent))
        try weights.set(parameters + "index_k.weight", try weights.take(prefix + "wk.weight", indexDimension, width))
        for leaf in ["weight", "bias"] {
            try weights.set(
                parameters + "index_k_norm." + leaf, try weights.take(prefix + "k_norm." + leaf, indexDimension))
        }
        try weights.set(
            parameters + "index_weights.weight", try weights.take(prefix + "weights_proj.weight", indexHeads, width))
    }
}
