import AssayCore
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
struct SafeTensorsHeader {
    /// What is wrong with the header, as a sentence without a full stop.
    struct Fault: Error {
        let problem: String
        init(_ problem: String) { self.problem = problem }
    }

    private(set) var entries: [SafeTensorsEntry] = []
    private(set) var metadata: [String: String] = [:]

    /// Deepest nesting of a header: a list of numbers in a tensor's fields.
    private static let depth = 4

    /// Parses the whole header; spaces may follow it.
    init(_ bytes: [UInt8]) throws(Fault) {
        guard bytes.first == UInt8(ascii: "{") else { throw Fault("the header does not begin with '{'") }
        for member in try Self.members(of: Self.parse(bytes), "the header") {
            if member.name == "__metadata__" {
                for field in try Self.members(of: member.value, "the metadata") {
                    guard case .text(let text) = field.value else {
                        throw Fault("the metadata '\(field.name)' is \(field.value.kind), not a text")
                    }
                    metadata[field.name] = text
                }
            } else {
                entries.append(try Self.entry(member.name, member.value))
            }
        }
    }

    private static func parse(_ bytes: [UInt8]) throws(Fault) -> JSONValue {
        do {
            return try JSONParser.value(
                bytes, location: "the header", allowsRepeatedNames: false, depthLimit: depth)
        } catch { throw Fault("its header \((error as? AssayError)?.problem ?? "\(error)")") }
    }

    private static func members(of value: JSONValue, _ subject: String) throws(Fault) -> [JSONMember] {
        guard case .object(let members) = value else { throw Fault("\(subject) is \(value.kind), not an object") }
        return members
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

    private static func entry(_ name: String, _ value: JSONValue) throws(Fault) -> SafeTensorsEntry {
        var type: SafeTensorsType?
        var shape: [Int]?
        var offsets: [Int]?
        for field in try members(of: value, "tensor '\(name)'") {
            switch field.name {
            case "dtype":
                guard case .text(let text) = field.value, let known = SafeTensorsType(rawValue: text) else {
                    throw Fault("tensor '\(name)' has the unknown dtype \(shown(field.value))")
                }
                type = known
            case "shape": shape = try integers(field.value, "the shape of tensor '\(name)'")
            case "data_offsets": offsets = try integers(field.value, "data_offsets of tensor '\(name)'")
            default: throw Fault("tensor '\(name)' has the unknown field '\(field.name)'")
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

    private static func integers(_ value: JSONValue, _ subject: String) throws(Fault) -> [Int] {
        guard case .list(let elements) = value else { throw Fault("\(subject) is \(value.kind), not a list") }
        var integers: [Int] = []
        for element in elements {
            guard case .integer(let number) = element, number >= 0 else {
                throw Fault("\(subject) holds \(shown(element)), not a whole number from 0 on")
            }
            integers.append(number)
        }
        return integers
    }

    private static func shown(_ value: JSONValue) -> String {
        switch value {
        case .text(let text): "'\(text.prefix(40))'"
        case .integer(let number): "\(number)"
        default: value.kind
        }
    }
}
