/// Sufficient statistics of a metric, summed within each cluster.
///
/// Every metric is a function of their totals, so that one routine resamples any metric.
public struct ClusterSums: Sendable, Hashable {
    /// Components of a cluster's sum.
    public let width: Int
    /// The sums, `[cluster, component]`.
    public let values: [Double]
    /// The stratum of each cluster: clusters of different tasks are resampled within their task.
    public let strata: [Int]

    /// Sums `[cluster, component]`; one stratum unless told.
    public init(width: Int, values: [Double], strata: [Int]? = nil) {
        precondition(width > 0 && values.count % width == 0, "cluster sums need whole rows")
        self.width = width
        self.values = values
        self.strata = strata ?? Array(repeating: 0, count: values.count / width)
        precondition(self.strata.count == values.count / width, "one stratum a cluster")
    }

    /// How many clusters there are.
    public var count: Int { strata.count }

    /// The sum over clusters, `[component]`.
    public var totals: [Double] {
        var totals = [Double](repeating: 0, count: width)
        for cluster in 0..<count {
            for component in 0..<width { totals[component] += values[cluster * width + component] }
        }
        return totals
    }

    /// The sum over all clusters but one, given the totals.
    func totals(_ totals: [Double], without cluster: Int) -> [Double] {
        var rest = totals
        for component in 0..<width { rest[component] -= values[cluster * width + component] }
        return rest
    }
}

/// A metric as a function of the totals of its ``ClusterSums``; NaN where it is not defined.
public typealias Functional = @Sendable ([Double]) -> Double
