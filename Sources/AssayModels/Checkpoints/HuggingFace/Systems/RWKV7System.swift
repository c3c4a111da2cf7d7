/// RWKV-7 in the format of flash-linear-attention.
struct RWKV7System: HuggingFaceSystem {
    static let modelTypes = ["rwkv7"]

    let architecture: Architecture
    private let hasNormBias: Bool
    private let hasEmbeddingNorm: Bool
    private let ranks: [String: Int]
    private let hidden: Int

    /// The low-rank maps: their letter, the field of their rank, the option here, and whether they have a bias.
    private static let maps = [
        (letter: "w", field: "decay_low_rank_dim", option: "decay-rank", hasBias: true),
        (letter: "a", field: "a_low_rank_dim", option: "rate-rank", hasBias: true),
        (letter: "v", field: "v_low_rank_dim", option: "value-rank", hasBias: true),
        (letter: "g", field: "gate_low_rank_dim", option: "gate-rank", hasBias: false),
    ]

    init(_ fields: ConfigurationFields, tensors: ModelTensors) throws {
        let width = try fields.integer("hidden_size", in: DecoderFields.widths)
        let dimension = try fields.integer("head_dim", in: DecoderFields.headDimensions, default: 64)
        guard width % dimension == 0 else {
            throw fields.failure("head_dim", "is \(dimension), which does not divide 'hidden_size', \(width)")
        }
        _ = try fields.word("hidden_act", among: ["sqrelu"], default: "sqrelu")
        try Self.refuseOthers(fields, width: width)
        hasNormBias = try fields.boolean("norm_bias", default: true)
        hasEmbeddingNorm = try fields.boolean("norm_first", default: true)
        hidden = try Self.hidden(fields, width: width)
        ranks = try Self.ranks(fields, width: width, dimension: dimension)
        var options: [String: MixerOption] = [:]
        for map in Self.maps { options[map.option] = .number(Double(ranks[map.letter] ?? 0)) }
        let layer = LayerConfiguration(mixer: "rwkv-7", options: options, feedForward: "rwkv-channel-mix")
        let count = try fields.integer("num_hidden_layers", in: DecoderFields.layers)
        let isTied = try fields.boolean("tie_word_embeddings", default: false)
        architecture = Architecture(
            name: "rwkv7", width: width, heads: width / dimension, headDimension: dimension, hiddenWidth: hidden,
            layers: [LayerConfiguration](repeating: layer, count: count),
            vocabularyCount: try fields.integer("vocab_size", in: DecoderFields.vocabularies),
            tiedHead: isTied || !tensors.hasHead,
            normEpsilon: try fields.number("norm_eps", in: DecoderFields.epsilons, default: 1e-5),
            block: BlockForm(norm: .layer, embeddingNorm: hasEmbeddingNorm))
    }

    private static func refuseOthers(_ fields: ConfigurationFields, width: Int) throws {
        // How kernels are put together, and a number of heads that releases do not get right.
        fields.skip(
            "attn_mode", "fuse_norm", "num_heads", "fuse_linear_cross_entropy", "fuse_cross_entropy",
            "num_attention_heads")
        guard let value = fields.value("value_dim") else { return }
        var widths = [value]
        if case .list(let members) = value { widths = members }
        guard widths.allSatisfy({ $0 == .number(Double(width)) }) else {
            throw fields.failure("value_dim", "is \(value.brief); only 'hidden_size', \(width), is supported")
        }
    }

    /// The inner width of the channel mix: stated, or a multiple of the width in whole vectors of 32.
    private static func hidden(_ fields: ConfigurationFields, width: Int) throws -> Int {
        let ratio = try fields.number("hidden_ratio", in: 1e-3...1e3, default: 4)
        let standard = (Int(Double(width) * ratio) + 31) / 32 * 32
        return try fields.integer(
            "intermediate_size", in: DecoderFields.hiddenWidths,
            default: min(max(standard, 1), DecoderFields.hiddenWidths.upperBound))
    }

    /// The ranks: stated, or the functions of the width that the library has.
    private static func ranks(_ fields: ConfigurationFields, width: Int, dimension: Int) throws -> [String: Int] {
        let (root, size) = (Double(width).squareRoot(), Double(dimension) / 64)
        let factors = ["w": 2.5 * size, "a": 2.5 * size, "v": 1.7 * size, "g": 5]
        var ranks: [String: Int] = [:]
        for map in maps {
            let standard = max(32, Int(((factors[map.letter] ?? 1) * root / 32).rounded()) * 32)
            ranks[map.letter] = try fields.integer(map.field, in: 1...4_096, default: standard)
        }
        return ranks
    }

    func place(_ weights: WeightPlacement, _ tensors: ModelTensors) throws {
        for layer in architecture.layers.indices {
            let (theirs, ours) = (tensors.layer(layer), tensors.ours(layer))
            try placeNorm(weights, ours + "input_layernorm", from: theirs + "attn_norm")
            try placeNorm(weights, ours + "post_attention_layernorm", from: theirs + "ffn_norm")
            try placeTimeMix(weights, from: theirs + "attn.", to: ours + "mixer.", isFirst: layer == 0)
            let (width, source) = (architecture.width, theirs + "ffn.")
            try weights.set(ours + "mlp.x_k", try weights.take(source + "x_k", width))
            try weights.set(ours + "mlp.key_proj.weight", try weights.take(source + "key.weight", hidden, width))
            try weights.set(ours + "mlp.value_proj.weight", try weights.take(source + "value.weight", width, hidden))
        }
        if hasEmbeddingNorm {
            try placeNorm(weights, ParameterName.embeddingNorm, from: tensors.layer(0) + "pre_norm")
        }
        try placeNorm(weights, ParameterName.finalNorm, from: tensors.base + "norm")
    }

    private func placeNorm(_ weights: WeightPlacement, _ parameter: String, from name: String) throws {
        let width = architecture.width
        try weights.set(parameter + ".weight", try weights.take(name + ".weight", width))
        try weights.set(
            parameter + ".bias", hasNormBias ? try weights.take(name + ".bias", width) : .zeros(width))
    }

    private func placeTimeMix(
        _ weights: WeightPlacement, from prefix: String, to parameters: String, isFirst: Bool
    ) throws {
        let width = architecture.width
        try placeShifts(weights, from: prefix, to: parameters)
        for name in ["r_proj", "k_proj", "v_proj"] {
            try weights.set("\(parameters)\(name).weight", try weights.take("\(prefix)\(name).weight", width, width))
        }
        try weights.set(parameters + "out_proj.weight", try weights.take(prefix + "o_proj.weight", width, width))
        for map in Self.maps {
            let (theirs, ours) = ("\(prefix)\(map.letter)_lora.lora.", "\(parameters)\(map.letter)_lora.")
            // The first layer's values are those that later layers mix in.
            if isFirst, map.letter == "v" {
                weights.skip(theirs + "0.weight", theirs + "2.weight", theirs + "2.bias")
                continue
            }
            let rank = ranks[map.letter] ?? 0
            try weights.set(ours + "a.weight", try weights.take(theirs + "0.weight", rank, width))
            try weights.set(ours + "b.weight", try weights.take(theirs + "2.weight", width, rank))
            if map.hasBias { try weights.set(ours + "b.bias", try weights.take(theirs + "2.bias", width)) }
        }
        for name in ["k_k", "k_a"] { try weights.set(parameters + name, try weights.take(prefix + name, width)) }
        try weights.set(
            parameters + "r_k",
            try weights.take(prefix + "r_k", architecture.heads, architecture.headDimension))
        for leaf in ["weight", "bias"] {
            try weights.set("\(parameters)norm.\(leaf)", try weights.take("\(prefix)g_norm.\(leaf)", width))
        }
    }

    /// Token shifts: six vectors, or in older checkpoints one tensor of them.
    private func placeShifts(_ weights: WeightPlacement, from prefix: String, to parameters: String) throws {
        let (width, shifts) = (architecture.width, RWKV7TimeMix.shifts)
        guard weights.has(prefix + "x_x") else {
            for shift in shifts {
                try weights.set("\(parameters)x_\(shift)", try weights.take("\(prefix)x_\(shift)", width))
            }
            return
        }
        let all = try weights.take(prefix + "x_x", shifts.count, 1, 1, width)
        for (index, shift) in shifts.enumerated() {
            try weights.set("\(parameters)x_\(shift)", all.rows(index..<(index + 1)))
        }
    }
}
