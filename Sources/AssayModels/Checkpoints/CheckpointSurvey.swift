import AssayCore
import Foundation

/// What can be told of a checkpoint without reading its weights.
public struct CheckpointSurvey: Sendable {
    /// How it is kept.
    public let format: CheckpointFormat
    /// The published system, such as `qwen3_next`, or the name of the architecture.
    public let system: String
    /// The architecture.
    public let architecture: Architecture
    /// Every file whose bytes decide what it computes and how it reads texts.
    public let files: [URL]
    /// Where its tokenizer is; nil when it has none.
    public let tokenizer: URL?
    /// The identity that its manifest states; nil where there is no manifest.
    public let statedHash: ContentHash?
}

/// A checkpoint that is not whole yet: it may be in the middle of being written.
public struct IncompleteCheckpoint: Error, Sendable, Hashable, CustomStringConvertible {
    /// What is missing, as a sentence without a full stop.
    public let reason: String

    /// A checkpoint of which something is missing.
    public init(reason: String) { self.reason = reason }

    /// The reason.
    public var description: String { reason }
}

extension CheckpointReader {
    /// Looks a checkpoint over: that all of its files are there and whole, and that what they describe can be computed.
    /// The weights are not read.
    /// - Throws: ``IncompleteCheckpoint`` when a file is missing or cut short; ``AssayError`` when what is there is whole
    ///   and cannot be computed.
    public static func survey(_ url: URL) throws -> CheckpointSurvey {
        var isFolder: ObjCBool = false
        guard FileManager.default.fileExists(atPath: url.path, isDirectory: &isFolder) else {
            throw IncompleteCheckpoint(reason: "it is gone")
        }
        guard isFolder.boolValue else { return try surveyGGUF(url) }
        func holds(_ name: String) -> Bool {
            FileManager.default.fileExists(atPath: url.appendingPathComponent(name).path)
        }
        if holds(CheckpointFolder.manifestFile) { return try surveyOwn(url) }
        guard holds(HuggingFaceFolder.configurationFile) else {
            throw IncompleteCheckpoint(reason: "it has no \(HuggingFaceFolder.configurationFile)")
        }
        return try surveyHuggingFace(url, tokenizer: holds(Tokenizer.fileName))
    }

    private static func surveyGGUF(_ url: URL) throws -> CheckpointSurvey {
        let file = try whole { try GGUFFile.map(url) }
        let (configuration, tensors) = try GGUFCheckpoint.parts(file)
        let description = try HuggingFaceDescription(configuration, tensors)
        return CheckpointSurvey(
            format: .gguf, system: description.modelType, architecture: description.model.architecture, files: [url],
            tokenizer: file.metadata["tokenizer.ggml.model"] == nil ? nil : url, statedHash: nil)
    }

    private static func surveyHuggingFace(_ folder: URL, tokenizer hasTokenizer: Bool) throws -> CheckpointSurvey {
        let configuration = try whole { try HuggingFaceFolder.configuration(folder) }
        let tensors = try whole { try ShardedTensors(folder: folder) }
        let description = try HuggingFaceDescription(configuration, tensors)
        let tokenizer = hasTokenizer ? folder.appendingPathComponent(Tokenizer.fileName) : nil
        return CheckpointSurvey(
            format: .huggingFace, system: description.modelType, architecture: description.model.architecture,
            files: [folder.appendingPathComponent(HuggingFaceFolder.configurationFile)] + tensors.files
                + (tokenizer.map { [$0] } ?? []), tokenizer: tokenizer, statedHash: nil)
    }

    private static func surveyOwn(_ folder: URL) throws -> CheckpointSurvey {
        let manifest = try whole { try CheckpointFolder.readManifest(folder) }
        for (name, file) in manifest.files.sorted(by: { $0.key < $1.key }) {
            let path = folder.appendingPathComponent(name).path
            let size = (try? FileManager.default.attributesOfItem(atPath: path))?[.size] as? NSNumber
            guard size?.intValue == file.bytes else {
                throw IncompleteCheckpoint(
                    reason: size.map { "\(name) has \($0) of \(file.bytes) bytes" } ?? "it has no \(name)")
            }
        }
        let configuration = folder.appendingPathComponent(CheckpointFolder.configurationFile)
        let architecture: Architecture
        do {
            architecture = try JSONDecoder().decode(Architecture.self, from: try Data(contentsOf: configuration))
        } catch {
            throw AssayError.badInput("not an architecture: \(error)", at: configuration.path)
        }
        _ = try LanguageModel(architecture)
        return CheckpointSurvey(
            format: .assay, system: architecture.name, architecture: architecture,
            files: [CheckpointFolder.manifestFile, CheckpointFolder.configurationFile, CheckpointFolder.weightsFile].map
            {
                folder.appendingPathComponent($0)
            }, tokenizer: nil, statedHash: manifest.contentHash)
    }

    /// What goes wrong while files are opened says that they are not whole.
    private static func whole<T>(_ body: () throws -> T) throws -> T {
        do {
            return try body()
        } catch let error as AssayError {
            let file = error.location.map { URL(fileURLWithPath: $0).lastPathComponent + ": " } ?? ""
            throw IncompleteCheckpoint(reason: file + error.problem)
        }
    }

    /// The tokenizer of a checkpoint: `tokenizer.json` of a folder, that file itself, or the one inside a GGUF file.
    /// - Throws: ``AssayError`` when there is none, or naming what of it is not supported.
    public static func tokenizer(_ url: URL) throws -> Tokenizer {
        guard url.pathExtension == "gguf" else { return try Tokenizer.read(url) }
        let file = try GGUFFile.map(url)
        guard let vocabulary = try GGUFVocabulary(file) else {
            throw AssayError.badInput("has no tokenizer in its metadata", at: url.path)
        }
        return try Tokenizer(vocabulary, location: url.path)
    }
}
