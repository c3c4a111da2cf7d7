import AssayModels
import AssayTensor
import AssayTraining

/// Updates a policy by its rollouts through the parallel form, with the optimiser of supervised training.
public final class PolicyUpdater {
    /// The weights with their moments.
    public let optimizer: Optimizer

    private let recipe: ReinforcementRecipe
    private let pool: WorkerPool
    private let workers: [UpdateWorker]

    /// What an update did.
    struct Outcome {
        /// The loss before the update.
        var loss: Double
        /// Global norm of the gradient before clipping.
        var gradientNorm: Double
        /// Tokens whose ratio was clipped.
        var clipped: Int
        /// Log-probabilities before the update, by rollout.
        var logProbabilities: [[Double]]
    }

    /// An updater of weights.
    /// - Parameters:
    ///   - weights: where it begins; changed in place.
    ///   - reference: the policy from which divergence counts; not changed.
    public init(
        model: LanguageModel, weights: FloatBlock, reference: FloatBlock, recipe: ReinforcementRecipe, pool: WorkerPool
    ) {
        self.recipe = recipe
        self.pool = pool
        workers = (0..<pool.workers).map { _ in UpdateWorker(model: model, reference: reference, recipe: recipe) }
        optimizer = Optimizer(
            weights: weights, layout: model.layout, settings: recipe.optimizer,
            microBatches: recipe.microBatchesPerUpdate, pool: pool)
    }

    /// Computes the gradient of an update without applying it, and fills in what later updates need of the batch.
    /// - Parameter update: its number, from 1.
    func computeGradient(_ batch: inout RolloutBatch, update: Int) -> Outcome {
        var losses = [Double](repeating: 0, count: batch.microBatches.count)
        var clipped = [Int](repeating: 0, count: batch.microBatches.count)
        var current = batch.trajectories.map { _ in [Double]() }
        if batch.reference.isEmpty, recipe.divergenceWeight > 0 { batch.reference = referenceLogProbabilities(batch) }
        let norm = losses.withUnsafeMutableBufferPointer { losses in
            clipped.withUnsafeMutableBufferPointer { clipped in
                current.withUnsafeMutableBufferPointer { current in
                    optimizer.computeGradient { [batch] index, worker, gradients in
                        let microBatch = batch.microBatches[index]
                        let result = workers[worker].run(
                            batch, microBatch, update: update, weights: optimizer.weights, gradients: gradients)
                        losses[index] = result.loss
                        clipped[index] = result.clipped
                        for part in batch.split(result.logProbabilities, microBatch) {
                            current[part.rollout] = part.values
                        }
                    }
                }
            }
        }
        if batch.old.isEmpty { batch.old = current }
        return Outcome(
            loss: losses.reduce(0, +), gradientNorm: norm, clipped: clipped.reduce(0, +), logProbabilities: current)
    }

    private func referenceLogProbabilities(_ batch: RolloutBatch) -> [[Double]] {
        var result = batch.trajectories.map { _ in [Double]() }
        result.withUnsafeMutableBufferPointer { result in
            pool.run(batch.microBatches.count) { index, worker in
                let microBatch = batch.microBatches[index]
                let values = workers[worker].referenceLogProbabilities(batch, microBatch)
                for part in batch.split(values, microBatch) { result[part.rollout] = part.values }
            }
        }
        return result
    }
}

/// What one worker keeps from update to update: recorded runs for every length.
private final class UpdateWorker {
    private let model: LanguageModel
    private let reference: FloatBlock
    private let recipe: ReinforcementRecipe
    private var runs: [Int: (run: SequenceRun, update: Int)] = [:]
    private var referenceRuns: [Int: SequenceRun] = [:]

    init(model: LanguageModel, reference: FloatBlock, recipe: ReinforcementRecipe) {
        self.model = model
        self.reference = reference
        self.recipe = recipe
    }

    /// Forward and backward over a micro-batch.
    func run(
        _ batch: RolloutBatch, _ microBatch: RolloutBatch.MicroBatch, update: Int, weights: FloatBlock,
        gradients: FloatBlock
    ) -> (loss: Double, clipped: Int, logProbabilities: [Double]) {
        let targets = batch.targets(microBatch)
        guard !targets.isEmpty else { return (0, 0, []) }
        let known = runs[microBatch.time]
        let run = known?.run ?? makeRun(time: microBatch.time, training: true)
        if known?.update == update {
            run.bind(gradients: gradients)
        } else {
            run.bind(weights: weights, gradients: gradients)
            runs[microBatch.time] = (run, update)
        }
        let actions = batch.actions(microBatch)
        load(batch, microBatch, targets, into: run)
        run.load(actions: actions)
        let loss = run.forward()
        // Without an advantage there is no gradient to compute.
        if recipe.divergenceWeight > 0 || actions.contains(where: { $0.advantage != 0 }) { run.backward() }
        return (loss, run.clippedCount, run.negativeLogLikelihoods.map { -Double($0) })
    }

    /// The log-probabilities of a micro-batch under the reference policy.
    func referenceLogProbabilities(_ batch: RolloutBatch, _ microBatch: RolloutBatch.MicroBatch) -> [Double] {
        let targets = batch.targets(microBatch)
        guard !targets.isEmpty else { return [] }
        let run: SequenceRun
        if let known = referenceRuns[microBatch.time] {
            run = known
        } else {
            run = makeRun(time: microBatch.time, training: false)
            run.bind(weights: reference, gradients: nil)
            referenceRuns[microBatch.time] = run
        }
        load(batch, microBatch, targets, into: run)
        run.load(actions: targets.map { _ in PolicyAction(advantage: 0, weight: 0, rollout: 0) })
        run.forward()
        return run.negativeLogLikelihoods.map { -Double($0) }
    }

    private func makeRun(time: Int, training: Bool) -> SequenceRun {
        let rows = recipe.rolloutsPerMicroBatch
        return SequenceRun(
            model: model, batch: rows, time: time, targetCapacity: rows * time, training: training,
            objective: recipe.objective)
    }

    private func load(
        _ batch: RolloutBatch, _ microBatch: RolloutBatch.MicroBatch, _ targets: [Target], into run: SequenceRun
    ) {
        batch.tokens(microBatch, rows: recipe.rolloutsPerMicroBatch).withUnsafeBufferPointer { run.load(tokens: $0) }
        targets.withUnsafeBufferPointer { run.load(targets: $0) }
    }
}
