import AssayTensor
import AssayTraining
import Foundation

/// Trains runs side by side, and hands over what became of them in their order.
///
/// A run of a small model keeps few workers busy: its steps have few micro-batches, of unequal lengths, and its workers
/// meet after every step. Runs do not wait for each other. What a run becomes does not depend on its workers, so neither
/// does it on the runs beside it.
final class TrainingLanes {
    /// A run.
    struct Run {
        /// What is trained.
        var plan: TrainingPlan
        /// Where its files go.
        var folder: URL
    }

    /// Where the runs stand, as seen from the first that is under way.
    struct Progress {
        /// The first run that is under way, by its place in the list.
        var run: Int
        /// Its last step.
        var training: TrainingProgress
        /// Runs under way beside it.
        var beside: Int
        /// Positions a second over all runs under way.
        var tokensPerSecond: Double
    }

    /// Runs under way at once at most: each holds its weights, moments and gradients.
    private static let limit = 8

    private let runs: [Run]
    private let workers: Int
    private let lock = NSLock()
    private var underWay: [Int: TrainingProgress] = [:]
    private var outcomes: [Int: TrainingOutcome] = [:]
    private var handedOver = 0
    /// The first error, by the order of the runs. It stops the others; what is not handed over by then stays in the
    /// folders, where the next training finds it.
    private var failure: (run: Int, error: any Error)?

    /// Lanes for runs whose folders differ.
    init(_ runs: [Run], workers: Int) {
        self.runs = runs
        self.workers = workers
    }

    /// Trains them all.
    /// - Parameters:
    ///   - progress: told after every step; one call at a time, from any thread.
    ///   - shouldStop: asked before every step of every run.
    ///   - handOver: given what became of each run in their order, as soon as no run before it is under way; one call at
    ///     a time, from any thread. A run that was stopped is handed over too.
    /// - Throws: what a run or `handOver` threw, of the first run that did; ``Interrupted`` when a stop left runs out.
    func train(
        progress: (Progress) -> Void, shouldStop: () -> Bool, handOver: (Int, TrainingOutcome) throws -> Void
    ) throws {
        let lanes = min(runs.count, workers, TrainingLanes.limit)
        guard lanes > 0 else { return }
        func mustStop() -> Bool { hasFailed || shouldStop() }
        WorkerPool(workers: lanes).run(runs.count) { run, lane in
            if mustStop() { return }
            // The first lanes take what does not divide.
            let share = workers / lanes + (lane < workers % lanes ? 1 : 0)
            do {
                let trainer = try Trainer(plan: runs[run].plan, folder: runs[run].folder, workers: share)
                let outcome = try trainer.run(
                    progress: { step in self.note(step, of: run, progress) }, shouldStop: mustStop)
                end(run, outcome, handOver)
            } catch {
                fail(run, error)
            }
        }
        if let failure { throw failure.error }
        if handedOver < runs.count { throw Interrupted() }
    }

    private var hasFailed: Bool { lock.withLock { failure != nil } }

    private func note(_ step: TrainingProgress, of run: Int, _ progress: (Progress) -> Void) {
        lock.withLock {
            underWay[run] = step
            guard let first = underWay.min(by: { $0.key < $1.key }) else { return }
            progress(
                Progress(
                    run: first.key, training: first.value, beside: underWay.count - 1,
                    tokensPerSecond: underWay.values.reduce(0) { $0 + $1.tokensPerSecond }))
        }
    }

    private func end(_ run: Int, _ outcome: TrainingOutcome, _ handOver: (Int, TrainingOutcome) throws -> Void) {
        lock.withLock {
            underWay[run] = nil
            outcomes[run] = outcome
            while failure == nil, let outcome = outcomes.removeValue(forKey: handedOver) {
                do {
                    try handOver(handedOver, outcome)
                    handedOver += 1
                } catch {
                    failure = (handedOver, error)
                }
            }
        }
    }

    private func fail(_ run: Int, _ error: any Error) {
        lock.withLock {
            underWay[run] = nil
            if failure.map({ run < $0.run }) ?? true { failure = (run, error) }
        }
    }
}
