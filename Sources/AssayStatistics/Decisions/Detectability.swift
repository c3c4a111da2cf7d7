/// How small a difference of paired items can be seen, and what decides that (X4).
public struct Detectability: Sendable, Hashable {
    /// omega^2: the variance of the paired differences of single items.
    public let itemVariance: Double
    /// pi_d: the share of pairs that differ; for right and wrong answers, those with exactly one right.
    public let discordance: Double
    /// The intraclass correlation of the differences within clusters (one-way analysis of variance); may be below zero.
    public let correlation: Double
    /// DEFF = 1 + (m - 1) ICC, how many times more items than independent ones are needed; m is the mean size of clusters,
    /// adjusted for their spread. At least what a cluster of one would give.
    public let designEffect: Double
    /// The difference that is found with a power of 80 %, two-sided at alpha.
    public let minimumDetectableEffect: Double
    /// Items.
    public let items: Int
    /// Clusters.
    public let clusters: Int

    /// Of the differences candidate - baseline of each item, by clusters. Nil for fewer than two clusters or items, and for
    /// differences that are not finite.
    public init?(differences: [[Double]], alpha: Double = 0.05, power: Double = 0.8) {
        let groups = differences.filter { !$0.isEmpty }
        let all = groups.flatMap { $0 }
        guard groups.count >= 2, all.allSatisfy(\.isFinite) else { return nil }
        let n = Double(all.count)
        let k = Double(groups.count)
        let mean = all.reduce(0, +) / n
        let total = all.reduce(0) { $0 + ($1 - mean) * ($1 - mean) }
        let between = groups.reduce(0.0) { sum, group in
            let distance = group.reduce(0, +) / Double(group.count) - mean
            return sum + Double(group.count) * distance * distance
        }
        let size = (n - groups.reduce(0) { $0 + Double($1.count * $1.count) } / n) / (k - 1)
        itemVariance = total / (n - 1)
        discordance = Double(all.count { $0 != 0 }) / n
        if n > k, total > 0 {
            let within = max(0, total - between) / (n - k)
            let amongMeans = between / (k - 1)
            correlation = (amongMeans - within) / (amongMeans + (size - 1) * within)
        } else {
            correlation = 0
        }
        designEffect = max(1, Power.designEffect(itemsPerCluster: size, correlation: correlation))
        let degrees = groups.count - 1
        minimumDetectableEffect = Power.minimumDetectableEffect(
            standardError: StandardError(
                value: (designEffect * itemVariance / n).squareRoot(), degreesOfFreedom: degrees),
            alpha: alpha, power: power)
        items = all.count
        clusters = groups.count
    }
}
