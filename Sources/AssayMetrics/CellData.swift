import AssayCore

/// One cell of one checkpoint as the metrics see it: a task under a condition, with every item.
public struct CellData: Sendable, Hashable {
    /// The task's name.
    public var task: String
    /// Its generator: tasks of one generator that differ in hops or load form one curve.
    public var generator: String
    /// Its family.
    public var family: TaskFamily
    /// How the model was run.
    public var condition: Condition
    /// The score that needs no understanding.
    public var floor: Double
    /// Bytes of state (and cache) at the task's length.
    public var stateBytes: Int
    /// Every planned item, lost ones included.
    public var items: [ScoredItem]

    /// A cell.
    public init(
        task: String, generator: String, family: TaskFamily, condition: Condition, floor: Double, stateBytes: Int,
        items: [ScoredItem]
    ) {
        self.task = task
        self.generator = generator
        self.family = family
        self.condition = condition
        self.floor = floor
        self.stateBytes = stateBytes
        self.items = items
    }
}
