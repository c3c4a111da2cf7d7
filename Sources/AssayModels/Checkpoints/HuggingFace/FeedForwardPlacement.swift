/// Where the tensors of feed-forwards go.
extension WeightPlacement {
    /// A gated MLP whose three maps are tensors of their own.
    func setGatedMLP(
        from prefix: String, to parameters: String, width: Int, hidden: Int, hasBias: Bool = false,
        names: (gate: String, up: String, down: String) = ExpertNames.plain
    ) throws {
        try set(
            parameters + "gate_up_proj.weight", try take("\(prefix)\(names.gate).weight", hidden, width),
            try take("\(prefix)\(names.up).weight", hidden, width))
        try set(parameters + "down_proj.weight", try take("\(prefix)\(names.down).weight", width, hidden))
        guard hasBias else { return }
        try set(
            parameters + "gate_up_proj.bias", try take("\(prefix)\(names.gate).bias", hidden),
            try take("\(prefix)\(names.up).bias", hidden))
        try set(parameters + "down_proj.bias", try take("\(prefix)\(names.down).bias", width))
    }

    /// The experts of a mixture, each with three maps of its own.
    func setExperts(
        _ count: Int, from prefix: String, to parameters: String, width: Int, hidden: Int,
        names: (gate: String, up: String, down: String) = ExpertNames.plain
    ) throws {
        for expert in 0..<count {
            try setGatedMLP(
                from: "\(prefix)\(expert).", to: "\(parameters)experts.\(expert).", width: width, hidden: hidden,
                names: names)
        }
    }

    /// The experts of a mixture from tensors that hold those of all, one after another.
    func setStackedExperts(
        _ count: Int, gateUp: LoadedTensor, down: LoadedTensor, to parameters: String
    ) throws {
        let (first, second) = (gateUp.rows / count, down.rows / count)
        for expert in 0..<count {
            let name = "\(parameters)experts.\(expert)."
            try set(name + "gate_up_proj.weight", gateUp.rows((expert * first)..<((expert + 1) * first)))
            try set(name + "down_proj.weight", down.rows((expert * second)..<((expert + 1) * second)))
        }
    }

    /// A norm of the residual stream.
    func setNorm(_ parameter: String, from name: String, width: Int, addsOne: Bool = false) throws {
        let norm = try take(name, width)
        try set(parameter, addsOne ? norm.plusOne() : norm)
    }

    /// The norms before the mixer and the feed-forward of a layer.
    func setLayerNorms(from prefix: String, to parameters: String, width: Int, addsOne: Bool = false) throws {
        for name in ["input_layernorm", "post_attention_layernorm"] {
            try setNorm(
                "\(parameters)\(name).weight", from: "\(prefix)\(name).weight", width: width, addsOne: addsOne)
        }
    }

    /// The norm before the head.
    func setFinalNorm(
        _ tensors: ModelTensors, named name: String = "norm.weight", width: Int, addsOne: Bool = false
    ) throws {
        try setNorm(ParameterName.finalNorm + ".weight", from: tensors.base + name, width: width, addsOne: addsOne)
    }
}

/// Names of the maps of experts.
enum ExpertNames {
    /// Those of Mixtral and releases after it.
    static let mixtral = (gate: "w1", up: "w3", down: "w2")
    /// Those of most others.
    static let plain = (gate: "gate_proj", up: "up_proj", down: "down_proj")
}

/// A mixture of experts in a configuration.
struct ExpertFields {
    let experts: Int
    let chosen: Int
    let hidden: Int

    init(_ fields: ConfigurationFields, experts: String, chosen: String, hidden: String) throws {
        self.experts = try fields.integer(experts, in: 1...1_024)
        self.chosen = try fields.integer(chosen, in: 1...1_024)
        guard self.chosen <= self.experts else {
            throw fields.failure(chosen, "is \(self.chosen), more than the \(self.experts) experts")
        }
        self.hidden = try fields.integer(hidden, in: DecoderFields.hiddenWidths)
    }

    /// The options that follow, with others.
    func options(_ more: [String: MixerOption]) -> [String: MixerOption] {
        let own: [String: MixerOption] = [
            "experts": .number(Double(experts)), "top-k": .number(Double(chosen)), "hidden": .number(Double(hidden)),
            "balance": false,
        ]
        return own.merging(more) { $1 }
    }

    /// Options of routing as in DeepSeek-V3 and Kimi-Linear: sigmoid scores, groups, a bias of the choice, shared experts.
    func groupedOptions(
        _ fields: ConfigurationFields, groups: String, renormalise: String, shared: String
    ) throws -> [String: MixerOption] {
        let groupCount = try fields.integer(groups, in: 1...1_024, default: 1)
        guard experts % groupCount == 0 else {
            throw fields.failure(groups, "is \(groupCount), which does not divide the \(experts) experts")
        }
        let open = try fields.integer("topk_group", in: 1...1_024, default: groupCount)
        guard open <= groupCount, open * (experts / groupCount) >= chosen else {
            throw fields.failure("topk_group", "is \(open), with which \(chosen) experts cannot be chosen")
        }
        return options([
            "routing": "sigmoid", "balance": true, "groups": .number(Double(groupCount)),
            "open-groups": .number(Double(open)),
            "renormalise": .boolean(try fields.boolean(renormalise, default: true)),
            "scale": .number(try fields.number("routed_scaling_factor", in: 1e-3...1e3, default: 1)),
            "shared-experts": .number(Double(try fields.integer(shared, in: 0...64, default: 0))),
        ])
    }
}
