import AssayCore
import AssayTensor
import Foundation

/// How a checkpoint is kept.
public enum CheckpointFormat: String, Sendable, Hashable, CaseIterable {
    /// A folder that was written here, with a manifest.
    case assay
    /// A folder of the Hugging Face libraries.
    case huggingFace = "hugging-face"
    /// One file of llama.cpp.
    case gguf
}

/// A model with weights, wherever it comes from.
public struct LoadedCheckpoint: Sendable {
    /// The model.
    public let model: LanguageModel
    /// Its weights, laid out as the model says.
    public let weights: FloatBlock
    /// The published system, such as `qwen3_next`, or the name of the architecture.
    public let system: String
    /// How it is kept.
    public let format: CheckpointFormat

    /// The same weights in a model with swaps.
    /// - Throws: as ``LanguageModel/swapping(_:)``.
    public func swapping(_ swaps: [Swap]) throws -> LoadedCheckpoint {
        LoadedCheckpoint(model: try model.swapping(swaps), weights: weights, system: system, format: format)
    }
}

/// Reads checkpoints of every format.
public enum CheckpointReader {
    /// Reads a checkpoint: a folder that was written here, a folder of the Hugging Face libraries, or a GGUF file.
    /// - Throws: ``AssayError`` naming the file, and the tensor or field in it, when it is none of these, is damaged, or
    ///   describes what cannot be computed here.
    public static func read(_ url: URL) throws -> LoadedCheckpoint {
        let manager = FileManager.default
        var isFolder: ObjCBool = false
        guard manager.fileExists(atPath: url.path, isDirectory: &isFolder) else {
            throw AssayError.badInput("there is no such file or folder", at: url.path)
        }
        func holds(_ name: String) -> Bool { manager.fileExists(atPath: url.appendingPathComponent(name).path) }
        guard isFolder.boolValue else { return try GGUFCheckpoint.read(url) }
        if holds(CheckpointFolder.manifestFile) {
            let checkpoint = try CheckpointFolder.read(url)
            return LoadedCheckpoint(
                model: checkpoint.model, weights: checkpoint.weights, system: checkpoint.architecture.name,
                format: .assay)
        }
        guard holds(HuggingFaceFolder.configurationFile) else {
            throw AssayError.badInput(
                "is no checkpoint: it holds neither \(CheckpointFolder.manifestFile) nor"
                    + " \(HuggingFaceFolder.configurationFile)", at: url.path)
        }
        return try HuggingFaceFolder.read(url)
    }
}
