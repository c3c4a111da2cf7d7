import GRDB

/// One thing that was looked at in a store, and what was found.
public struct StoreFinding: Sendable, Hashable {
    /// What was looked at.
    public let check: String
    /// What is wrong; empty when it is sound.
    public let problems: [String]

    /// Whether nothing is wrong.
    public var isSound: Bool { problems.isEmpty }
}

/// Whether a store is sound.
extension Store {
    /// Looks through the whole store: the file's structure, references between tables, and cells against their
    /// responses.
    public func check() throws -> [StoreFinding] {
        try read { db in
            let structure = try String.fetchAll(db, sql: "PRAGMA integrity_check(20)")
            let references = try Row.fetchAll(db, sql: "PRAGMA foreign_key_check").prefix(20).map { row in
                "a row of \(row[0] as String) refers to a missing row of \(row[2] as String)"
            }
            let cells = try Row.fetchAll(
                db,
                sql: """
                    SELECT substr(identity, 1, 12), item_count, lost, count(response.item),
                        coalesce(sum(response.status <> 0), 0)
                    FROM cell LEFT JOIN response ON response.cell = cell.id GROUP BY cell.id
                    HAVING item_count <> count(response.item) OR lost <> coalesce(sum(response.status <> 0), 0) LIMIT 20
                    """
            ).map { row in
                "cell \(row[0] as String) states \(row[1] as Int) items, \(row[2] as Int) lost, "
                    + "and has \(row[3] as Int), \(row[4] as Int) lost"
            }
            let orphans = try Row.fetchAll(
                db,
                sql: """
                    SELECT substr(cell.identity, 1, 12), count(*) FROM response JOIN cell ON cell.id = response.cell
                    LEFT JOIN item ON item.task = cell.task AND item.item = response.item
                    WHERE item.item IS NULL GROUP BY cell.id LIMIT 20
                    """
            ).map { row in "cell \(row[0] as String) has \(row[1] as Int) responses to unknown items" }
            return [
                StoreFinding(check: "structure of the file", problems: structure.filter { $0 != "ok" }),
                StoreFinding(check: "references between tables", problems: Array(references)),
                StoreFinding(check: "cells and their responses", problems: cells + orphans),
            ]
        }
    }
}
