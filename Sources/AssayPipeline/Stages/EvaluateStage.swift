import AssayCore
import AssayEvaluation
import AssayModels
import AssayStore
import AssayTensor
import Foundation

extension BatchRunner {
    /// Evaluates every checkpoint on every task under every condition, as far as it is not recorded already.
    func evaluateCheckpoints() throws {
        let checkpoints = try plannedCheckpoints()
        let total = max(1, checkpoints.count * plan.tasks.reduce(0) { $0 + $1.conditions.count })
        var done = 0
        let start = Date()
        for checkpoint in checkpoints {
            let open = try openCells(of: checkpoint.record)
            let recorded = plan.tasks.reduce(0) { $0 + $1.conditions.count } - open.count
            work.evaluatedBefore += recorded
            done += recorded
            guard !open.isEmpty else { continue }
            let weights = try load(checkpoint)
            let evaluator = CellEvaluator(model: checkpoint.arm.model, weights: weights, workers: workers)
            for (task, key) in open {
                try stopIfAsked()
                progress(
                    StageProgress(
                        title:
                            "evaluate \(checkpoint.arm.name)@\(checkpoint.record.step), seed \(checkpoint.record.seed)",
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
        work.evaluationSeconds -= start.timeIntervalSinceNow
    }

    /// Scores a cell; a stop in the middle of it leaves nothing behind.
    private func evaluate(_ task: TaskPlan, _ key: CellKey, by evaluator: CellEvaluator) throws -> CellResult {
        do {
            return try evaluator.evaluate(
                task: task.generator, stream: BatchPlan.evaluationStream, clusters: task.clusters,
                condition: key.condition, shouldStop: shouldStop)
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

    /// What decides a cell.
    func cellKey(_ checkpoint: ContentHash, _ task: TaskPlan, _ condition: Condition) -> CellKey {
        CellKey(
            checkpoint: checkpoint, task: task.identity, condition: condition, kernelVersion: Assay.kernelVersion,
            graderVersion: CellEvaluator.graderVersion(condition), clusters: task.clusters)
    }

    private func openCells(of checkpoint: CheckpointRecord) throws -> [(TaskPlan, CellKey)] {
        try plan.tasks.flatMap { task in
            try task.conditions.map { cellKey(checkpoint.hash, task, $0) }
                .filter { try !store.hasCell($0) }
                .map { (task, $0) }
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
