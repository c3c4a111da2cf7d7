import AssayCore
import AssayStatistics

/// What is known of an item without the model under test, by which two sets of items of a task are held against each other.
public enum ItemCovariate: String, Sendable, Codable, CaseIterable {
    /// Dependent steps.
    case hops
    /// Facts in the context.
    case facts
    /// Tokens.
    case length
    /// Tokens between question and fact.
    case distance
    /// What the state has to hold.
    case load
    /// Where the fact stands.
    case position
    /// The gold-answer NLL under one frozen model: the best single number of difficulty.
    case frozenNLL = "frozen-nll"

    /// The value of an item; nil where there is none.
    func value(_ scored: ScoredItem) -> Double? {
        switch self {
        case .hops: Double(scored.item.hops)
        case .facts: Double(scored.item.facts)
        case .length: Double(scored.item.length)
        case .distance: Double(scored.item.distance)
        case .load: Double(scored.item.load)
        case .position: scored.item.position.isFinite ? scored.item.position : nil
        case .frozenNLL: scored.response.nll.flatMap { $0.isFinite ? $0 : nil }
        }
    }
}

/// How a covariate of the items changed between two sets of a task.
public struct CovariateShift: Sendable, Codable, Hashable {
    /// The covariate.
    public var covariate: ItemCovariate
    /// Its mean in the reference set.
    public var reference: Double
    /// Its mean in the other set.
    public var candidate: Double
    /// The largest difference of the two distribution functions (Kolmogorov-Smirnov's D).
    public var statistic: Double
    /// The share of random divisions of the clusters with as large a difference: items of a cluster stay together.
    public var pValue: Double
    /// Benjamini-Hochberg adjusted over the covariates.
    public var adjustedPValue: Double
    /// The population stability index of the clusters' means; nil where they do not vary.
    public var stability: Double?
    /// What equal sets of these sizes pass with chance .05: never .1 or .25, which know nothing of sizes.
    public var stabilityCutoff: Double?
    /// The share of random divisions of the clusters with as large an index.
    public var stabilityP: Double?
}

/// Whether two sets of items come from the same task (task-set drift): a score that moved with the generator says nothing of
/// the model.
public enum TaskSetDrift {
    /// Random divisions of the clusters.
    public static let draws = 2_000

    /// Compares every covariate that varies.
    /// - Parameters:
    ///   - reference: items of the old set, single-hop twins left out; with the responses of a frozen model, their NLL is
    ///     compared too.
    ///   - candidate: items of the new set.
    /// - Throws: ``AssayError`` when a set has fewer than two clusters.
    public static func shifts(
        reference: [ScoredItem], candidate: [ScoredItem], draws: Int = TaskSetDrift.draws
    ) throws -> [CovariateShift] {
        let sets = [reference, candidate].map { $0.filter { $0.item.parent == nil } }
        for (items, name) in zip(sets, ["reference", "new"]) {
            let clusters = Set(items.map(\.item.id.cluster)).count
            guard clusters >= 2 else {
                throw AssayError.badInput("the \(name) set has \(clusters) clusters, a comparison needs 2")
            }
        }
        var shifts = ItemCovariate.allCases.compactMap { shift($0, sets[0], sets[1], draws: draws) }
        let adjusted = MultipleTests.benjaminiHochberg(shifts.map(\.pValue))
        for index in shifts.indices { shifts[index].adjustedPValue = adjusted[index] }
        return shifts
    }

    private static func shift(
        _ covariate: ItemCovariate, _ reference: [ScoredItem], _ candidate: [ScoredItem], draws: Int
    ) -> CovariateShift? {
        let old = reference.compactMap { item in covariate.value(item).map { (item.item.id.cluster, $0) } }
        let new = candidate.compactMap { item in covariate.value(item).map { (item.item.id.cluster, $0) } }
        let values = (old + new).map(\.1)
        guard !old.isEmpty, !new.isEmpty, values.contains(where: { $0 != values[0] }) else { return nil }
        let oldClusters = ProxyStudy.numbers(old.map(\.0))
        let newClusters = ProxyStudy.numbers(new.map(\.0))
        let split = (oldClusters.max() ?? 0) + 1
        let test = ClusteredDistance(values: values, clusters: oldClusters + newClusters.map { $0 + split })
        let outcome = test.pValue(first: split, draws: draws)
        let stability = PopulationStability(clusterMeans(old), clusterMeans(new), draws: draws)
        return CovariateShift(
            covariate: covariate, reference: mean(old.map(\.1)), candidate: mean(new.map(\.1)),
            statistic: outcome.statistic, pValue: outcome.pValue, adjustedPValue: outcome.pValue,
            stability: stability?.index, stabilityCutoff: stability?.cutoff, stabilityP: stability?.pValue)
    }

    /// One value a cluster: values of one cluster are alike, and the index takes its values for independent.
    private static func clusterMeans(_ values: [(Int, Double)]) -> [Double] {
        Dictionary(grouping: values, by: \.0).sorted { $0.key < $1.key }.map { mean($0.value.map(\.1)) }
    }

    private static func mean(_ values: [Double]) -> Double { values.reduce(0, +) / Double(values.count) }
}

/// Kolmogorov-Smirnov's D of clustered values, with its permutation distribution over divisions of the clusters.
private struct ClusteredDistance {
    /// Clusters of the values in ascending order.
    private let clusters: [Int]
    /// Whether a value is the last of those equal to it.
    private let isLast: [Bool]
    private let sizes: [Double]

    init(values: [Double], clusters: [Int]) {
        let order = values.indices.sorted { (values[$0], $0) < (values[$1], $1) }
        self.clusters = order.map { clusters[$0] }
        isLast = order.indices.map { $0 == order.count - 1 || values[order[$0]] != values[order[$0 + 1]] }
        var sizes = [Double](repeating: 0, count: (clusters.max() ?? 0) + 1)
        for cluster in clusters { sizes[cluster] += 1 }
        self.sizes = sizes
    }

    /// D between the first clusters and the others.
    func pValue(first: Int, draws: Int) -> (statistic: Double, pValue: Double) {
        Permutation.test(sizes.indices.map { $0 < first }, draws: draws, name: "task-set", distance)
    }

    private func distance(_ isFirst: [Bool]) -> Double {
        let total = zip(sizes, isFirst).reduce(0) { $0 + ($1.1 ? $1.0 : 0) }
        let other = Double(clusters.count) - total
        var (a, b, largest) = (0.0, 0.0, 0.0)
        for (cluster, last) in zip(clusters, isLast) {
            if isFirst[cluster] { a += 1 } else { b += 1 }
            if last { largest = max(largest, abs(a / total - b / other)) }
        }
        return largest
    }
}
