import AssayCore
import GRDB

/// A list of items that was recorded before in this process.
struct KnownItems: Hashable {
    /// The row of the task.
    let task: Int64
    /// A digest of the items.
    let digest: Int
}

/// Recording cells: the one place where millions of rows are written.
extension Store {
    /// Records a cell with its items and responses in one transaction: it is there whole or not at all.
    ///
    /// Does nothing when the cell is there already with the same responses. The checkpoint and the task are recorded
    /// before.
    /// - Parameters:
    ///   - cell: the cell; `itemCount` and `lost` must agree with the responses.
    ///   - items: the items of the task that the responses are about.
    ///   - responses: one for each item.
    /// - Returns: whether the cell is new.
    @discardableResult
    public func record(_ cell: CellRecord, items: [ItemRecord], responses: [ResponseRecord]) throws -> Bool {
        try checkCounts(cell, items, responses)
        let digest = items.hashValue
        var known: KnownItems?
        let isNew = try write { db in
            let task = try Identified.id(db, of: "task", cell.key.task)
            let candidate = KnownItems(task: task, digest: digest)
            if !knownItems.withValue({ $0.contains(candidate) }) {
                try Store.record(items, ofTask: task, db)
                known = candidate
            }
            guard let id = try Store.record(cell, task: task, db) else {
                try Store.verify(responses, of: cell, db)
                return false
            }
            try Store.insert(responses, cell: id, db)
            return true
        }
        if let known { knownItems.withValue { _ = $0.insert(known) } }
        return isNew
    }

    private func checkCounts(_ cell: CellRecord, _ items: [ItemRecord], _ responses: [ResponseRecord]) throws {
        let lost = responses.count { $0.status != .graded }
        guard cell.itemCount == responses.count, cell.lost == lost, items.count == responses.count else {
            throw AssayError(
                .defect,
                "a cell of \(cell.itemCount) items (\(cell.lost) lost) has \(items.count) items and "
                    + "\(responses.count) responses (\(lost) lost)")
        }
    }

    /// Inserts the row of a cell; nil when it is there already.
    private static func record(_ cell: CellRecord, task: Int64, _ db: Database) throws -> Int64? {
        let definition = try CanonicalJSON.text(cell.key.condition)
        let condition = ContentHash(of: definition)
        try Identified.record(
            db, in: "condition", key: [("identity", condition.hexadecimal)], content: [("definition", definition)],
            other: [("name", cell.key.condition.name)])
        let isNew = try Identified.record(
            db, in: "cell", key: [("identity", cell.identity.hexadecimal)],
            content: [
                ("checkpoint", try Identified.id(db, of: "checkpoint", cell.key.checkpoint, column: "hash")),
                ("task", task), ("condition", try Identified.id(db, of: "condition", condition)),
                ("kernel_version", cell.key.kernelVersion), ("grader_version", cell.key.graderVersion),
                ("first_cluster", cell.key.firstCluster), ("clusters", cell.key.clusters),
                ("item_count", cell.itemCount), ("lost", cell.lost),
            ], other: [("seconds", cell.seconds)])
        return isNew ? db.lastInsertedRowID : nil
    }

    /// Inserts items of a task; items that are there already must be the same, in every column.
    private static func record(_ items: [ItemRecord], ofTask task: Int64, _ db: Database) throws {
        // A clash sets a NOT NULL column to NULL, which SQLite refuses: one statement inserts and compares.
        let statement = try db.cachedStatement(
            sql: """
                INSERT INTO item (task, item, cluster, hops, facts, length, distance, load, position, parent, content)
                VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
                ON CONFLICT (task, item) DO UPDATE SET content = NULL WHERE
                    (cluster, hops, facts, length, distance, load, position, parent, content) IS NOT
                    (excluded.cluster, excluded.hops, excluded.facts, excluded.length, excluded.distance,
                     excluded.load, excluded.position, excluded.parent, excluded.content)
                """)
        for item in items {
            statement.setUncheckedArguments([
                task, item.id.rawValue, item.id.cluster, item.hops, item.facts, item.length, item.distance, item.load,
                item.position, item.parent?.rawValue, Int64(bitPattern: item.contentBits),
            ])
            do {
                try statement.execute()
            } catch let failure as DatabaseError where failure.extendedResultCode == .SQLITE_CONSTRAINT_NOTNULL {
                throw AssayError(
                    .defect, "the store holds another item \(item.id.rawValue) of the same task",
                    remedy: "A generator changed without a new version; please report this")
            }
        }
    }

    private static func insert(_ responses: [ResponseRecord], cell: Int64, _ db: Database) throws {
        let statement = try db.cachedStatement(
            sql: "INSERT INTO response (cell, item, status, score, nll, output, detail) VALUES (?, ?, ?, ?, ?, ?, ?)")
        // Ascending keys append to the tree; the order of arrival may be another.
        let ordered = isAscending(responses) ? responses : responses.sorted { $0.item < $1.item }
        for response in ordered {
            statement.setUncheckedArguments([
                cell, response.item.rawValue, response.status.rawValue, response.score, response.nll, response.output,
                DetailText.encode(response.detail),
            ])
            try statement.execute()
        }
    }

    private static func isAscending(_ responses: [ResponseRecord]) -> Bool {
        zip(responses, responses.dropFirst()).allSatisfy { $0.item < $1.item }
    }

    /// Holds responses against those that are there under the same identity.
    private static func verify(_ responses: [ResponseRecord], of cell: CellRecord, _ db: Database) throws {
        let there = try Store.responses(ofCell: cell.identity, db)
        let wanted = responses.sorted { $0.item < $1.item }
        guard there.count == wanted.count else {
            throw differs(cell, "it has \(there.count) responses, now \(wanted.count)")
        }
        for (old, new) in zip(there, wanted) where !old.isSame(as: new) {
            throw differs(cell, "the response to item \(new.item.rawValue) is another")
        }
    }

    private static func differs(_ cell: CellRecord, _ detail: String) -> AssayError {
        AssayError(
            .defect, "the store holds another cell under the same identity \(cell.identity.short): \(detail)",
            remedy: "Equal inputs gave unequal results; please report this with the output of 'assay doctor'")
    }
}

extension ResponseRecord {
    /// Equality for which NaN equals NaN and no value, as in the store.
    fileprivate func isSame(as other: ResponseRecord) -> Bool {
        func kept(_ value: Double?) -> Double? { value.flatMap { $0.isNaN ? nil : $0 } }
        return item == other.item && status == other.status && kept(score) == kept(other.score)
            && kept(nll) == kept(other.nll) && output == other.output
            && DetailText.encode(detail) == DetailText.encode(other.detail)
    }
}
