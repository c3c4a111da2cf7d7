import AssayCore
import AssayMetrics
import AssayReports
import AssayStore

/// What a person reads of serving at the end of a batch: the headline metrics, one column an arm.
struct ServingSummary {
    let plan: BatchPlan
    let store: Store

    /// Metrics that are shown, in this order; of those by length only the longest.
    private static let shown = [
        "cache-bytes", "memory-break-even", "token-hit-rate", "state-miss-recompute", "accepted-length",
        "speculative-speedup", "speculative-speedup-predicted", "crossover-length", "crossover-slippage",
    ]

    private struct Row: Hashable {
        let metric: String
        let condition: String
        let slice: String
    }

    /// The table, and what lies beyond the lengths that were tested.
    func text() throws -> String {
        let arms = plan.arms.map(\.name)
        var rows: [Row] = []
        var values: [Row: [String: MetricValue]] = [:]
        for arm in arms {
            for value in try measured(arm) where isShown(value) {
                let row = Row(metric: value.metric, condition: value.condition, slice: value.slice)
                if values[row] == nil { rows.append(row) }
                values[row, default: [:]][arm] = value
            }
        }
        guard !rows.isEmpty else { return "" }
        var table = TextTable(
            [.init("serving"), .init("condition"), .init("slice")] + arms.map { .init($0, .right) })
        for metric in Self.shown {
            for row in rows where row.metric == metric {
                table.append([row.metric, row.condition, row.slice] + arms.map { figure(values[row]?[$0]) })
            }
        }
        return table.text()
    }

    /// The newest values of serving of an arm in this batch.
    private func measured(_ arm: String) throws -> [MetricValue] {
        let hashes = try Set(
            store.checkpoints(CheckpointSelector(arm: arm, batch: plan.identity)).map(\.hash))
        return try MeasurementKind.allCases.filter { $0 != .items }.flatMap { kind in
            try store.measurements(ofBatch: plan.identity, kind: kind).filter { hashes.contains($0.checkpoint) }
                .flatMap(\.values)
        }
    }

    private func isShown(_ value: MetricValue) -> Bool {
        guard Self.shown.contains(value.metric), !value.slice.hasPrefix("class=") else { return false }
        guard value.metric == "cache-bytes" else { return true }
        return plan.serving?.cache?.lengths.last.map { value.slice == "length=\($0)" } ?? false
    }

    /// A value; `never` and `always` where it lies beyond what was tested.
    private func figure(_ value: MetricValue?) -> String {
        guard let value else { return "-" }
        if let number = value.value {
            return value.metric == "cache-bytes" ? Listing.bytes(number) : Figure.value(number)
        }
        guard let note = value.note else { return "-" }
        return note.hasPrefix("not ") ? "never" : "always"
    }
}
