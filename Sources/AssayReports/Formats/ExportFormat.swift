/// The format of a report.
public enum ExportFormat: String, Sendable, CaseIterable {
    /// Comma-separated values by RFC 4180, with a header line.
    case csv
    /// A list of objects with the same keys in the same order.
    case json
    /// A table in Markdown.
    case markdown

    /// The ending of a file's name.
    public var fileExtension: String {
        switch self {
        case .csv: "csv"
        case .json: "json"
        case .markdown: "md"
        }
    }

    /// Rows with the same columns as text.
    public static func text(_ format: ExportFormat, columns: [String], rows: [[Field]]) throws -> String {
        let output = StringOutput()
        var writer = format.writer(columns: columns, to: output)
        try writer.begin()
        for row in rows { try writer.write(row) }
        try writer.end()
        return output.text
    }

    /// Writes rows with the same columns to an output.
    func writer(columns: [String], to output: any TextOutput) -> any RowWriter {
        switch self {
        case .csv: CSVWriter(columns: columns, to: output)
        case .json: JSONWriter(columns: columns, to: output)
        case .markdown: MarkdownWriter(columns: columns, to: output)
        }
    }
}

/// Takes rows one at a time, so that a million of them need no memory.
protocol RowWriter {
    /// Writes what comes before the first row.
    mutating func begin() throws
    /// Writes a row with one field for each column.
    mutating func write(_ row: [Field]) throws
    /// Writes what comes after the last row.
    mutating func end() throws
}
