/// Comma-separated values by RFC 4180: a header line, lines that end with CR LF, quotes where they are needed.
///
/// Numbers are the shortest texts that read back exactly. Nothing and NaN are empty.
public struct CSVWriter: RowWriter {
    private let columns: [String]
    private let output: any TextOutput

    /// A writer of rows with these columns.
    public init(columns: [String], to output: any TextOutput) {
        self.columns = columns
        self.output = output
    }

    /// Writes the header line.
    public mutating func begin() throws { try write(columns.map(Field.text)) }

    /// Writes a row.
    public mutating func write(_ row: [Field]) throws {
        var line = ""
        for (index, field) in row.enumerated() {
            if index > 0 { line += "," }
            line += CSVWriter.text(field)
        }
        line += "\r\n"
        try output.write(line)
    }

    /// Writes nothing: CSV has no end mark.
    public mutating func end() throws {}

    /// A field as it stands between commas.
    static func text(_ field: Field) -> String {
        switch field {
        case .none: ""
        case .text(let text): quoted(text)
        case .integer(let value): String(value)
        case .unsigned(let value): String(value)
        case .number(let value): NumberText.exact(value) ?? ""
        case .boolean(let value): value ? "true" : "false"
        case .numbers(let values): values.isEmpty ? "" : quoted(JSONWriter.text(field))
        }
    }

    /// A text in quotes when it holds a comma, a quote or the end of a line.
    static func quoted(_ text: String) -> String {
        guard text.utf8.contains(where: { ",\"\r\n".utf8.contains($0) }) else { return text }
        return "\"" + text.replacing("\"", with: "\"\"") + "\""
    }
}
