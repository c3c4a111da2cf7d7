import AssayStatistics

/// Where the drawing of a task's items stopped.
public struct SpendingRecord: Sendable, Hashable {
    /// What the batch calls the task.
    public var task: String
    /// How the chance of error is spent over the looks.
    public var method: SpendingMethod
    /// Clusters at each look, the last number being all that might have been drawn; neighbours may be equal.
    public var clusters: [Int]
    /// The look at which it stopped, from 0.
    public var look: Int
    /// Declared comparisons on the task and those that share its metrics.
    public var declared: Int
    /// Those among them that were not decided at the end.
    public var undecided: Int
    /// Items over all cells of the compared checkpoints.
    public var items: Int
    /// Items that they would have had with all clusters, as far as can be told.
    public var plannedItems: Int

    /// A record.
    public init(
        task: String, method: SpendingMethod, clusters: [Int], look: Int, declared: Int, undecided: Int, items: Int,
        plannedItems: Int
    ) {
        self.task = task
        self.method = method
        self.clusters = clusters
        self.look = look
        self.declared = declared
        self.undecided = undecided
        self.items = items
        self.plannedItems = plannedItems
    }

    /// Clusters that were drawn.
    public var drawn: Int { clusters.indices.contains(look) ? clusters[look] : 0 }
    /// Clusters that might have been drawn.
    public var planned: Int { clusters.last ?? 0 }
}
