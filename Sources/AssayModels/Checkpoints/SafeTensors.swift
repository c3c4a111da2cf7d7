import AssayCore
import Foundation

/// The safetensors format: eight bytes of header length, a JSON header, then the tensors' bytes without holes.
///
/// Written so that any other tool can read it, read as if every byte had been put there to do harm.
/// Source of the format and of its limits: huggingface/safetensors, `safetensors/src/tensor.rs`.
public enum SafeTensors {
    /// Longest header that is read, the format's own limit.
    public static let headerLimit = 100_000_000

    /// A tensor to be written.
    public struct Tensor {
        /// Its name, unique in the file.
        public let name: String
        /// Its shape.
        public let shape: [Int]
        /// Its element type.
        public let type: SafeTensorsType
        fileprivate let append: (inout Data) -> Void
        fileprivate let byteCount: Int

        /// Float32 values that stay valid until the file is written.
        public init(_ name: String, shape: [Int], values: UnsafeBufferPointer<Float>) {
            self.init(name, shape: shape, type: .float32, count: values.count) {
                $0.append(contentsOf: UnsafeRawBufferPointer(values))
            }
        }

        /// Float32 values.
        public init(_ name: String, shape: [Int], values: [Float]) {
            self.init(name, shape: shape, type: .float32, count: values.count) { data in
                values.withUnsafeBytes { data.append(contentsOf: $0) }
            }
        }

        /// Float64 values.
        public init(_ name: String, shape: [Int], values: [Double]) {
            self.init(name, shape: shape, type: .float64, count: values.count) { data in
                values.withUnsafeBytes { data.append(contentsOf: $0) }
            }
        }

        /// Whole numbers of 64 bits.
        public init(_ name: String, shape: [Int], values: [Int64]) {
            self.init(name, shape: shape, type: .int64, count: values.count) { data in
                values.withUnsafeBytes { data.append(contentsOf: $0) }
            }
        }

        private init(
            _ name: String, shape: [Int], type: SafeTensorsType, count: Int, append: @escaping (inout Data) -> Void
        ) {
            precondition(shape.reduce(1, *) == count, "tensor \(name) of shape \(shape) has \(count) values")
            self.name = name
            self.shape = shape
            self.type = type
            self.append = append
            byteCount = count * type.byteCount
        }
    }

    /// The bytes of a file. Equal content gives equal bytes.
    public static func data(_ tensors: [Tensor], metadata: [String: String] = [:]) -> Data {
        // Wide elements first, so that every tensor starts at a multiple of its element size.
        let ordered = tensors.enumerated().sorted {
            ($1.element.type.byteCount, $0.offset) < ($0.element.type.byteCount, $1.offset)
        }.map(\.element)
        var members: [String] = []
        if !metadata.isEmpty {
            let pairs = metadata.sorted { $0.key < $1.key }.map { "\(quoted($0.key)):\(quoted($0.value))" }
            members.append("\"__metadata__\":{\(pairs.joined(separator: ","))}")
        }
        var offset = 0
        for tensor in ordered {
            let shape = tensor.shape.map(String.init).joined(separator: ",")
            members.append(
                "\(quoted(tensor.name)):{\"dtype\":\"\(tensor.type.rawValue)\",\"shape\":[\(shape)],"
                    + "\"data_offsets\":[\(offset),\(offset + tensor.byteCount)]}")
            offset += tensor.byteCount
        }
        var header = "{\(members.joined(separator: ","))}"
        header += String(repeating: " ", count: (8 - header.utf8.count % 8) % 8)
        var data = Data(capacity: 8 + header.utf8.count + offset)
        withUnsafeBytes(of: UInt64(header.utf8.count).littleEndian) { data.append(contentsOf: $0) }
        data.append(contentsOf: header.utf8)
        for tensor in ordered { tensor.append(&data) }
        return data
    }

    /// Writes a file whole or not at all.
    public static func write(_ tensors: [Tensor], metadata: [String: String] = [:], to url: URL) throws {
        try AtomicFile.write(data(tensors, metadata: metadata), to: url)
    }

    /// Reads a file whole and checks its header against its size.
    /// - Throws: ``AssayError`` naming the file, and the tensor where one is at fault.
    public static func read(_ url: URL) throws -> SafeTensorsFile {
        let data: Data
        do {
            data = try Data(contentsOf: url)
        } catch {
            throw AssayError.badInput("cannot be read: \(error.localizedDescription)", at: url.path)
        }
        return try parse(data, location: url.path)
    }

    /// Maps a file into memory and checks its header against its size; the values are read where they lie.
    /// - Throws: as ``read(_:)``.
    public static func map(_ url: URL) throws -> SafeTensorsFile {
        let data: Data
        do {
            data = try Data(contentsOf: url, options: .alwaysMapped)
        } catch {
            throw AssayError.badInput("cannot be read: \(error.localizedDescription)", at: url.path)
        }
        return try parse(data, location: url.path)
    }

    /// Checks the bytes of a file.
    /// - Parameter location: where the bytes are from, for error messages.
    public static func parse(_ data: Data, location: String) throws -> SafeTensorsFile {
        do {
            return try SafeTensorsFile(data: data, location: location)
        } catch {
            throw AssayError.badInput(
                "not a sound safetensors file: \(error.problem)", at: location,
                remedy: "The file is damaged or of another format; copy or make it again")
        }
    }

    private static func quoted(_ text: String) -> String {
        var result = "\""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"": result += "\\\""
            case "\\": result += "\\\\"
            case "\u{0}"..<" ":
                let digits = String(scalar.value, radix: 16)
                result += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
            default: result.unicodeScalars.append(scalar)
            }
        }
        return result + "\""
    }
}
