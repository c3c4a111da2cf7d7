import AssayTensor

/// One worker's recorded forward (and backward) pass over micro-batches of a fixed shape.
///
/// Everything is allocated when it is made; runs allocate nothing. It belongs to one thread at a time.
public final class SequenceRun {
    /// Sequences in a micro-batch.
    public let batch: Int
    /// Tokens of a sequence.
    public let time: Int
    /// The most targets that a micro-batch can have.
    public let targetCapacity: Int

    /// Records a model.
    /// - Parameter training: whether ``backward()`` will be called.
    public init(model: LanguageModel, batch: Int, time: Int, targetCapacity: Int, training: Bool) {
        self.batch = batch
        self.time = time
        self.targetCapacity = targetCapacity
    }

    /// Binds weights, and gradients to add to. To be called again whenever the weights have changed: products run over
    /// a packed copy of them that is made here.
    public func bind(weights: FloatBlock, gradients: FloatBlock?) { fatalError() }

    /// Changes only the block that gradients are added to; the weights are those of the last full binding.
    public func bind(gradients: FloatBlock) { fatalError() }

    /// The tokens of the next run, `[batch, time]`.
    public func load(tokens: UnsafeBufferPointer<Int32>) { fatalError() }

    /// The targets of the next run, in any order.
    public func load(targets: UnsafeBufferPointer<Target>) { fatalError() }

    /// Runs forward. Returns the sum over the targets of weight times negative log likelihood.
    @discardableResult
    public func forward() -> Double { fatalError() }

    /// Adds the gradient of that sum to the bound gradients.
    public func backward() { fatalError() }

    /// The negative log likelihood of each target of the last forward pass, in nats.
    public var negativeLogLikelihoods: UnsafeBufferPointer<Float> { fatalError() }

    /// The most likely token at each target.
    public var predictions: UnsafeBufferPointer<Int32> { fatalError() }

    /// The logits at a target.
    public func logits(_ target: Int) -> UnsafeBufferPointer<Float> { fatalError() }
}
