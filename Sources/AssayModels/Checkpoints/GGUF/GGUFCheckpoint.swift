import AssayCore
import Foundation

/// A model in one file of llama.cpp. Metadata and names of tensors become those of the Hugging Face libraries, and the
/// system's own description does the rest.
enum GGUFCheckpoint {
    /// Reads a model.
    /// - Throws: ``AssayError`` naming the file, and the key or tensor in it.
    static func read(_ url: URL) throws -> LoadedCheckpoint { try load(try GGUFFile.map(url)) }

    /// The model of a file.
    static func load(_ file: GGUFFile) throws -> LoadedCheckpoint {
        let (configuration, tensors) = try parts(file)
        let loaded = try HuggingFaceFolder.load(configuration, tensors)
        return LoadedCheckpoint(model: loaded.model, weights: loaded.weights, system: loaded.system, format: .gguf)
    }

    /// The configuration and the tensors of a file in the layout of Hugging Face.
    static func parts(_ file: GGUFFile) throws -> (ConfigurationFields, GGUFTensors) {
        guard case .text(let name)? = file.metadata["general.architecture"] else {
            throw AssayError.badInput("the metadata 'general.architecture' is missing or no text", at: file.location)
        }
        guard let architecture = GGUFArchitecture(rawValue: name) else {
            throw AssayError.badInput(
                "the architecture '\(name)' is not supported in GGUF files", at: file.location,
                remedy: "Supported: \(GGUFArchitecture.allCases.map(\.rawValue).joined(separator: ", "))")
        }
        let tensors = try GGUFTensors(file, architecture: architecture)
        return (try architecture.configuration(file, tensors), tensors)
    }
}

/// The architectures of GGUF files that are read.
enum GGUFArchitecture: String, CaseIterable {
    case llama
    case qwen3
    case gemma3

    /// Whether norms have one added to what the system publishes.
    var bakesNorms: Bool { self == .gemma3 }

    /// Whether the rows of queries and keys are in the order of interleaved rotary pairs.
    var interleaves: Bool { self == .llama }

    /// Names of tensors around the layers.
    static let outerNames = [
        "token_embd": "model.embed_tokens", "output_norm": "model.norm", "output": "lm_head",
    ]

    /// Names of the tensors of a layer.
    var layerNames: [String: String] {
        var names = [
            "attn_norm": "input_layernorm", "attn_q": "self_attn.q_proj", "attn_k": "self_attn.k_proj",
            "attn_v": "self_attn.v_proj", "attn_output": "self_attn.o_proj", "ffn_norm": "post_attention_layernorm",
            "ffn_gate": "mlp.gate_proj", "ffn_up": "mlp.up_proj", "ffn_down": "mlp.down_proj",
        ]
        if self != .llama {
            names["attn_q_norm"] = "self_attn.q_norm"
            names["attn_k_norm"] = "self_attn.k_norm"
        }
        if self == .gemma3 {
            names["ffn_norm"] = "pre_feedforward_layernorm"
            names["post_attention_norm"] = "post_attention_layernorm"
            names["post_ffw_norm"] = "post_feedforward_layernorm"
        }
        return names
    }

    /// The configuration that the metadata describes.
    func configuration(_ file: GGUFFile, _ tensors: GGUFTensors) throws -> ConfigurationFields {
        let metadata = GGUFMetadata(file, prefix: rawValue + ".")
        var values: [String: FieldValue] = [
            "model_type": .text(self == .gemma3 ? "gemma3_text" : rawValue),
            "hidden_size": try metadata.integer("embedding_length"),
            "num_hidden_layers": try metadata.integer("block_count"),
            "intermediate_size": try metadata.integer("feed_forward_length"),
            "num_attention_heads": try metadata.integer("attention.head_count"),
            "rms_norm_eps": try metadata.number("attention.layer_norm_rms_epsilon"),
            "vocab_size": .number(Double(tensors.shape("model.embed_tokens.weight")?.first ?? 0)),
            "tie_word_embeddings": .boolean(tensors.shape("lm_head.weight") == nil),
        ]
        values["num_key_value_heads"] = try metadata.integerIfThere("attention.head_count_kv")
        values["head_dim"] = try headDimension(metadata)
        values["attention_bias"] = .boolean(tensors.shape("model.layers.0.self_attn.q_proj.bias") != nil)
        if self == .llama {
            values["mlp_bias"] = .boolean(tensors.shape("model.layers.0.mlp.gate_proj.bias") != nil)
        }
        try addRotary(metadata, to: &values)
        if self == .gemma3 { try addGemma(metadata, to: &values) }
        for key in ["expert_count", "expert_used_count"] { try metadata.demandZero(key) }
        try metadata.finish()
        return ConfigurationFields(values, location: file.location)
    }

    private func headDimension(_ metadata: GGUFMetadata) throws -> FieldValue? {
        let (key, value) = (
            try metadata.integerIfThere("attention.key_length"), try metadata.integerIfThere("attention.value_length")
        )
        guard key == value || value == nil else {
            throw metadata.failure("attention.value_length", "differs from that of a key")
        }
        return key
    }

    private func addRotary(_ metadata: GGUFMetadata, to values: inout [String: FieldValue]) throws {
        if let base = try metadata.numberIfThere("rope.freq_base") { values["rope_theta"] = base }
        if let turned = try metadata.integerIfThere("rope.dimension_count"), let size = values["head_dim"],
            turned != size
        {
            throw metadata.failure("rope.dimension_count", "is \(turned.brief), but a head has \(size.brief) elements")
        }
        let factor = try metadata.numberIfThere("rope.scaling.factor")
        let length = try metadata.integerIfThere("rope.scaling.original_context_length")
        let linear = try metadata.numberIfThere("rope.scale_linear")
        switch try metadata.textIfThere("rope.scaling.type") ?? (linear == nil ? "none" : "linear") {
        case "none": break
        case "linear":
            values["rope_scaling"] = .object(["rope_type": .text("linear"), "factor": factor ?? linear ?? .number(1)])
        case "yarn":
            var scaling: [String: FieldValue] = ["rope_type": .text("yarn"), "factor": factor ?? .number(1)]
            scaling["original_max_position_embeddings"] = length
            values["rope_scaling"] = .object(scaling)
        case let other: throw metadata.failure("rope.scaling.type", "is '\(other)', which is not supported")
        }
    }

    /// What llama.cpp takes for granted of Gemma 3: every sixth layer is full, windows turn by a base of 10000, and the
    /// scale is that of a head's width, but in the largest model, of 62 layers.
    private func addGemma(_ metadata: GGUFMetadata, to values: inout [String: FieldValue]) throws {
        values["sliding_window"] = try metadata.integer("attention.sliding_window")
        values["sliding_window_pattern"] =
            try metadata.integerIfThere("attention.sliding_window_pattern") ?? .number(6)
        values["rope_local_base_freq"] = try metadata.numberIfThere("rope.freq_base_swa") ?? .number(10_000)
        values["final_logit_softcapping"] = try metadata.numberIfThere("final_logit_softcapping")
        _ = try metadata.numberIfThere("attn_logit_softcapping")
        values["query_pre_attn_scalar"] = values["head_dim"]
        if values["num_hidden_layers"] == .number(62), case .number(let width)? = values["hidden_size"],
            case .number(let heads)? = values["num_attention_heads"], heads > 0
        {
            values["query_pre_attn_scalar"] = .number(width / heads)
        }
    }
}

/// The metadata of an architecture, read key by key.
final class GGUFMetadata {
    private let file: GGUFFile
    private let prefix: String
    private var unread: Set<String>

    /// Keys that do not change what is computed.
    private static let inert: Set<String> = ["context_length", "vocab_size", "rope.scaling.finetuned"]

    init(_ file: GGUFFile, prefix: String) {
        self.file = file
        self.prefix = prefix
        unread = Set(file.metadata.keys.filter { $0.hasPrefix(prefix) }.map { String($0.dropFirst(prefix.count)) })
    }

    func failure(_ key: String, _ problem: String) -> AssayError {
        .badInput("the metadata '\(prefix)\(key)' \(problem)", at: file.location)
    }

    private func value(_ key: String) -> GGUFValue? {
        unread.remove(key)
        return file.metadata[prefix + key]
    }

    func integerIfThere(_ key: String) throws -> FieldValue? {
        guard var value = value(key) else { return nil }
        // One number for each layer is as good as one where all are equal.
        if let members = try file.members(prefix + key), let first = members.first, Set(members).count == 1 {
            value = first
        }
        guard case .integer(let number) = value else { throw failure(key, "is no whole number") }
        return .number(Double(number))
    }

    func integer(_ key: String) throws -> FieldValue {
        guard let value = try integerIfThere(key) else { throw failure(key, "is missing") }
        return value
    }

    func numberIfThere(_ key: String) throws -> FieldValue? {
        guard let value = value(key) else { return nil }
        switch value {
        case .number(let number): return .number(number)
        case .integer(let number): return .number(Double(number))
        default: throw failure(key, "is no number")
        }
    }

    func number(_ key: String) throws -> FieldValue {
        guard let value = try numberIfThere(key) else { throw failure(key, "is missing") }
        return value
    }

    func textIfThere(_ key: String) throws -> String? {
        guard let value = value(key) else { return nil }
        guard case .text(let text) = value else { throw failure(key, "is no text") }
        return text
    }

    func demandZero(_ key: String) throws {
        guard let value = value(key), value != .integer(0) else { return }
        throw failure(key, "is not 0: mixtures of experts are not supported for this architecture")
    }

    /// Refuses keys that nobody has read and that are not known to be without effect.
    func finish() throws {
        guard let key = unread.subtracting(Self.inert).min() else { return }
        throw failure(key, "is not supported and may change what the model computes")
    }
}
