/// Rows of exact values, for programs.
public struct FieldTable: Sendable, Hashable {
    /// The names of the columns.
    public var columns: [String]
    /// One field for each column.
    public var rows: [[Field]] = []

    /// A table without rows.
    public init(columns: [String]) { self.columns = columns }

    /// The table in a format.
    public func text(_ format: ExportFormat) throws -> String {
        let output = StringOutput()
        var writer = format.writer(columns: columns, to: output)
        try writer.begin()
        for row in rows { try writer.write(row) }
        try writer.end()
        return output.text
    }
}

extension TextTable {
    /// The same table for programs, every cell a text.
    public var fields: FieldTable {
        var table = FieldTable(columns: columns.map(\.title))
        table.rows = rows.map { row in columns.indices.map { .text($0 < row.count ? row[$0] : "") } }
        return table
    }
}
