import AssayCore
import AssayTensor

/// A decoder-only language model: an architecture, the mixers of its layers, and where its parameters lie.
///
/// Every layer is `x += mixer(norm(x)); x += mlp(norm(x))` with RMS norms and a SwiGLU MLP, as in Llama. It holds no
/// weights: those are a ``FloatBlock`` laid out as ``layout`` says.
public struct LanguageModel: Sendable {
    /// Widths and layers.
    public let architecture: Architecture
    /// Where the parameters lie.
    public let layout: ParameterLayout
    /// The mixer of every layer.
    public let mixers: [any Mixer]

    /// The model of an architecture.
    /// - Throws: ``AssayError`` naming the field that cannot be.
    public init(_ architecture: Architecture) throws {
        try architecture.validate()
        let mixers = try architecture.layers.indices.map { try MixerRegistry.make(architecture, layer: $0) }
        self.init(architecture, mixers: mixers)
    }

    /// The model of an architecture with mixers made elsewhere, one for each layer.
    init(_ architecture: Architecture, mixers: [any Mixer]) {
        self.architecture = architecture
        self.mixers = mixers
        var layout = ParameterLayout()
        let deviation = Float(architecture.initialDeviation)
        layout.declare(
            ParameterName.embedding, [architecture.vocabularyCount, architecture.width],
            .normal(standardDeviation: deviation))
        for (layer, mixer) in mixers.enumerated() {
            layout.declare(ParameterName.mixerNorm(layer), [architecture.width], .constant(1), decays: false)
            mixer.declareParameters(prefix: Architecture.mixerPrefix(layer: layer), in: &layout)
            layout.declare(ParameterName.mlpNorm(layer), [architecture.width], .constant(1), decays: false)
            layout.declare(
                ParameterName.gateUp(layer), [2 * architecture.hiddenWidth, architecture.width],
                .normal(standardDeviation: deviation))
            layout.declare(
                ParameterName.down(layer), [architecture.width, architecture.hiddenWidth],
                .normal(standardDeviation: Float(architecture.outputDeviation)))
        }
        layout.declare(ParameterName.finalNorm, [architecture.width], .constant(1), decays: false)
        if !architecture.tiedHead {
            layout.declare(
                ParameterName.head, [architecture.vocabularyCount, architecture.width],
                .normal(standardDeviation: deviation))
        }
        self.layout = layout
    }

    /// The name of the matrix that the head multiplies with.
    var headName: String { architecture.tiedHead ? ParameterName.embedding : ParameterName.head }
}

/// Names of the parameters outside the mixers.
enum ParameterName {
    static let embedding = "model.embed_tokens.weight"
    static let finalNorm = "model.norm.weight"
    static let head = "lm_head.weight"
    static func mixerNorm(_ layer: Int) -> String { "model.layers.\(layer).input_layernorm.weight" }
    static func mlpNorm(_ layer: Int) -> String { "model.layers.\(layer).post_attention_layernorm.weight" }
    static func gateUp(_ layer: Int) -> String { "model.layers.\(layer).mlp.gate_up_proj.weight" }
    static func down(_ layer: Int) -> String { "model.layers.\(layer).mlp.down_proj.weight" }
}
