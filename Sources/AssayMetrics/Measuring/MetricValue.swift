/// A metric of one checkpoint over a slice of a task.
public struct MetricValue: Sendable, Codable, Hashable {
    /// The metric's key.
    public var metric: String
    /// The task, or the generator when several of its tasks form one value.
    public var task: String
    /// The condition's name.
    public var condition: String
    /// `all`, `hops=4`, `load=16`, `distance=64-127`.
    public var slice: String
    /// The value; nil where it is not defined.
    public var value: Double?
    /// Lower end of the 95 % interval; nil without one.
    public var low: Double?
    /// Upper end of the 95 % interval; nil without one.
    public var high: Double?
    /// Items that the value rests on.
    public var n: Int
    /// Clusters that they come from.
    public var clusters: Int
    /// Items that were asked for and have no grade; the interval allows for the worst they could have been.
    public var lost: Int
    /// What a reader must know, such as the coverage of a conditional metric.
    public var note: String?

    /// A value.
    public init(
        metric: String, task: String, condition: String, slice: String, value: Double?, low: Double? = nil,
        high: Double? = nil, n: Int, clusters: Int, lost: Int, note: String? = nil
    ) {
        self.metric = metric
        self.task = task
        self.condition = condition
        self.slice = slice
        self.value = value
        self.low = low
        self.high = high
        self.n = n
        self.clusters = clusters
        self.lost = lost
        self.note = note
    }
}
