import Foundation

/// A table of comma-separated values by RFC 4180, read whole: a header line and rows with one text for each column.
///
/// Lines end with CR LF, LF or CR; a UTF-8 byte order mark is skipped, and so are empty lines. Quoted fields may hold
/// commas, quotes (doubled) and line ends. Blanks around an unquoted field do not belong to it.
public struct CSVTable: Sendable, Hashable {
    /// A row and where it stands.
    public struct Row: Sendable, Hashable {
        /// The number of its first line, from 1.
        public let line: Int
        /// One text for each column.
        public let fields: [String]
    }

    /// What errors call the table: a path.
    public let name: String
    /// The names of the columns, all different.
    public let columns: [String]
    /// The rows, in order.
    public let rows: [Row]

    /// Reads a file.
    /// - Throws: ``AssayError`` when it cannot be read or is no such table.
    public init(_ url: URL) throws {
        let data: Data
        do { data = try Data(contentsOf: url) } catch {
            throw AssayError.badInput(
                "the file cannot be read", at: url.relativePath, remedy: "Check that it is there and may be read")
        }
        try self.init(data, name: url.relativePath)
    }

    /// Reads bytes.
    /// - Parameter name: what errors call the table.
    /// - Throws: ``AssayError`` with the line for malformed quotes, rows with more or fewer fields than the header, columns
    ///   without a name or with the same one, and bytes that are not UTF-8.
    public init(_ data: Data, name: String) throws {
        var records = try CSVParser.records(data, name: name)
        guard let header = records.first else {
            throw AssayError.badInput("the file is empty", at: name, remedy: "The first line names the columns")
        }
        records.removeFirst()
        try CSVTable.check(header, name: name)
        for row in records where row.fields.count != header.fields.count {
            throw AssayError.badInput(
                "\(row.fields.count) fields, the header has \(header.fields.count)", at: "\(name):\(row.line)",
                remedy: "Put fields that hold commas into double quotes")
        }
        self.name = name
        columns = header.fields
        rows = records
    }

    /// The place of a column.
    /// - Throws: ``AssayError`` that suggests the column that was most likely meant.
    public func index(of column: String) throws -> Int {
        if let index = columns.firstIndex(of: column) { return index }
        let isOtherFormat = columns.count == 1 && columns[0].contains { ";\t|".contains($0) }
        throw AssayError.badInput(
            "there is no column '\(column)'", at: name,
            remedy: isOtherFormat
                ? "The fields must be separated by commas" : Suggestion.remedy(for: column, among: columns))
    }

    /// The fields of one line, as a list that a user typed: `a,"b, or c",d`.
    /// - Parameter name: what errors call the list.
    public static func fields(_ text: String, name: String) throws -> [String] {
        let records = try CSVParser.records(Data(text.utf8), name: name)
        guard records.count <= 1 else { throw AssayError(.usage, "a list of names is one line", at: name) }
        return records.first?.fields ?? []
    }

    private static func check(_ header: Row, name: String) throws {
        let place = "\(name):\(header.line)"
        var seen: Set<String> = []
        for (index, column) in header.fields.enumerated() {
            guard !column.isEmpty else {
                throw AssayError.badInput(
                    "column \(index + 1) has no name", at: place, remedy: "The first line names the columns")
            }
            guard seen.insert(column).inserted else {
                throw AssayError.badInput("two columns are called '\(column)'", at: place, remedy: "Rename one")
            }
        }
    }
}

/// Takes bytes apart into records.
private struct CSVParser {
    private static let quote = UInt8(ascii: "\"")
    private static let comma = UInt8(ascii: ",")
    private static let lineFeed = UInt8(ascii: "\n")
    private static let carriageReturn = UInt8(ascii: "\r")

    private let bytes: [UInt8]
    private let name: String
    private var position = 0
    private var line = 1

    private init(_ data: Data, name: String) {
        bytes = Array(data.starts(with: [0xEF, 0xBB, 0xBF]) ? data.dropFirst(3) : data)
        self.name = name
    }

    /// All records but empty lines.
    static func records(_ data: Data, name: String) throws -> [CSVTable.Row] {
        var parser = CSVParser(data, name: name)
        return try parser.records()
    }

    private mutating func records() throws -> [CSVTable.Row] {
        var records: [CSVTable.Row] = []
        while position < bytes.count {
            let start = line
            var fields = [try field()]
            while position < bytes.count, bytes[position] == CSVParser.comma {
                position += 1
                fields.append(try field())
            }
            let isBlank = fields == [""]
            endLine()
            if !isBlank { records.append(CSVTable.Row(line: start, fields: fields)) }
        }
        return records
    }

    /// Steps over the end of a line.
    private mutating func endLine() {
        guard position < bytes.count else { return }
        if bytes[position] == CSVParser.carriageReturn, position + 1 < bytes.count,
            bytes[position + 1] == CSVParser.lineFeed
        {
            position += 1
        }
        position += 1
        line += 1
    }

    /// A field, up to the comma or line end after it.
    private mutating func field() throws -> String {
        let start = position
        while position < bytes.count, isBlank(bytes[position]) { position += 1 }
        if position < bytes.count, bytes[position] == CSVParser.quote { return try quotedField() }
        position = start
        while position < bytes.count, !isEnd(bytes[position]) {
            guard bytes[position] != CSVParser.quote else {
                throw error("a quote within a field that does not begin with one", line: line)
            }
            position += 1
        }
        return try text(bytes[start..<position], line: line).trimmingCharacters(in: .whitespaces)
    }

    private mutating func quotedField() throws -> String {
        let start = line
        var content: [UInt8] = []
        position += 1
        while position < bytes.count {
            let byte = bytes[position]
            position += 1
            if byte != CSVParser.quote {
                if byte == CSVParser.lineFeed || (byte == CSVParser.carriageReturn && next != CSVParser.lineFeed) {
                    line += 1
                }
                content.append(byte)
            } else if next == CSVParser.quote {
                content.append(byte)
                position += 1
            } else {
                while position < bytes.count, isBlank(bytes[position]) { position += 1 }
                guard position == bytes.count || isEnd(bytes[position]) else {
                    throw error("text after a closing quote", line: line)
                }
                return try text(content[...], line: start)
            }
        }
        throw error("a quote that is never closed", line: start)
    }

    private var next: UInt8? { position < bytes.count ? bytes[position] : nil }

    private func isBlank(_ byte: UInt8) -> Bool { byte == UInt8(ascii: " ") || byte == UInt8(ascii: "\t") }

    private func isEnd(_ byte: UInt8) -> Bool {
        byte == CSVParser.comma || byte == CSVParser.lineFeed || byte == CSVParser.carriageReturn
    }

    private func text(_ bytes: ArraySlice<UInt8>, line: Int) throws -> String {
        guard let text = String(bytes: bytes, encoding: .utf8) else {
            throw AssayError.badInput("not UTF-8", at: "\(name):\(line)", remedy: "Save the file as UTF-8")
        }
        return text
    }

    private func error(_ problem: String, line: Int) -> AssayError {
        .badInput(
            problem, at: "\(name):\(line)", remedy: "Put the whole field into double quotes and double those within")
    }
}
