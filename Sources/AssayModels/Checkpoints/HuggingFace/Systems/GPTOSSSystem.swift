/// gpt-oss: windows and full attention in turn with a sink in every softmax, and experts with biases and a clamped gate.
struct GPTOSSSystem: HuggingFaceSystem {
    static let modelTypes = ["gpt_oss"]

    let architecture: Architecture
    private let decoder: DecoderFields
    private let attention: AttentionPlacement
    private let experts: ExpertFields

    init(_ fields: ConfigurationFields, tensors: ModelTensors) throws {
        let decoder = try DecoderFields(fields, name: "gpt_oss", standardEpsilon: 1e-5)
        self.decoder = decoder
        _ = try fields.word("hidden_act", among: ["silu"], default: "silu")
        fields.skip("experts_per_token", "initial_context_length")
        var attention = AttentionPlacement(decoder)
        attention.hasBias = try fields.boolean("attention_bias", default: true)
        self.attention = attention
        let experts = try ExpertFields(
            fields, experts: fields.has("num_local_experts") ? "num_local_experts" : "num_experts",
            chosen: "num_experts_per_tok", hidden: "intermediate_size")
        self.experts = experts
        var options = attention.options.merging(try Self.rotary(fields, elements: decoder.headDimension)) { $1 }
        options["sink-logits"] = true
        let window = MixerOption.number(Double(try fields.integer("sliding_window", in: 1...1_048_576, default: 128)))
        let feedForward = experts.options([
            "router-bias": true, "expert-bias": true, "activation": "clamped-swish",
            "swish-limit": .number(try fields.number("swiglu_limit", in: 1e-3...1e6, default: 7)),
            "swish-slope": .number(try fields.number("swiglu_alpha", in: 1e-3...1e3, default: 1.702)),
        ])
        let types =
            try fields.words(
                "layer_types", count: decoder.layerCount, among: ["sliding_attention", "full_attention"])
            ?? (0..<decoder.layerCount).map { $0 % 2 == 0 ? "sliding_attention" : "full_attention" }
        architecture = decoder.architecture(
            types.map {
                $0 == "full_attention"
                    ? LayerConfiguration(
                        mixer: "full", options: options, feedForward: "mixture-of-experts",
                        feedForwardOptions: feedForward)
                    : LayerConfiguration(
                        mixer: "sliding-window", options: options.merging(["window": window]) { $1 },
                        feedForward: "mixture-of-experts", feedForwardOptions: feedForward)
            }, tensors: tensors)
    }

    /// Without any fields of it, the embedding is that of the release.
    private static func rotary(_ fields: ConfigurationFields, elements: Int) throws -> [String: MixerOption] {
        if fields.has("rope_parameters") || fields.has("rope_scaling") {
            return try RotaryFields(fields, elements: elements, base: 150_000).options
        }
        let release = ConfigurationFields(
            [
                "rope_type": .text("yarn"), "factor": .number(32), "truncate": .boolean(false),
                "original_max_position_embeddings": .number(4_096),
            ], location: fields.location)
        return try RotaryFields(fields, release, elements: elements, base: 150_000).options
    }

    func place(_ weights: WeightPlacement, _ tensors: ModelTensors) throws {
        let width = decoder.width
        for layer in 0..<decoder.layerCount {
            let (theirs, ours) = (tensors.layer(layer), tensors.ours(layer))
            try weights.setLayerNorms(from: theirs, to: ours, width: width)
            try attention.place(weights, from: theirs + "self_attn.", to: ours + "mixer.")
            try weights.set(ours + "mixer.sinks", try weights.take(theirs + "self_attn.sinks", decoder.heads))
            try placeExperts(weights, from: theirs + "mlp.", to: ours + "mlp.")
        }
        try weights.setFinalNorm(tensors, width: width)
    }

    /// Experts are published as `[experts, in, out]`, gate and up in turn.
    private func placeExperts(_ weights: WeightPlacement, from prefix: String, to parameters: String) throws {
        let (count, hidden, width) = (experts.experts, experts.hidden, decoder.width)
        try weights.set(parameters + "router.weight", try weights.take(prefix + "router.weight", count, width))
        try weights.set(parameters + "router.logit_bias", try weights.take(prefix + "router.bias", count))
        let gateUp = try weights.take(prefix + "experts.gate_up_proj", count, width, 2 * hidden)
        let down = try weights.take(prefix + "experts.down_proj", count, hidden, width)
        let gateUpBias = try weights.take(prefix + "experts.gate_up_proj_bias", count, 2 * hidden)
        let downBias = try weights.take(prefix + "experts.down_proj_bias", count, width)
        let order = HeadRows.pairs(2 * hidden, interleaved: true)
        for expert in 0..<count {
            let name = "\(parameters)experts.\(expert)."
            try weights.set(
                name + "gate_up_proj.weight",
                gateUp.rows((expert * width)..<((expert + 1) * width)).transposed().rows(order))
            try weights.set(
                name + "gate_up_proj.bias", gateUpBias.rows(expert..<(expert + 1)).transposed().rows(order))
            try weights.set(
                name + "down_proj.weight", down.rows((expert * hidden)..<((expert + 1) * hidden)).transposed())
            try weights.set(name + "down_proj.bias", downBias.rows(expert..<(expert + 1)))
        }
    }
}
