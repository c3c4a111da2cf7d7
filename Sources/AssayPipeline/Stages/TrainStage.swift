import AssayCore
import AssayStore
import AssayTraining
import Foundation

extension BatchRunner {
    /// Trains every arm with every seed, as far as it is not recorded already.
    func trainArms() throws {
        let runs = plan.arms.flatMap { arm in arm.trainings.map { (arm: arm.name, training: $0) } }
        var due: [Int] = []
        // Arms that are trained alike share a run.
        var seen: Set<ContentHash> = []
        for (index, run) in runs.enumerated() {
            try stopIfAsked()
            let isRecorded = try isRecorded(run.training, of: run.arm)
            if seen.insert(run.training.identity).inserted, !isRecorded {
                due.append(index)
            } else {
                work.trainedBefore += 1
            }
        }
        let start = Date()
        defer { work.trainingSeconds -= start.timeIntervalSinceNow }
        let lanes = TrainingLanes(
            due.map { index in
                let (arm, training) = runs[index]
                return .init(plan: training, folder: folder(ofRun: training.identity, arm: arm))
            }, workers: workers)
        try lanes.train(
            progress: { state in
                let (arm, training) = runs[due[state.run]]
                progress(
                    StageProgress(
                        title: "train \(arm), seed \(training.seed) (\(due[state.run] + 1)/\(runs.count)"
                            + (state.beside > 0 ? ", \(state.beside) beside it)" : ")"),
                        fraction: Double(state.training.last.step) / Double(state.training.steps),
                        detail: "step \(state.training.last.step)/\(state.training.steps)"
                            + "  loss \(Self.figure(state.training.last.loss))"
                            + "  \(Int(state.tokensPerSecond / 1000))k tokens/s",
                        secondsLeft: state.training.secondsLeft))
            }, shouldStop: shouldStop,
            handOver: { index, outcome in
                let (arm, training) = runs[due[index]]
                work.trained += 1
                try record(outcome, of: training.identity, arm: arm, seed: training.seed)
            })
        try store.record(
            runs.map { BatchArmRecord(arm: $0.arm, seed: $0.training.seed, run: $0.training.identity) },
            of: plan.identity)
    }

    /// Records that there is a run, and whether all is there that training it would leave behind.
    private func isRecorded(_ training: TrainingPlan, of arm: String) throws -> Bool {
        let run = training.identity
        try store.record(
            RunRecord(
                identity: run, arm: arm, architecture: try CanonicalJSON.text(training.architecture),
                recipe: try CanonicalJSON.text(training.recipe), seed: training.seed))
        guard let recorded = try store.run(run), recorded.status != .running else { return false }
        return try !needsFiles(of: training)
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
