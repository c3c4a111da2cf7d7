import AssayCore
import AssayEvaluation
import AssayMetrics
import AssayReports
import AssayStore
import AssayTasks

/// What `assay regrade` does and says: stored answers, graded by this version of the grader, beside their old grades.
public struct RegradeReport {
    /// What is graded anew.
    public struct Selection: Sendable {
        /// The checkpoints, as a user names them; nil for all.
        public var checkpoints: String?
        /// The batch whose arms are meant.
        public var batch: String?
        /// The name of a task; nil for all.
        public var task: String?
        /// Grades cells of this version of the grader again, to see that it gives the same grades; nothing is recorded.
        public var verifies: Bool

        /// Everything, unless told.
        public init(checkpoints: String? = nil, batch: String? = nil, task: String? = nil, verifies: Bool = false) {
            self.checkpoints = checkpoints
            self.batch = batch
            self.task = task
            self.verifies = verifies
        }
    }

    /// A cell.
    public struct Row: Sendable {
        /// The checkpoint.
        public let checkpoint: CheckpointRecord
        /// The cell as it was graded.
        public let cell: CellRecord
        /// The version of the grader now.
        public let version: Int
        /// How the grades changed, by quantity; empty when it was refused.
        public let shifts: [CellShift]
        /// Why it was refused; nil when it was not.
        public let refusal: String?
        /// Whether the new grades are recorded by this call.
        public let isNew: Bool
    }

    /// One for each cell, by arm, seed, step, task and condition.
    public let rows: [Row]
    private let records: Bool
    private let verifies: Bool

    /// Grades stored answers anew. The old responses stay as they are; the new ones form cells of their own.
    /// - Parameter records: whether to record the new grades; the store must then be open for writing.
    /// - Throws: ``AssayError`` when there is nothing to grade, or nothing that can be graded.
    public init(store: Store, _ selection: Selection, records: Bool) throws {
        let checkpoints = try RegradeReport.checkpoints(store, selection)
        var rows: [Row] = []
        for checkpoint in checkpoints {
            let cells = try store.cells(ofCheckpoint: checkpoint.hash)
                .filter { selection.task == nil || $0.taskName == selection.task }
            for cell in RegradeReport.wanted(cells, verifies: selection.verifies) {
                rows.append(
                    try RegradeReport.regrade(cell, of: checkpoint, store, records: records && !selection.verifies))
            }
        }
        guard !rows.isEmpty else {
            throw AssayError(
                .usage,
                selection.verifies
                    ? "the store has no cells of this version of the grader"
                    : "the store has no cells of an older version of the grader",
                remedy: selection.verifies ? "Evaluate something first" : "There is nothing to grade anew")
        }
        if let first = rows.first(where: { $0.refusal != nil }), rows.allSatisfy({ $0.refusal != nil }) {
            throw AssayError.badInput(
                "none of \(rows.count) cells can be graded from what is stored: \(first.refusal ?? "")",
                at: "\(first.checkpoint.arm)@\(first.checkpoint.step), \(first.cell.taskName)",
                remedy: "Evaluate the checkpoints again: assay run")
        }
        self.rows = rows
        self.records = records && !selection.verifies
        verifies = selection.verifies
    }

    /// Each checkpoint once, under the first name that it has.
    private static func checkpoints(_ store: Store, _ selection: Selection) throws -> [CheckpointRecord] {
        var seen: Set<ContentHash> = []
        let all =
            if let text = selection.checkpoints {
                try SideResolver(store: store, batch: selection.batch, texts: [text]).all(text)
            } else {
                try store.checkpoints(
                    CheckpointSelector(batch: try selection.batch.map { try store.batch(named: $0).identity }))
            }
        return all.sorted { ($0.arm, $0.seed, $0.step) < ($1.arm, $1.seed, $1.step) }
            .filter { seen.insert($0.hash).inserted }
    }

    /// Of each range of clusters the newest older version, or this one.
    private static func wanted(_ cells: [CellRecord], verifies: Bool) -> [CellRecord] {
        let graded = cells.filter { cell in
            let current = CellEvaluator.graderVersion(cell.key.condition)
            return verifies ? cell.key.graderVersion == current : cell.key.graderVersion < current
        }
        let groups = Dictionary(grouping: graded) { cell in
            var key = cell.key
            key.graderVersion = 0
            return key
        }
        return groups.values.compactMap { $0.max { $0.key.graderVersion < $1.key.graderVersion } }
            .sorted {
                ($0.taskName, $0.key.condition.name, $0.identity) < ($1.taskName, $1.key.condition.name, $1.identity)
            }
    }

    private static func regrade(
        _ cell: CellRecord, of checkpoint: CheckpointRecord, _ store: Store, records: Bool
    ) throws -> Row {
        let version = CellEvaluator.graderVersion(cell.key.condition)
        func row(_ shifts: [CellShift], refusal: String? = nil, isNew: Bool = false) -> Row {
            Row(checkpoint: checkpoint, cell: cell, version: version, shifts: shifts, refusal: refusal, isNew: isNew)
        }
        guard let task = try store.task(cell.key.task) else {
            throw AssayError(.defect, "the store has a cell of a task that it does not know")
        }
        guard let generator = try? TaskRegistry.make(task.generator, parameters: task.parameters),
            generator.identity.version == task.version, let stream = ItemStream(name: task.stream)
        else { return row([], refusal: "this program cannot make the items of \(task.generator) v\(task.version)") }
        let items = try store.scoredItems(ofCell: cell.identity)
        let responses: [ResponseRecord]
        do {
            responses = try Regrading(task: generator, stream: stream, condition: cell.key.condition).regrade(items)
        } catch { return row([], refusal: error.obstacle.text) }
        var key = cell.key
        key.graderVersion = version
        let isNew = records ? try !store.hasCell(key) : false
        if isNew {
            try store.record(
                CellRecord(
                    key: key, taskName: cell.taskName, itemCount: responses.count,
                    lost: responses.count { $0.status != .graded }, seconds: cell.seconds),
                items: items.map(\.item), responses: responses)
        }
        func data(_ items: [ScoredItem]) -> CellData {
            CellData(
                task: task.name, generator: task.generator, family: task.family, condition: cell.key.condition,
                floor: task.floor, stateBytes: 0, items: items)
        }
        let after = zip(items, responses).map { ScoredItem(item: $0.item, response: $1) }
        return row(try CellShift.between(data(items), data(after)), isNew: isNew)
    }

    // MARK: - Output

    /// The report as text in a format.
    public func render(as format: TableFormat) throws -> String {
        try Listing.text(table, notes: notes, fields: fields, as: format)
    }

    private var table: TextTable {
        var table = TextTable([
            .init("checkpoint"), .init("task"), .init("condition"), .init("grader"), .init("score", .right),
            .init("new score", .right), .init("difference", .right), .init("95 % interval", .right), .init("p", .right),
            .init("items", .right), .init("changed", .right), .init("note"),
        ])
        for row in rows {
            let shift = row.shifts.first { $0.quantity == .score }
            let interval = shift.flatMap { shift in
                shift.low.map { "[\(Figure.difference($0)), \(Figure.difference(shift.high))]" }
            }
            table.append([
                RegradeReport.name(row.checkpoint), row.cell.taskName, row.cell.key.condition.name,
                "\(row.cell.key.graderVersion) > \(row.version)", Figure.value(shift?.before),
                Figure.value(shift?.after),
                Figure.difference(shift?.estimate), interval ?? "-", Figure.p(shift?.pValue),
                shift.map { Figure.grouped($0.items) } ?? "-", shift?.changed.map { Figure.grouped($0) } ?? "-",
                row.refusal.map { "refused: \($0)" } ?? "",
            ])
        }
        return table
    }

    private static func name(_ checkpoint: CheckpointRecord) -> String {
        "\(checkpoint.arm):seed=\(checkpoint.seed)@\(checkpoint.step)"
    }

    private var notes: [String] {
        let refused = rows.count { $0.refusal != nil }
        let changed = rows.reduce(0) { $0 + ($1.shifts.first { $0.quantity == .score }?.changed ?? 0) }
        var notes = ["\(rows.count - refused) cells graded, \(refused) refused; \(changed) grades changed."]
        if verifies {
            notes.append("Nothing was recorded: this only holds the stored grades against the grader.")
        } else if records {
            notes.append("Recorded \(rows.count { $0.isNew }) cells beside the old ones, which stay as they were.")
        } else {
            notes.append("Nothing was recorded (--dry-run).")
        }
        return notes
    }

    private var fields: FieldTable {
        var table = FieldTable(columns: [
            "arm", "seed", "step", "checkpoint", "task", "condition", "from_grader", "to_grader", "quantity", "before",
            "after", "difference", "standard_error", "low", "high", "p", "items", "clusters", "changed", "lost",
            "refusal",
        ])
        for row in rows {
            let place: [Field] = [
                .text(row.checkpoint.arm), .unsigned(row.checkpoint.seed), .integer(row.checkpoint.step),
                .text(row.checkpoint.hash.short), .text(row.cell.taskName), .text(row.cell.key.condition.name),
                .integer(row.cell.key.graderVersion), .integer(row.version),
            ]
            for shift in row.shifts { table.rows.append(place + shift.fields + [.none]) }
            if let refusal = row.refusal {
                table.rows.append(place + Array(repeating: .none, count: CellShift.fieldNames.count) + [.text(refusal)])
            }
        }
        return table
    }
}

extension CellShift {
    /// The names of ``fields``.
    static let fieldNames = [
        "quantity", "before", "after", "difference", "standard_error", "low", "high", "p", "items", "clusters",
        "changed",
        "lost",
    ]

    /// Exact values, for programs.
    var fields: [Field] {
        [
            .text(quantity.rawValue), .number(before), .number(after), .number(estimate), .optional(standardError),
            .optional(low), .optional(high), .optional(pValue), .integer(items), .integer(clusters), .optional(changed),
            .integer(lost),
        ]
    }
}

extension ItemStream {
    /// The stream of a name.
    fileprivate init?(name: String) {
        let parts = name.split(separator: "/")
        guard parts.count == 2, let seed = UInt64(parts[1]) else { return nil }
        switch parts[0] {
        case "training": self = .training(seed: seed)
        case "evaluation": self = .evaluation(seed: seed)
        default: return nil
        }
    }
}
