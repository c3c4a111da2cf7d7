import AssayCore
import AssayModels
import AssayTensor
import AssayTraining
import Foundation

/// How a run ended.
public enum ReinforcementEnd: Sendable, Codable, Hashable {
    /// All steps were done.
    case finished
    /// The caller asked to stop; the next run goes on after this step.
    case stopped(step: Int)
    /// The run collapsed at a step, and why: a result like any other.
    case collapsed(step: Int, reason: CollapseReason)
}

/// What a run left behind.
public struct ReinforcementOutcome: Sendable {
    /// How it ended.
    public var end: ReinforcementEnd
    /// Every step so far.
    public var log: [ReinforcementStep]
    /// The weights at its end; nil while it is unfinished, and where they are not finite.
    public var checkpoint: TrainedCheckpoint?
    /// What a person should know, such as a state that was found damaged.
    public var remarks: [String]
}

/// Runs a plan of reinforcement learning into a folder: the last checkpoint, `step-000060/` and so on, and a state that holds
/// the log.
///
/// The result does not depend on the number of workers, nor on how often the run was stopped or killed in between.
public final class ReinforcementTrainer {
    /// What is trained.
    public let plan: ReinforcementPlan
    /// Where everything is written.
    public let folder: URL

    private let start: Checkpoint
    private let workers: Int
    private let stateInterval: Duration
    private let clock = ContinuousClock()

    /// A trainer. Nothing is read or written before ``run(progress:shouldStop:)``.
    /// - Parameters:
    ///   - start: the checkpoint that the plan names.
    ///   - stateInterval: how often the rolling state is written; zero: after every step.
    /// - Throws: ``AssayError`` when the checkpoint is not the plan's.
    public init(
        plan: ReinforcementPlan, start: Checkpoint, folder: URL, workers: Int, stateInterval: Duration = .seconds(10)
    ) throws {
        guard (1...1_024).contains(workers) else {
            throw AssayError(.usage, "\(workers) workers", remedy: "Give a number from 1 to 1,024")
        }
        guard start.contentHash == plan.start else {
            throw AssayError.badInput(
                "checkpoint \(start.contentHash.short) is not \(plan.start.short), from which the plan starts",
                remedy: "Train the supervised checkpoint again")
        }
        self.plan = plan
        self.start = start
        self.folder = folder
        self.workers = workers
        self.stateInterval = stateInterval
    }

    /// Trains from where the folder's last run ended, to the end of the recipe, a collapse, or until asked to stop.
    /// - Parameters:
    ///   - progress: told of every step.
    ///   - shouldStop: asked before every step; true writes the state and returns.
    /// - Throws: ``AssayError`` when the folder belongs to another plan or cannot be written.
    public func run(
        progress: (ReinforcementStep) -> Void = { _ in }, shouldStop: () -> Bool = { false }
    ) throws -> ReinforcementOutcome {
        CheckpointFolder.removeLeftovers(in: folder)
        let pool = WorkerPool(workers: workers)
        var outcome = ReinforcementOutcome(end: .stopped(step: 0), log: [], remarks: [])
        let loop = try resume(&outcome, pool: pool)
        if case .stopped = outcome.end {
            try train(loop, &outcome, progress: progress, shouldStop: shouldStop)
        }
        return outcome
    }

    /// A loop at the last state that the folder holds; at step 0 if it holds none that can be used.
    private func resume(_ outcome: inout ReinforcementOutcome, pool: WorkerPool) throws -> PolicyLoop {
        func fresh() -> PolicyLoop {
            PolicyLoop(plan: plan, model: start.model, weights: start.weights, pool: pool)
        }
        guard ResumeState.exists(in: folder) else { return fresh() }
        let loop = fresh()
        do {
            let columns = ReinforcementStep.fields.count
            let state = try ResumeState.read(
                into: loop.updater.optimizer, columns: columns, plan: plan.identity, from: folder)
            outcome.log = stride(from: 0, to: state.log.numbers.count, by: columns).map {
                ReinforcementStep(values: Array(state.log.numbers[$0..<$0 + columns]))
            }
            outcome.end = .stopped(step: outcome.log.count)
            if !state.note.isEmpty {
                outcome.end = try CanonicalJSON.value(ReinforcementEnd.self, from: state.note)
                try writeCheckpoint(loop, &outcome)
            }
            return loop
        } catch is ResumeState.OtherPlan {
            throw AssayError.badInput(
                "holds the run of another plan", at: folder.path, remedy: "Choose another folder, or remove this one")
        } catch let error as AssayError where error.kind == .badInput {
            // The same plan gives the same bits from the start, so a damaged state costs only time.
            outcome = ReinforcementOutcome(
                end: .stopped(step: 0), log: [],
                remarks: ["the state cannot be used (\(error)); training from the start"])
            ResumeState.remove(from: folder)
            return fresh()
        }
    }

    private func train(
        _ loop: PolicyLoop, _ outcome: inout ReinforcementOutcome, progress: (ReinforcementStep) -> Void,
        shouldStop: () -> Bool
    ) throws {
        var saved = clock.now
        while outcome.log.count < plan.recipe.steps {
            if shouldStop() { return try write(loop, &outcome) }
            let number = outcome.log.count + 1
            switch loop.step(number, after: outcome.log.last) {
            case .failed(let reason):
                outcome.end = .collapsed(step: number, reason: reason)
                return try write(loop, &outcome)
            case .done(let record):
                outcome.log.append(record)
                progress(record)
            }
            let isOver = number == plan.recipe.steps
            outcome.end = isOver ? .finished : .stopped(step: number)
            if let reason = plan.recipe.collapse.reason(outcome.log, isOver: isOver) {
                outcome.end = .collapsed(step: number, reason: reason)
                return try write(loop, &outcome)
            }
            if isOver || clock.now - saved >= stateInterval {
                try write(loop, &outcome)
                saved = clock.now
            }
        }
    }

    /// Writes the state, and the checkpoint where the run has ended.
    private func write(_ loop: PolicyLoop, _ outcome: inout ReinforcementOutcome) throws {
        var note = ""
        if case .stopped = outcome.end {} else { note = try CanonicalJSON.text(outcome.end) }
        try ResumeState.write(
            loop.updater.optimizer,
            log: .init(columns: ReinforcementStep.fields.count, numbers: outcome.log.flatMap(\.values)),
            plan: plan.identity, note: note, to: folder)
        if !note.isEmpty { try writeCheckpoint(loop, &outcome) }
    }

    /// Writes the weights at the end of the run; the folder is kept as it is when it holds them already.
    private func writeCheckpoint(_ loop: PolicyLoop, _ outcome: inout ReinforcementOutcome) throws {
        guard loop.updater.optimizer.weightsAreFinite else { return }
        let step = outcome.log.count
        let url = folder.appendingPathComponent(Trainer.checkpointName(step: step), isDirectory: true)
        let manifest = try CheckpointFolder.write(
            model: start.model, weights: loop.updater.optimizer.weights,
            origin: CheckpointOrigin(
                arm: plan.arm, seed: plan.seed, step: step, tokens: Int(outcome.log.last?.tokens ?? 0),
                plan: plan.identity), to: url)
        outcome.checkpoint = TrainedCheckpoint(step: step, contentHash: manifest.contentHash, url: url)
    }
}
