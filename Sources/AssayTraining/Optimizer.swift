import AssayTensor
import CKernels

/// What AdamW does with a gradient, but for the learning rate.
public struct OptimizerSettings: Sendable, Hashable, Codable {
    /// Decoupled weight decay of matrices.
    public var weightDecay: Double
    /// Decay of the mean of gradients.
    public var beta1: Double
    /// Decay of the mean of squared gradients.
    public var beta2: Double
    /// Added to the root of the mean square.
    public var epsilon: Double
    /// Largest global norm of the gradient; longer ones are scaled down to it. 0: no clipping.
    public var gradientClip: Double

    /// Settings.
    public init(weightDecay: Double, beta1: Double, beta2: Double, epsilon: Double, gradientClip: Double) {
        self.weightDecay = weightDecay
        self.beta1 = beta1
        self.beta2 = beta2
        self.epsilon = epsilon
        self.gradientClip = gradientClip
    }
}

/// Weights on their way: gradients of micro-batches, their sum in a fixed order, clipping, AdamW.
///
/// Which worker takes which micro-batch depends on the moment; the results do not, because every group of micro-batches
/// has a block of gradients of its own and the blocks are summed in order. Supervised and reinforcement learning share
/// it, so that they take the same step for the same gradient, bit for bit.
public final class Optimizer {
    /// The weights after the last step.
    public let weights: FloatBlock
    /// Running mean of the gradients.
    public let firstMoment: FloatBlock
    /// Running mean of the squared gradients.
    public let secondMoment: FloatBlock

    private let settings: OptimizerSettings
    private let pool: WorkerPool
    private let microBatches: Int
    /// One block for each group; the first becomes the sum.
    private let gradients: [FloatBlock]
    private let chunks: UpdateChunks
    private let squares: UnsafeMutableBufferPointer<Double>

    /// Most blocks of gradients, and floats that they may take together (beyond that, fewer blocks).
    private static let blockLimit = 16
    private static let floatLimit = 48 << 20

    /// An optimiser at step 0.
    /// - Parameters:
    ///   - weights: where it begins; changed in place.
    ///   - layout: where the parameters lie in them.
    ///   - microBatches: micro-batches of every step.
    ///   - pool: who computes.
    public init(
        weights: FloatBlock, layout: ParameterLayout, settings: OptimizerSettings, microBatches: Int, pool: WorkerPool
    ) {
        precondition(weights.count == layout.count && microBatches > 0, "an optimiser of nothing")
        self.weights = weights
        self.settings = settings
        self.pool = pool
        self.microBatches = microBatches
        firstMoment = FloatBlock(count: layout.count)
        secondMoment = FloatBlock(count: layout.count)
        chunks = UpdateChunks(layout)
        // A function of the plan alone, never of the machine: it decides the order of the sum.
        let affordable = min(max(Optimizer.floatLimit / max(layout.count, 1), 4), Optimizer.blockLimit)
        gradients = (0..<min(microBatches, affordable)).map { _ in FloatBlock(count: layout.count) }
        squares = .allocate(capacity: chunks.segments.count)
        squares.initialize(repeating: 0)
    }

    deinit { squares.deallocate() }

    /// Computes the gradient of a step without applying it.
    /// - Parameter add: adds the gradient of a micro-batch to a block; called once for each, by several workers at a time.
    /// - Returns: the global norm of the gradient before clipping.
    public func computeGradient(
        _ add: (_ microBatch: Int, _ worker: Int, _ gradients: FloatBlock) -> Void
    ) -> Double {
        let groups = gradients.count
        pool.run(groups) { group, worker in
            let block = gradients[group]
            block.buffer.update(repeating: 0)
            for microBatch in group * microBatches / groups..<(group + 1) * microBatches / groups {
                add(microBatch, worker, block)
            }
        }
        pool.run(chunks.items.count) { item, _ in
            for index in chunks.items[item] {
                let segment = chunks.segments[index]
                let sum = gradients[0].pointer + segment.offset
                for block in gradients.dropFirst() {
                    ck_add(segment.count, sum, block.pointer + segment.offset, sum)
                }
                squares[index] = ck_sum_of_squares(segment.count, sum)
            }
        }
        return squares.reduce(0, +).squareRoot()
    }

    /// Applies the gradient that was computed last.
    /// - Parameters:
    ///   - step: the number of the update, from 1.
    ///   - gradientNorm: its norm, as it was returned.
    public func apply(step: Int, learningRate: Double, gradientNorm: Double) {
        let clip = settings.gradientClip
        let scale = clip > 0 && gradientNorm > clip ? clip / gradientNorm : 1
        let correction1 = Float(1 - power(settings.beta1, step))
        let correction2 = Float(1 - power(settings.beta2, step))
        pool.run(chunks.items.count) { item, _ in
            for index in chunks.items[item] {
                let segment = chunks.segments[index]
                ck_adamw(
                    segment.count, weights.pointer + segment.offset, gradients[0].pointer + segment.offset,
                    firstMoment.pointer + segment.offset, secondMoment.pointer + segment.offset,
                    Float(learningRate), Float(settings.beta1), Float(settings.beta2), Float(settings.epsilon),
                    segment.decays ? Float(settings.weightDecay) : 0, correction1, correction2, Float(scale))
            }
        }
    }

    /// The gradient that was computed last, before clipping.
    public var gradient: FloatBlock { gradients[0] }

    /// Whether every weight is a number.
    public var weightsAreFinite: Bool { weights.buffer.allSatisfy { $0.isFinite } }

    /// A whole power by squaring: the same on every machine, which a library's `pow` need not be.
    private func power(_ base: Double, _ exponent: Int) -> Double {
        var result = 1.0
        var square = base
        var rest = exponent
        while rest > 0 {
            if rest & 1 == 1 { result *= square }
            square *= square
            rest >>= 1
        }
        return result
    }
}
