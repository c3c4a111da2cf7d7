import AssayCore

/// Where a checkpoint comes from.
public struct CheckpointOrigin: Sendable, Hashable, Codable {
    /// The arm that was trained.
    public var arm: String
    /// Its seed.
    public var seed: UInt64
    /// Optimiser steps so far.
    public var step: Int
    /// Positions trained on so far.
    public var tokens: Int
    /// The identity of the training plan: recipe, architecture, tasks and seed.
    public var plan: ContentHash

    /// An origin.
    public init(arm: String, seed: UInt64, step: Int, tokens: Int, plan: ContentHash) {
        self.arm = arm
        self.seed = seed
        self.step = step
        self.tokens = tokens
        self.plan = plan
    }
}

/// What a checkpoint folder must hold, byte for byte: `manifest.json`, itself sealed by a digest.
public struct CheckpointManifest: Sendable, Hashable, Codable {
    /// A file of the folder.
    public struct File: Sendable, Hashable, Codable {
        /// Its size.
        public var bytes: Int
        /// SHA-256 of its bytes.
        public var digest: ContentHash
    }

    /// The layout of the folder; raised when it changes.
    public var format: Int
    /// The identity of the checkpoint: its architecture, and the names, shapes and values of its weights.
    public var contentHash: ContentHash
    /// Trainable numbers.
    public var parameters: Int
    /// Where it comes from.
    public var origin: CheckpointOrigin
    /// The other files of the folder by name.
    public var files: [String: File]

    /// The layout that this version writes.
    public static let currentFormat = 1
}
