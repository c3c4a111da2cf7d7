import Foundation

/// A reader of RFC 4180, independent of the writer under test.
enum CSV {
    /// Rows by the names of the columns.
    static func read(_ url: URL) throws -> [[String: String]] { parse(try String(contentsOf: url, encoding: .utf8)) }

    /// Rows by the names of the columns.
    static func parse(_ text: String) -> [[String: String]] {
        var rows = fields(text)
        guard !rows.isEmpty else { return [] }
        let names = rows.removeFirst()
        return rows.map { row in Dictionary(uniqueKeysWithValues: zip(names, row)) }
    }

    private static func fields(_ text: String) -> [[String]] {
        var rows: [[String]] = []
        var row: [String] = []
        var field = ""
        var isQuoted = false
        let characters = Array(text.unicodeScalars)
        var index = 0
        while index < characters.count {
            let character = characters[index]
            index += 1
            switch character {
            case "\"" where isQuoted && index < characters.count && characters[index] == "\"":
                field.unicodeScalars.append("\"")
                index += 1
            case "\"": isQuoted.toggle()
            case "," where !isQuoted:
                row.append(field)
                field = ""
            case "\n" where !isQuoted:
                rows.append(row + [field])
                (row, field) = ([], "")
            case "\r" where !isQuoted: break
            default: field.unicodeScalars.append(character)
            }
        }
        return field.isEmpty && row.isEmpty ? rows : rows + [row + [field]]
    }
}
