import AssayCore

/// How often each level of a covariate occurs among the questions of a task: what a mean over its items hides.
public struct CovariateHistogram: Sendable, Hashable {
    /// A level and the questions at it.
    public struct Level: Sendable, Hashable {
        /// The smallest value of the level.
        public let low: Int
        /// The largest value of the level.
        public let high: Int
        /// Questions.
        public let count: Int

        /// The level as a person writes it, such as `4` or `16-31`.
        public var name: String { low == high ? "\(low)" : "\(low)-\(high)" }
    }

    /// `hops`, `distance`, `load`, `facts` or `length`.
    public let covariate: String
    /// The levels that occur, ascending.
    public let levels: [Level]

    /// Most values that are counted one by one; beyond, powers of two are levels.
    private static let mostValues = 8

    /// Counts values, one by one while they are few, else by powers of two.
    init(_ covariate: String, _ values: [Int]) {
        self.covariate = covariate
        let distinct = Set(values)
        var counts: [ClosedRange<Int>: Int] = [:]
        for value in values {
            counts[distinct.count <= Self.mostValues ? value...value : Self.octave(of: value), default: 0] += 1
        }
        levels = counts.sorted { $0.key.lowerBound < $1.key.lowerBound }
            .map { Level(low: $0.key.lowerBound, high: $0.key.upperBound, count: $0.value) }
    }

    private static func octave(of value: Int) -> ClosedRange<Int> {
        guard value > 0 else { return value...value }
        let low = 1 << (Int.bitWidth - 1 - value.leadingZeroBitCount)
        return low...(2 * low - 1)
    }
}

extension TaskGenerator {
    /// The histograms of hops, facts, load, distance and length over the questions of the first clusters of a stream; for
    /// a task in closed loop, over its episodes.
    public func covariates(_ stream: ItemStream, clusters: Int) -> [CovariateHistogram] {
        let agents = self as? any AgentTaskGenerator
        let items = (0..<clusters).flatMap { index in
            agents.map { [$0.environment(stream, index: index).item] }
                ?? cluster(stream, index: index).flatMap { $0.questions.map(\.item) }
        }
        return [
            CovariateHistogram("hops", items.map(\.hops)), CovariateHistogram("facts", items.map(\.facts)),
            CovariateHistogram("load", items.map(\.load)), CovariateHistogram("distance", items.map(\.distance)),
            CovariateHistogram("length", items.map(\.length)),
        ]
    }
}
