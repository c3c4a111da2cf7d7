import Foundation
import GRDB

/// Named numbers as one line of JSON, and back: sorted keys, shortest exact numbers.
///
/// Written by hand because a coder takes longer than everything else that is done for a response.
enum DetailText {
    /// The text of some named numbers; nil when there are none.
    ///
    /// NaN becomes `null` and infinity `9e999`, which JSON readers take as it was meant.
    static func encode(_ detail: [String: Double]) -> String? {
        guard !detail.isEmpty else { return nil }
        var text = "{"
        for (key, value) in detail.sorted(by: { $0.key < $1.key }) {
            if text.utf8.count > 1 { text += "," }
            text += quoted(key)
            text += ":"
            text += number(value)
        }
        return text + "}"
    }

    /// The named numbers of a text that ``encode(_:)`` made.
    static func decode(_ text: String?) throws -> [String: Double] {
        guard let text else { return [:] }
        if let simple = decodeSimple(text) { return simple }
        guard let object = try? JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any] else {
            throw DatabaseError(resultCode: .SQLITE_CORRUPT, message: "not the detail of a response: \(text)")
        }
        return object.mapValues { ($0 as? NSNumber)?.doubleValue ?? .nan }
    }

    private static func number(_ value: Double) -> String {
        if value.isNaN { return "null" }
        if value.isInfinite { return value < 0 ? "-9e999" : "9e999" }
        if value == value.rounded(), abs(value) < 1e15 { return String(Int64(value)) }
        return value.description
    }

    private static func quoted(_ key: String) -> String {
        let isPlain = key.utf8.allSatisfy { $0 >= 0x20 && $0 != UInt8(ascii: "\"") && $0 != UInt8(ascii: "\\") }
        if isPlain { return "\"\(key)\"" }
        let escaped = (try? JSONEncoder().encode(key)).map { String(decoding: $0, as: UTF8.self) }
        return escaped ?? "\"\""
    }

    /// Reads the usual case: no escapes in keys. Nil when the text is not of that kind.
    private static func decodeSimple(_ text: String) -> [String: Double]? {
        guard text.hasPrefix("{\""), text.hasSuffix("}"), !text.utf8.contains(UInt8(ascii: "\\")) else { return nil }
        var detail: [String: Double] = [:]
        for pair in text.dropFirst().dropLast().split(separator: ",", omittingEmptySubsequences: false) {
            guard let colon = pair.lastIndex(of: ":"), pair.first == "\"" else { return nil }
            let key = pair[pair.index(after: pair.startIndex)..<colon]
            guard key.last == "\"", !key.dropLast().contains("\"") else { return nil }
            let digits = pair[pair.index(after: colon)...]
            guard let value = digits == "null" ? .nan : Double(digits) else { return nil }
            detail[String(key.dropLast())] = value
        }
        return detail
    }
}
