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
        var reader = Reader(bytes: Array(text.utf8))
        guard let detail = reader.object() else {
            throw DatabaseError(resultCode: .SQLITE_CORRUPT, message: "not the detail of a response: \(text)")
        }
        return detail
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

    /// Reads one object of numbers without blanks.
    private struct Reader {
        let bytes: [UInt8]
        var index = 0

        mutating func object() -> [String: Double]? {
            guard take("{") else { return nil }
            var detail: [String: Double] = [:]
            repeat {
                guard let key = key(), take(":"), let value = value() else { return nil }
                detail[key] = value
            } while take(",")
            return take("}") && index == bytes.count ? detail : nil
        }

        private mutating func take(_ character: Unicode.Scalar) -> Bool {
            guard index < bytes.count, bytes[index] == UInt8(ascii: character) else { return false }
            index += 1
            return true
        }

        private mutating func key() -> String? {
            let start = index
            guard take("\"") else { return nil }
            var isEscaped = false
            while index < bytes.count, bytes[index] != UInt8(ascii: "\"") {
                let isBackslash = bytes[index] == UInt8(ascii: "\\")
                isEscaped = isEscaped || isBackslash
                index += isBackslash ? 2 : 1
            }
            guard take("\"") else { return nil }
            if isEscaped { return try? JSONDecoder().decode(String.self, from: Data(bytes[start..<index])) }
            return String(decoding: bytes[start + 1..<index - 1], as: UTF8.self)
        }

        private mutating func value() -> Double? {
            let start = index
            while index < bytes.count, bytes[index] != UInt8(ascii: ","), bytes[index] != UInt8(ascii: "}") {
                index += 1
            }
            let text = String(decoding: bytes[start..<index], as: UTF8.self)
            return text == "null" ? .nan : Double(text)
        }
    }
}
