import AssayCore
import AssayModels
import AssayTasks
import AssayTensor

/// The rollouts of a step with what their updates need, cut into micro-batches of rollouts of about one length.
struct RolloutBatch {
    /// The rollouts of a micro-batch, and how long they are made by padding.
    struct MicroBatch {
        let rollouts: [Int]
        let time: Int
    }

    let trajectories: [Trajectory]
    let advantages: [Double]
    let microBatches: [MicroBatch]
    /// What a token of each rollout counts.
    let weights: [Double]
    /// The log-probabilities before the first update, by rollout; empty until it is done.
    var old: [[Double]] = []
    /// Those under the reference policy, by rollout; empty where it does not count.
    var reference: [[Double]] = []

    /// Lengths are rounded up to a multiple of this, so that few runs are recorded.
    private static let lengthStep = 16

    init(_ trajectories: [Trajectory], advantages: [Double], recipe: ReinforcementRecipe) {
        self.trajectories = trajectories
        self.advantages = advantages
        let size = recipe.rolloutsPerMicroBatch
        let order = trajectories.indices.sorted {
            (trajectories[$0].tokens.count, $0) < (trajectories[$1].tokens.count, $1)
        }
        microBatches = stride(from: 0, to: order.count, by: size).map { start in
            let rollouts = Array(order[start..<min(start + size, order.count)])
            // The last token is predicted, but never read.
            let longest = rollouts.map { trajectories[$0].tokens.count - 1 }.max() ?? 1
            let steps = max(longest + RolloutBatch.lengthStep - 1, RolloutBatch.lengthStep) / RolloutBatch.lengthStep
            return MicroBatch(rollouts: rollouts, time: steps * RolloutBatch.lengthStep)
        }
        weights = trajectories.map { trajectory in
            let share = 1 / Double(trajectories.count)
            return recipe.algorithm == .grpo ? share / Double(max(trajectory.actions.count, 1)) : share
        }
    }

    /// The tokens of a micro-batch that are read, padded to its shape.
    func tokens(_ microBatch: MicroBatch, rows: Int) -> [Int32] {
        var tokens: [Int32] = []
        tokens.reserveCapacity(rows * microBatch.time)
        for rollout in microBatch.rollouts {
            let read = trajectories[rollout].tokens.dropLast()
            tokens += read
            tokens += repeatElement(Vocabulary.padding, count: microBatch.time - read.count)
        }
        return tokens + repeatElement(Vocabulary.padding, count: rows * microBatch.time - tokens.count)
    }

    /// The sampled tokens of a micro-batch as targets.
    func targets(_ microBatch: MicroBatch) -> [Target] {
        microBatch.rollouts.enumerated().flatMap { row, rollout in
            trajectories[rollout].actions.map {
                Target(
                    row: Int32(row * microBatch.time + $0 - 1), token: trajectories[rollout].tokens[$0], weight: 1)
            }
        }
    }

    /// What the loss knows of them.
    func actions(_ microBatch: MicroBatch) -> [PolicyAction] {
        microBatch.rollouts.flatMap { rollout in
            trajectories[rollout].actions.indices.map { i in
                PolicyAction(
                    advantage: advantages[rollout], weight: weights[rollout],
                    rollout: trajectories[rollout].logProbabilities[i], old: old.isEmpty ? nil : old[rollout][i],
                    reference: reference.isEmpty ? nil : reference[rollout][i])
            }
        }
    }

    /// Figures of the targets of a micro-batch, by rollout.
    func split(_ values: [Double], _ microBatch: MicroBatch) -> [(rollout: Int, values: [Double])] {
        var start = 0
        return microBatch.rollouts.map { rollout in
            let count = trajectories[rollout].actions.count
            defer { start += count }
            return (rollout, Array(values[start..<start + count]))
        }
    }
}
