import AssayCore
import AssayStatistics
import GRDB

/// Where the drawing of items stopped.
extension Store {
    /// Records where the drawing of a batch's items stopped, all tasks in one transaction.
    /// - Parameter version: of what decides it besides the batch: kernels, graders, metrics.
    public func record(_ spending: [SpendingRecord], of batch: ContentHash, version: String) throws {
        try write { db in
            let id = try Identified.id(db, of: "batch", batch)
            for record in spending {
                try Identified.record(
                    db, in: "spending", key: [("batch", id), ("version", version), ("task", record.task)],
                    content: [
                        ("method", record.method.rawValue),
                        ("looks", record.clusters.map(String.init).joined(separator: " ")), ("look", record.look),
                        ("declared", record.declared), ("undecided", record.undecided), ("items", record.items),
                        ("planned_items", record.plannedItems),
                    ])
            }
        }
    }

    /// Where the drawing of a batch's items stopped, by task; empty where it has not, or was not drawn in portions.
    public func spending(ofBatch batch: ContentHash, version: String) throws -> [SpendingRecord] {
        try drawnItems(ofBatch: batch).filter { $0.version == version }.map(\.record)
    }

    /// Where every drawing of items stopped, or those of a batch: by batch, version and task.
    public func drawnItems(
        ofBatch batch: ContentHash? = nil
    ) throws -> [(batch: String, version: String, record: SpendingRecord)] {
        try read { db in
            try Row.fetchAll(
                db,
                sql: """
                    SELECT batch.name, version, task, method, looks, look, declared, undecided, items, planned_items
                    FROM spending JOIN batch ON batch.id = spending.batch
                    WHERE ? IS NULL OR batch.identity = ? ORDER BY batch.id, version, task
                    """, arguments: [batch?.hexadecimal, batch?.hexadecimal]
            ).map { row in
                let clusters = (row[4] as String).split(separator: " ").compactMap { Int($0) }
                guard let method = SpendingMethod(rawValue: row[3]), clusters.indices.contains(row[5]) else {
                    throw DatabaseError(resultCode: .SQLITE_CORRUPT, message: "no looks at items: \(row)")
                }
                let record = SpendingRecord(
                    task: row[2], method: method, clusters: clusters, look: row[5], declared: row[6],
                    undecided: row[7], items: row[8], plannedItems: row[9])
                return (row[0], row[1], record)
            }
        }
    }
}
