import AssayStatistics

/// How often two seeds of one arm are called different when they are compared as two checkpoints: the reason why one seed
/// carries no claim about architectures. Those seeds do differ, so that this is no rate of false alarms.
public struct SeedDifferences: Sendable, Codable, Hashable {
    /// Pairs of seeds.
    public var pairs: Int
    /// Primary comparisons with a test, over all pairs.
    public var compared: Int
    /// Those that were called a REGRESSION or an IMPROVEMENT.
    public var called: Int

    /// Counts over the results of each pair.
    public init(results: [[ComparisonResult]]) {
        pairs = results.count
        let primary = results.joined().filter { $0.isPrimary && $0.pValue != nil }
        compared = primary.count
        called = primary.count { $0.verdict == .regression || $0.verdict == .improvement }
    }
}
