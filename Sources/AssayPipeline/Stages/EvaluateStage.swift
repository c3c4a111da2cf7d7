import AssayCore
import AssayEvaluation
import AssayModels
import AssayStore
import AssayTensor
import Foundation

/// The first clusters of a task.
struct TaskPortion {
    let task: TaskPlan
    let clusters: Int
}

extension BatchRunner {
    /// Evaluates every checkpoint on every task under every condition, as far as it is not recorded already.
    func evaluateCheckpoints() throws {
        let start = Date()
        let checkpoints = try plannedCheckpoints()
        let drawn = try spendItems(checkpoints)
        let evaluated = work.evaluated
        let portions = plan.tasks.map { TaskPortion(task: $0, clusters: drawn[$0.name] ?? $0.clusters) }
        try evaluate(checkpoints, portions)
        let cells = checkpoints.count * plan.tasks.reduce(0) { $0 + $1.conditions.count }
        work.evaluatedBefore += cells - (work.evaluated - evaluated)
        work.evaluationSeconds -= start.timeIntervalSinceNow
    }

    /// Evaluates the first clusters of some tasks under all of their conditions, as far as they are not recorded already.
    /// - Parameter title: what is said of them beside the checkpoint.
    func evaluate(_ checkpoints: [PlannedCheckpoint], _ portions: [TaskPortion], title: String? = nil) throws {
        let total = max(1, checkpoints.count * portions.reduce(0) { $0 + $1.task.conditions.count })
        var done = 0
        for checkpoint in checkpoints {
            let open = try openCells(of: checkpoint.record, portions)
            done += portions.reduce(0) { $0 + $1.task.conditions.count } - open.count
            guard !open.isEmpty else { continue }
            let weights = try load(checkpoint)
            let evaluator = CellEvaluator(model: checkpoint.arm.model, weights: weights, workers: workers)
            for (task, key) in open {
                try stopIfAsked()
                progress(
                    StageProgress(
                        title: "evaluate \(checkpoint.arm.name)@\(checkpoint.record.step), seed "
                            + "\(checkpoint.record.seed)" + (title.map { ", \($0)" } ?? ""),
                        fraction: Double(done) / Double(total), detail: "\(task.name), \(key.condition.name)"))
                let result = try evaluate(task, key, by: evaluator)
                try store.record(
                    CellRecord(
                        key: key, taskName: task.name, itemCount: result.items.count,
                        lost: result.responses.count { $0.status != .graded }, seconds: result.seconds),
                    items: result.items, responses: result.responses)
                work.evaluated += 1
                done += 1
            }
        }
    }

    /// Scores a cell; a stop in the middle of it leaves nothing behind.
    private func evaluate(_ task: TaskPlan, _ key: CellKey, by evaluator: CellEvaluator) throws -> CellResult {
        do {
            return try evaluator.evaluate(
                task: task.generator, stream: BatchPlan.evaluationStream, from: key.firstCluster,
                clusters: key.clusters, condition: key.condition, shouldStop: shouldStop)
        } catch is CancellationError { throw Interrupted() }
    }

    /// A checkpoint with the arm of the plan that it belongs to.
    struct PlannedCheckpoint {
        let arm: ArmPlan
        let record: CheckpointRecord
    }

    /// The recorded checkpoints of the plan's runs, in the order of the plan.
    func plannedCheckpoints() throws -> [PlannedCheckpoint] {
        var found: [PlannedCheckpoint] = []
        for arm in plan.arms {
            let recorded = try store.checkpoints(CheckpointSelector(arm: arm.name, batch: plan.identity))
            for training in arm.trainings {
                found += recorded.filter { $0.run == training.identity }.map { PlannedCheckpoint(arm: arm, record: $0) }
            }
        }
        return found
    }

    /// What decides a cell of the first clusters of a task.
    func cellKey(_ checkpoint: ContentHash, _ portion: TaskPortion, _ condition: Condition) -> CellKey {
        CellKey(
            checkpoint: checkpoint, task: portion.task.identity, condition: condition,
            kernelVersion: Assay.kernelVersion, graderVersion: CellEvaluator.graderVersion(condition),
            clusters: portion.clusters)
    }

    /// What is not recorded yet: whole cells, or what is missing behind the clusters that are there.
    private func openCells(of checkpoint: CheckpointRecord, _ portions: [TaskPortion]) throws -> [(TaskPlan, CellKey)] {
        try portions.flatMap { portion in
            try portion.task.conditions.compactMap { condition in
                var key = cellKey(checkpoint.hash, portion, condition)
                key.firstCluster = try store.coveredClusters(key)
                return key.firstCluster < key.clusters ? (portion.task, key) : nil
            }
        }
    }

    /// The weights of a checkpoint, held against the hash that was recorded.
    func load(_ checkpoint: PlannedCheckpoint) throws -> FloatBlock {
        let stored = try CheckpointFolder.read(URL(fileURLWithPath: checkpoint.record.path, isDirectory: true))
        guard stored.contentHash == checkpoint.record.hash else {
            throw AssayError.badInput(
                "the checkpoint holds other weights than those that were recorded (\(stored.contentHash.short), not"
                    + " \(checkpoint.record.hash.short))", at: checkpoint.record.path,
                remedy: "Delete the folder and run the batch again: it is trained anew")
        }
        return stored.weights
    }
}
