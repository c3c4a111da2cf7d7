import AssayCore
import GRDB

/// Recording under identities: what is there already must be the same.
enum Identified {
    /// A column and what is to stand in it.
    typealias Field = (column: String, value: (any DatabaseValueConvertible)?)

    /// Inserts a row, or holds the one that has the same key against it.
    /// - Parameters:
    ///   - key: the columns of the identity.
    ///   - content: the columns that must be equal when the row is there already.
    ///   - other: columns that are written with a new row and not compared: names, times, paths.
    /// - Returns: whether the row is new.
    /// - Throws: ``AssayError`` of kind `defect` when the content differs.
    @discardableResult
    static func record(
        _ db: Database, in table: String, key: [Field], content: [Field] = [], other: [Field] = []
    ) throws -> Bool {
        let condition = key.map { "\($0.column) = ?" }.joined(separator: " AND ")
        let columns = content.isEmpty ? "1" : content.map(\.column).joined(separator: ", ")
        let search = try db.cachedStatement(sql: "SELECT \(columns) FROM \(table) WHERE \(condition)")
        if let row = try Row.fetchOne(search, arguments: StatementArguments(key.map(\.value))) {
            for (index, field) in content.enumerated() {
                let there: DatabaseValue = row[index]
                let wanted = stored(field.value)
                guard there == wanted else {
                    throw conflict(table, key: key, column: field.column, there: there, wanted: wanted)
                }
            }
            return false
        }
        let fields = key + content + other
        let names = fields.map(\.column).joined(separator: ", ")
        let marks = fields.map { _ in "?" }.joined(separator: ", ")
        try db.cachedStatement(sql: "INSERT INTO \(table) (\(names)) VALUES (\(marks))")
            .execute(arguments: StatementArguments(fields.map(\.value)))
        return true
    }

    /// The value that the store will hold: SQLite keeps NaN as NULL.
    private static func stored(_ value: (any DatabaseValueConvertible)?) -> DatabaseValue {
        guard let value = value?.databaseValue else { return .null }
        if case .double(let number) = value.storage, number.isNaN { return .null }
        return value
    }

    /// The integer id of a row with an identity.
    /// - Throws: ``AssayError`` of kind `defect` when there is none: something was recorded before what it builds on.
    static func id(_ db: Database, of table: String, _ identity: ContentHash, column: String = "identity") throws
        -> Int64
    {
        guard let id = try existingID(db, of: table, identity, column: column) else {
            throw AssayError(.defect, "no \(table) \(identity.short) is recorded yet")
        }
        return id
    }

    /// The integer id of a row with an identity, if there is one.
    static func existingID(
        _ db: Database, of table: String, _ identity: ContentHash, column: String = "identity"
    ) throws -> Int64? {
        try Int64.fetchOne(
            db.cachedStatement(sql: "SELECT id FROM \(table) WHERE \(column) = ?"), arguments: [identity.hexadecimal])
    }

    /// The error for other content under an identity that is taken.
    static func conflict(
        _ table: String, key: [Field], column: String, there: DatabaseValue, wanted: DatabaseValue
    ) -> AssayError {
        let name = key.map { "\($0.column) \($0.value.map { "\($0)" } ?? "null")" }.joined(separator: ", ")
        return AssayError(
            .defect,
            "the store holds another \(table) under the same identity (\(name)): \(column) is \(there), now \(wanted)",
            remedy: "Equal inputs gave unequal results; please report this with the output of 'assay doctor'")
    }
}
