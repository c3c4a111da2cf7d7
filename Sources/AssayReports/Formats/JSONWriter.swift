/// A JSON list of objects, one a line, each with the same keys in the same order.
///
/// Numbers are the shortest texts that read back exactly. Nothing, NaN and infinity are `null`.
public struct JSONWriter: RowWriter {
    private let keys: [String]
    private let output: any TextOutput
    private var isFirst = true

    /// A writer of rows with these columns.
    public init(columns: [String], to output: any TextOutput) {
        keys = columns.map(JSONWriter.quoted)
        self.output = output
    }

    /// Opens the list.
    public mutating func begin() throws { try output.write("[") }

    /// Writes a row.
    public mutating func write(_ row: [Field]) throws {
        var line = isFirst ? "\n{" : ",\n{"
        isFirst = false
        for (index, (key, field)) in zip(keys, row).enumerated() {
            if index > 0 { line += "," }
            line += key
            line += ":"
            line += JSONWriter.text(field)
        }
        line += "}"
        try output.write(line)
    }

    /// Closes the list.
    public mutating func end() throws { try output.write(isFirst ? "]\n" : "\n]\n") }

    /// A value in JSON.
    static func text(_ field: Field) -> String {
        switch field {
        case .none: "null"
        case .text(let text): quoted(text)
        case .integer(let value): String(value)
        case .unsigned(let value): String(value)
        case .number(let value): value.isFinite ? NumberText.exact(value) ?? "null" : "null"
        case .boolean(let value): value ? "true" : "false"
        case .numbers(let values):
            "{"
                + values.sorted { $0.key < $1.key }.map { "\(quoted($0.key)):\(text(.number($0.value)))" }
                .joined(separator: ",") + "}"
        }
    }

    /// A text in JSON.
    static func quoted(_ text: String) -> String {
        var result = "\""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"": result += "\\\""
            case "\\": result += "\\\\"
            case "\n": result += "\\n"
            case "\r": result += "\\r"
            case "\t": result += "\\t"
            case _ where scalar.value < 0x20:
                let digits = String(scalar.value, radix: 16)
                result += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
            default: result.unicodeScalars.append(scalar)
            }
        }
        return result + "\""
    }
}
