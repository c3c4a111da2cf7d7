import AssayCore
import AssayStore

/// Items that a user named: a task, in one of its versions, or all tasks of a batch.
struct TaskSet {
    /// As it was named.
    let name: String
    /// The tasks, by name.
    let tasks: [TaskRecord]

    /// Reads `BATCH/TASK`, `TASK`, the first digits of a task's identity, or `BATCH` for all of its tasks.
    /// - Throws: ``AssayError`` when nothing is called so, or several versions are.
    init(_ text: String, _ store: Store) throws {
        name = text
        let parts = text.split(separator: "/", maxSplits: 1).map(String.init)
        if parts.count == 2 {
            let tasks = try store.tasks(ofBatch: try store.batch(named: parts[0]).identity)
            guard let task = tasks.first(where: { $0.name == parts[1] }) else {
                throw AssayError(
                    .usage, "the batch '\(parts[0])' has no task '\(parts[1])'",
                    remedy: Suggestion.remedy(for: parts[1], among: tasks.map(\.name)))
            }
            self.tasks = [task]
            return
        }
        let all = try store.tasks()
        var found = all.filter { $0.name == text }
        if found.isEmpty, text.count >= 6 { found = all.filter { $0.identity.hexadecimal.hasPrefix(text) } }
        if found.isEmpty, let batch = try store.batches().last(where: { $0.name == text }) {
            tasks = try store.tasks(ofBatch: batch.identity)
            return
        }
        guard found.count <= 1 else {
            throw AssayError(
                .usage, "the store has \(found.count) versions of the task '\(text)'",
                remedy: "Name one: "
                    + found.map { "\($0.identity.hexadecimal.prefix(12)) (\($0.generator) v\($0.version))" }
                    .joined(separator: ", ") + ", or BATCH/TASK")
        }
        guard let task = found.first else {
            throw AssayError(
                .usage, "the store has no task or batch '\(text)'",
                remedy: Suggestion.remedy(
                    for: text, among: Set(all.map(\.name) + (try store.batches().map(\.name))).sorted()))
        }
        tasks = [task]
    }

    /// The items of all tasks, with the responses of a frozen model where there is one. Clusters of different tasks are
    /// different clusters.
    func items(_ store: Store, frozen: ContentHash?) throws -> [ScoredItem] {
        var items: [ScoredItem] = []
        var offset = 0
        for task in tasks {
            let scored = try frozen.map { try responses(of: $0, to: task, store) } ?? [:]
            var last = 0
            for item in try store.items(ofTask: task.identity) {
                let id = item.id
                last = max(last, id.cluster)
                var moved = item
                moved.id = ItemID(cluster: id.cluster + offset, sequence: id.sequence, question: id.question)
                moved.parent = item.parent.map {
                    ItemID(cluster: $0.cluster + offset, sequence: $0.sequence, question: $0.question)
                }
                items.append(
                    ScoredItem(item: moved, response: scored[id] ?? ResponseRecord(item: moved.id, status: .missing)))
            }
            offset += last + 1
        }
        return items
    }

    /// How many clusters each task has, by name.
    func clusters(_ store: Store) throws -> [String: Int] {
        var counts: [String: Int] = [:]
        for task in tasks {
            counts[task.name, default: 0] += Set(try store.items(ofTask: task.identity).map(\.id.cluster)).count
        }
        return counts
    }

    private func responses(
        of checkpoint: ContentHash, to task: TaskRecord, _ store: Store
    ) throws -> [ItemID: ResponseRecord] {
        let covers = CellCover.covers(
            try store.cells(ofCheckpoint: checkpoint).filter {
                $0.key.task == task.identity && $0.key.condition.path.givesAnswers
            }
        ) { _ in nil }
        guard let cover = covers.first(where: { $0.key.condition == .parallel }) ?? covers.first else {
            throw AssayError(
                .usage, "the frozen model \(checkpoint.short) was not evaluated on \(task.name)",
                remedy: "Evaluate it on both sets, or leave --frozen out")
        }
        return Dictionary(
            uniqueKeysWithValues: try store.scoredItems(of: cover).map { ($0.item.id, $0.response) })
    }
}
