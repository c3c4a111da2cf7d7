import Foundation

/// A value in a report.
public enum Field: Sendable, Hashable {
    /// Nothing.
    case none
    /// A text.
    case text(String)
    /// A whole number.
    case integer(Int)
    /// A whole number without sign, such as a seed.
    case unsigned(UInt64)
    /// A number.
    case number(Double)
    /// Yes or no.
    case boolean(Bool)
    /// Named numbers.
    case numbers([String: Double])

    /// A text, or nothing.
    public static func optional(_ value: String?) -> Field { value.map(Field.text) ?? .none }
    /// A whole number, or nothing.
    public static func optional(_ value: Int?) -> Field { value.map(Field.integer) ?? .none }
    /// A number, or nothing.
    public static func optional(_ value: Double?) -> Field { value.map(Field.number) ?? .none }
}

/// Numbers as text.
enum NumberText {
    /// The shortest text that reads back as the same number; nil for NaN.
    static func exact(_ value: Double) -> String? {
        if value.isNaN { return nil }
        if value.isInfinite { return value < 0 ? "-inf" : "inf" }
        let text = value.description
        return text.hasSuffix(".0") ? String(text.dropLast(2)) : text
    }
}
