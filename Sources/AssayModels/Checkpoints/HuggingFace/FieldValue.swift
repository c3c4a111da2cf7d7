import AssayCore
import Foundation

/// A value of a released model's configuration: plain JSON, and besides the bare words `Infinity`, `-Infinity` and `NaN`
/// of Python's writer, or `{"__float__": "Infinity"}` in their place (transformers 5).
enum FieldValue: Sendable, Hashable {
    case null
    case boolean(Bool)
    case number(Double)
    case text(String)
    case list([FieldValue])
    case object([String: FieldValue])

    /// Deepest nesting that is read.
    static let depthLimit = 64

    /// Parses the bytes of a file.
    /// - Throws: ``AssayError`` that says at which byte the text is no JSON.
    static func parse(_ data: Data, location: String) throws -> FieldValue {
        var scanner = JSONScanner([UInt8](data), called: "the file")
        do {
            let value = try value(&scanner, depth: 0)
            try scanner.finish()
            return value
        } catch {
            throw AssayError.badInput(
                "not JSON: \(error.problem)", at: location,
                remedy: "The file is damaged or of another format; copy or make it again")
        }
    }

    private static func value(_ scanner: inout JSONScanner, depth: Int) throws(JSONScanner.Fault) -> FieldValue {
        guard depth < depthLimit else { throw JSONScanner.Fault("values lie within each other too deeply") }
        switch scanner.peek() {
        case UInt8(ascii: "{"): return try object(&scanner, depth: depth)
        case UInt8(ascii: "["):
            var values: [FieldValue] = []
            try scanner.expect("[")
            if scanner.take("]") { return .list([]) }
            repeat { values.append(try value(&scanner, depth: depth + 1)) } while scanner.take(",")
            try scanner.expect("]")
            return .list(values)
        case UInt8(ascii: "\""): return .text(try scanner.string())
        default: break
        }
        let words: [(String, FieldValue)] = [
            ("null", .null), ("true", .boolean(true)), ("false", .boolean(false)), ("Infinity", .number(.infinity)),
            ("-Infinity", .number(-.infinity)), ("NaN", .number(.nan)),
        ]
        for (word, value) in words where scanner.take(word: word) { return value }
        let place = scanner.cursor
        let text = scanner.take { "+-.eE0123456789".utf8.contains($0) }
        guard let number = Double(text), number.isFinite else {
            throw JSONScanner.Fault("a value is expected at byte \(place) of the file")
        }
        return .number(number)
    }

    private static func object(_ scanner: inout JSONScanner, depth: Int) throws(JSONScanner.Fault) -> FieldValue {
        var members: [String: FieldValue] = [:]
        try scanner.object { scanner, key throws(JSONScanner.Fault) in
            let value = try value(&scanner, depth: depth + 1)
            guard members.updateValue(value, forKey: key) == nil else {
                throw JSONScanner.Fault("'\(key)' is given twice")
            }
        }
        if members.count == 1, case .text(let text)? = members["__float__"], let number = Double(text) {
            return .number(number)
        }
        return .object(members)
    }

    /// The value in a message: short, as JSON.
    var brief: String {
        switch self {
        case .null: "null"
        case .boolean(let value): String(value)
        case .number(let value): Int(exactly: value).map(String.init) ?? String(value)
        case .text(let value): "\"\(value.prefix(60))\""
        case .list(let values):
            "[\(values.prefix(8).map(\.brief).joined(separator: ", "))\(values.count > 8 ? ", ..." : "")]"
        case .object(let members): "{\(members.keys.sorted().prefix(8).joined(separator: ", "))}"
        }
    }

    /// Whether the value says no more than that a feature is off: null, false, or nothing in brackets.
    var isOff: Bool { [.null, .boolean(false), .list([]), .object([:])].contains(self) }
}
