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
    /// - Throws: ``AssayError`` that says in which line the text is no JSON.
    static func parse(_ data: Data, location: String) throws -> FieldValue {
        do {
            return FieldValue(
                try JSONParser.value(
                    [UInt8](data), location: location, allowsNonFinite: true, allowsRepeatedNames: false,
                    depthLimit: depthLimit))
        } catch let error as AssayError {
            throw AssayError(
                error.kind, error.problem, at: error.location,
                remedy: "The file is damaged or of another format; copy or make it again")
        }
    }

    private init(_ value: JSONValue) {
        switch value {
        case .null: self = .null
        case .boolean(let value): self = .boolean(value)
        case .integer(let value): self = .number(Double(value))
        case .number(let value): self = .number(value)
        case .text(let value): self = .text(value)
        case .list(let values): self = .list(values.map(FieldValue.init))
        case .object(let members):
            if members.count == 1, members[0].name == "__float__", case .text(let text) = members[0].value,
                let number = Double(text)
            {
                self = .number(number)
            } else {
                let pairs = members.map { ($0.name, FieldValue($0.value)) }
                self = .object(Dictionary(pairs, uniquingKeysWith: { $1 }))
            }
        }
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
