import Foundation

/// Reads JSON strictly (RFC 8259) from files that others wrote: every fault is an error with its line, nesting is bounded.
///
/// Foundation's readers lose what matters here: they join names that are canonically equivalent, take the last of two
/// members of one name, and turn whole numbers into floating point. What is made of the values is the business of the
/// readers: ``JSONFields`` and those of checkpoints, released models and tool calls.
public struct JSONParser {
    /// Deepest nesting that is read.
    public static let depthLimit = 128

    private let bytes: UnsafeBufferPointer<UInt8>
    private let location: String
    private let allowsNonFinite: Bool
    private let allowsRepeatedNames: Bool
    private let depthLimit: Int
    private var cursor = 0

    /// Reads one value that fills the data.
    /// - Parameters:
    ///   - location: where the data is from, for error messages.
    ///   - allowsNonFinite: whether `NaN`, `Infinity` and `-Infinity` are numbers, as Python writes them.
    /// - Throws: ``AssayError`` with the line of the fault.
    public static func value(
        _ data: Data, location: String, allowsNonFinite: Bool = false
    ) throws -> JSONValue {
        try value([UInt8](data), location: location, allowsNonFinite: allowsNonFinite)
    }

    /// Reads one value that fills the bytes.
    /// - Parameters:
    ///   - allowsRepeatedNames: whether two members of an object may have the same name.
    ///   - depthLimit: deepest nesting that is read.
    public static func value(
        _ bytes: [UInt8], location: String, allowsNonFinite: Bool = false, allowsRepeatedNames: Bool = true,
        depthLimit: Int = depthLimit
    ) throws -> JSONValue {
        try bytes.withUnsafeBufferPointer { buffer in
            guard String(decoding: buffer, as: UTF8.self).utf8.elementsEqual(buffer) else {
                throw AssayError.badInput("is not JSON: it is not UTF-8", at: location)
            }
            var parser = JSONParser(
                bytes: buffer, location: location, allowsNonFinite: allowsNonFinite,
                allowsRepeatedNames: allowsRepeatedNames, depthLimit: depthLimit)
            let value = try parser.value(depth: 0)
            parser.skipSpace()
            guard parser.cursor == buffer.count else { throw parser.fault("text follows its end") }
            return value
        }
    }

    /// Reads a file.
    /// - Throws: ``AssayError`` when it cannot be read or is not JSON.
    public static func file(_ url: URL, allowsNonFinite: Bool = false) throws -> JSONValue {
        let data: Data
        do {
            data = try Data(contentsOf: url)
        } catch {
            throw AssayError.badInput("cannot be read: \(error.localizedDescription)", at: url.path)
        }
        return try value(data, location: url.path, allowsNonFinite: allowsNonFinite)
    }

    private init(
        bytes: UnsafeBufferPointer<UInt8>, location: String, allowsNonFinite: Bool, allowsRepeatedNames: Bool,
        depthLimit: Int
    ) {
        self.bytes = bytes
        self.location = location
        self.allowsNonFinite = allowsNonFinite
        self.allowsRepeatedNames = allowsRepeatedNames
        self.depthLimit = depthLimit
    }

    private func fault(_ problem: String) -> AssayError {
        let line = bytes.prefix(cursor).reduce(1) { $1 == 10 ? $0 + 1 : $0 }
        return AssayError.badInput("is not JSON: \(problem)", at: "\(location):\(line)")
    }

    private mutating func value(depth: Int) throws -> JSONValue {
        guard depth < depthLimit else { throw fault("it is nested too deeply") }
        skipSpace()
        guard cursor < bytes.count else { throw fault("it ends where a value is expected") }
        switch bytes[cursor] {
        case UInt8(ascii: "{"): return .object(try members(depth: depth))
        case UInt8(ascii: "["): return .list(try elements(depth: depth))
        case UInt8(ascii: "\""): return .text(try text())
        case UInt8(ascii: "t") where takeWord("true"): return .boolean(true)
        case UInt8(ascii: "f") where takeWord("false"): return .boolean(false)
        case UInt8(ascii: "n") where takeWord("null"): return .null
        case UInt8(ascii: "N") where allowsNonFinite && takeWord("NaN"): return .number(.nan)
        case UInt8(ascii: "I") where allowsNonFinite && takeWord("Infinity"): return .number(.infinity)
        case UInt8(ascii: "-") where allowsNonFinite && takeWord("-Infinity"): return .number(-.infinity)
        case UInt8(ascii: "-"), UInt8(ascii: "0")...UInt8(ascii: "9"): return try number()
        default: throw fault("a value is expected")
        }
    }

    private mutating func members(depth: Int) throws -> [JSONMember] {
        cursor += 1
        var members: [JSONMember] = []
        var names: Set<String> = []
        if take("}") { return members }
        repeat {
            skipSpace()
            guard cursor < bytes.count, bytes[cursor] == UInt8(ascii: "\"") else {
                throw fault("the name of a member is expected")
            }
            let name = try text()
            guard allowsRepeatedNames || names.insert(name).inserted else { throw fault("'\(name)' is given twice") }
            guard take(":") else { throw fault("':' is expected") }
            members.append(JSONMember(name: name, value: try value(depth: depth + 1)))
        } while take(",")
        guard take("}") else { throw fault("',' or '}' is expected") }
        return members
    }

    private mutating func elements(depth: Int) throws -> [JSONValue] {
        cursor += 1
        var elements: [JSONValue] = []
        if take("]") { return elements }
        repeat { elements.append(try value(depth: depth + 1)) } while take(",")
        guard take("]") else { throw fault("',' or ']' is expected") }
        return elements
    }

    private mutating func number() throws -> JSONValue {
        let start = cursor
        var isWhole = true
        if bytes[cursor] == UInt8(ascii: "-") { cursor += 1 }
        let first = cursor
        try digits()
        guard cursor == first + 1 || bytes[first] != UInt8(ascii: "0") else { throw fault("a number begins with 0") }
        if cursor < bytes.count, bytes[cursor] == UInt8(ascii: ".") {
            isWhole = false
            cursor += 1
            try digits()
        }
        if cursor < bytes.count, bytes[cursor] | 0x20 == UInt8(ascii: "e") {
            isWhole = false
            cursor += 1
            if cursor < bytes.count, [UInt8(ascii: "+"), UInt8(ascii: "-")].contains(bytes[cursor]) { cursor += 1 }
            try digits()
        }
        let text = String(decoding: bytes[start..<cursor], as: UTF8.self)
        if isWhole, let value = Int(text) { return .integer(value) }
        guard let value = Double(text), value.isFinite else {
            throw fault("the number \(text.prefix(40)) is too large")
        }
        return .number(value)
    }

    private mutating func digits() throws {
        let start = cursor
        while cursor < bytes.count, (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(bytes[cursor]) { cursor += 1 }
        guard cursor > start else { throw fault("a digit is expected") }
    }

    private mutating func text() throws -> String {
        cursor += 1
        let start = cursor
        while cursor < bytes.count, bytes[cursor] >= 0x20, bytes[cursor] != UInt8(ascii: "\""),
            bytes[cursor] != UInt8(ascii: "\\")
        {
            cursor += 1
        }
        // The frequent case: no escapes, so that the bytes are the text.
        if cursor < bytes.count, bytes[cursor] == UInt8(ascii: "\"") {
            cursor += 1
            return String(decoding: bytes[start..<cursor - 1], as: UTF8.self)
        }
        var text = Array(bytes[start..<cursor])
        while cursor < bytes.count {
            let byte = bytes[cursor]
            cursor += 1
            switch byte {
            case UInt8(ascii: "\""): return String(decoding: text, as: UTF8.self)
            case UInt8(ascii: "\\"): try escape(into: &text)
            case 0..<0x20: throw fault("a text holds a control character")
            default: text.append(byte)
            }
        }
        throw fault("a text does not end")
    }

    private mutating func escape(into text: inout [UInt8]) throws {
        guard cursor < bytes.count else { throw fault("a text does not end") }
        let byte = bytes[cursor]
        cursor += 1
        switch byte {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): text.append(byte)
        case UInt8(ascii: "b"): text.append(8)
        case UInt8(ascii: "f"): text.append(12)
        case UInt8(ascii: "n"): text.append(10)
        case UInt8(ascii: "r"): text.append(13)
        case UInt8(ascii: "t"): text.append(9)
        case UInt8(ascii: "u"):
            var units = [try codeUnit()]
            if UTF16.isLeadSurrogate(units[0]), cursor + 1 < bytes.count, bytes[cursor] == UInt8(ascii: "\\"),
                bytes[cursor + 1] == UInt8(ascii: "u")
            {
                cursor += 2
                units.append(try codeUnit())
            }
            let isWrong = transcode(
                units.makeIterator(), from: UTF16.self, to: UTF8.self, stoppingOnError: true,
                into: { text.append($0) })
            if isWrong { throw fault("a text holds half of a surrogate pair") }
        default: throw fault("a text holds an unknown escape")
        }
    }

    private mutating func codeUnit() throws -> UInt16 {
        var value: UInt16 = 0
        guard cursor + 4 <= bytes.count else { throw fault("a text does not end") }
        for byte in bytes[cursor..<cursor + 4] {
            guard let digit = Character(UnicodeScalar(byte)).hexDigitValue, byte < 0x80 else {
                throw fault("a text holds a wrong \\u escape")
            }
            value = value << 4 | UInt16(digit)
        }
        cursor += 4
        return value
    }

    private mutating func skipSpace() {
        while cursor < bytes.count, case let byte = bytes[cursor], byte == 32 || byte == 10 || byte == 13 || byte == 9 {
            cursor += 1
        }
    }

    private mutating func take(_ character: Unicode.Scalar) -> Bool {
        skipSpace()
        guard cursor < bytes.count, bytes[cursor] == UInt8(ascii: character) else { return false }
        cursor += 1
        return true
    }

    private mutating func takeWord(_ word: StaticString) -> Bool {
        let isThere = word.withUTF8Buffer { bytes[cursor...].starts(with: $0) }
        if isThere { cursor += word.utf8CodeUnitCount }
        return isThere
    }
}
