import AssayCore
import AssayStatistics
import Foundation

/// The same arms under one condition: a data mixture, a size, a stage of training.
public struct ProxyCondition: Sendable, Hashable {
    /// The proxy of each arm, turned so that more is better.
    public var proxy: [Double]
    /// The target of each arm, turned so that more is better.
    public var target: [Double]

    /// Finite values, one of each for every arm.
    public init(proxy: [Double], target: [Double]) {
        precondition(proxy.count == target.count, "unpaired arms")
        self.proxy = proxy
        self.target = target
    }
}

/// Whether a proxy that was valid under one condition still is under another (P4): drift of the relation of proxy and target,
/// not of either by itself.
public struct ProxyDrift: Sendable {
    /// A figure under both conditions, and the percentile interval of its change over samples of families of arms.
    public struct Change: Sendable, Hashable {
        /// Under the first condition.
        public var before: Double
        /// Under the second.
        public var after: Double
        /// Lower end of the interval of after - before.
        public var low: Double
        /// Upper end.
        public var high: Double

        /// The interval excludes no change.
        public var isDrift: Bool { low > 0 || high < 0 }
    }

    /// Decision accuracy.
    public let decisionAccuracy: Change?
    /// Kendall's tau-b.
    public let kendall: Change?
    /// Regret of choosing by the proxy, before and after, in the target's unit.
    public let regret: (before: Double, after: Double)
    /// Fisher's z for the change of Pearson's r, two-sided: a screen, which ignores that the arms are the same.
    public let correlationP: Double?
    /// Whether the arms under the second condition follow the line of the first: p of Chow's predictive F, and the mean
    /// prediction error, the shift of the level.
    public let prediction: (f: Double, pValue: Double, meanError: Double)?
    /// Whether the prediction errors differ between families, by permutation of the families' labels: the proxy is blind to a
    /// mechanism. Nil without families.
    public let familyP: Double?
    /// Arms.
    public let arms: Int
    /// Families.
    public let families: Int

    /// Fewest arms that can show drift at all.
    public static let fewestArms = 4
    /// With fewer arms, drift that is not found may well be there: at 12 arms a fall of r from .9 to .5 is missed half the
    /// time, at 20 in a fifth of the time.
    public static let conclusiveArms = 20

    /// Whether there are arms enough for silence to mean anything.
    public var isConclusive: Bool { arms >= ProxyDrift.conclusiveArms }

    /// Compares two conditions over the same arms, in the same order.
    /// - Parameters:
    ///   - families: what arms share, such as their architecture; nil when each is its own.
    ///   - level: of the intervals.
    /// - Throws: ``AssayError`` for fewer than four arms, arms that do not match, or values that are not finite.
    public init(
        from first: ProxyCondition, to second: ProxyCondition, families: [String]? = nil, level: Double = 0.9,
        draws: Int = ClusterBootstrap.draws
    ) throws {
        let count = first.proxy.count
        guard count >= ProxyDrift.fewestArms, second.proxy.count == count, (families?.count ?? count) == count else {
            throw AssayError.badInput(
                "\(count) and \(second.proxy.count) arms", remedy: "Both conditions need the same 4 arms or more")
        }
        guard [first.proxy, first.target, second.proxy, second.target].allSatisfy({ $0.allSatisfy(\.isFinite) })
        else { throw AssayError.badInput("a proxy or target is not a finite number") }
        let clusters = families.map { ProxyStudy.numbers($0) } ?? Array(0..<count)
        arms = count
        self.families = Set(clusters).count
        let (before, after) = (PairOrder(first.proxy, first.target), PairOrder(second.proxy, second.target))
        let samples = ClusterBootstrap(clusters: self.families, draws: draws).values { times in
            let weights = clusters.map { times[$0] }
            return (before.counts(weights: weights), after.counts(weights: weights))
        }
        func change(_ figure: (PairCounts) -> Double) -> Change? {
            let values = (figure(before.counts), figure(after.counts))
            guard values.0.isFinite, values.1.isFinite,
                let interval = Quantile.interval(samples.map { figure($0.1) - figure($0.0) }, level: level)
            else { return nil }
            return Change(before: values.0, after: values.1, low: interval.low, high: interval.high)
        }
        decisionAccuracy = change(\.decisionAccuracy)
        kendall = change(\.tauB)
        regret = (
            ProxyStudy.regret(first.proxy, first.target), ProxyStudy.regret(second.proxy, second.target)
        )
        correlationP = ProxyDrift.correlationP(first, second)
        let line = LinearFit(first.proxy, first.target)
        prediction = line?.prediction(of: second.target, at: second.proxy)
        let errors = line.map { line in zip(second.proxy, second.target).map { $1 - line.value(at: $0) } }
        familyP = families == nil ? nil : errors.flatMap { ProxyDrift.familyP($0, clusters) }
    }

    private static func correlationP(_ first: ProxyCondition, _ second: ProxyCondition) -> Double? {
        guard let before = RankCorrelation.pearson(first.proxy, first.target),
            let after = RankCorrelation.pearson(second.proxy, second.target), abs(before) < 1, abs(after) < 1
        else { return nil }
        return Normal.twoSided((atanh(before) - atanh(after)) / (2 / Double(first.proxy.count - 3)).squareRoot())
    }

    /// The share of ways to give the errors to the families in which the families' means differ as much.
    private static func familyP(_ errors: [Double], _ families: [Int], draws: Int = 5_000) -> Double? {
        let sizes = families.reduce(into: [:]) { $0[$1, default: 0.0] += 1 }
        guard sizes.count >= 2, sizes.count < errors.count else { return nil }
        return Permutation.test(families, draws: draws, name: "families") { labels in
            var sums = [Double](repeating: 0, count: sizes.count)
            for (error, label) in zip(errors, labels) { sums[label] += error }
            return sums.indices.reduce(0) { $0 + sums[$1] * sums[$1] / (sizes[$1] ?? 1) }
        }.pValue
    }

    /// A correlation as it would be without noise: r / sqrt(rel_proxy rel_target), at most 1 in size, with
    /// rel = 1 - noise variance / total variance, from seeds. A later metric that is noisier looks like drift otherwise.
    /// Nil when a reliability is not above 0.
    public static func disattenuated(
        _ correlation: Double, proxyReliability: Double, targetReliability: Double
    ) -> Double? {
        guard proxyReliability > 0, targetReliability > 0 else { return nil }
        return min(1, max(-1, correlation / (proxyReliability * targetReliability).squareRoot()))
    }
}
