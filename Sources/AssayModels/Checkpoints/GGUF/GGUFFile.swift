import AssayCore
import Foundation

/// A value of a GGUF file's metadata.
enum GGUFValue: Sendable, Hashable {
    case integer(Int)
    case number(Double)
    case boolean(Bool)
    case text(String)
    /// Values of one type, left where they are.
    case array(GGUFArray)
}

/// Where the members of an array of the metadata are; they were walked over once, so they are inside the file.
struct GGUFArray: Sendable, Hashable {
    /// The type of a member.
    let type: UInt32
    let count: Int
    /// Where the first member begins.
    let offset: Int
}

/// Where a tensor lies in a GGUF file.
struct GGUFEntry: Sendable, Hashable {
    let name: String
    /// Slowest dimension first.
    let shape: [Int]
    let type: GGUFType
    /// Its bytes in the file.
    let range: Range<Int>

    var count: Int { shape.reduce(1, *) }
}

/// A GGUF file of version 2 or 3, mapped into memory: metadata, then the places of the tensors, then their bytes.
///
/// Read as if every byte had been put there to do harm: nothing is allocated by a number that the size of the file does
/// not cover. Source of the format: ggml, `docs/gguf.md`.
struct GGUFFile: Sendable {
    /// Metadata by key.
    let metadata: [String: GGUFValue]
    /// Tensors by name.
    let entries: [String: GGUFEntry]
    let location: String
    private let data: Data

    /// Maps a file.
    /// - Throws: ``AssayError`` naming what is wrong with it.
    static func map(_ url: URL) throws -> GGUFFile {
        let data: Data
        do {
            data = try Data(contentsOf: url, options: .alwaysMapped)
        } catch {
            throw AssayError.badInput("cannot be read: \(error.localizedDescription)", at: url.path)
        }
        return try GGUFFile(data: data, location: url.path)
    }

    /// Checks the bytes of a file.
    init(data: Data, location: String) throws {
        do {
            var cursor = GGUFCursor(data: data)
            let (metadata, places, alignment) = try Self.header(&cursor)
            let start = (cursor.offset + alignment - 1) / alignment * alignment
            var entries: [String: GGUFEntry] = [:]
            for place in places {
                guard entries.updateValue(try place.entry(start: start, end: data.count), forKey: place.name) == nil
                else { throw GGUFCursor.Fault("tensor '\(place.name)' is given twice") }
            }
            try Self.refuseOverlaps(Array(entries.values))
            (self.metadata, self.entries, self.location, self.data) = (metadata, entries, location, data)
        } catch let error as GGUFCursor.Fault {
            throw AssayError.badInput(
                "not a sound GGUF file: \(error.problem)", at: location,
                remedy: "The file is damaged or of another format; copy or make it again")
        }
    }

    private static func header(
        _ cursor: inout GGUFCursor
    ) throws(GGUFCursor.Fault) -> ([String: GGUFValue], [GGUFPlace], Int) {
        guard try cursor.integer(UInt32.self) == 0x4655_4747 else {
            throw GGUFCursor.Fault("it does not begin with 'GGUF'")
        }
        let version = try cursor.integer(UInt32.self)
        guard (2...3).contains(version) else {
            throw GGUFCursor.Fault("it is of version \(version); versions 2 and 3 are read")
        }
        let tensors = try cursor.count(UInt64.self, of: "tensors", bytesEach: 24)
        let pairs = try cursor.count(UInt64.self, of: "metadata", bytesEach: 13)
        var metadata: [String: GGUFValue] = [:]
        for _ in 0..<pairs {
            let key = try cursor.text()
            guard metadata.updateValue(try cursor.value(of: key), forKey: key) == nil else {
                throw GGUFCursor.Fault("the metadata '\(key)' is given twice")
            }
        }
        var alignment = 32
        if let value = metadata["general.alignment"] {
            guard case .integer(let number) = value, (1...65_536).contains(number), number & (number - 1) == 0 else {
                throw GGUFCursor.Fault("general.alignment is no power of two up to 65536")
            }
            alignment = number
        }
        var places: [GGUFPlace] = []
        for _ in 0..<tensors { places.append(try GGUFPlace(&cursor, alignment: alignment)) }
        return (metadata, places, alignment)
    }

    private static func refuseOverlaps(_ entries: [GGUFEntry]) throws(GGUFCursor.Fault) {
        var end = 0
        for entry in entries.sorted(by: { ($0.range.lowerBound, $0.name) < ($1.range.lowerBound, $1.name) })
        where !entry.range.isEmpty {
            guard entry.range.lowerBound >= end else {
                throw GGUFCursor.Fault("tensor '\(entry.name)' overlaps another")
            }
            end = entry.range.upperBound
        }
    }

    /// The members of an array of the metadata; nil if there is no array of the key.
    func members(_ key: String) throws -> [GGUFValue]? {
        guard case .array(let array)? = metadata[key] else { return nil }
        do {
            var cursor = GGUFCursor(data: data, offset: array.offset)
            var values: [GGUFValue] = []
            for _ in 0..<array.count { values.append(try cursor.scalar(array.type, key)) }
            return values
        } catch {
            throw AssayError.badInput(error.problem, at: location)
        }
    }

    /// The values of a tensor.
    /// - Throws: ``AssayError`` for a value that is no number.
    func floats(_ entry: GGUFEntry) throws -> [Float] {
        var values = [Float](repeating: 0, count: entry.count)
        data.withUnsafeBytes { bytes in
            values.withUnsafeMutableBufferPointer { target in
                guard let base = target.baseAddress else { return }
                // The range was checked against the size of the file.
                entry.type.widen(
                    UnsafeRawBufferPointer(rebasing: bytes[entry.range]),
                    blocks: entry.count / entry.type.blockCount, into: base)
            }
        }
        if let index = values.firstIndex(where: { !$0.isFinite }) {
            throw AssayError.badInput(
                "tensor '\(entry.name)' holds \(values[index]) at element \(index)", at: location)
        }
        return values
    }
}

/// What the header says of a tensor.
private struct GGUFPlace {
    let name: String
    let shape: [Int]
    let type: GGUFType
    let offset: Int

    init(_ cursor: inout GGUFCursor, alignment: Int) throws(GGUFCursor.Fault) {
        name = try cursor.text()
        let dimensions = try cursor.integer(UInt32.self)
        guard dimensions <= 4 else { throw GGUFCursor.Fault("tensor '\(name)' has \(dimensions) dimensions") }
        var shape: [Int] = []
        for _ in 0..<dimensions { shape.append(try cursor.size(UInt64.self, "a dimension of tensor '\(name)'")) }
        self.shape = shape.reversed()
        let number = try cursor.integer(UInt32.self)
        guard let type = GGUFType(rawValue: number) else {
            throw GGUFCursor.Fault("tensor '\(name)' has elements of type \(number), which is not read")
        }
        self.type = type
        offset = try cursor.size(UInt64.self, "the offset of tensor '\(name)'")
        guard offset % alignment == 0 else { throw GGUFCursor.Fault("tensor '\(name)' is not aligned") }
    }

    /// Where it lies, if that is inside the file.
    func entry(start: Int, end: Int) throws(GGUFCursor.Fault) -> GGUFEntry {
        var count = 1
        for dimension in shape {
            let (product, overflow) = count.multipliedReportingOverflow(by: dimension)
            guard !overflow else { throw GGUFCursor.Fault("tensor '\(name)' has a shape too large for any file") }
            count = product
        }
        guard count % type.blockCount == 0, (shape.last ?? 1) % type.blockCount == 0 else {
            throw GGUFCursor.Fault("tensor '\(name)' of shape \(shape) is no whole number of blocks")
        }
        let (size, overflow) = (count / type.blockCount).multipliedReportingOverflow(by: type.blockBytes)
        let (first, carry) = start.addingReportingOverflow(offset)
        guard !overflow, !carry, first <= end, size <= end - first else {
            throw GGUFCursor.Fault(
                "tensor '\(name)' of shape \(shape) ends after the \(end) bytes of the file: it is truncated")
        }
        return GGUFEntry(name: name, shape: shape, type: type, range: first..<(first + size))
    }
}
