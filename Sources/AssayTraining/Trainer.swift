import AssayCore
import AssayModels
import AssayTensor
import Foundation

/// Trains an arm into a folder: `step-000200/` and so on for the checkpoints, a rolling state while it is unfinished, and
/// `training.json` when it has ended.
///
/// The result does not depend on the number of workers, nor on how often the run was stopped or killed in between.
public final class Trainer {
    /// What is trained.
    public let plan: TrainingPlan
    /// Where everything is written.
    public let folder: URL

    private let model: LanguageModel
    private let checkpointSteps: [Int]
    private let workers: Int
    private let stateInterval: Duration
    private let clock = ContinuousClock()

    /// A trainer. Nothing is read or written before ``run(progress:shouldStop:)``.
    /// - Parameter stateInterval: how often the rolling state is written, less often when writing it is slow; zero: after
    ///   every step.
    public init(plan: TrainingPlan, folder: URL, workers: Int, stateInterval: Duration = .seconds(10)) throws {
        guard (1...1_024).contains(workers) else {
            throw AssayError(.usage, "\(workers) workers", remedy: "Give a number from 1 to 1,024")
        }
        self.plan = plan
        self.folder = folder
        self.workers = workers
        self.stateInterval = stateInterval
        checkpointSteps = plan.recipe.allCheckpointSteps
        model = try LanguageModel(plan.architecture)
    }

    /// The folder of the checkpoint after a step.
    public static func checkpointName(step: Int) -> String {
        let digits = String(step)
        return "step-" + String(repeating: "0", count: max(0, 6 - digits.count)) + digits
    }

    /// Trains from where the folder's last run ended, to the end of the recipe or until asked to stop.
    /// - Parameters:
    ///   - progress: told after every step.
    ///   - shouldStop: asked before every step; true writes the rolling state and returns.
    /// - Throws: ``AssayError`` when the folder belongs to another plan or cannot be written.
    public func run(
        progress: (TrainingProgress) -> Void = { _ in }, shouldStop: () -> Bool = { false }
    ) throws -> TrainingOutcome {
        CheckpointFolder.removeLeftovers(in: folder)
        var run = Run(log: [], checkpoints: [], remarks: [])
        if let outcome = try finishedOutcome(&run.remarks) { return outcome }
        let pool = WorkerPool(workers: workers)
        let engine = try resume(&run, pool: pool)
        return try train(&run, engine: engine, progress: progress, shouldStop: shouldStop)
    }

    /// What a run knows besides the engine.
    private struct Run {
        var log: [TrainingStep]
        var checkpoints: [TrainedCheckpoint]
        var remarks: [String]

        func outcome(_ end: TrainingEnd) -> TrainingOutcome {
            TrainingOutcome(end: end, checkpoints: checkpoints, log: log, remarks: remarks)
        }
    }

    // MARK: Beginning

    /// The outcome of a run that has ended before and whose checkpoints still stand.
    private func finishedOutcome(_ remarks: inout [String]) throws -> TrainingOutcome? {
        guard let record = try TrainingRecord.read(from: folder) else { return nil }
        guard record.plan == plan.identity else { throw otherPlan() }
        var checkpoints: [TrainedCheckpoint] = []
        for entry in record.checkpoints {
            guard let checkpoint = try standingCheckpoint(step: entry.step) else {
                remarks.append("checkpoint of step \(entry.step) is gone; training again")
                try? FileManager.default.removeItem(at: folder.appendingPathComponent(TrainingRecord.file))
                return nil
            }
            guard checkpoint.contentHash == entry.contentHash else {
                throw AssayError.badInput(
                    "is not the checkpoint that training made", at: checkpoint.url.path,
                    remedy: "Remove the folder to train the arm again")
            }
            checkpoints.append(checkpoint)
        }
        return TrainingOutcome(end: record.end, checkpoints: checkpoints, log: record.log, remarks: remarks)
    }

    /// An engine at the last state that the folder holds; at step 0 if it holds none that can be used.
    private func resume(_ run: inout Run, pool: WorkerPool) throws -> StepEngine {
        if ResumeState.exists(in: folder) {
            let engine = StepEngine(plan: plan, model: model, pool: pool)
            do {
                let log = try ResumeState.read(into: engine, plan: plan, from: folder)
                let due = checkpointSteps.filter { $0 <= log.count }
                let standing = try due.compactMap { try standingCheckpoint(step: $0) }
                if standing.count == due.count {
                    run.log = log
                    run.checkpoints = standing
                    return engine
                }
                run.remarks.append("a checkpoint is gone; training from the start")
            } catch is ResumeState.OtherPlan {
                throw otherPlan()
            } catch let error as AssayError where error.kind == .badInput {
                // The same plan gives the same bits from the start, so a damaged state costs only time.
                run.remarks.append("the resume state cannot be used (\(error)); training from the start")
            }
            ResumeState.remove(from: folder)
        }
        let engine = StepEngine(plan: plan, model: model, pool: pool)
        try writeCheckpoint(step: 0, tokens: 0, engine: engine, run: &run)
        return engine
    }

    /// The checkpoint of a step of this plan that is on disk already; nil when there is none.
    private func standingCheckpoint(step: Int) throws -> TrainedCheckpoint? {
        let url = folder.appendingPathComponent(Trainer.checkpointName(step: step), isDirectory: true)
        guard FileManager.default.fileExists(atPath: url.path) else { return nil }
        let manifest = try CheckpointFolder.readManifest(url)
        guard manifest.origin.plan == plan.identity, manifest.origin.step == step else { throw otherPlan() }
        return TrainedCheckpoint(step: step, contentHash: manifest.contentHash, url: url)
    }

    private func otherPlan() -> AssayError {
        .badInput(
            "holds the training of another plan", at: folder.path,
            remedy: "Choose another folder, or remove this one")
    }

    // MARK: Training

    private func train(
        _ run: inout Run, engine: StepEngine, progress: (TrainingProgress) -> Void, shouldStop: () -> Bool
    ) throws -> TrainingOutcome {
        let recipe = plan.recipe
        var detector = SpikeDetector(rule: recipe.spike, warmUpSteps: recipe.warmUpSteps)
        for record in run.log { _ = detector.observe(record.loss) }
        var meter = SpeedMeter()
        var saved = clock.now
        var interval = stateInterval
        while run.log.count < recipe.steps {
            if shouldStop() {
                try ResumeState.write(engine, log: run.log, plan: plan, to: folder)
                return run.outcome(.stopped(step: run.log.count))
            }
            let tokens = run.log.last?.tokens ?? 0
            let record = engine.computeGradient(step: run.log.count + 1, tokens: tokens)
            guard record.loss.isFinite else { return try fail(run, step: record.step, reason: .nonFiniteLoss) }
            guard record.gradientNorm.isFinite else {
                return try fail(run, step: record.step, reason: .nonFiniteGradient)
            }
            run.log.append(record)
            if detector.observe(record.loss) { return try fail(run, step: record.step, reason: .lossSpike) }
            engine.apply(record)
            if checkpointSteps.contains(record.step), !engine.optimizer.weightsAreFinite {
                return try fail(run, step: record.step, reason: .nonFiniteWeights)
            }
            meter.observe(positions: record.tokens - tokens)
            progress(
                TrainingProgress(
                    arm: plan.arm, seed: plan.seed, steps: recipe.steps, last: record,
                    tokensPerSecond: meter.tokensPerSecond,
                    secondsLeft: meter.secondsLeft(steps: recipe.steps - record.step)))
            try writeCheckpoint(step: record.step, tokens: record.tokens, engine: engine, run: &run)
            if record.step < recipe.steps, clock.now - saved >= interval {
                let start = clock.now
                try ResumeState.write(engine, log: run.log, plan: plan, to: folder)
                saved = clock.now
                // At most 2 % of the time goes into states, however large the model.
                interval = stateInterval == .zero ? .zero : max(stateInterval, (saved - start) * 50)
            }
        }
        return try end(run, .finished)
    }

    /// Writes the checkpoint of a step if the recipe asks for one there.
    private func writeCheckpoint(step: Int, tokens: Int, engine: StepEngine, run: inout Run) throws {
        guard checkpointSteps.contains(step) else { return }
        let url = folder.appendingPathComponent(Trainer.checkpointName(step: step), isDirectory: true)
        let manifest = try CheckpointFolder.write(
            model: model, weights: engine.weights,
            origin: CheckpointOrigin(
                arm: plan.arm, seed: plan.seed, step: step, tokens: tokens, plan: plan.identity),
            optimizer: step == plan.recipe.steps ? optimizerState(engine, step: step) : nil, to: url)
        run.checkpoints.append(TrainedCheckpoint(step: step, contentHash: manifest.contentHash, url: url))
    }

    /// The moments of AdamW by parameter, under the names that PyTorch gives them.
    private func optimizerState(_ engine: StepEngine, step: Int) -> Data {
        let moments = [("exp_avg", engine.optimizer.firstMoment), ("exp_avg_sq", engine.optimizer.secondMoment)]
        let tensors = moments.flatMap { name, block in
            model.layout.specifications.map {
                SafeTensors.Tensor(
                    "\(name).\($0.name)", shape: $0.shape,
                    values: UnsafeBufferPointer(start: block.pointer + $0.offset, count: $0.count))
            }
        }
        return SafeTensors.data(tensors, metadata: ["step": String(step)])
    }

    private func fail(_ run: Run, step: Int, reason: TrainingFailure) throws -> TrainingOutcome {
        try end(run, .failed(step: step, reason: reason))
    }

    private func end(_ run: Run, _ end: TrainingEnd) throws -> TrainingOutcome {
        try TrainingRecord(
            plan: plan.identity, end: end,
            checkpoints: run.checkpoints.map { .init(step: $0.step, contentHash: $0.contentHash) }, log: run.log
        ).write(to: folder)
        ResumeState.remove(from: folder)
        return run.outcome(end)
    }
}
