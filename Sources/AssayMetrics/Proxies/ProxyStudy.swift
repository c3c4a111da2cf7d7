import AssayStatistics

/// Runs with a target and the proxies that should predict it.
///
/// Every pair of runs inside a group that the target orders is a decision; pairs with equal targets are none. A proxy
/// decides rightly when it orders the pair alike, both turned so that more is better, and by half when it does not order
/// it. Intervals are percentiles over samples of clusters with replacement: all runs of a cluster come together, and a
/// cluster that is drawn twice brings its pairs with every other twice, and its own four times.
public struct ProxyStudy: Sendable {
    /// The target.
    public let target: ProxyColumn
    /// The candidates.
    public let proxies: [ProxyColumn]
    /// The groups inside which pairs are taken, in order of their first run.
    private let groups: [(name: String?, runs: [Int])]
    /// The cluster of each run, as a number.
    private let clusterOf: [Int]

    /// A study.
    /// - Parameters:
    ///   - target: what is to be predicted.
    ///   - proxies: with a value, or nil, for each run of the target.
    ///   - within: the group of each run; nil for one group.
    ///   - cluster: what runs share, such as their architecture; nil when each run is a cluster by itself.
    public init(target: ProxyColumn, proxies: [ProxyColumn], within: [String]? = nil, cluster: [String]? = nil) {
        let count = target.values.count
        precondition(
            proxies.allSatisfy { $0.values.count == count } && (within?.count ?? count) == count
                && (cluster?.count ?? count) == count, "columns of different length")
        self.target = target
        self.proxies = proxies
        if let within {
            let members = Dictionary(grouping: 0..<count) { within[$0] }
            groups = members.values.sorted { $0[0] < $1[0] }.map { (within[$0[0]], $0) }
        } else {
            groups = [(nil, Array(0..<count))]
        }
        clusterOf = cluster.map { ProxyStudy.numbers($0) } ?? Array(0..<count)
    }

    /// The validity of every proxy in every group: proxies in their order, groups in order of their first run.
    /// - Parameters:
    ///   - level: of the intervals.
    ///   - draws: samples of clusters.
    public func validities(level: Double = 0.9, draws: Int = ClusterBootstrap.draws) -> [ProxyValidity] {
        proxies.flatMap { proxy in
            groups.map { validity(of: proxy, in: $0.name, $0.runs, level: level, draws: draws) }
        }
    }

    private func validity(
        of proxy: ProxyColumn, in group: String?, _ members: [Int], level: Double, draws: Int
    ) -> ProxyValidity {
        let runs = members.filter { proxy.values[$0] != nil && target.values[$0] != nil }
        let x = runs.compactMap { proxy.values[$0] }.map { proxy.direction.sign * $0 }
        let y = runs.compactMap { target.values[$0] }.map { target.direction.sign * $0 }
        let clusters = ProxyStudy.numbers(runs.map { clusterOf[$0] })
        let pairs = PairOrder(x, y)
        let counts = pairs.counts
        var result = ProxyValidity(
            proxy: proxy.name, target: target.name, within: group, pairs: Int(counts.decided),
            clusters: Set(clusters).count, runs: runs.count, spearman: RankCorrelation.spearman(x, y),
            kendall: RankCorrelation.kendall(x, y), note: ProxyStudy.flaw(x, y))
        guard result.note == nil else { return result }
        result.decisionAccuracy = counts.decisionAccuracy
        result.regret = ProxyStudy.regret(x, y)
        guard result.clusters >= 2 else {
            result.note = "one cluster"
            return result
        }
        let samples = ClusterBootstrap(clusters: result.clusters, draws: draws).values { times in
            pairs.counts(weights: clusters.map { times[$0] }).decisionAccuracy
        }
        if let interval = Quantile.interval(samples, level: level) {
            (result.low, result.high) = interval
        } else {
            result.note = "most samples of clusters hold no pair"
        }
        return result
    }

    /// Why there is no decision accuracy.
    private static func flaw(_ proxy: [Double], _ target: [Double]) -> String? {
        if proxy.count < 2 { return "fewer than two runs" }
        if target.allSatisfy({ $0 == target[0] }) { return "the target is constant" }
        return proxy.allSatisfy { $0 == proxy[0] } ? "the proxy is constant" : nil
    }

    /// The best target minus the target of the run with the best proxy; the mean over runs that share it.
    static func regret(_ proxy: [Double], _ target: [Double]) -> Double {
        guard let best = target.max(), let top = proxy.max() else { return .nan }
        let chosen = zip(proxy, target).filter { $0.0 == top }.map(\.1)
        return best - chosen.reduce(0, +) / Double(chosen.count)
    }

    /// Numbers names from 0 in the order in which they first appear.
    static func numbers<Name: Hashable>(_ names: [Name]) -> [Int] {
        var seen: [Name: Int] = [:]
        return names.map { name in
            let number = seen[name] ?? seen.count
            seen[name] = number
            return number
        }
    }
}
