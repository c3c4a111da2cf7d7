/// A JSON value as it was written: members in order, texts by their bytes, whole numbers exact.
public enum JSONValue: Sendable {
    /// `null`.
    case null
    /// `true` or `false`.
    case boolean(Bool)
    /// A number without fraction and exponent that fits into 64 bits.
    case integer(Int)
    /// Every other number; NaN and infinities only where the parser was told to allow them.
    case number(Double)
    /// A text.
    case text(String)
    /// A list.
    case list([JSONValue])
    /// Members in the order of the file, names that are given twice included.
    case object([JSONMember])

    /// What the value is, for error messages.
    public var kind: String {
        switch self {
        case .null: "null"
        case .boolean: "a truth value"
        case .integer: "a whole number"
        case .number: "a number"
        case .text: "a text"
        case .list: "a list"
        case .object: "an object"
        }
    }
}

/// A member of a JSON object.
public struct JSONMember: Sendable {
    /// Its name.
    public let name: String
    /// Its value.
    public let value: JSONValue

    /// A member.
    public init(name: String, value: JSONValue) {
        self.name = name
        self.value = value
    }
}
