import AssayStatistics

/// How well a proxy orders runs as a target does (P1, P2).
public struct ProxyValidity: Sendable, Codable, Hashable {
    /// What a proxy may be used for.
    public enum Use: Sendable, Hashable {
        /// The interval of its decision accuracy lies above one half.
        case ranks
        /// The interval lies below one half: it orders runs the wrong way round.
        case reversed
        /// It may not be used for ranking, and why.
        case refuses(String)
    }

    /// The proxy's name.
    public var proxy: String
    /// The target's name.
    public var target: String
    /// The value of the covariate inside which pairs were taken; nil for all runs together.
    public var within: String?
    /// Share of the pairs that the target orders which the proxy orders alike, its ties counted one half; nil when there is
    /// no such pair or the proxy is constant.
    public var decisionAccuracy: Double?
    /// Lower end of the percentile interval of the decision accuracy.
    public var low: Double?
    /// Upper end.
    public var high: Double?
    /// Pairs of runs that the target orders.
    public var pairs: Int
    /// Clusters that the runs come from.
    public var clusters: Int
    /// Runs with both values.
    public var runs: Int
    /// Spearman's rho over the runs; nil when a value is constant.
    public var spearman: Double?
    /// Kendall's tau-b over the runs; nil when a value is constant.
    public var kendall: Double?
    /// Target of the best run minus target of the run that the proxy chooses, turned so that more is worse.
    public var regret: Double?
    /// Why something is missing.
    public var note: String?

    /// A validity; what is not given is not known.
    public init(
        proxy: String, target: String, within: String? = nil, decisionAccuracy: Double? = nil, low: Double? = nil,
        high: Double? = nil, pairs: Int, clusters: Int, runs: Int, spearman: Double? = nil, kendall: Double? = nil,
        regret: Double? = nil, note: String? = nil
    ) {
        self.proxy = proxy
        self.target = target
        self.within = within
        self.decisionAccuracy = decisionAccuracy
        self.low = low
        self.high = high
        self.pairs = pairs
        self.clusters = clusters
        self.runs = runs
        self.spearman = spearman
        self.kendall = kendall
        self.regret = regret
        self.note = note
    }

    /// Fewest clusters whose interval can carry a ranking: with fewer, samples of them take too few different values.
    public static let fewestClusters = DecisionRule.fewestClusters

    /// What the proxy may be used for. It refuses to rank where the interval covers one half, and where there is none.
    public var use: Use {
        guard let low, let high else { return .refuses(note ?? "no interval") }
        if clusters < ProxyValidity.fewestClusters {
            return .refuses("\(clusters) clusters, a ranking needs \(ProxyValidity.fewestClusters)")
        }
        if low > 0.5 { return .ranks }
        return high < 0.5 ? .reversed : .refuses("the interval covers one half")
    }
}

/// Numbers of runs, one for each, that may serve as proxy or target.
public struct ProxyColumn: Sendable, Hashable {
    /// The name.
    public var name: String
    /// A finite number for each run; nil where it is missing.
    public var values: [Double?]
    /// Which way is better.
    public var direction: MetricDirection

    /// A column.
    public init(name: String, values: [Double?], direction: MetricDirection = .higherIsBetter) {
        self.name = name
        self.values = values
        self.direction = direction
    }
}
