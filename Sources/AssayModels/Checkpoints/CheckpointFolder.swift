import AssayCore
import AssayTensor
import Foundation

/// A checkpoint on disk: `model.safetensors`, `config.json`, `manifest.json` and, for the last checkpoint of a run,
/// `optimizer.safetensors`.
///
/// A folder is there whole or not at all, and a folder of which one byte is different is refused.
public enum CheckpointFolder {
    /// The weights.
    public static let weightsFile = "model.safetensors"
    /// The architecture.
    public static let configurationFile = "config.json"
    /// The state of the optimiser.
    public static let optimizerFile = "optimizer.safetensors"
    /// Sizes and digests of the others.
    public static let manifestFile = "manifest.json"

    /// Writes a checkpoint. An equal one that is there already is kept; any other folder of the name is replaced.
    /// - Parameter optimizer: the optimiser's state as the bytes of a safetensors file.
    /// - Returns: the manifest that was written.
    @discardableResult
    public static func write(
        model: LanguageModel, weights: FloatBlock, origin: CheckpointOrigin, optimizer: Data? = nil, to url: URL
    ) throws -> CheckpointManifest {
        var files: [String: Data] = [
            weightsFile: SafeTensors.data(tensors(of: model, weights), metadata: ["format": "pt"]),
            configurationFile: try configuration(model.architecture),
        ]
        files[optimizerFile] = optimizer
        let manifest = CheckpointManifest(
            format: CheckpointManifest.currentFormat, contentHash: try model.contentHash(weights: weights),
            parameters: model.layout.parameterCount, origin: origin,
            files: files.mapValues { CheckpointManifest.File(bytes: $0.count, digest: digest($0)) })
        if let present = try? read(url), present.manifest == manifest { return manifest }
        files[manifestFile] = Data(try SealedJSON.text(manifest).utf8)
        try replaceFolder(url, with: files)
        return manifest
    }

    /// Reads a checkpoint and verifies every byte of it.
    /// - Throws: ``AssayError`` naming the file that is missing, truncated, altered or wrong.
    public static func read(_ url: URL) throws -> Checkpoint {
        let manifest = try readManifest(url)
        var contents: [String: Data] = [:]
        for (name, file) in manifest.files.sorted(by: { $0.key < $1.key }) {
            let data = try self.contents(of: url, name)
            try verify(data, as: file, at: url.appendingPathComponent(name))
            contents[name] = data
        }
        guard let configuration = contents[configurationFile], let tensors = contents[weightsFile] else {
            throw AssayError.badInput("the manifest lacks a file", at: url.path, remedy: remedy)
        }
        let architecture: Architecture
        do {
            architecture = try JSONDecoder().decode(Architecture.self, from: configuration)
        } catch {
            throw AssayError.badInput(
                "not an architecture: \(error)", at: url.appendingPathComponent(configurationFile).path)
        }
        let model = try LanguageModel(architecture)
        let file = try SafeTensors.parse(tensors, location: url.appendingPathComponent(weightsFile).path)
        let weights = FloatBlock(count: model.layout.count)
        try load(file, into: weights, of: model)
        guard try model.contentHash(weights: weights) == manifest.contentHash else {
            throw AssayError.badInput("the weights are not those of the manifest", at: url.path, remedy: remedy)
        }
        return Checkpoint(model: model, weights: weights, manifest: manifest)
    }

    /// Reads and verifies the manifest alone, cheaply: what the checkpoint claims to be.
    public static func readManifest(_ url: URL) throws -> CheckpointManifest {
        let location = url.appendingPathComponent(manifestFile).path
        guard let text = String(data: try contents(of: url, manifestFile), encoding: .utf8) else {
            throw AssayError.badInput("the manifest was altered: it is not UTF-8", at: location, remedy: remedy)
        }
        let manifest = try SealedJSON.value(CheckpointManifest.self, from: text, location: location, remedy: remedy)
        guard manifest.format == CheckpointManifest.currentFormat else {
            throw AssayError.badInput(
                "manifest of format \(manifest.format); this version reads \(CheckpointManifest.currentFormat)",
                at: location, remedy: remedy)
        }
        return manifest
    }

    /// The weights of a model as tensors to be written; valid while the block lives.
    static func tensors(of model: LanguageModel, _ weights: FloatBlock) -> [SafeTensors.Tensor] {
        model.layout.specifications.map {
            SafeTensors.Tensor(
                $0.name, shape: $0.shape,
                values: UnsafeBufferPointer(start: weights.pointer + $0.offset, count: $0.count))
        }
    }

    /// Fills a block with the weights of a file: exactly the model's parameters, in their shapes.
    static func load(_ file: SafeTensorsFile, into weights: FloatBlock, of model: LanguageModel) throws {
        for entry in file.entries where model.layout[entry.name] == nil {
            throw AssayError.badInput(
                "tensor '\(entry.name)' is no parameter of architecture '\(model.architecture.name)'", at: file.location
            )
        }
        for specification in model.layout.specifications {
            if let entry = file[specification.name], entry.shape != specification.shape {
                throw AssayError.badInput(
                    "tensor '\(entry.name)' has the shape \(entry.shape), not \(specification.shape)",
                    at: file.location)
            }
            try file.copyFloats(
                specification.name,
                into: UnsafeMutableBufferPointer(
                    start: weights.pointer + specification.offset, count: specification.count))
        }
    }

    private static let remedy = "The checkpoint was altered or is incomplete; remove the folder to make it again"

    private static func configuration(_ architecture: Architecture) throws -> Data {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .prettyPrinted, .withoutEscapingSlashes]
        return try encoder.encode(architecture) + Data("\n".utf8)
    }

    private static func contents(of folder: URL, _ name: String) throws -> Data {
        let url = folder.appendingPathComponent(name)
        do {
            return try Data(contentsOf: url)
        } catch {
            throw AssayError.badInput(
                "cannot be read: \(error.localizedDescription)", at: url.path, remedy: remedy)
        }
    }

    private static func digest(_ data: Data) -> ContentHash {
        var hasher = ContentHasher()
        data.withUnsafeBytes { hasher.update($0) }
        return hasher.finish()
    }

    private static func verify(_ data: Data, as file: CheckpointManifest.File, at url: URL) throws {
        guard data.count == file.bytes else {
            throw AssayError.badInput(
                "has \(data.count) bytes, not \(file.bytes): it is truncated or altered", at: url.path, remedy: remedy)
        }
        guard digest(data) == file.digest else {
            throw AssayError.badInput("was altered: its SHA-256 is another", at: url.path, remedy: remedy)
        }
    }

    /// Writes the files into a temporary neighbour, then renames it.
    private static func replaceFolder(_ url: URL, with files: [String: Data]) throws {
        let manager = FileManager.default
        let parent = url.deletingLastPathComponent()
        let mark = ".\(url.lastPathComponent).\(ProcessInfo.processInfo.processIdentifier)"
        let temporary = parent.appendingPathComponent("\(mark).new.tmp")
        let previous = parent.appendingPathComponent("\(mark).old.tmp")
        do {
            try? manager.removeItem(at: temporary)
            try? manager.removeItem(at: previous)
            try manager.createDirectory(at: temporary, withIntermediateDirectories: true)
            for (name, data) in files {
                try AtomicFile.write(data, to: temporary.appendingPathComponent(name))
            }
            if manager.fileExists(atPath: url.path) { try manager.moveItem(at: url, to: previous) }
            try manager.moveItem(at: temporary, to: url)
            try? manager.removeItem(at: previous)
        } catch {
            try? manager.removeItem(at: temporary)
            if let error = error as? AssayError { throw error }
            throw AssayError(
                .system, "cannot write the checkpoint: \(error.localizedDescription)", at: url.path,
                remedy: "Check that the disk has room and the folder can be written")
        }
    }

    /// Removes what a killed process may have left beside checkpoints.
    public static func removeLeftovers(in folder: URL) {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: folder.path)) ?? []
        for name in names where name.hasPrefix(".") && name.hasSuffix(".tmp") {
            try? FileManager.default.removeItem(at: folder.appendingPathComponent(name))
        }
    }
}
