import AssayCore
import Foundation

/// What to do with infinities and NaN in a file.
public enum NonFinitePolicy: Sendable {
    /// They are an error: no sound weight is one.
    case refuse
    /// They are values like others.
    case allow
}

/// A safetensors file in memory, its header checked.
public struct SafeTensorsFile: Sendable {
    /// The tensors in the order of the header.
    public let entries: [SafeTensorsEntry]
    /// Free texts by key.
    public let metadata: [String: String]
    /// Where the file is from, for error messages.
    public let location: String

    private let data: Data
    private let dataStart: Int
    private let indices: [String: Int]

    init(data: Data, location: String) throws(SafeTensorsHeader.Fault) {
        guard data.count >= 8 else { throw SafeTensorsHeader.Fault("it has only \(data.count) bytes") }
        let length = data.prefix(8).reversed().reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
        guard length <= UInt64(SafeTensors.headerLimit) else {
            throw SafeTensorsHeader.Fault("its header claims \(length) bytes, more than the format allows")
        }
        guard Int(length) <= data.count - 8 else {
            throw SafeTensorsHeader.Fault("its header claims \(length) bytes but only \(data.count - 8) follow")
        }
        dataStart = 8 + Int(length)
        let start = data.startIndex
        let header = try SafeTensorsHeader([UInt8](data[start + 8..<start + dataStart]))
        try header.validate(dataCount: data.count - dataStart)
        entries = header.entries
        metadata = header.metadata
        indices = Dictionary(uniqueKeysWithValues: entries.enumerated().map { ($1.name, $0) })
        self.data = data
        self.location = location
    }

    /// The tensor of a name.
    public subscript(name: String) -> SafeTensorsEntry? { indices[name].map { entries[$0] } }

    /// Copies a tensor's values, widened to float32, into memory of exactly its size.
    /// - Throws: ``AssayError`` when the tensor is missing, is of no float type up to 32 bits, is of another size, or
    ///   holds a value that the policy refuses.
    public func copyFloats(
        _ name: String, into target: UnsafeMutableBufferPointer<Float>, nonFinite policy: NonFinitePolicy = .refuse
    ) throws {
        let entry = try find(name)
        guard entry.count == target.count else {
            throw AssayError.badInput(
                "tensor '\(name)' of shape \(entry.shape) has \(entry.count) values but \(target.count) are expected",
                at: location)
        }
        try withBytes(entry) { bytes in
            switch entry.type {
            case .float32: UnsafeMutableRawBufferPointer(target).copyMemory(from: bytes)
            case .bfloat16:
                for i in 0..<target.count {
                    target[i] = HalfPrecision.bfloat16(bytes.loadUnaligned(fromByteOffset: 2 * i, as: UInt16.self))
                }
            case .float16:
                for i in 0..<target.count {
                    target[i] = HalfPrecision.float16(bytes.loadUnaligned(fromByteOffset: 2 * i, as: UInt16.self))
                }
            default: throw wrongType(entry, expected: "F32, F16 or BF16")
            }
        }
        if policy == .refuse, let index = target.firstIndex(where: { !$0.isFinite }) {
            throw AssayError.badInput("tensor '\(name)' holds \(target[index]) at element \(index)", at: location)
        }
    }

    /// A tensor's values, widened to float32.
    public func floats(_ name: String, nonFinite policy: NonFinitePolicy = .refuse) throws -> [Float] {
        var values = [Float](repeating: 0, count: try find(name).count)
        try values.withUnsafeMutableBufferPointer { try copyFloats(name, into: $0, nonFinite: policy) }
        return values
    }

    /// The values of a float64 tensor.
    public func doubles(_ name: String) throws -> [Double] {
        let entry = try find(name)
        guard entry.type == .float64 else { throw wrongType(entry, expected: "F64") }
        return withBytes(entry) { bytes in
            (0..<entry.count).map { bytes.loadUnaligned(fromByteOffset: 8 * $0, as: Double.self) }
        }
    }

    /// The values of an int64 tensor.
    public func integers(_ name: String) throws -> [Int64] {
        let entry = try find(name)
        guard entry.type == .int64 else { throw wrongType(entry, expected: "I64") }
        return withBytes(entry) { bytes in
            (0..<entry.count).map { bytes.loadUnaligned(fromByteOffset: 8 * $0, as: Int64.self) }
        }
    }

    private func find(_ name: String) throws -> SafeTensorsEntry {
        guard let entry = self[name] else {
            throw AssayError.badInput(
                "there is no tensor '\(name)'", at: location,
                remedy: Suggestion.nearest(to: name, among: entries.map(\.name)).map { "The nearest is '\($0)'" })
        }
        return entry
    }

    private func wrongType(_ entry: SafeTensorsEntry, expected: String) -> AssayError {
        AssayError.badInput("tensor '\(entry.name)' is \(entry.type.rawValue), not \(expected)", at: location)
    }

    private func withBytes<T>(_ entry: SafeTensorsEntry, _ body: (UnsafeRawBufferPointer) throws -> T) rethrows -> T {
        try data.withUnsafeBytes { bytes in
            // The header was checked against the size of the data, so the range is inside it.
            try body(
                UnsafeRawBufferPointer(
                    rebasing: bytes[dataStart + entry.range.lowerBound..<dataStart + entry.range.upperBound]))
        }
    }
}
