import AssayModels
import AssayTasks
import AssayTensor

/// Does the steps of supervised training: the likelihood of the answers in micro-batches of a mixture of tasks.
final class StepEngine {
    /// The weights with their moments.
    let optimizer: Optimizer

    private let schedule: MicroBatchSchedule
    private let rates: LearningRateSchedule
    private let workers: [Worker]
    private let losses: UnsafeMutableBufferPointer<Double>
    private let positions: UnsafeMutableBufferPointer<Int>

    init(plan: TrainingPlan, model: LanguageModel, pool: WorkerPool) {
        schedule = MicroBatchSchedule(plan)
        rates = LearningRateSchedule(plan.recipe)
        let sequences = plan.recipe.sequencesPerMicroBatch
        workers = (0..<pool.workers).map { _ in Worker(model: model, sequences: sequences) }
        let microBatches = plan.recipe.microBatchesPerStep
        optimizer = Optimizer(
            weights: model.initialWeights(seed: plan.seed), layout: model.layout, settings: plan.recipe.optimizer,
            microBatches: microBatches, pool: pool)
        losses = .allocate(capacity: microBatches)
        losses.initialize(repeating: 0)
        positions = .allocate(capacity: microBatches)
        positions.initialize(repeating: 0)
    }

    deinit {
        losses.deallocate()
        positions.deallocate()
    }

    /// Computes the gradient of a step (from 1) without applying it.
    /// - Parameter tokens: positions trained on before it.
    func computeGradient(step: Int, tokens: Int) -> TrainingStep {
        let norm = optimizer.computeGradient { microBatch, worker, gradients in
            let task = schedule.task(step: step, microBatch: microBatch)
            schedule.fill(&workers[worker].buffer, task: task, step: step, microBatch: microBatch)
            losses[microBatch] = workers[worker].run(
                step: step, length: task.length, weights: optimizer.weights, gradients: gradients)
            positions[microBatch] = workers[worker].buffer.tokens.count
        }
        return TrainingStep(
            step: step, loss: losses.reduce(0, +), gradientNorm: norm, learningRate: rates.rate(step: step),
            tokens: positions.reduce(tokens, +))
    }

    /// Applies the gradient that was computed last.
    func apply(_ record: TrainingStep) {
        optimizer.apply(step: record.step, learningRate: record.learningRate, gradientNorm: record.gradientNorm)
    }

    /// The weights after the last step.
    var weights: FloatBlock { optimizer.weights }
    /// The gradient that was computed last, before clipping.
    var gradient: FloatBlock { optimizer.gradient }
}

/// What one worker keeps from step to step: a recorded run for every length, and a micro-batch's memory.
private final class Worker {
    var buffer = MicroBatchBuffer()
    private let model: LanguageModel
    private let sequences: Int
    private var runs: [Int: (run: SequenceRun, step: Int)] = [:]

    init(model: LanguageModel, sequences: Int) {
        self.model = model
        self.sequences = sequences
    }

    /// Forward and backward over the micro-batch in the buffer. Returns its share of the step's loss.
    func run(step: Int, length: Int, weights: FloatBlock, gradients: FloatBlock) -> Double {
        guard !buffer.targets.isEmpty else { return 0 }
        let known = runs[length]
        let run =
            known?.run
            ?? SequenceRun(
                model: model, batch: sequences, time: length, targetCapacity: sequences * length, training: true)
        if known?.step == step {
            run.bind(gradients: gradients)
        } else {
            run.bind(weights: weights, gradients: gradients)
            runs[length] = (run, step)
        }
        buffer.tokens.withUnsafeBufferPointer { run.load(tokens: $0) }
        buffer.targets.withUnsafeBufferPointer { run.load(targets: $0) }
        let loss = run.forward()
        run.backward()
        return loss
    }
}
