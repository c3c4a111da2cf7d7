import AssayCore
import AssayMetrics
import AssayReports
import AssayStatistics
import AssayStore

/// What a person reads at the end of a batch.
public struct BatchSummary {
    private let plan: BatchPlan
    private let store: Store
    private let work: BatchWork
    private let folder: String
    private let storeFile: String

    /// The summary of a run that has ended.
    public init(runner: BatchRunner) {
        plan = runner.plan
        store = runner.store
        work = runner.work
        folder = runner.reportFolder.relativePath
        storeFile = runner.store.url.relativePath
    }

    /// The text for a run through a stage: the tables from the comparison on, and what was done.
    public func text(through last: Stage) throws -> String {
        var parts = [plan.matching()].filter { !$0.isEmpty }
        if last >= .evaluate { parts += [try SpendingSummary(plan, store).text()].filter { !$0.isEmpty } }
        if last >= .compare { parts += try [values().text(), verdicts(), drifts()].filter { !$0.isEmpty } }
        if last >= .serve, plan.serving != nil { parts.append(try ServingSummary(plan: plan, store: store).text()) }
        parts.append(try done(last))
        return parts.joined(separator: "\n")
    }

    // MARK: - Values

    /// The primary metrics of every arm at its last checkpoint, the mean over the seeds.
    private func values() throws -> TextTable {
        let arms = plan.arms.map(\.name)
        var table = TextTable([.init("metric"), .init("task")] + arms.map { .init($0, .right) })
        let comparisons = try store.comparisons(ofBatch: plan.identity)
        guard let first = comparisons.first else { return table }
        for result in first.results.filter(\.isPrimary) {
            let candidates = comparisons.map { comparison in
                comparison.results.first {
                    $0.metric == result.metric && $0.task == result.task && $0.slice == result.slice
                        && $0.condition == result.condition && $0.isPrimary
                }?.candidateValue
            }
            let byArm = Dictionary(zip(comparisons.map(\.candidate), candidates), uniquingKeysWith: { a, _ in a })
            table.append(
                [result.metric, result.task, Figure.value(result.baselineValue)]
                    + arms.dropFirst().map { Figure.value(byArm[$0] ?? nil) })
        }
        return table
    }

    // MARK: - Verdicts

    private func verdicts() throws -> String {
        var text = ""
        for comparison in try store.comparisons(ofBatch: plan.identity) {
            let primary = comparison.results.filter(\.isPrimary)
            let table = VerdictTable.table(primary, baseline: comparison.baseline, candidate: comparison.candidate)
            text += "\(comparison.candidate) against \(comparison.baseline): \(VerdictTable.summary(primary))\n"
            text += table.text() + "\n"
        }
        return text
    }

    private func drifts() throws -> String {
        let lines = try store.drifts(ofBatch: plan.identity).compactMap { record -> String? in
            let parts = [DriftDirection.worse, .better].compactMap { direction -> String? in
                let found = record.results.filter { $0.direction == direction }
                guard let first = found.compactMap(\.onsetStep).min() else { return nil }
                return "\(found.count) \(direction.rawValue) (from step \(first) on)"
            }
            guard !parts.isEmpty else { return nil }
            return "  \(record.arm): of \(record.results.count) metrics \(parts.joined(separator: ", "))"
        }
        guard !lines.isEmpty else { return "" }
        return "Drift of the difference to \(plan.control) along the checkpoints (assay drift ARM shows each):\n"
            + lines.joined(separator: "\n") + "\n"
    }

    // MARK: - Work

    private func done(_ last: Stage) throws -> String {
        var lines: [String] = []
        if work.isNothing {
            lines.append(
                "Nothing to do: \(work.trainedBefore) training runs and \(work.evaluatedBefore) cells were recorded "
                    + "already.")
        } else {
            var times = [("training", work.trainingSeconds), ("evaluation", work.evaluationSeconds)]
            if work.served > 0 { times.append(("serving", work.servingSeconds)) }
            times.append(("the rest", work.otherSeconds))
            let spent = times.map { "\($0.0) \(Figure.duration($0.1))" }.joined(separator: ", ")
            lines.append(
                "Trained \(work.trained) runs (\(work.trainedBefore) before), evaluated \(work.evaluated) cells "
                    + "(\(work.evaluatedBefore) before)"
                    + (work.served > 0 ? ", measured serving \(work.served) times" : "") + ": \(spent).")
        }
        if work.found + work.foundBefore + work.leftOut > 0 {
            lines.append(
                "Found \(work.found) new checkpoints (\(work.foundBefore) before)"
                    + (work.leftOut > 0 ? "; \(work.leftOut) were left out, as told above." : "."))
        }
        if work.prefixes.asked > 0 {
            let share = String(format: "%.1f %%", 100 * work.prefixes.hitRate)
            lines.append(
                "Prompts as text had \(Figure.grouped(work.prefixes.asked)) tokens; \(share) of them were shared with"
                    + " another prompt and not computed again.")
        }
        if work.requests > 0 {
            lines.append(
                "Asked served models with \(Figure.grouped(work.requests)) requests, attempts included "
                    + "(\(Figure.grouped(work.servedTokens)) tokens).")
        }
        let lost = try lostItems()
        if lost > 0 { lines.append("\(lost) items have no grade; the intervals allow for it.") }
        lines.append("Store: \(storeFile)")
        if last >= .report, !plan.reports.isEmpty { lines.append("Files: \(folder)/") }
        return lines.joined(separator: "\n") + "\n"
    }

    private func lostItems() throws -> Int {
        let hashes = try Set(
            plan.arms.flatMap {
                try store.checkpoints(CheckpointSelector(arm: $0.name, batch: plan.identity)).map(\.hash)
            })
        let reader = try CellReader(store: store, batch: plan.identity)
        return try hashes.reduce(0) { sum, hash in
            try reader.covers(of: hash).flatMap(\.portions).reduce(sum) { $0 + $1.lost }
        }
    }
}
