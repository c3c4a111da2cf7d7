import AssayStatistics

/// In how many cells an arm lost what matters (X3): a mean over cells hides a collapse in a few of them.
public struct FragilityIndex: Sendable, Hashable {
    /// Results that can be judged: those with an interval and a margin.
    public let cells: Int
    /// Cells with a regression whose whole interval, adjusted for the number of tests, lies beyond the margin.
    public let broken: Int
    /// The mean of the worst tenth of the differences, in margins, turned so that negative is worse (CVaR at 10 %).
    public let worstTenth: Double

    /// The share of broken cells, 0 (none) ... 1.
    public var index: Double { Double(broken) / Double(cells) }

    /// Over results of one pair of sides: metrics, tasks and conditions are the cells. Nil when none can be judged.
    public init?(_ results: [ComparisonResult]) {
        let judged = results.filter { $0.low != nil && $0.high != nil && $0.estimate != nil && ($0.margin ?? 0) > 0 }
        guard !judged.isEmpty else { return nil }
        cells = judged.count
        broken = judged.count { $0.verdict == .regression && $0.isMaterial }
        let losses = judged.map { $0.direction.sign * ($0.estimate ?? 0) / ($0.margin ?? 1) }.sorted()
        let tenth = max(1, Int((0.1 * Double(losses.count)).rounded(.up)))
        worstTenth = losses.prefix(tenth).reduce(0, +) / Double(tenth)
    }
}
