import AssayModels
import AssayTasks
import AssayTensor
import CKernels

/// Does optimiser steps: gradients of micro-batches by workers, their sum in a fixed order, clipping, AdamW.
///
/// Which worker takes which micro-batch depends on the moment; the results do not, because every group of micro-batches
/// has a block of gradients of its own and the blocks are summed in order.
final class StepEngine {
    /// The weights after the last step.
    let weights: FloatBlock
    /// Running mean of the gradients.
    let firstMoment: FloatBlock
    /// Running mean of the squared gradients.
    let secondMoment: FloatBlock

    private let recipe: Recipe
    private let pool: WorkerPool
    private let schedule: MicroBatchSchedule
    private let rates: LearningRateSchedule
    private let workers: [Worker]
    /// One block for each group; the first becomes the sum.
    private let gradients: [FloatBlock]
    private let chunks: UpdateChunks
    private let losses: UnsafeMutableBufferPointer<Double>
    private let positions: UnsafeMutableBufferPointer<Int>
    private let squares: UnsafeMutableBufferPointer<Double>

    /// Most blocks of gradients, and floats that they may take together (beyond that, fewer blocks).
    private static let blockLimit = 16
    private static let floatLimit = 48 << 20

    init(plan: TrainingPlan, model: LanguageModel, pool: WorkerPool) {
        recipe = plan.recipe
        self.pool = pool
        schedule = MicroBatchSchedule(plan)
        rates = LearningRateSchedule(plan.recipe)
        weights = model.initialWeights(seed: plan.seed)
        firstMoment = FloatBlock(count: model.layout.count)
        secondMoment = FloatBlock(count: model.layout.count)
        chunks = UpdateChunks(model.layout)
        let sequences = plan.recipe.sequencesPerMicroBatch
        workers = (0..<pool.workers).map { _ in Worker(model: model, sequences: sequences) }
        let microBatches = plan.recipe.microBatchesPerStep
        // A function of the plan alone, never of the machine: it decides the order of the sum.
        let affordable = min(max(StepEngine.floatLimit / max(model.layout.count, 1), 4), StepEngine.blockLimit)
        gradients = (0..<min(microBatches, affordable)).map { _ in FloatBlock(count: model.layout.count) }
        losses = .allocate(capacity: microBatches)
        losses.initialize(repeating: 0)
        positions = .allocate(capacity: microBatches)
        positions.initialize(repeating: 0)
        squares = .allocate(capacity: chunks.segments.count)
        squares.initialize(repeating: 0)
    }

    deinit {
        losses.deallocate()
        positions.deallocate()
        squares.deallocate()
    }

    /// Computes the gradient of a step (from 1) without applying it.
    /// - Parameter tokens: positions trained on before it.
    func computeGradient(step: Int, tokens: Int) -> TrainingStep {
        let microBatches = losses.count
        let groups = gradients.count
        pool.run(groups) { group, worker in
            let block = gradients[group]
            block.buffer.update(repeating: 0)
            for microBatch in group * microBatches / groups..<(group + 1) * microBatches / groups {
                let task = schedule.task(step: step, microBatch: microBatch)
                schedule.fill(&workers[worker].buffer, task: task, step: step, microBatch: microBatch)
                losses[microBatch] = workers[worker].run(
                    step: step, length: task.length, weights: weights, gradients: block)
                positions[microBatch] = workers[worker].buffer.tokens.count
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
        return TrainingStep(
            step: step, loss: losses.reduce(0, +), gradientNorm: squares.reduce(0, +).squareRoot(),
            learningRate: rates.rate(step: step), tokens: positions.reduce(tokens, +))
    }

    /// Applies the gradient that was computed last.
    func apply(_ record: TrainingStep) {
        let clip = recipe.gradientClip
        let scale = clip > 0 && record.gradientNorm > clip ? clip / record.gradientNorm : 1
        let correction1 = Float(1 - power(recipe.beta1, record.step))
        let correction2 = Float(1 - power(recipe.beta2, record.step))
        pool.run(chunks.items.count) { item, _ in
            for index in chunks.items[item] {
                let segment = chunks.segments[index]
                ck_adamw(
                    segment.count, weights.pointer + segment.offset, gradients[0].pointer + segment.offset,
                    firstMoment.pointer + segment.offset, secondMoment.pointer + segment.offset,
                    Float(record.learningRate), Float(recipe.beta1), Float(recipe.beta2), Float(recipe.epsilon),
                    segment.decays ? Float(recipe.weightDecay) : 0, correction1, correction2, Float(scale))
            }
        }
    }

    /// The gradient that was computed last, before clipping.
    var gradient: FloatBlock { gradients[0] }

    /// Whether every weight is a number.
    var weightsAreFinite: Bool { weights.buffer.allSatisfy { $0.isFinite } }

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
