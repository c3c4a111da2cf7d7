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
    /// times, durations, timings and paths. So equal work gives equal text, also when it was interrupted in between.
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
}
