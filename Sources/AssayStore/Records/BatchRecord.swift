import AssayCore
import Foundation

/// A batch as it was planned.
public struct BatchRecord: Sendable, Hashable {
    /// Hash of the plan.
    public var identity: ContentHash
    /// The name in its file.
    public var name: String
    /// The arm that the others are compared with.
    public var control: String
    /// The plan, as canonical JSON.
    public var definition: String

    /// A batch.
    public init(identity: ContentHash, name: String, control: String, definition: String) {
        self.identity = identity
        self.name = name
        self.control = control
        self.definition = definition
    }
}

/// Which run stands for an arm and a seed in a batch. Batches that plan the same training share the run.
public struct BatchArmRecord: Sendable, Hashable {
    /// The name of the arm in the batch.
    public var arm: String
    /// The seed.
    public var seed: UInt64
    /// The identity of the run.
    public var run: ContentHash

    /// A place in a batch.
    public init(arm: String, seed: UInt64, run: ContentHash) {
        self.arm = arm
        self.seed = seed
        self.run = run
    }
}

/// One invocation over a batch: on what it ran, when, and how it ended. Not part of any identity.
public struct ProvenanceRecord: Sendable, Hashable {
    /// The identity of the batch.
    public var batch: ContentHash
    /// The version of assay.
    public var assayVersion: String
    /// Operating system and architecture.
    public var machine: String
    /// The processor's model name and number of cores.
    public var processor: String
    /// The instruction set that the kernels chose.
    public var kernels: String
    /// The version of the Swift compiler.
    public var swiftVersion: String
    /// The command as it was typed.
    public var command: String
    /// When it began.
    public var started: Date
    /// When it ended; nil while it runs and when it was killed.
    public var ended: Date?
    /// How it ended, such as `finished`, `stopped`, or the error.
    public var outcome: String?

    /// An invocation.
    public init(
        batch: ContentHash, assayVersion: String, machine: String, processor: String, kernels: String,
        swiftVersion: String, command: String, started: Date, ended: Date? = nil, outcome: String? = nil
    ) {
        self.batch = batch
        self.assayVersion = assayVersion
        self.machine = machine
        self.processor = processor
        self.kernels = kernels
        self.swiftVersion = swiftVersion
        self.command = command
        self.started = started
        self.ended = ended
        self.outcome = outcome
    }
}

/// A provenance row that was begun, to be ended later.
public struct ProvenanceID: Sendable, Hashable {
    let row: Int64
}
