import AssayCore

/// Samples of clusters with replacement: counter-based, so that every caller on every machine draws the same ones.
public struct ClusterBootstrap: Sendable {
    /// How many samples are drawn unless told.
    public static let draws = 10_000

    /// Clusters to draw from; a sample has as many.
    public let clusters: Int
    /// How many samples are drawn.
    public let draws: Int
    private let key: UInt64

    /// Samples of a number of clusters.
    public init(clusters: Int, draws: Int = ClusterBootstrap.draws) {
        precondition(clusters >= 0 && draws > 0, "a bootstrap needs draws")
        self.clusters = clusters
        self.draws = draws
        key = ContentHash(of: "assay/bootstrap").leadingBits
    }

    /// The values of a statistic over all samples, in order of the draws.
    /// - Parameter statistic: of how often each cluster stands in the sample.
    public func values<Value>(_ statistic: ([Double]) -> Value) -> [Value] {
        var times = [Double](repeating: 0, count: clusters)
        return (0..<draws).map { draw in
            for cluster in times.indices { times[cluster] = 0 }
            var random = CounterRandom(key: key, index: UInt64(draw))
            for _ in 0..<clusters { times[random.below(clusters)] += 1 }
            return statistic(times)
        }
    }
}

/// Quantiles of samples.
public enum Quantile {
    /// The quantile at `share` of values in ascending order, interpolated linearly between neighbours (type 7 of Hyndman
    /// and Fan, NumPy's default). NaN without values.
    public static func of(sorted values: [Double], at share: Double) -> Double {
        guard let last = values.indices.last else { return .nan }
        let place = min(1, max(0, share)) * Double(last)
        let below = Int(place)
        let rest = place - Double(below)
        return rest == 0 ? values[below] : values[below] + rest * (values[below + 1] - values[below])
    }

    /// The middle part of values that holds a share of them, such as 0.9: the percentile interval of a bootstrap.
    ///
    /// Values that are not finite are left out; nil when less than half are left.
    public static func interval(_ values: [Double], level: Double) -> (low: Double, high: Double)? {
        let finite = values.filter(\.isFinite).sorted()
        guard !finite.isEmpty, 2 * finite.count >= values.count else { return nil }
        return (of(sorted: finite, at: 0.5 - level / 2), of(sorted: finite, at: 0.5 + level / 2))
    }
}
