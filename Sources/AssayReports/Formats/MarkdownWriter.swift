/// A table in Markdown (GitHub's), numbers exact.
public struct MarkdownWriter: RowWriter {
    private let columns: [String]
    private let output: any TextOutput

    /// A writer of rows with these columns.
    public init(columns: [String], to output: any TextOutput) {
        self.columns = columns
        self.output = output
    }

    /// Writes the header and the line below it.
    public mutating func begin() throws {
        try write(columns.map(Field.text))
        try output.write("|" + columns.map { _ in " --- |" }.joined() + "\n")
    }

    /// Writes a row.
    public mutating func write(_ row: [Field]) throws {
        try output.write("| " + row.map(MarkdownWriter.text).joined(separator: " | ") + " |\n")
    }

    /// Writes nothing: a table ends with its last row.
    public mutating func end() throws {}

    private static func text(_ field: Field) -> String {
        switch field {
        case .text(let text): escaped(text)
        case .none: ""
        case .number(let value): NumberText.exact(value) ?? ""
        case .numbers(let values): values.isEmpty ? "" : escaped(JSONWriter.text(field))
        default: JSONWriter.text(field)
        }
    }

    /// A text that cannot break out of its cell.
    static func escaped(_ text: String) -> String {
        escapedTags(text.replacing("\\", with: "\\\\")).replacing("|", with: "\\|").replacing("\r\n", with: "<br>")
            .replacing("\n", with: "<br>").replacing("\r", with: "<br>")
    }

    /// Markdown lets HTML through, so what would begin a tag is marked as text.
    private static func escapedTags(_ text: String) -> String {
        guard text.utf8.contains(0x3C) else { return text }
        return text.replacing(/<(?=[A-Za-z\/!?])/, with: "\\<")
    }
}
