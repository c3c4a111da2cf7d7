import AssayCore
import AssayTensor

/// A decoder-only language model: an architecture, the mixers and feed-forwards of its layers, and where its parameters
/// lie.
///
/// A layer is two branches on the residual stream, a token mixer and a feed-forward, with norms and factors as
/// ``BlockForm`` says; plainly `x += mixer(norm(x)); x += feedForward(norm(x))`, as in Llama. It holds no weights: those
/// are a ``FloatBlock`` laid out as ``layout`` says.
public struct LanguageModel: Sendable {
    /// Widths and layers.
    public let architecture: Architecture
    /// Where the parameters lie.
    public let layout: ParameterLayout
    /// The mixer of every layer.
    public let mixers: [any Mixer]
    /// The feed-forward of every layer.
    public let feedForwards: [any Mixer]
    /// What was changed of it since its weights were made; see ``swapping(_:)``.
    public let swaps: [Swap]
    /// Columns of matrices that count as zero, by the name of the parameter.
    let removed: [String: [Range<Int>]]
    /// Mixers and feed-forwards in turn, with their norms; without the feed-forwards that are none.
    let branches: [Branch]

    /// The model of an architecture.
    /// - Throws: ``AssayError`` naming the field that cannot be.
    public init(_ architecture: Architecture) throws {
        try architecture.validate()
        let layers = architecture.layers.indices
        self.init(
            architecture, mixers: try layers.map { try MixerRegistry.make(architecture, layer: $0) },
            feedForwards: try layers.map { try FeedForwardRegistry.make(architecture, layer: $0) })
    }

    /// The model of an architecture with mixers and feed-forwards made elsewhere, one of each for a layer.
    init(
        _ architecture: Architecture, mixers: [any Mixer], feedForwards: [any Mixer], swaps: [Swap] = [],
        removed: [String: [Range<Int>]] = [:]
    ) {
        self.swaps = swaps
        self.removed = removed
        self.architecture = architecture
        self.mixers = mixers
        self.feedForwards = feedForwards
        branches = zip(mixers, feedForwards).enumerated().flatMap { layer, parts in
            let mixer = Branch(architecture, layer: layer, part: .mixer, mixer: parts.0)
            if parts.1 is NoFeedForward { return [mixer] }
            return [mixer, Branch(architecture, layer: layer, part: .feedForward, mixer: parts.1)]
        }
        var layout = ParameterLayout()
        let table = [architecture.vocabularyCount, architecture.width]
        let initial = Initialisation.normal(standardDeviation: Float(architecture.initialDeviation))
        layout.declare(ParameterName.embedding, table, initial)
        if architecture.block.embeddingNorm {
            architecture.norm(ParameterName.embeddingNorm).declareParameters(in: &layout)
        }
        for branch in branches { branch.declareParameters(in: &layout) }
        architecture.norm(ParameterName.finalNorm).declareParameters(in: &layout)
        if !architecture.tiedHead { layout.declare(ParameterName.head, table, initial) }
        self.layout = layout
    }

    /// The name of the matrix that the head multiplies with.
    var headName: String { architecture.tiedHead ? ParameterName.embedding : ParameterName.head }

    /// The norm of the embedding, if there is one.
    var embeddingNorm: StreamNorm? {
        architecture.block.embeddingNorm ? architecture.norm(ParameterName.embeddingNorm) : nil
    }

    /// The norm before the head.
    var finalNorm: StreamNorm { architecture.norm(ParameterName.finalNorm) }

    /// The branch after which only the rows of targets go on: the last one that looks at other tokens.
    var lastMixingBranch: Int { branches.lastIndex { !$0.mixer.isRowwise } ?? 0 }
}

/// Names of the parameters outside the layers; norms without `.weight` and `.bias`.
enum ParameterName {
    static let embedding = "model.embed_tokens.weight"
    static let embeddingNorm = "model.embed_norm"
    static let finalNorm = "model.norm"
    static let head = "lm_head.weight"
}
