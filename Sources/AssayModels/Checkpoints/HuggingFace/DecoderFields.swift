/// The fields that nearly all configurations have.
struct DecoderFields {
    let name: String
    let width: Int
    let layerCount: Int
    let vocabulary: Int
    let heads: Int
    let keyValueHeads: Int
    let headDimension: Int
    let hidden: Int
    let epsilon: Double
    /// Whether the configuration ties the head to the embedding.
    let isTied: Bool

    static let widths = 1...16_384
    static let layers = 1...256
    static let vocabularies = 2...1_000_000
    static let headCounts = 1...1_024
    static let headDimensions = 1...1_024
    static let hiddenWidths = 1...65_536
    static let kernels = 1...8
    static let epsilons = 1e-12...0.1

    /// Reads them.
    /// - Parameters:
    ///   - headDimension: what a head is wide if the field is not there; nil for the width over the heads.
    ///   - tied: whether the head is tied if the field is not there.
    init(
        _ fields: ConfigurationFields, name: String, headDimension: Int? = nil, epsilon: String = "rms_norm_eps",
        standardEpsilon: Double = 1e-6, hidden: String = "intermediate_size", tied: Bool = false
    ) throws {
        self.name = name
        width = try fields.integer("hidden_size", in: Self.widths)
        layerCount = try fields.integer("num_hidden_layers", in: Self.layers)
        vocabulary = try fields.integer("vocab_size", in: Self.vocabularies)
        heads = try fields.integer("num_attention_heads", in: Self.headCounts)
        keyValueHeads = try fields.integer("num_key_value_heads", in: Self.headCounts, default: heads)
        guard heads % keyValueHeads == 0 else {
            throw fields.failure("num_key_value_heads", "is \(keyValueHeads), which does not divide the \(heads) heads")
        }
        if headDimension == nil, !fields.has("head_dim"), width % heads != 0 {
            throw fields.failure("num_attention_heads", "is \(heads), which does not divide 'hidden_size', \(width)")
        }
        self.headDimension = try fields.integer(
            "head_dim", in: Self.headDimensions, default: headDimension ?? max(1, width / heads))
        self.hidden = try fields.integer(hidden, in: Self.hiddenWidths)
        self.epsilon = try fields.number(epsilon, in: Self.epsilons, default: standardEpsilon)
        isTied = try fields.boolean("tie_word_embeddings", default: tied)
    }

    /// The architecture of these layers.
    func architecture(
        _ layers: [LayerConfiguration], tensors: ModelTensors, shortConvolution: Int = 0, block: BlockForm = BlockForm()
    ) -> Architecture {
        Architecture(
            name: name, width: width, heads: heads, keyValueHeads: keyValueHeads, headDimension: headDimension,
            hiddenWidth: hidden, layers: layers, vocabularyCount: vocabulary, tiedHead: isTied || !tensors.hasHead,
            shortConvolution: shortConvolution, normEpsilon: epsilon, block: block)
    }
}
