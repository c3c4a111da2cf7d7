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
    /// Floating-point operations of the head for one row of logits.
    public var headFLOPs: Double

    /// Operations for one token of a prefill whose last token alone goes through the head.
    public var prefillFLOPs: Double { layers.reduce(0) { $0 + $1.prefillFLOPs } }
    /// Operations for one decoded token after the context, head included.
    public var decodeFLOPs: Double { layers.reduce(headFLOPs) { $0 + $1.decodeFLOPs } }
    /// Bytes of float32 decode state after the context.
    public var stateBytes: Double { layers.reduce(0) { $0 + $1.stateBytes } }
    /// Operations of one training step for each token, when a share of the tokens are targets: the backward pass costs
    /// twice the forward pass.
    public func trainingFLOPs(targetShare: Double) -> Double { 3 * (prefillFLOPs + targetShare * headFLOPs) }
}
