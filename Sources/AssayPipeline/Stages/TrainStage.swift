import AssayCore
import AssayStore
import AssayTraining
import Foundation

extension BatchRunner {
    /// Trains every arm with every seed, as far as it is not recorded already.
    func trainArms() throws {
        let count = plan.arms.reduce(0) { $0 + $1.trainings.count }
        var index = 0
        var arms: [BatchArmRecord] = []
        for arm in plan.arms {
            for training in arm.trainings {
                try stopIfAsked()
                try train(training, of: arm, number: index + 1, of: count)
                arms.append(BatchArmRecord(arm: arm.name, seed: training.seed, run: training.identity))
                index += 1
            }
        }
        try store.record(arms, of: plan.identity)
    }

    private func train(_ training: TrainingPlan, of arm: ArmPlan, number: Int, of count: Int) throws {
        let run = training.identity
        try store.record(
            RunRecord(
                identity: run, arm: arm.name, architecture: try CanonicalJSON.text(training.architecture),
                recipe: try CanonicalJSON.text(training.recipe), seed: training.seed))
        if let recorded = try store.run(run), recorded.status != .running, try !needsFiles(of: training) {
            work.trainedBefore += 1
            return
        }
        let title = "train \(arm.name), seed \(training.seed) (\(number)/\(count))"
        let start = Date()
        let trainer = try Trainer(plan: training, folder: folder(ofRun: run, arm: arm.name), workers: workers)
        let outcome = try trainer.run(
            progress: { [progress] state in
                progress(
                    StageProgress(
                        title: title, fraction: Double(state.last.step) / Double(state.steps),
                        detail: "step \(state.last.step)/\(state.steps)  loss \(Self.figure(state.last.loss))"
                            + "  \(Int(state.tokensPerSecond / 1000))k tokens/s",
                        secondsLeft: state.secondsLeft))
            }, shouldStop: shouldStop)
        work.trainingSeconds -= start.timeIntervalSinceNow
        work.trained += 1
        try record(outcome, of: run, arm: arm.name, seed: training.seed)
    }

    private func record(_ outcome: TrainingOutcome, of run: ContentHash, arm: String, seed: UInt64) throws {
        for remark in outcome.remarks { notice("\(arm), seed \(seed): \(remark)") }
        for checkpoint in outcome.checkpoints {
            try store.record(
                CheckpointRecord(
                    hash: checkpoint.contentHash, run: run, arm: arm, seed: seed, step: checkpoint.step,
                    path: checkpoint.url.path))
        }
        if case .stopped = outcome.end { throw Interrupted() }
        try store.record(
            outcome.log.map {
                TrainingStepRecord(
                    step: $0.step, loss: $0.loss, gradientNorm: $0.gradientNorm, learningRate: $0.learningRate,
                    tokens: $0.tokens)
            }, ofRun: run)
        switch outcome.end {
        case .finished: try store.set(.finished, ofRun: run)
        case .failed(let step, let reason):
            notice("\(arm), seed \(seed): training was given up at step \(step): \(reason.rawValue)")
            try store.set(.failed(reason: "\(reason.rawValue) at step \(step)"), ofRun: run)
        case .stopped: break
        }
    }

    /// Whether a recorded run must be gone through again because weights that are still to be evaluated are no longer
    /// on disk.
    private func needsFiles(of training: TrainingPlan) throws -> Bool {
        for checkpoint in try store.checkpoints(ofRun: training.identity) {
            guard !FileManager.default.fileExists(atPath: checkpoint.path) else { continue }
            if try servingNeedsFiles() { return true }
            let drawn = try recordedSpending() ?? [:]
            for task in plan.tasks where task.isSymbolic {
                let portion = TaskPortion(task: task, clusters: drawn[task.name] ?? task.clusters)
                for condition in task.conditions
                where try !store.hasCell(cellKey(checkpoint.hash, portion, condition)) { return true }
            }
        }
        return false
    }

    static func figure(_ value: Double) -> String { String(format: "%.3f", value) }
}
