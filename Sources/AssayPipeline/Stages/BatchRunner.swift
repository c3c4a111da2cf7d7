import AssayCore
import AssayEndpoints
import AssayStore
import Foundation

/// Runs a batch stage by stage, doing only what is not recorded yet.
///
/// Every result is recorded when it is there, under an identity that follows from its inputs; so a batch that was
/// killed anywhere goes on where it stopped when it is run again, and ends with the same bits.
public final class BatchRunner {
    /// What is run.
    public let plan: BatchPlan
    /// Where results are recorded.
    public let store: Store
    /// The folder of checkpoints and reports.
    public let results: URL
    /// Worker threads.
    public let workers: Int
    /// Told how far the work has come.
    public let progress: (StageProgress) -> Void
    /// Told of what a user should know though it is no error, a line at a time.
    public let notice: (String) -> Void
    /// Asked between safe points.
    public let shouldStop: @Sendable () -> Bool
    /// What was done so far.
    public internal(set) var work = BatchWork()
    /// Makes the client of a served arm; tests put faults in between.
    var makeClient: (EndpointSettings) throws -> EndpointClient = { try EndpointClient($0) }

    /// A runner.
    public init(
        plan: BatchPlan, store: Store, results: URL, workers: Int, progress: @escaping (StageProgress) -> Void,
        notice: @escaping (String) -> Void, shouldStop: @escaping @Sendable () -> Bool
    ) {
        self.plan = plan
        self.store = store
        self.results = results
        self.workers = workers
        self.progress = progress
        self.notice = notice
        self.shouldStop = shouldStop
    }

    /// Runs all stages up to and with one.
    /// - Throws: ``Interrupted`` when a stop was asked for, ``AssayError`` otherwise.
    public func run(through last: Stage = .report, command: String) throws {
        try store.record(
            BatchRecord(identity: plan.identity, name: plan.name, control: plan.control, definition: plan.definition))
        let provenance = try store.begin(Machine.provenance(batch: plan.identity, command: command))
        do {
            let start = Date()
            for stage in Stage.allCases where stage <= last { try run(stage) }
            work.otherSeconds =
                -start.timeIntervalSinceNow - work.trainingSeconds - work.evaluationSeconds - work.servingSeconds
            try store.end(provenance, outcome: "finished")
            try store.checkpointLog()
        } catch {
            try? store.end(provenance, outcome: error is Interrupted ? "stopped" : "\(error)")
            throw error
        }
    }

    private func run(_ stage: Stage) throws {
        switch stage {
        case .generate: try recordTasks()
        case .train:
            try recordLoadedArms()
            try trainArms()
        case .evaluate: try evaluateCheckpoints()
        case .measure: try measureCheckpoints()
        case .serve:
            let start = Date()
            try measureServing()
            work.servingSeconds -= start.timeIntervalSinceNow
        case .compare: try compareArms()
        case .report: try writeReports()
        }
    }

    /// The folder of a training run's checkpoints.
    func folder(ofRun run: ContentHash, arm: String) -> URL {
        results.appendingPathComponent("checkpoints/\(arm)-\(run.short)", isDirectory: true)
    }

    /// Ends the run at a safe point when the user asked for it.
    func stopIfAsked() throws {
        if shouldStop() { throw Interrupted() }
    }
}
