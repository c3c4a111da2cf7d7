/// What one layer costs: its mixer, its norms and its MLP.
public struct LayerCost: Sendable, Hashable, Codable {
    /// The mixer's name.
    public var mixer: String
    /// Trainable numbers of the layer.
    public var parameters: Int
    /// Floating-point operations of the layer for one token in prefill, averaged over the context.
    public var prefillFLOPs: Double
    /// Floating-point operations of the layer for one decoded token after the context.
    public var decodeFLOPs: Double
    /// Bytes of float32 decode state after the context.
    public var stateBytes: Double
}

/// What a model costs at a context length. A multiplication and an addition count as two operations.
public struct ModelCost: Sendable, Hashable, Codable {
    /// The context length in tokens.
    public var context: Int
    /// Trainable numbers, embedding and head included.
    public var parameters: Int
    /// Trainable numbers of the embedding and, if it is not tied, of the head.
    public var embeddingParameters: Int
    /// Each layer.
    public var layers: [LayerCost]
    /// Floating-point operations of the MLP of one layer for one token; a part of each layer's.
    public var mlpFLOPs: Double
    /// Floating-point operations of the head for one row of logits.
    public var headFLOPs: Double

    /// Operations for one token of a prefill whose last token alone goes through the head.
    public var prefillFLOPs: Double { layers.reduce(0) { $0 + $1.prefillFLOPs } }
    /// Operations for one decoded token after the context, head included.
    public var decodeFLOPs: Double { layers.reduce(headFLOPs) { $0 + $1.decodeFLOPs } }
    /// Bytes of float32 decode state after the context.
    public var stateBytes: Double { layers.reduce(0) { $0 + $1.stateBytes } }
    /// Operations of a training step for each of its tokens, when a share of them are targets: the backward pass costs
    /// twice the forward pass, and the last MLP and the head run over targets only.
    public func trainingFLOPs(targetShare: Double) -> Double {
        3 * (prefillFLOPs + targetShare * headFLOPs - (1 - targetShare) * mlpFLOPs)
    }
}

extension LanguageModel {
    /// What the model costs at a context length.
    public func cost(context: Int) -> ModelCost {
        let (width, hidden) = (architecture.width, architecture.hiddenWidth)
        let mlp = Double(2 * 3 * width * hidden)
        let layers = mixers.enumerated().map { layer, mixer in
            let cost = mixer.cost(context: context)
            let prefix = "model.layers.\(layer)."
            let parameters = layout.specifications.filter { $0.name.hasPrefix(prefix) }.reduce(0) { $0 + $1.count }
            return LayerCost(
                mixer: architecture.layers[layer].mixer, parameters: parameters,
                prefillFLOPs: cost.prefillFLOPs + mlp, decodeFLOPs: cost.decodeFLOPs + mlp,
                stateBytes: cost.stateBytes)
        }
        let table = architecture.vocabularyCount * width
        return ModelCost(
            context: context, parameters: layout.parameterCount,
            embeddingParameters: architecture.tiedHead ? table : 2 * table, layers: layers, mlpFLOPs: mlp,
            headFLOPs: Double(2 * table))
    }
}
