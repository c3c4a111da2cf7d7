import AssayMetrics

/// How well metrics of a batch's runs foretell a target: the cards, and the runs that they rest on.
public struct ProxyEvidence: Sendable, Hashable {
    /// A run.
    public struct Run: Sendable, Hashable {
        /// The arm.
        public var arm: String
        /// What it mixes tokens with besides full attention.
        public var family: String
        /// The seed.
        public var seed: UInt64
        /// The target; nil where it has none.
        public var target: Double?

        /// A run.
        public init(arm: String, family: String, seed: UInt64, target: Double?) {
            self.arm = arm
            self.family = family
            self.seed = seed
            self.target = target
        }
    }

    /// What should be foretold.
    public var target: String
    /// The level of the cards' intervals.
    public var level: Double
    /// The runs.
    public var runs: [Run]
    /// The cards, each with the proxy's value for every run.
    public var proxies: [(card: ProxyCard, values: [Double?])] {
        zip(cards, values).map { ($0, $1) }
    }
    private var cards: [ProxyCard]
    private var values: [[Double?]]

    /// Evidence.
    public init(
        target: String, level: Double, runs: [Run], proxies: [(card: ProxyCard, values: [Double?])]
    ) {
        self.target = target
        self.level = level
        self.runs = runs
        cards = proxies.map(\.card)
        values = proxies.map(\.values)
    }
}
