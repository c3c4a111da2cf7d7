import Foundation

/// Reads the header of a GGUF file from its bytes, little-endian, and never past their end.
struct GGUFCursor {
    /// What is wrong with the file, as a sentence without a full stop.
    struct Fault: Error {
        let problem: String
        init(_ problem: String) { self.problem = problem }
    }

    private let data: Data
    /// Bytes that were read.
    private(set) var offset: Int

    /// Longest text.
    private static let textLimit = 16_777_216

    init(data: Data, offset: Int = 0) { (self.data, self.offset) = (data, offset) }

    private var rest: Int { data.count - offset }

    private mutating func bytes(_ count: Int) throws(Fault) -> Data {
        guard count <= rest else { throw Fault("it ends after \(data.count) bytes, in the middle of its header") }
        defer { offset += count }
        return data[data.startIndex + offset..<data.startIndex + offset + count]
    }

    /// A whole number of some width.
    mutating func integer<Number: FixedWidthInteger>(_ type: Number.Type) throws(Fault) -> Number {
        let bytes = try bytes(Number.bitWidth / 8)
        return bytes.reversed().reduce(Number(0)) { $0 << 8 | Number(truncatingIfNeeded: $1) }
    }

    /// A number that must be a size that this machine can count.
    mutating func size<Number: FixedWidthInteger>(_ type: Number.Type, _ what: String) throws(Fault) -> Int {
        let number = try integer(type)
        guard let size = Int(exactly: number), size >= 0, size < 1 << 56 else {
            throw Fault("\(what) is \(number)")
        }
        return size
    }

    /// How many things follow, of which each takes some bytes at least: no more than the file can hold.
    mutating func count<Number: FixedWidthInteger>(
        _ type: Number.Type, of what: String, bytesEach: Int
    ) throws(Fault) -> Int {
        let count = try size(type, "the number of \(what)")
        guard count <= rest / bytesEach else {
            throw Fault("it claims \(count) \(what), more than its \(data.count) bytes can hold")
        }
        return count
    }

    /// A text.
    mutating func text() throws(Fault) -> String {
        let count = try size(UInt64.self, "the length of a text")
        guard count <= Self.textLimit else { throw Fault("a text claims \(count) bytes") }
        let bytes = try bytes(count)
        // Foundation's own reading would drop a byte order mark, which is the beginning of some tokens.
        let text = String(decoding: bytes, as: UTF8.self)
        guard text.utf8.elementsEqual(bytes) else {
            throw Fault("a text that ends at byte \(offset) is not UTF-8")
        }
        return text
    }

    /// The value of a key.
    mutating func value(of key: String) throws(Fault) -> GGUFValue {
        let type = try integer(UInt32.self)
        guard type == 9 else { return try scalar(type, key) }
        let member = try integer(UInt32.self)
        let least = try Self.leastBytes(member, key)
        let count = try count(UInt64.self, of: "members of '\(key)'", bytesEach: least)
        let array = GGUFArray(type: member, count: count, offset: offset)
        if member == 8 {
            for _ in 0..<count { _ = try bytes(try size(UInt64.self, "the length of a text of '\(key)'")) }
        } else {
            _ = try bytes(count * least)
        }
        return .array(array)
    }

    /// Bytes of a member of a type; of a text, those of its length.
    private static func leastBytes(_ type: UInt32, _ key: String) throws(Fault) -> Int {
        switch type {
        case 0, 1, 7: return 1
        case 2, 3: return 2
        case 4, 5, 6: return 4
        case 8, 10, 11, 12: return 8
        default: throw Fault("the metadata '\(key)' is an array of the type \(type), which is not read")
        }
    }

    /// A value that is no array.
    mutating func scalar(_ type: UInt32, _ key: String) throws(Fault) -> GGUFValue {
        switch type {
        case 0: return .integer(Int(try integer(UInt8.self)))
        case 1: return .integer(Int(try integer(Int8.self)))
        case 2: return .integer(Int(try integer(UInt16.self)))
        case 3: return .integer(Int(try integer(Int16.self)))
        case 4: return .integer(Int(try integer(UInt32.self)))
        case 5: return .integer(Int(try integer(Int32.self)))
        case 6: return .number(Double(Float(bitPattern: try integer(UInt32.self))))
        case 7: return .boolean(try integer(UInt8.self) != 0)
        case 8: return .text(try text())
        case 10: return .integer(try size(UInt64.self, "the metadata '\(key)'"))
        case 11: return .integer(Int(try integer(Int64.self)))
        case 12: return .number(Double(bitPattern: try integer(UInt64.self)))
        default: throw Fault("the metadata '\(key)' has the unknown type \(type)")
        }
    }
}
