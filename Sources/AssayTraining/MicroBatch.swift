import AssayCore
import AssayModels
import AssayTasks

/// Which sequences each micro-batch of each step holds: a pure function of mixture, seed, step and micro-batch.
struct MicroBatchSchedule: Sendable {
    private let tasks: [any TaskGenerator]
    private let cumulative: [Double]
    private let key: UInt64
    private let stream: ItemStream
    private let microBatchesPerStep: Int
    private let sequences: Int

    init(_ plan: TrainingPlan) {
        let entries = plan.recipe.mixture
        tasks = entries.compactMap { plan.tasks[$0.task] }
        var sum = 0.0
        cumulative = entries.map {
            sum += $0.weight
            return sum
        }
        // Neither architecture nor recipe is part of the key: arms of one seed see the same data.
        key = ContentHash(of: "mixture/\(plan.seed)").leadingBits
        stream = .training(seed: plan.seed)
        microBatchesPerStep = plan.recipe.microBatchesPerStep
        sequences = plan.recipe.sequencesPerMicroBatch
    }

    /// The task of a micro-batch of a step (from 1).
    func task(step: Int, microBatch: Int) -> any TaskGenerator {
        var random = CounterRandom(key: key, index: UInt64((step - 1) * microBatchesPerStep + microBatch))
        let point = random.unit() * (cumulative.last ?? 0)
        return tasks[cumulative.firstIndex { point < $0 } ?? tasks.count - 1]
    }

    /// Makes the sequences of a micro-batch and lays them out for a run of its shape.
    func fill(_ buffer: inout MicroBatchBuffer, task: any TaskGenerator, step: Int, microBatch: Int) {
        buffer.clear()
        let first = ((step - 1) * microBatchesPerStep + microBatch) * sequences
        for i in 0..<sequences { buffer.append(task.trainingSequence(stream, index: first + i), length: task.length) }
        // The loss of a step is the mean over its micro-batches of the mean over their target tokens.
        let weight = 1 / Float(max(buffer.targets.count, 1) * microBatchesPerStep)
        for i in buffer.targets.indices { buffer.targets[i].weight = weight }
    }
}

/// A worker's memory for one micro-batch, used again and again.
struct MicroBatchBuffer {
    /// `[sequences, length]`.
    private(set) var tokens: [Int32] = []
    /// The answer tokens of all questions.
    fileprivate(set) var targets: [Target] = []

    mutating func clear() {
        tokens.removeAll(keepingCapacity: true)
        targets.removeAll(keepingCapacity: true)
    }

    mutating func append(_ sequence: TaskSequence, length: Int) {
        precondition(sequence.tokens.count == length, "a task made a sequence of another length than it says")
        let base = tokens.count
        tokens.append(contentsOf: sequence.tokens)
        for question in sequence.questions {
            for position in question.answer {
                targets.append(
                    Target(row: Int32(base + position - 1), token: sequence.gold(question, at: position), weight: 0))
            }
        }
    }
}
