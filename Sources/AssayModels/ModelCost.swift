/// What one layer costs: its mixer, its norms and its feed-forward.
public struct LayerCost: Sendable, Hashable, Codable {
    /// The mixer's name.
    public var mixer: String
    /// The feed-forward's name.
    public var feedForward: String
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
    /// Floating-point operations for one token of what the last layer does for targets alone: its feed-forward, unless
    /// that looks at other tokens. A part of the last layer's.
    public var targetFLOPs: Double
    /// Floating-point operations of the head for one row of logits.
    public var headFLOPs: Double

    /// Operations for one token of a prefill whose last token alone goes through the head.
    public var prefillFLOPs: Double { layers.reduce(0) { $0 + $1.prefillFLOPs } }
    /// Operations for one decoded token after the context, head included.
    public var decodeFLOPs: Double { layers.reduce(headFLOPs) { $0 + $1.decodeFLOPs } }
    /// Bytes of float32 decode state after the context.
    public var stateBytes: Double { layers.reduce(0) { $0 + $1.stateBytes } }
    /// Operations of a training step for each of its tokens, when a share of them are targets: the backward pass costs
    /// twice the forward pass, and the last feed-forward and the head run over targets only.
    public func trainingFLOPs(targetShare: Double) -> Double {
        3 * (prefillFLOPs + targetShare * headFLOPs - (1 - targetShare) * targetFLOPs)
    }
}

extension LanguageModel {
    /// What the model costs at a context length.
    public func cost(context: Int) -> ModelCost {
        var targetFLOPs = 0.0
        let layers = architecture.layers.indices.map { layer in
            let (mixer, feedForward) = (
                mixers[layer].cost(context: context), feedForwards[layer].cost(context: context)
            )
            targetFLOPs = feedForwards[layer].isRowwise ? feedForward.prefillFLOPs : 0
            let prefix = "model.layers.\(layer)."
            let parameters = layout.specifications.filter { $0.name.hasPrefix(prefix) }.reduce(0) { $0 + $1.count }
            return LayerCost(
                mixer: architecture.layers[layer].mixer, feedForward: architecture.layers[layer].feedForward,
                parameters: parameters, prefillFLOPs: mixer.prefillFLOPs + feedForward.prefillFLOPs,
                decodeFLOPs: mixer.decodeFLOPs + feedForward.decodeFLOPs,
                stateBytes: mixer.stateBytes + feedForward.stateBytes)
        }
        let table = architecture.vocabularyCount * architecture.width
        return ModelCost(
            context: context, parameters: layout.parameterCount,
            embeddingParameters: architecture.tiedHead ? table : 2 * table, layers: layers, targetFLOPs: targetFLOPs,
            headFLOPs: Double(2 * table))
    }
}
