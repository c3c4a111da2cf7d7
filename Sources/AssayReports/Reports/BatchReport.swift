import AssayCore
import AssayMetrics
import AssayStatistics
import AssayStore
import Foundation

/// What a store knows of a batch, for people: a function of the batch's results alone, so that equal results give equal
/// bytes. Timings, dates and machines are no part of it.
public struct BatchReport {
    /// A run that did not end as planned.
    struct Failure {
        let arm: String
        let seed: UInt64
        let reason: String
    }

    let batch: BatchRecord
    /// The control, then the others in the order of the comparisons.
    let arms: [String]
    /// The verdicts, worst first.
    let verdicts: [RankedVerdict]
    let comparisons: [ComparisonRecord]
    let drifts: [DriftRecord]
    /// The tasks by the names that the batch uses.
    let tasks: [String: TaskRecord]
    let values: ArmValues
    let failures: [Failure]
    /// How many training seeds the arm with most has.
    let seeds: Int
    /// How well metrics foretell a target; nil where runs are too few.
    let proxies: ProxyEvidence?
    /// What the self-check found; nil before there was one.
    let calibration: Calibration?

    /// Reads what a store has of a batch.
    /// - Parameter proxies: how well metrics foretell a target, where that was studied.
    public init(store: Store, batch: BatchRecord, proxies: ProxyEvidence? = nil) throws {
        self.batch = batch
        self.proxies = proxies
        calibration = try store.lastCalibration(ofBatch: batch.identity)
        let runs = try store.arms(ofBatch: batch.identity)
        comparisons = try store.comparisons(ofBatch: batch.identity)
        drifts = try store.drifts(ofBatch: batch.identity)
        var arms = [batch.control]
        for arm in comparisons.map(\.candidate) + runs.map(\.arm) where !arms.contains(arm) { arms.append(arm) }
        self.arms = arms
        seeds = Set(runs.map(\.seed)).count
        verdicts = RankedVerdict.ranked(comparisons)
        tasks = Dictionary(
            try store.tasks(ofBatch: batch.identity).map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first })
        values = try ArmValues(store: store, batch: batch.identity, arms: arms)
        failures = try runs.compactMap { run in
            guard let record = try store.run(run.run), record.status != .finished else { return nil }
            return Failure(arm: run.arm, seed: run.seed, reason: record.status.reason ?? "training has not ended")
        }
    }

    /// The verdicts that decide, worst first.
    var primary: [RankedVerdict] { verdicts.filter(\.result.isPrimary) }

    /// The report in a format.
    public func text(_ format: DocumentFormat) throws -> String {
        switch format {
        case .html: try HTMLReport(self).text()
        case .markdown: MarkdownReport(self).text()
        case .junit: JUnitReport(self).text()
        }
    }

    /// Writes the report to a file, whole or not at all.
    public func write(_ format: DocumentFormat, to url: URL) throws {
        let output = try FileOutput(url)
        try output.write(text(format))
        try output.finish()
    }

    /// How an arm is drawn everywhere.
    func style(_ arm: String) -> SeriesStyle {
        guard arm != batch.control, let index = arms.firstIndex(of: arm) else { return .control }
        return .arm(index - 1)
    }

    /// One line: how many of what, over the primary metrics.
    var headline: String {
        let counted = VerdictTable.summary(primary.map(\.result))
        return "\(arms.count - 1) arms against \(batch.control), \(primary.count) primary comparisons: \(counted)"
    }

    /// What the verdicts are about.
    var unitNote: String? {
        guard !primary.isEmpty else { return nil }
        return primary.contains { $0.result.unit == .items }
            ? "One training seed a side: these verdicts are about these checkpoints. Whether the architectures differ "
                + "takes several seeds."
            : "Training seeds are the sample: these verdicts are about the architectures."
    }

    /// The condition that stands for a task when conditions are not the subject: parallel where it was run so.
    func plainCondition(_ metric: String, _ task: String) -> String? {
        let conditions = Set(values.keys.filter { $0.metric == metric && $0.task == task }.map(\.condition))
        return ["parallel", "recurrent"].first(where: conditions.contains) ?? conditions.min()
    }
}
