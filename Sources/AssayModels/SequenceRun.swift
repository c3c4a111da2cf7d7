import AssayTensor

/// One worker's recorded forward (and backward) pass over micro-batches of a fixed shape.
///
/// Everything is allocated when it is made and in the first backward pass; runs after that allocate nothing. It belongs
/// to one thread at a time.
public final class SequenceRun {
    /// The model.
    public let model: LanguageModel
    /// Sequences in a micro-batch.
    public let batch: Int
    /// Tokens of a sequence.
    public let time: Int
    /// The most targets that a micro-batch can have.
    public let targetCapacity: Int

    private let tape: Tape
    private let tokens: UnsafeMutablePointer<Int32>
    private let targets: TargetTable
    private let logits: Tensor
    private let crossEntropy: CrossEntropy
    /// The loss, where it is not the cross-entropy.
    private let policy: PolicyGradient?

    /// Records a model.
    /// - Parameters:
    ///   - training: whether ``backward()`` will be called; not for a model from which heads were removed.
    ///   - chunk: tokens that chunked mixers take at a time; nil for what suits each best.
    ///   - objective: makes the loss a policy gradient over sampled tokens, with the targets and the logits divided by
    ///     its temperature; nil for the cross-entropy.
    public init(
        model: LanguageModel, batch: Int, time: Int, targetCapacity: Int, training: Bool, chunk: Int? = nil,
        objective: PolicyObjective? = nil
    ) {
        precondition(batch > 0 && time > 0 && targetCapacity > 0, "a run of nothing")
        self.model = model
        self.batch = batch
        self.time = time
        self.targetCapacity = targetCapacity
        tape = Tape(layout: model.layout, recordsGradients: training, chunk: chunk, removed: model.removed)
        tokens = .allocate(capacity: batch * time)
        tokens.initialize(repeating: 0, count: batch * time)
        targets = TargetTable(capacity: targetCapacity)
        logits = model.record(
            on: tape, tokens: tokens, shape: [batch, time], targets: targets,
            temperature: objective?.temperature ?? 1)
        policy = objective.map { [tape, logits, targets] in tape.policyGradient(logits, targets, objective: $0) }
        crossEntropy = policy?.likelihoods ?? tape.crossEntropy(logits, targets)
    }

    deinit { tokens.deallocate() }

    /// Floats that the run holds: activations, gradients of activations and scratch.
    public var floatCount: Int { tape.floatCount }

    /// Binds weights, and gradients to add to. To be called again whenever the weights have changed: products run over
    /// a packed copy of them that is made here.
    public func bind(weights: FloatBlock, gradients: FloatBlock?) { tape.bind(weights: weights, gradients: gradients) }

    /// Changes only the block that gradients are added to; the weights are those of the last full binding.
    public func bind(gradients: FloatBlock) { tape.bind(gradients: gradients) }

    /// The tokens of the next run, `[batch, time]`.
    public func load(tokens source: UnsafeBufferPointer<Int32>) {
        precondition(source.count == batch * time, "tokens of another shape")
        let vocabulary = Int32(model.architecture.vocabularyCount)
        for (i, token) in source.enumerated() {
            precondition(token >= 0 && token < vocabulary, "token \(token) is outside the vocabulary")
            tokens[i] = token
        }
    }

    /// The targets of the next run, in any order; a row may have several.
    public func load(targets source: UnsafeBufferPointer<Target>) {
        precondition(source.count <= targetCapacity, "more targets than the run has room for")
        let (rows, vocabulary) = (Int32(batch * time), Int32(model.architecture.vocabularyCount))
        targets.clear()
        for target in source {
            precondition(target.row >= 0 && target.row < rows, "row \(target.row) is outside the micro-batch")
            precondition(target.token >= 0 && target.token < vocabulary, "a target is outside the vocabulary")
            targets.append(row: target.row, token: target.token, weight: target.weight)
        }
    }

    /// What the loss of a policy gradient knows of the targets that were loaded last, one action for each.
    public func load(actions: [PolicyAction]) {
        guard let policy else { preconditionFailure("the run was recorded without a policy objective") }
        policy.actions = actions
    }

    /// Runs forward. Returns the sum over the targets of weight times negative log likelihood, or the loss of the policy
    /// objective.
    @discardableResult
    public func forward() -> Double {
        tape.forward()
        return policy?.loss ?? crossEntropy.loss
    }

    /// Adds the gradient of that sum to the bound gradients.
    public func backward() { tape.backward() }

    /// Targets of the last forward pass whose ratio was clipped; 0 without a policy objective.
    public var clippedCount: Int { policy?.clipped ?? 0 }

    /// The negative log likelihood of each target of the last forward pass, in nats.
    public var negativeLogLikelihoods: UnsafeBufferPointer<Float> {
        UnsafeBufferPointer(start: crossEntropy.negativeLogLikelihoods, count: targets.count)
    }

    /// The most likely token at each target.
    public var predictions: UnsafeBufferPointer<Int32> {
        UnsafeBufferPointer(start: crossEntropy.predictions, count: targets.count)
    }

    /// The logits at a target.
    public func logits(_ target: Int) -> UnsafeBufferPointer<Float> {
        precondition(target >= 0 && target < targets.count, "no such target")
        return UnsafeBufferPointer(start: logits.value + target * logits.width, count: logits.width)
    }
}

extension LanguageModel {
    /// Records the parallel form of the model. After the last branch that looks at other tokens only target rows go on.
    /// - Returns: the logits `[targets.capacity, vocabulary]`, divided by the temperature.
    func record(
        on tape: Tape, tokens: UnsafePointer<Int32>, shape: [Int], targets: TargetTable, temperature: Double = 1
    ) -> Tensor {
        let block = architecture.block
        var stream = tape.embedding(tokens, shape: shape, table: tape.parameter(ParameterName.embedding))
        if block.embeddingFactor != 1 { stream = tape.scale(stream, by: Float(block.embeddingFactor)) }
        if let embeddingNorm { stream = embeddingNorm.parallel(stream, on: tape) }
        /// The norm of the stream that is read next, where it came out of the residual sum.
        var normed: Tensor?
        for (index, branch) in branches.enumerated() {
            let input = normed ?? branch.inputNorm?.parallel(stream, on: tape) ?? stream
            let output = branch.mixer.parallel(input, prefix: branch.prefix, on: tape)
            let added = branch.outputNorm?.parallel(output, on: tape) ?? output
            let (carried, factors) = (branch.carriesNormed ? input : stream, branch.factors)
            normed = nil
            let next = index + 1 < branches.count ? branches[index + 1].inputNorm : finalNorm
            if index == lastMixingBranch {
                stream = tape.gatherSum(carried, added, targets, factors)
            } else if factors == .plain, let next {
                (stream, normed) = next.parallelSum(carried, added, on: tape)
            } else {
                stream = tape.residual(carried, added, factors)
            }
        }
        var output = normed ?? finalNorm.parallel(stream, on: tape)
        // Divided before the head, where a row is shorter than its logits; but a limit comes after the head, and the
        // temperature after the limit.
        let limit = block.logitsCap
        let divisor = block.logitsDivisor * (limit > 0 ? 1 : temperature)
        if divisor != 1 { output = tape.scale(output, by: Float(1 / divisor)) }
        let logits = tape.linear(output, tape.parameter(headName))
        guard limit > 0 else { return logits }
        let capped = tape.softCap(logits, limit: Float(limit))
        return temperature == 1 ? capped : tape.scale(capped, by: Float(1 / temperature))
    }
}
