import AssayCore
import GRDB

/// Finding cells, items and responses.
extension Store {
    /// All tasks, or those of a batch under the names that it uses, by name.
    public func tasks(ofBatch batch: ContentHash? = nil) throws -> [TaskRecord] {
        let columns = "generator, version, parameters, stream, family, stated_floor, measured_floors"
        return try read { db in
            let rows =
                if let batch {
                    try Row.fetchAll(
                        db,
                        sql: """
                            SELECT batch_task.name, \(columns) FROM batch_task
                            JOIN task ON task.id = batch_task.task JOIN batch ON batch.id = batch_task.batch
                            WHERE batch.identity = ? ORDER BY batch_task.name
                            """, arguments: [batch.hexadecimal])
                } else {
                    try Row.fetchAll(db, sql: "SELECT name, \(columns) FROM task ORDER BY name, identity")
                }
            return try rows.map(Store.task)
        }
    }

    /// A task by its identity.
    public func task(_ identity: ContentHash) throws -> TaskRecord? {
        try read { db in
            try Row.fetchOne(
                db,
                sql: """
                    SELECT name, generator, version, parameters, stream, family, stated_floor, measured_floors FROM task
                    WHERE identity = ?
                    """, arguments: [identity.hexadecimal]
            ).map(Store.task)
        }
    }

    /// Whether all of a cell is there, in one piece or in portions.
    public func hasCell(_ key: CellKey) throws -> Bool { try coveredClusters(key) >= key.clusters }

    /// Clusters from the first one on that are there of what a key describes, whatever its own clusters are.
    public func coveredClusters(_ key: CellKey) throws -> Int {
        let condition = ContentHash(of: try CanonicalJSON.text(key.condition))
        return try read { db in
            let rows = try Row.fetchAll(
                db.cachedStatement(
                    sql: """
                        SELECT first_cluster, clusters FROM cell
                        WHERE checkpoint = (SELECT id FROM checkpoint WHERE hash = ?)
                            AND task = (SELECT id FROM task WHERE identity = ?)
                            AND condition = (SELECT id FROM condition WHERE identity = ?)
                            AND kernel_version = ? AND grader_version = ?
                        ORDER BY first_cluster, clusters
                        """),
                arguments: [
                    key.checkpoint.hexadecimal, key.task.hexadecimal, condition.hexadecimal, key.kernelVersion,
                    key.graderVersion,
                ])
            return rows.reduce(0) { end, row in (row[0] as Int) <= end ? max(end, row[1]) : end }
        }
    }

    /// All cells, or those of a checkpoint, by checkpoint, task name and condition.
    public func cells(ofCheckpoint checkpoint: ContentHash? = nil) throws -> [CellRecord] {
        try read { db in
            try Row.fetchAll(
                db,
                sql: """
                    SELECT checkpoint.hash, task.identity, condition.definition, kernel_version, grader_version,
                        first_cluster, clusters, task.name, item_count, lost, seconds
                    FROM cell JOIN checkpoint ON checkpoint.id = cell.checkpoint JOIN task ON task.id = cell.task
                    JOIN condition ON condition.id = cell.condition
                    WHERE ? IS NULL OR checkpoint.hash = ?
                    ORDER BY checkpoint.hash, task.name, condition.name, cell.identity
                    """, arguments: [checkpoint?.hexadecimal, checkpoint?.hexadecimal]
            ).map { row in
                let key = CellKey(
                    checkpoint: try row.hash(0), task: try row.hash(1),
                    condition: try CanonicalJSON.value(Condition.self, from: row[2]), kernelVersion: row[3],
                    graderVersion: row[4], firstCluster: row[5], clusters: row[6])
                return CellRecord(key: key, taskName: row[7], itemCount: row[8], lost: row[9], seconds: row[10])
            }
        }
    }

    /// The items of a cell with their responses, by item.
    public func scoredItems(ofCell cell: ContentHash) throws -> [ScoredItem] {
        try read { db in
            guard
                let row = try Row.fetchOne(
                    db, sql: "SELECT id, task, item_count FROM cell WHERE identity = ?", arguments: [cell.hexadecimal])
            else { return [] }
            var items: [ScoredItem] = []
            items.reserveCapacity(row[2])
            let cursor = try Row.fetchCursor(
                db, sql: Store.scoredColumns + " WHERE response.cell = ? ORDER BY response.item",
                arguments: [row[1] as Int64, row[0] as Int64])
            while let row = try cursor.next() {
                items.append(ScoredItem(item: Store.item(row, from: 5), response: try Store.response(row)))
            }
            return items
        }
    }

    /// The items of a cover with their responses, by item.
    public func scoredItems(of cover: CellCover) throws -> [ScoredItem] {
        var items: [ScoredItem] = []
        var end = 0
        for portion in cover.portions {
            let wanted = end..<max(end, min(portion.key.clusters, cover.key.clusters))
            let there = try scoredItems(ofCell: portion.identity)
            let isWhole = end <= portion.key.firstCluster && portion.key.clusters <= cover.key.clusters
            items += isWhole ? there : there.filter { wanted.contains($0.item.id.cluster) }
            end = wanted.upperBound
        }
        return items
    }

    /// The responses of a cell, by item.
    public func responses(ofCell cell: ContentHash) throws -> [ResponseRecord] {
        try read { try Store.responses(ofCell: cell, $0) }
    }

    /// The items of a task that are recorded, by item.
    public func items(ofTask task: ContentHash) throws -> [ItemRecord] {
        try read { db in
            try Row.fetchAll(
                db,
                sql: """
                    SELECT item, hops, facts, length, distance, load, position, parent, content FROM item
                    WHERE task = (SELECT id FROM task WHERE identity = ?) ORDER BY item
                    """, arguments: [task.hexadecimal]
            ).map { Store.item($0, from: 0) }
        }
    }

    /// Calls a body with each item and response of a cell, one at a time, without holding them all.
    public func forEachScoredItem(ofCell cell: ContentHash, _ body: (ScoredItem) throws -> Void) throws {
        try read { db in
            guard
                let row = try Row.fetchOne(
                    db, sql: "SELECT id, task FROM cell WHERE identity = ?", arguments: [cell.hexadecimal])
            else { return }
            let cursor = try Row.fetchCursor(
                db, sql: Store.scoredColumns + " WHERE response.cell = ? ORDER BY response.item",
                arguments: [row[1] as Int64, row[0] as Int64])
            while let row = try cursor.next() {
                try body(ScoredItem(item: Store.item(row, from: 5), response: try Store.response(row)))
            }
        }
    }

    /// How many responses there are.
    public func responseCount() throws -> Int {
        try read { try Int.fetchOne($0, sql: "SELECT count(*) FROM response") ?? 0 }
    }

    static func responses(ofCell cell: ContentHash, _ db: Database) throws -> [ResponseRecord] {
        let cursor = try Row.fetchCursor(
            db,
            sql: """
                SELECT item, status, score, nll, output, detail FROM response
                WHERE cell = (SELECT id FROM cell WHERE identity = ?) ORDER BY item
                """, arguments: [cell.hexadecimal])
        var responses: [ResponseRecord] = []
        while let row = try cursor.next() {
            responses.append(
                ResponseRecord(
                    item: ItemID(rawValue: row[0]), status: try status(row[1]), score: row[2], nll: row[3],
                    output: row[4], detail: try DetailText.decode(row[5])))
        }
        return responses
    }

    private static let scoredColumns = """
        SELECT response.status, score, nll, output, detail,
            item.item, hops, facts, length, distance, load, position, parent, content
        FROM response JOIN item ON item.task = ? AND item.item = response.item
        """

    private static func response(_ row: Row) throws -> ResponseRecord {
        ResponseRecord(
            item: ItemID(rawValue: row[5]), status: try status(row[0]), score: row[1], nll: row[2], output: row[3],
            detail: try DetailText.decode(row[4]))
    }

    private static func item(_ row: Row, from start: Int) -> ItemRecord {
        ItemRecord(
            id: ItemID(rawValue: row[start]), hops: row[start + 1], facts: row[start + 2], length: row[start + 3],
            distance: row[start + 4], load: row[start + 5], position: row[start + 6],
            parent: (row[start + 7] as Int64?).map(ItemID.init(rawValue:)),
            contentBits: UInt64(bitPattern: row[start + 8] as Int64))
    }

    private static func status(_ value: Int) throws -> ResponseStatus {
        guard let status = ResponseStatus(rawValue: value) else {
            throw DatabaseError(resultCode: .SQLITE_CORRUPT, message: "not the status of a response: \(value)")
        }
        return status
    }

    private static func task(_ row: Row) throws -> TaskRecord {
        guard let family = TaskFamily(rawValue: row[5]) else {
            throw DatabaseError(resultCode: .SQLITE_CORRUPT, message: "not a family of tasks: \(row[5] as String)")
        }
        return TaskRecord(
            name: row[0], generator: row[1], version: row[2],
            parameters: try CanonicalJSON.value([String: Int].self, from: row[3]), stream: row[4], family: family,
            statedFloor: row[6], measuredFloors: try CanonicalJSON.value([String: Double].self, from: row[7]))
    }
}
