import CKernels

/// The rows whose logits are wanted in a run, filled by the caller before it.
public final class TargetTable {
    /// The most rows.
    public let capacity: Int
    /// Rows in this run.
    public private(set) var count = 0
    /// Which rows of the whole micro-batch.
    public let rows: UnsafeMutablePointer<Int32>
    /// The token that each should predict.
    public let tokens: UnsafeMutablePointer<Int32>
    /// What each counts in the loss.
    public let weights: UnsafeMutablePointer<Float>

    /// An empty table.
    public init(capacity: Int) {
        self.capacity = capacity
        rows = .allocate(capacity: capacity)
        tokens = .allocate(capacity: capacity)
        weights = .allocate(capacity: capacity)
    }

    deinit {
        rows.deallocate()
        tokens.deallocate()
        weights.deallocate()
    }

    /// Empties the table.
    public func clear() { count = 0 }

    /// Adds a row.
    public func append(row: Int32, token: Int32, weight: Float) {
        precondition(count < capacity, "more targets than the table holds")
        rows[count] = row
        tokens[count] = token
        weights[count] = weight
        count += 1
    }
}

/// The cross-entropy of a run.
public final class CrossEntropy: TapeOperation {
    let logits: Tensor
    let targets: TargetTable
    /// The negative log likelihood of each target, in nats.
    public let negativeLogLikelihoods: UnsafeMutablePointer<Float>
    /// The most likely token at each target.
    public let predictions: UnsafeMutablePointer<Int32>

    init(logits: Tensor, targets: TargetTable) {
        self.logits = logits
        self.targets = targets
        negativeLogLikelihoods = .allocate(capacity: targets.capacity)
        predictions = .allocate(capacity: targets.capacity)
    }

    deinit {
        negativeLogLikelihoods.deallocate()
        predictions.deallocate()
    }

    /// The sum of weight times negative log likelihood, in double precision and the order of the targets.
    public var loss: Double {
        var sum = 0.0
        for i in 0..<targets.count { sum += Double(targets.weights[i]) * Double(negativeLogLikelihoods[i]) }
        return sum
    }

    /// Takes the likelihoods of the targets.
    public func forward() {
        ck_cross_entropy(
            targets.count, logits.width, logits.value, targets.tokens, targets.weights, negativeLogLikelihoods,
            predictions, nil)
    }

    /// The gradient of ``loss``.
    public func backward() {
        precondition(!logits.claimGradient(), "logits belong to their cross-entropy alone")
        ck_cross_entropy(
            targets.count, logits.width, logits.value, targets.tokens, targets.weights, nil, nil, logits.gradient)
    }
}

extension Tape {
    /// The cross-entropy of the logits `[targets.capacity, vocabulary]`, of which the first `targets.count` rows count.
    public func crossEntropy(_ logits: Tensor, _ targets: TargetTable) -> CrossEntropy {
        precondition(logits.rows == targets.capacity, "one row of logits for each target")
        let operation = CrossEntropy(logits: logits, targets: targets)
        record(operation)
        return operation
    }
}
