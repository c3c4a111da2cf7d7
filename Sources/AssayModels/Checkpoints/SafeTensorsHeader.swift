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
    /// What is wrong with the header.
    typealias Fault = JSONScanner.Fault

    private(set) var entries: [SafeTensorsEntry] = []
    private(set) var metadata: [String: String] = [:]

    /// Parses the whole header; spaces may follow it.
    init(_ bytes: [UInt8]) throws(Fault) {
        guard bytes.first == UInt8(ascii: "{") else { throw Fault("the header does not begin with '{'") }
        var scanner = JSONScanner(bytes, called: "the header")
        var names: Set<String> = []
        var (entries, metadata): ([SafeTensorsEntry], [String: String]) = ([], [:])
        try scanner.object { scanner, name throws(Fault) in
            guard names.insert(name).inserted else { throw Fault("the name '\(name)' is given twice") }
            if name == "__metadata__" {
                metadata = try Self.metadata(&scanner)
            } else {
                entries.append(try Self.entry(name, &scanner))
            }
        }
        try scanner.finish()
        (self.entries, self.metadata) = (entries, metadata)
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

    private static func metadata(_ scanner: inout JSONScanner) throws(Fault) -> [String: String] {
        var metadata: [String: String] = [:]
        try scanner.object { scanner, key throws(Fault) in
            guard metadata.updateValue(try scanner.string(), forKey: key) == nil else {
                throw Fault("the metadata key '\(key)' is given twice")
            }
        }
        return metadata
    }

    private static func entry(_ name: String, _ scanner: inout JSONScanner) throws(Fault) -> SafeTensorsEntry {
        var type: SafeTensorsType?
        var shape: [Int]?
        var offsets: [Int]?
        try scanner.object { scanner, key throws(Fault) in
            switch key {
            case "dtype" where type == nil:
                let text = try scanner.string()
                guard let known = SafeTensorsType(rawValue: text) else {
                    throw Fault("tensor '\(name)' has the unknown dtype '\(text)'")
                }
                type = known
            case "shape" where shape == nil: shape = try scanner.integers()
            case "data_offsets" where offsets == nil: offsets = try scanner.integers()
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
}
