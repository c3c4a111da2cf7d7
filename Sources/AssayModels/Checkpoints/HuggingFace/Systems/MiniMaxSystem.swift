/// MiniMax-Text-01: lightning attention and softmax attention in turn, with the normalised value on the residual stream.
struct MiniMaxSystem: HuggingFaceSystem {
    static let modelTypes = ["minimax", "minimax_text_01", "MiniMaxText01"]

    let architecture: Architecture
    private let decoder: DecoderFields
    private let attention: AttentionPlacement
    private let isLinear: [Bool]
    private let experts: ExpertFields

    init(_ fields: ConfigurationFields, tensors: ModelTensors) throws {
        let decoder = try DecoderFields(fields, name: "minimax", standardEpsilon: 1e-5)
        self.decoder = decoder
        _ = try fields.word("hidden_act", among: ["silu"], default: "silu")
        for name in ["shared_intermediate_size", "sliding_window"] { try fields.demand(name, is: .number(0)) }
        try fields.demand("postnorm", is: .boolean(true))
        attention = AttentionPlacement(decoder)
        let isLinear = try Self.linearLayers(fields, count: decoder.layerCount)
        self.isLinear = isLinear
        let experts = try ExpertFields(
            fields, experts: "num_local_experts", chosen: "num_experts_per_tok", hidden: "intermediate_size")
        self.experts = experts
        // transformers ignores the field; the original turns that many elements.
        let turned =
            fields.has("rotary_dim") ? try fields.integer("rotary_dim", in: 0...decoder.headDimension) : nil
        let rotary = try RotaryFields(
            fields, elements: decoder.headDimension, base: 1_000_000, rotaryElements: turned)
        let options = attention.options.merging(rotary.options) { $1 }
        let full = try Self.form(fields, "full_attn", original: "full_attention")
        let linear = try Self.form(fields, "linear_attn", original: "linear_attention")
        let mlp = try Self.form(fields, "mlp", original: "mlp")
        architecture = decoder.architecture(
            isLinear.map {
                LayerConfiguration(
                    mixer: $0 ? "lightning" : "full", options: $0 ? [:] : options, feedForward: "mixture-of-experts",
                    feedForwardOptions: experts.options([:]), mixerForm: $0 ? linear : full, feedForwardForm: mlp)
            }, tensors: tensors, block: BlockForm(residual: .post))
    }

    /// The factors of a kind of branch, by the names of transformers or of the original.
    private static func form(
        _ fields: ConfigurationFields, _ name: String, original: String
    ) throws -> BranchForm {
        func factor(_ letter: String) throws -> Double {
            let older = try fields.number("layernorm_\(original)_\(letter)", in: 1e-6...1e6, default: 1)
            return try fields.number("\(name)_\(letter)_factor", in: 1e-6...1e6, default: older)
        }
        return BranchForm(.post, streamFactor: try factor("alpha"), branchFactor: try factor("beta"))
    }

    private static func linearLayers(_ fields: ConfigurationFields, count: Int) throws -> [Bool] {
        if let types = try fields.words("layer_types", count: count, among: ["linear_attention", "full_attention"]) {
            return types.map { $0 == "linear_attention" }
        }
        // 0 is lightning, 1 is softmax attention.
        guard let numbers = try fields.integers("attn_type_list") else { return (0..<count).map { $0 % 2 == 1 } }
        guard numbers.count == count, numbers.allSatisfy({ (0...1).contains($0) }) else {
            throw fields.failure("attn_type_list", "is not a 0 or 1 for each of \(count) layers")
        }
        return numbers.map { $0 == 0 }
    }

    func place(_ weights: WeightPlacement, _ tensors: ModelTensors) throws {
        let width = decoder.width
        for layer in isLinear.indices {
            let (theirs, ours) = (tensors.layer(layer), tensors.ours(layer))
            try weights.setLayerNorms(from: theirs, to: ours, width: width)
            if isLinear[layer] {
                try placeLightning(weights, from: theirs + "self_attn.", to: ours + "mixer.")
            } else {
                try attention.place(weights, from: theirs + "self_attn.", to: ours + "mixer.")
            }
            let block = theirs + "block_sparse_moe."
            try weights.set(
                ours + "mlp.router.weight", try weights.take(block + "gate.weight", experts.experts, width))
            try weights.setExperts(
                experts.experts, from: block + "experts.", to: ours + "mlp.", width: width, hidden: experts.hidden,
                names: ExpertNames.mixtral)
        }
        try weights.setFinalNorm(tensors, width: width)
    }

    /// Queries, keys and values of each head come in turn.
    private func placeLightning(_ weights: WeightPlacement, from prefix: String, to parameters: String) throws {
        let (d, heads, width) = (decoder.headDimension, decoder.heads, decoder.width)
        let rows = try weights.take(prefix + "qkv_proj.weight", 3 * heads * d, width)
        try weights.set(
            parameters + "qkv_proj.weight",
            (0..<3).map { rows.rows(HeadRows.part($0, of: [d, d, d], heads: heads)) })
        try weights.set(
            parameters + "output_gate.weight", try weights.take(prefix + "output_gate.weight", heads * d, width))
        try weights.set(parameters + "norm.weight", try weights.take(prefix + "norm.weight", heads * d))
        try weights.set(parameters + "out_proj.weight", try weights.take(prefix + "out_proj.weight", width, heads * d))
    }
}
