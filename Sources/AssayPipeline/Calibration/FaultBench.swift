import AssayCore
import AssayEvaluation
import AssayMetrics
import AssayModels
import AssayStore
import AssayTasks
import AssayTensor
import Foundation

/// A recorded model with its tasks, ready to be run again under other conditions.
struct FaultBench {
    /// A task as its cells were evaluated.
    struct Task {
        let record: TaskRecord
        let generator: any TaskGenerator
        let clusters: Int
    }

    let subject: CalibrationSubject
    let model: LanguageModel
    let evaluator: CellEvaluator
    /// By the names that the batch uses.
    let tasks: [String: Task]

    /// - Parameter weights: other weights of the same architecture; nil for those of the last checkpoint.
    init(_ subject: CalibrationSubject, _ runner: CalibrationRunner, weights other: FloatBlock? = nil) throws {
        guard let last = subject.checkpoints.last else {
            throw AssayError(.defect, "arm '\(subject.arm)' has no checkpoint")
        }
        self.subject = subject
        model = try CellReader.model(ofRun: last.run, in: runner.store)
        let weights = try other ?? FaultBench.weights(last)
        evaluator = CellEvaluator(model: model, weights: weights, workers: runner.workers)
        var tasks: [String: Task] = [:]
        for cell in try runner.reader.covers(of: last.hash) {
            guard let name = runner.reader.taskNames[cell.key.task], let record = try runner.store.task(cell.key.task),
                record.stream == BatchPlan.evaluationStream.name, tasks[name] == nil
            else { continue }
            tasks[name] = Task(
                record: record, generator: try TaskRegistry.make(record.generator, parameters: record.parameters),
                clusters: cell.key.clusters)
        }
        self.tasks = tasks
    }

    private static func weights(_ checkpoint: CheckpointRecord) throws -> FloatBlock {
        let url = URL(fileURLWithPath: checkpoint.path, isDirectory: true)
        guard FileManager.default.fileExists(atPath: url.path) else {
            throw AssayError.badInput(
                "the checkpoint of \(checkpoint.arm) at step \(checkpoint.step) is gone, so that nothing can be planted in it",
                at: url.path, remedy: "Run the batch again: it is trained anew")
        }
        let stored = try CheckpointFolder.read(url)
        guard stored.contentHash == checkpoint.hash else {
            throw AssayError.badInput("the checkpoint holds other weights than those that were recorded", at: url.path)
        }
        return stored.weights
    }

    /// The recorded cells of the sound model, and the same run again under other conditions. The damaged ones keep the sound
    /// ones' names, so that both are compared as any two checkpoints are.
    /// - Parameter condition: of a cell; nil for one that is left out.
    func sides(_ condition: (CellData) throws -> Condition?) throws -> (sound: [CellData], damaged: [CellData]) {
        var sides: (sound: [CellData], damaged: [CellData]) = ([], [])
        for cell in subject.last {
            guard let task = tasks[cell.task], let condition = try condition(cell) else { continue }
            var damaged = cell
            damaged.items = try evaluator.evaluate(
                task: task.generator, stream: BatchPlan.evaluationStream, clusters: task.clusters,
                condition: condition
            ).scored
            sides.sound.append(cell)
            sides.damaged.append(damaged)
        }
        return sides
    }
}
