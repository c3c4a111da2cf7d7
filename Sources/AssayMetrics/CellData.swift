import AssayCore

/// One cell of one checkpoint as the metrics see it: a task under a condition, with every item.
public struct CellData: Sendable, Hashable {
    /// The task's name.
    public var task: String
    /// Its generator: tasks of one generator that differ in hops or load form one curve.
    public var generator: String
    /// Tasks of one series differ in nothing but length: the generator with its other parameters.
    public var series: String
    /// The longest sequences of this series that the model was trained on, in tokens; nil when it was on none.
    public var trainedLength: Int?
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
    /// How far its items were drawn; nil when how many there are was fixed beforehand.
    public var spending: CellSpending?

    /// A cell; a generator is one series unless told.
    public init(
        task: String, generator: String, series: String? = nil, trainedLength: Int? = nil, family: TaskFamily,
        condition: Condition, floor: Double, stateBytes: Int,
        items: [ScoredItem], spending: CellSpending? = nil
    ) {
        self.task = task
        self.generator = generator
        self.series = series ?? generator
        self.trainedLength = trainedLength
        self.family = family
        self.condition = condition
        self.floor = floor
        self.stateBytes = stateBytes
        self.items = items
        self.spending = spending
    }
}
