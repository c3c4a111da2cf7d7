import Foundation

/// Numbers in sentences.
enum NumberFormat {
    /// A share such as `90 %` or `97.5 %`.
    static func percent(_ share: Double) -> String { short(100 * share) + " %" }

    /// A number with up to four digits after the point and no zeros at its end.
    static func short(_ value: Double) -> String {
        var text = String(format: "%.4f", value)
        while text.hasSuffix("0") { text.removeLast() }
        return text.hasSuffix(".") ? String(text.dropLast()) : text
    }
}
