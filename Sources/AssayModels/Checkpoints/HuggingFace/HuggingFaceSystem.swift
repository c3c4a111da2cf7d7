import AssayCore

/// A published system: how its configuration becomes an architecture, and where its tensors go.
///
/// It is read from a configuration once, keeps what it needs of it, and is then asked for both.
protocol HuggingFaceSystem: Sendable {
    /// The `model_type` of its configurations.
    static var modelTypes: [String] { get }

    /// Reads the configuration.
    /// - Parameter tensors: the file, where the configuration leaves something to it.
    /// - Throws: ``AssayError`` naming the field that cannot be.
    init(_ fields: ConfigurationFields, tensors: ModelTensors) throws

    /// The architecture that computes the same.
    var architecture: Architecture { get }

    /// Fills the weights of that architecture, all but the embedding and the head.
    func place(_ weights: WeightPlacement, _ tensors: ModelTensors) throws
}

/// The systems that are known. A new one is one line here.
enum HuggingFaceSystems {
    static let all: [any HuggingFaceSystem.Type] = [
        DeepseekV32System.self, Gemma3System.self, GPTOSSSystem.self, GraniteHybridSystem.self, KimiLinearSystem.self,
        LFM2System.self, LlamaSystem.self, Mamba2System.self, MiniMaxSystem.self, MiniMaxM2System.self,
        OLMoHybridSystem.self, Qwen3System.self, Qwen3NextSystem.self, Qwen35System.self, RWKV7System.self,
    ]

    /// All model types, in order.
    static var modelTypes: [String] { all.flatMap { $0.modelTypes }.sorted() }

    /// The system of a model type.
    /// - Throws: ``AssayError`` that lists the known ones.
    static func type(of modelType: String, location: String) throws -> any HuggingFaceSystem.Type {
        guard let type = all.first(where: { $0.modelTypes.contains(modelType) }) else {
            throw AssayError.badInput(
                "'model_type' is \"\(modelType)\", which is not supported", at: location,
                remedy: Suggestion.remedy(for: modelType, among: modelTypes))
        }
        return type
    }
}

/// How the tensors of a release are named around its layers.
struct ModelTensors {
    /// What the names of the model's tensors begin with, such as `model.`.
    let base: String
    /// The embedding.
    let embedding: String
    /// The head.
    let head: String
    /// The names that there are.
    let names: Set<String>

    /// Bases of text models, alone and inside models that also see or hear.
    private static let bases = ["model.", "model.language_model.", "language_model.model.", "backbone.", ""]
    private static let embeddings = ["embed_tokens.weight", "embeddings.weight"]

    init(_ source: any TensorSource) throws {
        names = Set(source.names)
        for base in Self.bases {
            for embedding in Self.embeddings where names.contains(base + embedding) {
                self.base = base
                self.embedding = base + embedding
                let heads = ["lm_head.weight", "language_model.lm_head.weight", "model.lm_head.weight"]
                head = heads.first(where: names.contains) ?? heads[0]
                return
            }
        }
        throw AssayError.badInput(
            "there is no tensor '\(Self.bases[0])\(Self.embeddings[0])' or of a like name", at: source.location,
            remedy: "The folder must hold the weights of a language model")
    }

    /// Whether there is a matrix of the head's own.
    var hasHead: Bool { names.contains(head) }

    /// What the names of a layer's tensors begin with.
    func layer(_ index: Int) -> String { "\(base)layers.\(index)." }

    /// What the names of the parameters of a layer here begin with.
    func ours(_ layer: Int) -> String { "model.layers.\(layer)." }

    /// Whether a tensor belongs to a part that is not run: buffers that are computed, layers that predict further tokens,
    /// and what sees or hears.
    func isIdle(_ name: String, layerCount: Int) -> Bool {
        let buffers = ["inv_freq", "slope_rate", "query_decay", "key_decay", "diagonal_decay", "masked_bias"]
        let others = ["mtp.", "visual.", "vision_tower.", "multi_modal_projector.", "audio_tower.", "embed_vision."]
        let short = name.hasPrefix("model.") ? String(name.dropFirst(6)) : name
        if others.contains(where: { name.hasPrefix($0) || short.hasPrefix($0) }) { return true }
        if let leaf = name.split(separator: ".").last, buffers.contains(String(leaf)) { return true }
        // DeepSeek's and others' layers after the last are for the prediction of further tokens.
        let start = "\(base)layers."
        guard name.hasPrefix(start), let number = name.dropFirst(start.count).split(separator: ".").first,
            let index = Int(number)
        else { return name == head }
        return index >= layerCount && index < layerCount + 4
    }
}
