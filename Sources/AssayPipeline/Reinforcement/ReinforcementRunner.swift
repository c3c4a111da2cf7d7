import AssayCore
import AssayModels
import AssayReinforcement
import AssayStore
import AssayTensor
import Foundation

/// Runs a study of reinforcement learning: the supervised checkpoints first, then every arm, seed and precision of rollouts,
/// as far as it is not recorded yet.
public final class ReinforcementRunner {
    /// What is run.
    public let study: ReinforcementStudy
    /// Where results are recorded.
    public let store: Store
    /// Runs that were done, as opposed to those that were recorded already.
    public private(set) var done = 0

    private let batch: BatchRunner
    /// Where the seeds of each arm start: arms that share a supervised training may ask for different starts.
    private var starts: [String: [ContentHash: CheckpointRecord]] = [:]

    /// One run of the study.
    public struct Run: Sendable {
        /// The arm.
        public let arm: ReinforcementStudy.Arm
        /// The seed.
        public let seed: UInt64
        /// How the states of rollouts are kept.
        public let precision: StatePrecision
        /// The plan.
        public let plan: ReinforcementPlan
        /// The record of the checkpoint that it starts from.
        let start: CheckpointRecord
    }

    /// A runner.
    public init(
        study: ReinforcementStudy, store: Store, results: URL, workers: Int,
        progress: @escaping (StageProgress) -> Void, notice: @escaping (String) -> Void,
        shouldStop: @escaping @Sendable () -> Bool
    ) {
        self.study = study
        self.store = store
        batch = BatchRunner(
            plan: study.supervised, store: store, results: results, workers: workers, progress: progress,
            notice: notice, shouldStop: shouldStop)
    }

    /// The folder of the study's files.
    public var reportFolder: URL { batch.reportFolder }

    /// Trains what is not trained yet.
    /// - Throws: ``Interrupted`` when a stop was asked for, ``AssayError`` otherwise.
    public func run(command: String) throws {
        try batch.run(through: .train, command: command)
        let provenance = try store.begin(Machine.provenance(batch: study.supervised.identity, command: command))
        do {
            let runs = try runs()
            for (number, run) in runs.enumerated() where try store.policyRun(run.plan.identity) == nil {
                try batch.stopIfAsked()
                try train(run, title: "\(title(run)) (\(number + 1)/\(runs.count))")
            }
            try store.end(provenance, outcome: "finished")
            try store.checkpointLog()
        } catch {
            try? store.end(provenance, outcome: error is Interrupted ? "stopped" : "\(error)")
            throw error
        }
    }

    /// The runs whose supervised checkpoint is there, in the order of arms, precisions and seeds.
    public func runs() throws -> [Run] {
        let checkpoints = try batch.plannedCheckpoints().map(\.record)
        return try study.arms.flatMap { arm in
            try study.precisions.flatMap { precision in
                try arm.supervised.trainings.compactMap { training -> Run? in
                    let series = checkpoints.filter { $0.run == training.identity }
                    guard let start = try start(of: arm, seed: training.seed, in: series) else { return nil }
                    return Run(
                        arm: arm, seed: training.seed, precision: precision,
                        plan: try ReinforcementPlan(
                            arm: arm.name, start: start.hash, recipe: arm.recipe, precision: precision,
                            seed: training.seed, task: study.task), start: start)
                }
            }
        }
    }

    private func start(
        of arm: ReinforcementStudy.Arm, seed: UInt64, in series: [CheckpointRecord]
    ) throws -> CheckpointRecord? {
        switch arm.start {
        case .step(let step): return series.first { $0.step == step }
        case .success(let bound):
            guard let last = series.last else { return nil }
            if let known = starts[arm.name]?[last.run] { return known }
            let chosen = try series.first { try success($0, recipe: arm.recipe, seed: seed) >= bound } ?? last
            starts[arm.name, default: [:]][last.run] = chosen
            return chosen
        }
    }

    /// The share of episodes that a checkpoint solves, among as many as are held out, and after those.
    private func success(
        _ record: CheckpointRecord, recipe: ReinforcementRecipe, seed: UInt64
    ) throws -> Double {
        let checkpoint = try CheckpointFolder.read(URL(fileURLWithPath: record.path, isDirectory: true))
        let rewards = try collector(checkpoint.model, recipe: recipe, seed: seed).greedyRewards(
            BatchPlan.evaluationStream, study.episodes..<2 * study.episodes, weights: checkpoint.weights)
        return rewards.reduce(0, +) / Double(rewards.count)
    }

    /// Plays held-out episodes, with states of full precision, so that what was learned is told from what it was learned
    /// through.
    private func collector(
        _ model: LanguageModel, recipe: ReinforcementRecipe, seed: UInt64
    ) throws -> RolloutCollector {
        RolloutCollector(
            model: model, source: try EpisodeSource(study.task), recipe: recipe, precision: .float32, seed: seed,
            pool: WorkerPool(workers: batch.workers))
    }

    private func title(_ run: Run) -> String {
        "reinforce \(run.arm.name), seed \(run.seed), \(run.precision.name) rollouts"
    }

    private func train(_ run: Run, title: String) throws {
        let start = try CheckpointFolder.read(URL(fileURLWithPath: run.start.path, isDirectory: true))
        let trainer = try ReinforcementTrainer(
            plan: run.plan, start: start,
            folder: batch.results.appendingPathComponent(
                "checkpoints/\(run.arm.name)-policy-\(run.plan.identity.short)", isDirectory: true),
            workers: batch.workers)
        let steps = Double(run.arm.recipe.steps)
        let outcome = try trainer.run(
            progress: { [batch] step in
                batch.progress(
                    StageProgress(
                        title: title, fraction: step.step / steps,
                        detail: "step \(Int(step.step))/\(Int(steps))  reward \(BatchRunner.figure(step.reward))"
                            + "  entropy \(BatchRunner.figure(step.entropy))",
                        secondsLeft: step.seconds / step.step * (steps - step.step)))
            }, shouldStop: batch.shouldStop)
        for remark in outcome.remarks { batch.notice("\(title): \(remark)") }
        if case .stopped = outcome.end { throw Interrupted() }
        try record(outcome, of: run, start: start)
        done += 1
    }

    private func record(_ outcome: ReinforcementOutcome, of run: Run, start: Checkpoint) throws {
        var reason: String?
        if case .collapsed(let step, let why) = outcome.end {
            reason = "\(why.rawValue) at step \(step)"
            batch.notice("\(title(run)): collapsed: \(reason ?? "")")
        }
        let collector = try collector(start.model, recipe: run.arm.recipe, seed: run.seed)
        func rewards(_ weights: FloatBlock) -> [Double] {
            collector.greedyRewards(BatchPlan.evaluationStream, 0..<study.episodes, weights: weights)
        }
        let before = rewards(start.weights)
        let after = try outcome.checkpoint.map { rewards(try CheckpointFolder.read($0.url).weights) }
        try store.record(
            PolicyRunRecord(
                identity: run.plan.identity, arm: run.arm.name, start: run.plan.start, seed: run.seed,
                precision: run.precision.name, task: study.task.identity.text,
                recipe: try CanonicalJSON.text(run.arm.recipe), reason: reason, step: outcome.log.count,
                checkpoint: outcome.checkpoint?.contentHash, path: outcome.checkpoint?.url.path),
            steps: outcome.log.map { step in
                PolicyStepRecord(
                    step: Int(step.step),
                    figures: Dictionary(
                        uniqueKeysWithValues: ReinforcementStep.fields.dropFirst().map {
                            ($0.name, step[keyPath: $0.path])
                        }))
            },
            episodes: before.indices.map {
                PolicyEpisodeRecord(episode: $0, start: before[$0], trained: after?[$0])
            })
    }
}
