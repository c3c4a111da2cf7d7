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
    /// The first cluster of items: 0, but for portions that were added to others.
    public var firstCluster: Int
    /// Clusters of items up to and with the last, those before the first counted.
    public var clusters: Int

    /// A key.
    public init(
        checkpoint: ContentHash, task: ContentHash, condition: Condition, kernelVersion: String, graderVersion: Int,
        firstCluster: Int = 0, clusters: Int
    ) {
        self.checkpoint = checkpoint
        self.task = task
        self.condition = condition
        self.kernelVersion = kernelVersion
        self.graderVersion = graderVersion
        self.firstCluster = firstCluster
        self.clusters = clusters
    }

    /// The hash of the key: the identity of the cell.
    public var identity: ContentHash {
        let condition = (try? CanonicalJSON.text(condition)) ?? condition.name
        // Without a word on the first one where that is 0, so that older stores keep their identities.
        let range = firstCluster == 0 ? "\(clusters)" : "\(clusters)\nfrom \(firstCluster)"
        return ContentHash(
            of: [checkpoint.hexadecimal, task.hexadecimal, condition, kernelVersion, "\(graderVersion)", range]
                .joined(separator: "\n"))
    }
}

/// One checkpoint on one task under one condition, over a range of clusters, without its responses.
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
