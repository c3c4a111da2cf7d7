import AssayCore
import Foundation
import GRDB

/// How values of this program lie in columns, and how they come back.
extension Row {
    /// A number that may be NaN, which SQLite keeps as NULL.
    func number(_ index: Int) -> Double { (self[index] as Double?) ?? .nan }

    /// A content hash.
    func hash(_ index: Int) throws -> ContentHash { try Column.hash(self[index]) }

    /// A seed, whose 64 bits lie in a signed column.
    func seed(_ index: Int) -> UInt64 { UInt64(bitPattern: self[index] as Int64) }
}

/// Conversions between Swift values and column values.
enum Column {
    /// A content hash from its column.
    static func hash(_ text: String) throws -> ContentHash {
        guard let hash = ContentHash(hexadecimal: text) else {
            throw DatabaseError(resultCode: .SQLITE_CORRUPT, message: "not a content hash: \(text)")
        }
        return hash
    }

    /// A seed for its column.
    static func seed(_ seed: UInt64) -> Int64 { Int64(bitPattern: seed) }

    /// A time in UTC with milliseconds, which sorts as text.
    static func time(_ date: Date) -> String {
        date.formatted(
            Date.ISO8601FormatStyle(timeZone: .gmt).year().month().day().dateSeparator(.dash)
                .time(includingFractionalSeconds: true).timeSeparator(.colon).timeZone(separator: .omitted))
    }

    /// A time from its column.
    static func date(_ text: String) throws -> Date {
        do {
            return try Date(text, strategy: Date.ISO8601FormatStyle(includingFractionalSeconds: true, timeZone: .gmt))
        } catch {
            throw DatabaseError(resultCode: .SQLITE_CORRUPT, message: "not a time: \(text)")
        }
    }
}
