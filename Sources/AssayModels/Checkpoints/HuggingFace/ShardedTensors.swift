import AssayCore
import Foundation

/// The tensors of a folder, in one file or in several with an index, mapped into memory.
struct ShardedTensors: TensorSource {
    let location: String
    let names: [String]
    let elementCount: Int
    private let shards: [SafeTensorsFile]
    /// The file of each tensor.
    private let places: [String: Int]

    /// - Throws: ``AssayError`` when there are no weights, a file of the index is missing or lies elsewhere, a tensor is
    ///   in two files or in none.
    init(folder: URL) throws {
        let manager = FileManager.default
        let whole = folder.appendingPathComponent(HuggingFaceFolder.weightsFile)
        let index = folder.appendingPathComponent(HuggingFaceFolder.indexFile)
        var files: [SafeTensorsFile] = []
        var promised: [String: String] = [:]
        if manager.fileExists(atPath: whole.path) {
            files = [try SafeTensors.map(whole)]
        } else if manager.fileExists(atPath: index.path) {
            promised = try Self.index(index)
            for name in Set(promised.values).sorted() {
                files.append(try SafeTensors.map(folder.appendingPathComponent(name)))
            }
        } else {
            throw AssayError.badInput(
                "holds neither \(HuggingFaceFolder.weightsFile) nor \(HuggingFaceFolder.indexFile)", at: folder.path,
                remedy: "Weights of other formats must be converted to safetensors")
        }
        try self.init(files, location: folder.path)
        for (name, file) in promised.sorted(by: { $0.key < $1.key }) {
            guard let place = places[name], shards[place].location.hasSuffix("/" + file) else {
                throw AssayError.badInput("tensor '\(name)' is not in '\(file)'", at: index.path)
            }
        }
    }

    /// The tensors of files.
    /// - Throws: ``AssayError`` when a tensor is in two of them.
    init(_ files: [SafeTensorsFile], location: String) throws {
        var places: [String: Int] = [:]
        for (number, file) in files.enumerated() {
            for entry in file.entries {
                guard places.updateValue(number, forKey: entry.name) == nil else {
                    throw AssayError.badInput(
                        "tensor '\(entry.name)' is in another file of the folder, too", at: file.location)
                }
            }
        }
        (shards, self.places, self.location) = (files, places, location)
        names = places.keys.sorted()
        elementCount = files.reduce(0) { $0 + $1.entries.reduce(0) { $0 + $1.count } }
    }

    /// The file of each tensor, by the index.
    private static func index(_ url: URL) throws -> [String: String] {
        let data: Data
        do {
            data = try Data(contentsOf: url)
        } catch {
            throw AssayError.badInput("cannot be read: \(error.localizedDescription)", at: url.path)
        }
        guard case .object(let members) = try FieldValue.parse(data, location: url.path),
            case .object(let map)? = members["weight_map"]
        else { throw AssayError.badInput("has no object 'weight_map'", at: url.path) }
        return try map.mapValues { value in
            guard case .text(let name) = value, !name.isEmpty, !name.contains("/"), !name.hasPrefix(".") else {
                throw AssayError.badInput(
                    "'weight_map' names \(value.brief), which is no file of the folder", at: url.path)
            }
            return name
        }
    }

    /// The files that hold the tensors.
    var files: [URL] { shards.map { URL(fileURLWithPath: $0.location) } }

    func shape(_ name: String) -> [Int]? { places[name].flatMap { shards[$0][name]?.shape } }

    func location(of name: String) -> String { places[name].map { shards[$0].location } ?? location }

    func floats(_ name: String) throws -> [Float] {
        guard let place = places[name] else {
            throw AssayError.badInput("there is no tensor '\(name)'", at: location)
        }
        return try shards[place].floats(name)
    }
}
