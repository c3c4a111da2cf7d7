import AssayCore
import AssayTensor
import Foundation

/// A folder as the Hugging Face libraries write it: `config.json`, and `model.safetensors` or its shards with an index.
enum HuggingFaceFolder {
    static let configurationFile = "config.json"
    static let weightsFile = "model.safetensors"
    static let indexFile = "model.safetensors.index.json"

    /// Reads a model.
    /// - Throws: ``AssayError`` naming the file, and the field or tensor in it.
    static func read(_ folder: URL) throws -> LoadedCheckpoint {
        try load(try configuration(folder), try ShardedTensors(folder: folder))
    }

    /// The configuration of a folder.
    static func configuration(_ folder: URL) throws -> ConfigurationFields {
        let location = folder.appendingPathComponent(configurationFile).path
        let data: Data
        do {
            data = try Data(contentsOf: URL(fileURLWithPath: location))
        } catch {
            throw AssayError.badInput("cannot be read: \(error.localizedDescription)", at: location)
        }
        guard case .object(let members) = try FieldValue.parse(data, location: location) else {
            throw AssayError.badInput("is no JSON object", at: location)
        }
        return ConfigurationFields(members, location: location)
    }

    /// The model of a configuration and of tensors in the layout of Hugging Face, wherever both come from.
    static func load(_ configuration: ConfigurationFields, _ source: any TensorSource) throws -> LoadedCheckpoint {
        let description = try HuggingFaceDescription(configuration, source)
        return LoadedCheckpoint(
            model: description.model, weights: try description.weights(from: source), system: description.modelType,
            format: .huggingFace)
    }
}

/// What a configuration describes, before any weight is read.
struct HuggingFaceDescription {
    /// The `model_type` of the language model.
    let modelType: String
    /// The model.
    let model: LanguageModel
    private let system: any HuggingFaceSystem
    private let tensors: ModelTensors

    /// - Throws: ``AssayError`` naming the field that cannot be.
    init(_ configuration: ConfigurationFields, _ source: any TensorSource) throws {
        guard case .text(let outer)? = configuration.value("model_type") else {
            throw configuration.failure("model_type", "is missing or no text")
        }
        try configuration.demand("is_encoder_decoder", is: .boolean(false))
        try configuration.demand("add_cross_attention", is: .boolean(false))
        // Models that also see keep the language model's configuration in a part of theirs.
        let text = try configuration.fields("text_config", inheriting: "tie_word_embeddings")
        var modelType = outer
        if let text, case .text(let inner)? = text.value("model_type") { modelType = inner }
        let fields = text ?? configuration
        tensors = try ModelTensors(source)
        system = try HuggingFaceSystems.type(of: modelType, location: configuration.location)
            .init(fields, tensors: tensors)
        try configuration.finish()
        self.modelType = modelType
        do {
            model = try LanguageModel(system.architecture)
        } catch let error as AssayError {
            throw AssayError(error.kind, error.problem, at: configuration.location, remedy: error.remedy)
        }
    }

    /// The weights of the model, laid out as it says.
    func weights(from source: any TensorSource) throws -> FloatBlock {
        let architecture = model.architecture
        let weights = try WeightPlacement(source, model: model)
        let table = (architecture.vocabularyCount, architecture.width)
        try weights.set(ParameterName.embedding, try weights.take(tensors.embedding, table.0, table.1))
        if !architecture.tiedHead {
            try weights.set(ParameterName.head, try weights.take(tensors.head, table.0, table.1))
        }
        try system.place(weights, tensors)
        let count = architecture.layers.count
        return try weights.finish { tensors.isIdle($0, layerCount: count) }
    }
}
