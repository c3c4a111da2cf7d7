import AssayCore
import GRDB

/// The digest of one table.
public struct TableDigest: Sendable, Hashable {
    /// The name of the table.
    public let table: String
    /// Its rows.
    public let rows: Int
    /// The hash of its rows in a fixed order.
    public let digest: ContentHash
}

/// What a store holds, independent of when, where and in which order it was recorded.
extension Store {
    /// Writes every row of every table but provenance as one line of text, in an order that only depends on content.
    ///
    /// Integer ids are replaced by the identities that they stand for. Left out is what may differ between equal runs:
    /// times, durations and paths. So equal work gives equal text, also when it was interrupted in between.
    public func canonicalDump(_ line: (String) throws -> Void) throws {
        try read { db in
            for table in CanonicalTable.all { try table.forEachLine(db, line) }
        }
    }

    /// The digest of each table of the canonical dump, in its order.
    public func tableDigests() throws -> [TableDigest] {
        try read { db in
            try CanonicalTable.all.map { table in
                var hasher = ContentHasher()
                var rows = 0
                try table.forEachLine(db) { line in
                    hasher.update(line)
                    hasher.update("\n")
                    rows += 1
                }
                return TableDigest(table: table.name, rows: rows, digest: hasher.finish())
            }
        }
    }

    /// One hash of everything in the canonical dump.
    public func contentDigest() throws -> ContentHash {
        var hasher = ContentHasher()
        for table in try tableDigests() { hasher.update("\(table.table) \(table.rows) \(table.digest)\n") }
        return hasher.finish()
    }
}

/// How a table is spelt out without ids, times and paths.
struct CanonicalTable: Sendable {
    /// The name of the table.
    let name: String
    /// The query that gives its rows in a fixed order.
    let sql: String

    /// Calls a body with each row as `name`, tab, values separated by tabs.
    func forEachLine(_ db: Database, _ body: (String) throws -> Void) throws {
        let cursor = try Row.fetchCursor(db, sql: sql)
        let columns = cursor.columnCount
        while let row = try cursor.next() {
            var line = name
            for column in 0..<columns {
                line += "\t"
                let value: DatabaseValue = row[column]
                switch value.storage {
                case .null: line += "\\N"
                case .int64(let number): line += String(number)
                case .double(let number): line += number.description
                case .string(let text): line += CanonicalTable.escaped(text)
                case .blob(let data): line += data.map { String($0, radix: 16) }.joined(separator: ",")
                }
            }
            try body(line)
        }
    }

    private static func escaped(_ text: String) -> String {
        let special = text.utf8.contains {
            $0 == UInt8(ascii: "\t") || $0 == UInt8(ascii: "\n") || $0 == UInt8(ascii: "\\")
        }
        guard special else { return text }
        return text.replacing("\\", with: "\\\\").replacing("\t", with: "\\t").replacing("\n", with: "\\n")
    }

    /// Every table, in the order of the dump.
    static let all: [CanonicalTable] = [
        CanonicalTable(
            name: "batch", sql: "SELECT identity, name, control, definition FROM batch ORDER BY identity"),
        CanonicalTable(
            name: "arm_run",
            sql: "SELECT identity, arm, architecture, recipe, seed, status, reason FROM arm_run ORDER BY identity"),
        CanonicalTable(
            name: "batch_arm",
            sql: """
                SELECT batch.identity, batch_arm.arm, batch_arm.seed, arm_run.identity FROM batch_arm
                JOIN batch ON batch.id = batch_arm.batch JOIN arm_run ON arm_run.id = batch_arm.run
                ORDER BY 1, 2, 3
                """),
        CanonicalTable(
            name: "training_step",
            sql: """
                SELECT arm_run.identity, step, loss, gradient_norm, learning_rate, tokens FROM arm_run
                CROSS JOIN training_step ON training_step.run = arm_run.id ORDER BY arm_run.identity, step
                """),
        CanonicalTable(
            name: "run_checkpoint",
            sql: """
                SELECT arm_run.identity, step, checkpoint.hash FROM run_checkpoint
                JOIN arm_run ON arm_run.id = run_checkpoint.run
                JOIN checkpoint ON checkpoint.id = run_checkpoint.checkpoint ORDER BY 1, 2
                """),
        CanonicalTable(
            name: "task",
            sql: """
                SELECT identity, name, generator, version, parameters, stream, family, stated_floor, measured_floors
                FROM task ORDER BY identity
                """),
        CanonicalTable(
            name: "batch_task",
            sql: """
                SELECT batch.identity, batch_task.name, task.identity FROM batch_task
                JOIN batch ON batch.id = batch_task.batch JOIN task ON task.id = batch_task.task ORDER BY 1, 2
                """),
        CanonicalTable(
            name: "item",
            sql: """
                SELECT task.identity, item, cluster, hops, facts, length, distance, load, position, parent, content
                FROM task CROSS JOIN item ON item.task = task.id ORDER BY task.identity, item
                """),
        CanonicalTable(name: "condition", sql: "SELECT identity, name, definition FROM condition ORDER BY identity"),
        CanonicalTable(
            name: "cell",
            sql: """
                SELECT cell.identity, checkpoint.hash, task.identity, condition.identity, kernel_version,
                    grader_version, clusters, item_count, lost
                FROM cell JOIN checkpoint ON checkpoint.id = cell.checkpoint JOIN task ON task.id = cell.task
                JOIN condition ON condition.id = cell.condition ORDER BY cell.identity
                """),
        CanonicalTable(
            name: "response",
            sql: """
                SELECT cell.identity, item, status, score, nll, output, detail
                FROM cell CROSS JOIN response ON response.cell = cell.id ORDER BY cell.identity, item
                """),
        CanonicalTable(
            name: "metric",
            sql: """
                SELECT measurement.identity, checkpoint.hash, metric, task, metric.condition, slice, value, low, high,
                    items, clusters, lost
                FROM measurement JOIN checkpoint ON checkpoint.id = measurement.checkpoint
                JOIN metric ON metric.measurement = measurement.id
                ORDER BY measurement.identity, metric, task, metric.condition, slice
                """),
        CanonicalTable(
            name: "comparison",
            sql: """
                SELECT identity, control, candidate, control_checkpoints, candidate_checkpoints, options FROM comparison
                ORDER BY identity
                """),
        CanonicalTable(
            name: "batch_comparison",
            sql: """
                SELECT batch.identity, position, comparison.identity FROM batch_comparison
                JOIN batch ON batch.id = batch_comparison.batch
                JOIN comparison ON comparison.id = batch_comparison.comparison ORDER BY 1, 2
                """),
        CanonicalTable(
            name: "verdict",
            sql: """
                SELECT comparison.identity, position, metric, task, condition, slice, verdict.control,
                    verdict.candidate, difference, low, high, p, adjusted_p, margin, detectable, settling_units, unit,
                    units, items, lost, verdict
                FROM comparison JOIN verdict ON verdict.comparison = comparison.id
                ORDER BY comparison.identity, position
                """),
        CanonicalTable(
            name: "drift",
            sql: """
                SELECT identity, arm, control, metric, task, condition, slice, threshold, alarm_step, onset_step
                FROM drift ORDER BY identity
                """),
        CanonicalTable(
            name: "drift_point",
            sql: """
                SELECT drift.identity, step, drift_point.control, candidate, difference, standardised, rise, fall
                FROM drift JOIN drift_point ON drift_point.drift = drift.id ORDER BY drift.identity, step
                """),
    ]
}
