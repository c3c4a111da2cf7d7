import AssayCore
import AssayMetrics
import AssayReports
import AssayStore

/// What `assay diff A B --attribute` says: for every task, which recorded identities differ between the two sides, and how much
/// of the difference each accounts for.
public struct AttributionReport {
    /// One for each task, condition and seed.
    public let attributions: [Attribution]
    private let names: (baseline: String, candidate: String)
    private let training: [String]

    /// Explains the differences of two sides.
    /// - Parameter conditions: those of the two sides by their names; nil for every condition that both have.
    /// - Throws: ``AssayError`` when a side does not exist, or both have no task in common.
    public init(
        store: Store, baseline: String, candidate: String, batch: String?,
        conditions: (baseline: String?, candidate: String?) = (nil, nil)
    ) throws {
        let resolver = try SideResolver(store: store, batch: batch, texts: [baseline, candidate])
        let pairs = try resolver.pairs(baseline, candidate)
        let wanted = (
            try conditions.baseline.map { try Condition($0) }, try conditions.candidate.map { try Condition($0) }
        )
        var reader = try CellReader(store: store)
        reader.versions = .newest
        var found: [Attribution] = []
        for (first, second) in zip(pairs.baseline, pairs.candidate) {
            let sides = (try reader.covers(of: first.hash), try reader.covers(of: second.hash))
            for before in AttributionReport.sorted(sides.0, reader)
            where before.key.condition == wanted.0 ?? before.key.condition {
                let condition = wanted.1 ?? (wanted.0 == nil ? before.key.condition : wanted.0 ?? before.key.condition)
                let name = reader.taskNames[before.key.task] ?? ""
                let candidates = sides.1.filter {
                    reader.taskNames[$0.key.task] == name && $0.key.condition == condition
                }
                // The same items where there are any, else another version of them.
                guard let after = candidates.first(where: { $0.key.task == before.key.task }) ?? candidates.last else {
                    continue
                }
                found.append(try Attribution(store, task: name, from: before, to: after))
            }
        }
        guard !found.isEmpty else {
            throw AssayError(
                .usage, "'\(baseline)' and '\(candidate)' have no task and condition in common",
                remedy: "Name the conditions of the two sides with --from-condition and --to-condition")
        }
        attributions = found
        names = (baseline, candidate)
        training = try AttributionReport.training(store, pairs)
    }

    private static func sorted(_ covers: [CellCover], _ reader: CellReader) -> [CellCover] {
        covers.filter { $0.key.condition.path.givesAnswers }
            .sorted {
                (reader.taskNames[$0.key.task] ?? "", $0.key.condition.name, $0.identity)
                    < (reader.taskNames[$1.key.task] ?? "", $1.key.condition.name, $1.identity)
            }
    }

    /// In what the training of the two sides differs.
    private static func training(_ store: Store, _ pairs: SeedPairs) throws -> [String] {
        guard let first = pairs.baseline.first, let second = pairs.candidate.first, first.hash != second.hash else {
            return []
        }
        let runs = (try store.run(first.run), try store.run(second.run))
        var parts: [String] = []
        if runs.0?.architecture != runs.1?.architecture { parts.append("architecture") }
        if runs.0?.recipe != runs.1?.recipe { parts.append("recipe") }
        if first.seed != second.seed { parts.append("seed (\(first.seed), \(second.seed))") }
        if first.step != second.step { parts.append("step (\(first.step), \(second.step))") }
        return parts
    }

    // MARK: - Output

    /// The report as text in a format.
    public func render(as format: TableFormat) throws -> String {
        try Listing.text(table, notes: notes, fields: fields, as: format)
    }

    private var table: TextTable {
        var table = TextTable([
            .init("task"), .init("condition"), .init("quantity"), .init("changed"), .init("before", .right),
            .init("after", .right), .init("difference", .right), .init("95 % interval", .right), .init("p", .right),
            .init("items"),
        ])
        for row in rows {
            let shift = row.shift
            table.append([
                row.attribution.task, condition(row.attribution), shift.quantity.rawValue, row.changed,
                Figure.value(shift.before), Figure.value(shift.after), Figure.difference(shift.estimate),
                shift.low.map { "[\(Figure.difference($0)), \(Figure.difference(shift.high))]" } ?? "-",
                Figure.p(shift.pValue), shift.isPaired ? "\(Figure.grouped(shift.items)) pairs" : "other items",
            ])
        }
        return table
    }

    private func condition(_ attribution: Attribution) -> String {
        let (before, after) = (attribution.conditions.before.name, attribution.conditions.after.name)
        return before == after ? before : "\(before) > \(after)"
    }

    /// A step of a way, or the whole.
    private struct Row {
        let attribution: Attribution
        let changed: String
        let isTotal: Bool
        let shift: CellShift
    }

    /// Every step of every way, and the whole where there are several.
    private var rows: [Row] {
        attributions.flatMap { attribution in
            attribution.total.flatMap { total -> [Row] in
                var rows = attribution.steps.compactMap { step -> Row? in
                    guard let shift = step.shifts.first(where: { $0.quantity == total.quantity }) else { return nil }
                    return Row(
                        attribution: attribution, changed: step.causes.map(\.rawValue).joined(separator: " + "),
                        isTotal: false, shift: shift)
                }
                if rows.count != 1 {
                    let changed = attribution.causes.isEmpty ? "nothing" : "all"
                    rows.append(Row(attribution: attribution, changed: changed, isTotal: true, shift: total))
                }
                return rows
            }
        }
    }

    private var notes: [String] {
        let causes = ScoreCause.allCases.filter { cause in attributions.contains { $0.causes.contains(cause) } }
        var notes = [
            causes.isEmpty
                ? "\(names.baseline) and \(names.candidate) are the same in everything that is recorded."
                : "From \(names.baseline) to \(names.candidate) changed: \(causes.map(\.rawValue).joined(separator: ", "))."
        ]
        if !training.isEmpty { notes.append("The weights come from another \(training.joined(separator: ", ")).") }
        if attributions.contains(where: { $0.steps.contains { $0.causes.count > 1 } }) {
            notes.append(
                "Changes joined by + cannot be told apart by what is recorded: evaluate the cells between, or grade stored "
                    + "answers anew (assay regrade).")
        }
        return notes
    }

    private var fields: FieldTable {
        var table = FieldTable(
            columns: [
                "baseline", "candidate", "task", "from_condition", "to_condition", "causes", "is_total", "is_paired",
            ] + CellShift.fieldNames)
        for row in rows {
            let place: [Field] = [
                .text(names.baseline), .text(names.candidate), .text(row.attribution.task),
                .text(row.attribution.conditions.before.name), .text(row.attribution.conditions.after.name),
                .text(row.changed), .boolean(row.isTotal), .boolean(row.shift.isPaired),
            ]
            table.rows.append(place + row.shift.fields)
        }
        return table
    }
}
