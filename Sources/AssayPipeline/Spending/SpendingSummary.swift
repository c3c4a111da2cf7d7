import AssayReports
import AssayStore

/// How many items a batch drew and how many it saved.
struct SpendingSummary {
    private let plan: BatchPlan
    private let records: [SpendingRecord]

    init(_ plan: BatchPlan, _ store: Store) throws {
        self.plan = plan
        records = try store.spending(ofBatch: plan.identity, version: SpendingVersion.current)
    }

    /// A table of the tasks in their order, and a line with the sum; empty when nothing could be compared.
    func text() -> String {
        guard let first = records.first else { return "" }
        var table = TextTable([
            .init("task"), .init("stopped at look", .right), .init("clusters", .right), .init("of", .right),
            .init("items", .right), .init("saved", .right), .init("declared", .right), .init("undecided", .right),
        ])
        for task in plan.tasks {
            guard let record = records.first(where: { $0.task == task.name }) else { continue }
            table.append([
                record.task, "\(record.look + 1) of \(record.clusters.count)", Figure.grouped(record.drawn),
                Figure.grouped(record.planned), Figure.grouped(record.items),
                Figure.grouped(record.plannedItems - record.items), "\(record.declared)", "\(record.undecided)",
            ])
        }
        let items = records.reduce(0) { $0 + $1.items }
        let planned = records.reduce(0) { $0 + $1.plannedItems }
        let saved = planned > 0 ? 100 * (planned - items) / planned : 0
        return "Items drawn look by look (\(first.method.rawValue)), of the checkpoints that are compared:\n"
            + table.text()
            + "\nDrew \(Figure.grouped(items)) of \(Figure.grouped(planned)) items, saved \(saved) %.\n"
    }
}
