/// A table for people: aligned columns, a rule below the titles.
public struct TextTable: Sendable, Hashable {
    /// On which side a column is flush.
    public enum Alignment: Sendable, Hashable {
        /// Words.
        case left
        /// Numbers.
        case right
    }

    /// A column.
    public struct Column: Sendable, Hashable {
        /// Its title.
        public var title: String
        /// Its flush side.
        public var alignment: Alignment

        /// A column.
        public init(_ title: String, _ alignment: Alignment = .left) {
            self.title = title
            self.alignment = alignment
        }
    }

    /// The columns.
    public var columns: [Column]
    /// The rows, a text for each column; texts that are missing are empty.
    public var rows: [[String]] = []

    /// A table without rows.
    public init(_ columns: [Column]) { self.columns = columns }

    /// Appends a row.
    public mutating func append(_ row: [String]) { rows.append(row) }

    /// The table as lines, each ended, without blanks at their ends.
    ///
    /// - Parameter isFramed: whether a rule of box-drawing characters stands below the titles (for terminals), or one
    ///   of ASCII dashes (for files and pipes).
    public func text(isFramed: Bool = false) -> String {
        let body = rows.map { row in columns.indices.map { $0 < row.count ? TextTable.oneLine(row[$0]) : "" } }
        let widths = columns.indices.map { index in
            body.reduce(TextWidth.columns(columns[index].title)) { max($0, TextWidth.columns($1[index])) }
        }
        let dash = isFramed ? "─" : "-"
        let rule = widths.map { String(repeating: dash, count: $0) }.joined(separator: "  ")
        return line(columns.map(\.title), widths) + rule + "\n" + body.map { line($0, widths) }.joined()
    }

    /// The table in Markdown, with the same figures as on a terminal.
    public var markdown: String {
        func line(_ cells: [String]) -> String {
            "| " + cells.map { MarkdownWriter.escaped($0) }.joined(separator: " | ") + " |\n"
        }
        let rule = columns.map { $0.alignment == .left ? "---" : "--:" }.joined(separator: " | ")
        let body = rows.map { row in line(columns.indices.map { $0 < row.count ? row[$0] : "" }) }
        return line(columns.map(\.title)) + "| \(rule) |\n" + body.joined()
    }

    private func line(_ cells: [String], _ widths: [Int]) -> String {
        var text = ""
        for (index, cell) in cells.enumerated() {
            let blanks = String(repeating: " ", count: widths[index] - TextWidth.columns(cell))
            if index > 0 { text += "  " }
            text += columns[index].alignment == .left ? cell + blanks : blanks + cell
        }
        while text.hasSuffix(" ") { text.removeLast() }
        return text + "\n"
    }

    /// A cell is one line: what would break it is shown as an escape.
    static func oneLine(_ text: String) -> String {
        let isPlain = text.unicodeScalars.allSatisfy { $0.value >= 0x20 && $0.value != 0x7F }
        guard !isPlain else { return text }
        return text.unicodeScalars.reduce(into: "") { result, scalar in
            switch scalar {
            case "\n": result += "\\n"
            case "\r": result += "\\r"
            case "\t": result += "\\t"
            case _ where scalar.value < 0x20 || scalar.value == 0x7F: result += "?"
            default: result.unicodeScalars.append(scalar)
            }
        }
    }
}
