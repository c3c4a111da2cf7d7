import AssayCore
import AssayEndpoints
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
        let cells = checkpoints.reduce(0) { $0 + self.cells(of: $1, portions).count }
        work.evaluatedBefore += max(0, cells - (work.evaluated - evaluated))
        work.evaluationSeconds -= start.timeIntervalSinceNow
    }

    /// Evaluates the first clusters of some tasks under all of their conditions, as far as they are not recorded already.
    /// - Parameter title: what is said of them beside the checkpoint.
    func evaluate(_ checkpoints: [PlannedCheckpoint], _ portions: [TaskPortion], title: String? = nil) throws {
        let cells = checkpoints.map { self.cells(of: $0, portions) }
        let total = max(1, cells.reduce(0) { $0 + $1.count })
        var done = 0
        for (checkpoint, cells) in zip(checkpoints, cells) {
            let open = try openCells(cells)
            done += cells.count - open.count
            guard !open.isEmpty else { continue }
            if let served = checkpoint.arm.served {
                try evaluate(served, of: checkpoint.arm, open) { task, answered, planned in
                    progress(
                        StageProgress(
                            title: "ask \(checkpoint.arm.name)", fraction: Double(done) / Double(total),
                            detail: "\(task.name), \(answered) of \(planned) items"))
                }
                done += open.count
                continue
            }
            guard let opened = try openUnlessDamaged(checkpoint) else { continue }
            let evaluators = Evaluators(opened, workers: workers)
            for (task, key) in open {
                try stopIfAsked()
                progress(
                    StageProgress(
                        title: "evaluate \(checkpoint.arm.name)@\(checkpoint.record.step), seed "
                            + "\(checkpoint.record.seed)" + (title.map { ", \($0)" } ?? ""),
                        fraction: Double(done) / Double(total), detail: "\(task.name), \(key.condition.name)"))
                let result = try evaluate(task, key, by: evaluators)
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

    /// Opens a checkpoint. One that was loaded and cannot be read does not stop the others: it is told, and nothing of it is
    /// evaluated.
    private func openUnlessDamaged(_ checkpoint: PlannedCheckpoint) throws -> OpenCheckpoint? {
        do {
            return try open(checkpoint)
        } catch let error as AssayError where checkpoint.found != nil {
            work.leftOut += 1
            notice("\(checkpoint.arm.name)@\(checkpoint.record.step) is not evaluated: \(error)")
            return nil
        }
    }

    /// What scores the symbols and the texts of a checkpoint.
    private struct Evaluators {
        let symbols: CellEvaluator
        let texts: TextEvaluator?

        init(_ opened: OpenCheckpoint, workers: Int) {
            symbols = CellEvaluator(model: opened.model, weights: opened.weights, workers: workers)
            texts = opened.tokenizer.map {
                TextEvaluator(model: opened.model, weights: opened.weights, tokenizer: $0, workers: workers)
            }
        }
    }

    /// Scores a cell; a stop in the middle of it leaves nothing behind.
    private func evaluate(_ task: TaskPlan, _ key: CellKey, by evaluators: Evaluators) throws -> CellResult {
        do {
            guard let text = task.text else {
                return try evaluators.symbols.evaluate(
                    task: task.generator, stream: BatchPlan.evaluationStream, from: key.firstCluster,
                    clusters: key.clusters, condition: key.condition, shouldStop: shouldStop)
            }
            guard let evaluator = evaluators.texts else {
                throw AssayError(.defect, "a text for a model without a tokenizer")
            }
            let (result, prefixes) = try evaluator.evaluate(
                text, stream: BatchPlan.evaluationStream, clusters: key.clusters, condition: key.condition,
                shouldStop: shouldStop)
            work.prefixes += prefixes
            return result
        } catch is CancellationError { throw Interrupted() }
    }

    /// A checkpoint with the arm of the plan that it belongs to.
    struct PlannedCheckpoint {
        let arm: ArmPlan
        let record: CheckpointRecord
        /// What was found of it in this run, where the arm is loaded and the files are still there.
        var found: FoundCheckpoint?
    }

    /// The recorded checkpoints of the plan's runs, in the order of the plan.
    func plannedCheckpoints() throws -> [PlannedCheckpoint] {
        var found: [PlannedCheckpoint] = []
        for arm in plan.arms {
            let recorded = try store.checkpoints(CheckpointSelector(arm: arm.name, batch: plan.identity))
            for run in arm.runs {
                let files = arm.loaded?.runs.first { $0.identity == run }?.found ?? []
                found += recorded.filter { $0.run == run }.map { record in
                    PlannedCheckpoint(
                        arm: arm, record: record,
                        found: files.first { $0.step == record.step && $0.url.path == record.path })
                }
            }
        }
        return found
    }

    /// Whether a task means something for a checkpoint. Of loaded ones whose files are gone, only what is recorded is left.
    private func suits(_ checkpoint: PlannedCheckpoint, _ task: TaskPlan) -> Bool {
        switch checkpoint.arm.source {
        case .trained: task.isSymbolic
        case .loaded: checkpoint.found.map(task.suits) ?? false
        case .served: task.isServable
        }
    }

    /// The cells of a checkpoint.
    private func cells(
        of checkpoint: PlannedCheckpoint, _ portions: [TaskPortion]
    ) -> [(task: TaskPlan, key: CellKey)] {
        portions.filter { suits(checkpoint, $0.task) }.flatMap { portion in
            portion.task.conditions.filter { checkpoint.arm.served == nil || $0 == .recurrent }.map {
                condition -> (task: TaskPlan, key: CellKey) in
                var key = cellKey(checkpoint.record.hash, portion, condition)
                if checkpoint.arm.served != nil {
                    key.kernelVersion = ServedArm.kernelVersion
                    key.graderVersion = ServedEvaluator.graderVersion
                }
                return (portion.task, key)
            }
        }
    }

    /// What decides a cell of the first clusters of a task.
    func cellKey(_ checkpoint: ContentHash, _ portion: TaskPortion, _ condition: Condition) -> CellKey {
        CellKey(
            checkpoint: checkpoint, task: portion.task.identity, condition: condition,
            kernelVersion: Assay.kernelVersion, graderVersion: portion.task.graderVersion(condition),
            clusters: portion.clusters)
    }

    /// What is not recorded yet: whole cells, or, of symbols, what is missing behind the clusters that are there.
    private func openCells(_ cells: [(task: TaskPlan, key: CellKey)]) throws -> [(task: TaskPlan, key: CellKey)] {
        try cells.compactMap { task, key in
            let there = try store.coveredClusters(key)
            guard there < key.clusters else { return nil }
            var key = key
            if task.text == nil { key.firstCluster = there }
            return (task, key)
        }
    }

    /// The weights of a checkpoint that was trained here, held against the hash that was recorded.
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
