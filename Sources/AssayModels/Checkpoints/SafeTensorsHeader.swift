import Foundation

/// Where a tensor lies in a safetensors file.
public struct SafeTensorsEntry: Sendable, Hashable {
    /// Its name, unique in the file.
    public let name: String
    /// Its element type.
    public let type: SafeTensorsType
    /// Its shape; empty for a single number.
    public let shape: [Int]
    /// Its bytes, counted from the end of the header.
    public let range: Range<Int>

    /// Elements.
    public var count: Int { range.count / type.byteCount }
}

/// Reads the JSON header of a safetensors file, and nothing else that JSON could hold.
///
/// A parser of its own because the general ones accept what the format forbids, above all a name that is given twice.
struct SafeTensorsHeader {
    /// What is wrong with the header, as a sentence without a full stop.
    struct Fault: Error {
        let problem: String
        init(_ problem: String) { self.problem = problem }
    }

    private(set) var entries: [SafeTensorsEntry] = []
    private(set) var metadata: [String: String] = [:]

    private let bytes: [UInt8]
    private var cursor = 0

    /// Parses the whole header; spaces may follow it.
    init(_ bytes: [UInt8]) throws(Fault) {
        self.bytes = bytes
        guard bytes.first == UInt8(ascii: "{") else { throw Fault("the header does not begin with '{'") }
        var names: Set<String> = []
        try object { parser, name throws(Fault) in
            guard names.insert(name).inserted else { throw Fault("the name '\(name)' is given twice") }
            if name == "__metadata__" {
                try parser.parseMetadata()
            } else {
                parser.entries.append(try parser.parseEntry(name))
            }
        }
        skipSpace()
        guard cursor == bytes.count else { throw Fault("the header has text after its end") }
    }

    /// Holds the entries against the bytes that follow the header: no holes, no overlaps, nothing left over.
    func validate(dataCount: Int) throws(Fault) {
        let sorted = entries.sorted {
            ($0.range.lowerBound, $0.range.upperBound) < ($1.range.lowerBound, $1.range.upperBound)
        }
        var end = 0
        for entry in sorted {
            guard entry.range.upperBound <= dataCount else {
                throw Fault(
                    "tensor '\(entry.name)' ends at byte \(entry.range.upperBound) but the file has only \(dataCount)"
                        + " bytes of data: it is truncated")
            }
            guard entry.range.lowerBound == end else {
                let what = entry.range.lowerBound < end ? "overlaps the one before it" : "leaves a hole before it"
                throw Fault("tensor '\(entry.name)' \(what)")
            }
            end = entry.range.upperBound
        }
        guard end == dataCount else { throw Fault("\(dataCount - end) bytes belong to no tensor") }
    }

    private mutating func parseMetadata() throws(Fault) {
        try object { parser, key throws(Fault) in
            let value = try parser.string()
            guard parser.metadata.updateValue(value, forKey: key) == nil else {
                throw Fault("the metadata key '\(key)' is given twice")
            }
        }
    }

    private mutating func parseEntry(_ name: String) throws(Fault) -> SafeTensorsEntry {
        var type: SafeTensorsType?
        var shape: [Int]?
        var offsets: [Int]?
        try object { parser, key throws(Fault) in
            switch key {
            case "dtype" where type == nil:
                let text = try parser.string()
                guard let known = SafeTensorsType(rawValue: text) else {
                    throw Fault("tensor '\(name)' has the unknown dtype '\(text)'")
                }
                type = known
            case "shape" where shape == nil: shape = try parser.integers()
            case "data_offsets" where offsets == nil: offsets = try parser.integers()
            case "dtype", "shape", "data_offsets": throw Fault("tensor '\(name)' has two fields '\(key)'")
            default: throw Fault("tensor '\(name)' has the unknown field '\(key)'")
            }
        }
        guard let type, let shape, let offsets else {
            throw Fault("tensor '\(name)' lacks one of dtype, shape and data_offsets")
        }
        guard offsets.count == 2, offsets[0] <= offsets[1] else {
            throw Fault("tensor '\(name)' has data_offsets that are not a range")
        }
        var size = type.byteCount
        for dimension in shape {
            let (product, overflow) = size.multipliedReportingOverflow(by: dimension)
            guard !overflow else { throw Fault("tensor '\(name)' has a shape too large for any file") }
            size = product
        }
        guard size == offsets[1] - offsets[0] else {
            throw Fault(
                "tensor '\(name)' of shape \(shape) needs \(size) bytes but its data_offsets hold"
                    + " \(offsets[1] - offsets[0])")
        }
        return SafeTensorsEntry(name: name, type: type, shape: shape, range: offsets[0]..<offsets[1])
    }

    // MARK: JSON

    private mutating func object(_ member: (inout Self, String) throws(Fault) -> Void) throws(Fault) {
        try expect("{")
        if take("}") { return }
        repeat {
            let key = try string()
            try expect(":")
            try member(&self, key)
        } while take(",")
        try expect("}")
    }

    private mutating func integers() throws(Fault) -> [Int] {
        try expect("[")
        var values: [Int] = []
        if take("]") { return values }
        repeat { values.append(try integer()) } while take(",")
        try expect("]")
        return values
    }

    private mutating func integer() throws(Fault) -> Int {
        skipSpace()
        let start = cursor
        var value = 0
        while cursor < bytes.count, case let digit = Int(bytes[cursor]) - 48, (0...9).contains(digit) {
            let (tens, overflow) = value.multipliedReportingOverflow(by: 10)
            let (sum, carry) = tens.addingReportingOverflow(digit)
            guard !overflow, !carry else { throw Fault("a number at byte \(start) of the header is too large") }
            value = sum
            cursor += 1
        }
        guard cursor > start, cursor == start + 1 || bytes[start] != UInt8(ascii: "0") else {
            throw Fault("a whole number is expected at byte \(start) of the header")
        }
        return value
    }

    private mutating func string() throws(Fault) -> String {
        try expect("\"")
        let start = cursor
        var text: [UInt8] = []
        while true {
            guard cursor < bytes.count else { throw Fault("a text at byte \(start) of the header does not end") }
            let byte = bytes[cursor]
            cursor += 1
            switch byte {
            case UInt8(ascii: "\""):
                guard let value = String(bytes: text, encoding: .utf8) else {
                    throw Fault("a text at byte \(start) of the header is not UTF-8")
                }
                return value
            case UInt8(ascii: "\\"): try escape(into: &text)
            case 0..<32: throw Fault("a text at byte \(start) of the header holds a control character")
            default: text.append(byte)
            }
        }
    }

    private mutating func escape(into text: inout [UInt8]) throws(Fault) {
        guard cursor < bytes.count else { throw Fault("a text of the header does not end") }
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
            if isWrong { throw Fault("a text of the header holds half of a surrogate pair") }
        default: throw Fault("a text of the header holds an unknown escape")
        }
    }

    private mutating func codeUnit() throws(Fault) -> UInt16 {
        guard cursor + 4 <= bytes.count,
            bytes[cursor..<cursor + 4].allSatisfy({ $0 < 128 && Character(UnicodeScalar($0)).isHexDigit }),
            let value = UInt16(String(decoding: bytes[cursor..<cursor + 4], as: UTF8.self), radix: 16)
        else { throw Fault("a text of the header holds a wrong \\u escape") }
        cursor += 4
        return value
    }

    private mutating func skipSpace() {
        while cursor < bytes.count, [9, 10, 13, 32].contains(bytes[cursor]) { cursor += 1 }
    }

    private mutating func take(_ character: Character) -> Bool {
        skipSpace()
        guard cursor < bytes.count, bytes[cursor] == character.asciiValue else { return false }
        cursor += 1
        return true
    }

    private mutating func expect(_ character: Character) throws(Fault) {
        guard take(character) else { throw Fault("'\(character)' is expected at byte \(cursor) of the header") }
    }
}
