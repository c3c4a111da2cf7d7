import AssayCore

/// Everything that decides what a cell holds.
public struct CellKey: Sendable, Hashable {
    /// The hash of the weights.
    public var checkpoint: ContentHash
    /// The identity of the task.
    public var task: ContentHash
    /// How the model is run.
    public var condition: Condition
    /// The version and instruction set of the kernels.
    public var kernelVersion: String
    /// The version of the grader.
    public var graderVersion: Int
    /// Clusters of items.
    public var clusters: Int

    /// A key.
    public init(
        checkpoint: ContentHash, task: ContentHash, condition: Condition, kernelVersion: String, graderVersion: Int,
        clusters: Int
    ) {
        self.checkpoint = checkpoint
        self.task = task
        self.condition = condition
        self.kernelVersion = kernelVersion
        self.graderVersion = graderVersion
        self.clusters = clusters
    }

    /// The hash of the key: the identity of the cell.
    public var identity: ContentHash {
        let condition = (try? CanonicalJSON.text(condition)) ?? condition.name
        return ContentHash(
            of: [
                checkpoint.hexadecimal, task.hexadecimal, condition, kernelVersion, "\(graderVersion)", "\(clusters)",
            ].joined(separator: "\n"))
    }
}

/// One checkpoint on one task under one condition, without its responses.
public struct CellRecord: Sendable, Hashable {
    /// What decides it.
    public var key: CellKey
    /// The name of the task.
    public var taskName: String
    /// Items, lost ones included.
    public var itemCount: Int
    /// Items that ended without a grade.
    public var lost: Int
    /// How long it took; not part of the identity.
    public var seconds: Double

    /// A cell.
    public init(key: CellKey, taskName: String, itemCount: Int, lost: Int, seconds: Double) {
        self.key = key
        self.taskName = taskName
        self.itemCount = itemCount
        self.lost = lost
        self.seconds = seconds
    }

    /// The hash of the key.
    public var identity: ContentHash { key.identity }
}
