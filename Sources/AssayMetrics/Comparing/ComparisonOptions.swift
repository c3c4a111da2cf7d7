/// How two sides are compared.
public struct ComparisonOptions: Sendable, Codable, Hashable {
    /// The largest losses that do not matter.
    public struct Margins: Sendable, Codable, Hashable {
        /// Points of a score in [0, 1].
        public var accuracy: Double
        /// Nats per token.
        public var nll: Double
        /// A share of the baseline's value, for metrics in other units.
        public var relative: Double

        /// Margins; two points, 0.02 nats and 5 % unless told.
        public init(accuracy: Double = 0.02, nll: Double = 0.02, relative: Double = 0.05) {
            self.accuracy = accuracy
            self.nll = nll
            self.relative = relative
        }
    }

    /// The largest losses that do not matter.
    public var margins: Margins
    /// Chance of error of a decision.
    public var alpha: Double
    /// The false-discovery rate at which differences are pointed out as leads, though not decided.
    public var falseDiscoveryRate: Double
    /// Random swaps of a sign-flip test.
    public var draws: Int
    /// How items are drawn; nil when how many there are is fixed beforehand.
    public var spending: SpendingOptions?

    /// Options.
    public init(
        margins: Margins = Margins(), alpha: Double = 0.05, falseDiscoveryRate: Double = 0.10, draws: Int = 10_000,
        spending: SpendingOptions? = nil
    ) {
        self.margins = margins
        self.alpha = alpha
        self.falseDiscoveryRate = falseDiscoveryRate
        self.draws = draws
        self.spending = spending
    }

    /// The margin of a metric in its own unit, given the baseline's value.
    func margin(_ margin: MetricDefinition.Margin, baseline: Double) -> Double {
        switch margin {
        case .accuracy: margins.accuracy
        case .nll: margins.nll
        case .relative: margins.relative * abs(baseline)
        case .absolute(let value): value
        }
    }
}
