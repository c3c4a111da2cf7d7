import AssayCore
import AssayTensor

/// A model with weights, as a checkpoint folder holds it.
public struct Checkpoint: Sendable {
    /// The model.
    public let model: LanguageModel
    /// Its weights, laid out as the model says.
    public let weights: FloatBlock
    /// What the folder says of itself.
    public let manifest: CheckpointManifest

    /// The architecture of the model.
    public var architecture: Architecture { model.architecture }
    /// The identity.
    public var contentHash: ContentHash { manifest.contentHash }
}

extension LanguageModel {
    /// The identity of a checkpoint: SHA-256 over the canonical architecture without its name, then each parameter's
    /// name, shape and float32 values in order of declaration. Files and their layout do not matter.
    public func contentHash(weights: FloatBlock) throws -> ContentHash {
        var anonymous = architecture
        anonymous.name = ""
        var hasher = ContentHasher()
        hasher.update("assay checkpoint\n\(try CanonicalJSON.text(anonymous))\n")
        for specification in layout.specifications {
            hasher.update("\(specification.name) \(specification.shape)\n")
            hasher.update(
                UnsafeRawBufferPointer(
                    UnsafeBufferPointer(start: weights.pointer + specification.offset, count: specification.count)))
        }
        return hasher.finish()
    }
}
