import AssayCore
import AssayMetrics
import AssayStore

extension BatchRunner {
    /// Draws the items of the compared checkpoints look by look, until every declared comparison on a task is decided or its
    /// clusters end.
    ///
    /// What is decided follows from recorded cells alone, so a batch that was killed comes to the same looks.
    /// - Returns: the clusters to evaluate of each task, by its name; empty when they are fixed beforehand.
    func spendItems(_ checkpoints: [PlannedCheckpoint]) throws -> [String: Int] {
        guard let spending = plan.comparison.spending else { return [:] }
        if let recorded = try recordedSpending() { return recorded }
        let pairs = comparedPairs(checkpoints, notify: false)
        // Without a comparison there is nothing to stop for.
        guard !pairs.isEmpty else { return [:] }
        var groups = plan.spendingGroups.map { SpendingGroup(tasks: $0, looks: spending.looks) }
        let compared = checkpoints.filter { checkpoint in
            pairs.contains { ($0.pair.baseline + $0.pair.candidate).contains { $0.hash == checkpoint.record.hash } }
        }
        for look in 0..<spending.looks {
            let open = groups.indices.filter { groups[$0].isOpen }
            guard !open.isEmpty else { break }
            for index in open { groups[index].look = look }
            try evaluate(compared, open.flatMap { groups[$0].portions }, title: "look \(look + 1) of \(spending.looks)")
            for index in open {
                try stopIfAsked()
                groups[index].review = try review(groups[index], pairs)
            }
            let declared = groups.reduce(0) { $0 + ($1.review?.count ?? 0) }
            for index in open { groups[index].decide(among: declared, options: plan.comparison) }
        }
        let records = try groups.flatMap { group in
            try group.tasks.map { try record(of: $0, in: group, compared: compared, options: spending) }
        }
        try store.record(records, of: plan.identity, version: SpendingVersion.current)
        return Dictionary(uniqueKeysWithValues: records.map { ($0.task, $0.drawn) })
    }

    /// Where an earlier run stopped; nil when none came to the end of the drawing.
    func recordedSpending() throws -> [String: Int]? {
        let recorded = try store.spending(ofBatch: plan.identity, version: SpendingVersion.current)
        guard Set(recorded.map(\.task)).isSuperset(of: plan.tasks.map(\.name)) else { return nil }
        return Dictionary(uniqueKeysWithValues: recorded.map { ($0.task, $0.drawn) })
    }

    private func review(_ group: SpendingGroup, _ pairs: [ComparedPair]) throws -> SpendingReview {
        let reader = try CellReader(
            store: store, batch: plan.identity, spending: group.spending, tasks: Set(group.tasks.map(\.name)))
        let cells = CellCache(reader: reader)
        return try SpendingReview(
            pairs.map { (baseline: try cells.cells($0.pair.baseline), candidate: try cells.cells($0.pair.candidate)) },
            options: plan.comparison)
    }

    private func record(
        of task: TaskPlan, in group: SpendingGroup, compared: [PlannedCheckpoint], options: SpendingOptions
    ) throws -> SpendingRecord {
        var record = SpendingRecord(
            task: task.name, method: options.method, clusters: task.clusters(atLooks: options.looks), look: group.look,
            declared: group.review?.count ?? 0, undecided: group.undecided, items: 0, plannedItems: 0)
        // Checkpoints of equal weights have one set of cells.
        for hash in Set(compared.map(\.record.hash)) {
            let covers = CellCover.covers(
                try store.cells(ofCheckpoint: hash).filter {
                    $0.key.task == task.identity && $0.key.kernelVersion == Assay.kernelVersion
                }
            ) { _ in record.drawn }
            for cover in covers where task.conditions.contains(cover.key.condition) {
                let items = try store.scoredItems(of: cover).count
                record.items += items
                // Those that compare two ways to run a model are no fewer for it.
                let isDrawn = cover.key.condition.path.givesAnswers
                record.plannedItems += isDrawn ? items * record.planned / max(1, record.drawn) : items
            }
        }
        return record
    }
}

/// Tasks that are looked at together.
private struct SpendingGroup {
    let tasks: [TaskPlan]
    let looks: Int
    var look = 0
    var isOpen = true
    var review: SpendingReview?
    /// Declared comparisons that the last look left undecided.
    var undecided = 0

    init(tasks: [TaskPlan], looks: Int) {
        self.tasks = tasks
        self.looks = looks
    }

    /// The clusters that are wanted of each task now.
    var portions: [TaskPortion] { tasks.map { TaskPortion(task: $0, clusters: $0.clusters(atLooks: looks)[look]) } }

    var spending: [String: CellSpending] {
        Dictionary(
            uniqueKeysWithValues: tasks.map {
                ($0.name, CellSpending(clusters: $0.clusters(atLooks: looks), look: look))
            })
    }

    /// Stops when every declared comparison is decided; tasks without one have nothing to stop for.
    mutating func decide(among declared: Int, options: ComparisonOptions) {
        guard let review else { return }
        undecided = review.results(among: declared, options: options).count { $0.verdict == .undecided }
        if review.count > 0, undecided == 0 { isOpen = false }
    }
}
