/// How many pairs of runs two values order alike, with weights for runs that were drawn several times.
public struct PairCounts: Sendable, Hashable {
    /// Ordered alike by both.
    public var concordant = 0.0
    /// Ordered the other way round.
    public var discordant = 0.0
    /// Equal in the first value alone.
    public var tiedFirst = 0.0
    /// Equal in the second value alone.
    public var tiedSecond = 0.0

    /// No pairs.
    public init() {}

    /// Pairs that the second value, the target, orders.
    public var decided: Double { concordant + discordant + tiedFirst }

    /// Decision accuracy: the share of the pairs that the target orders which the proxy orders alike; a pair that the proxy
    /// does not order counts one half, as a coin would. NaN without such pairs.
    public var decisionAccuracy: Double { (concordant + 0.5 * tiedFirst) / decided }

    /// Kendall's tau-b; NaN when one of the values is constant.
    public var tauB: Double {
        (concordant - discordant)
            / ((concordant + discordant + tiedFirst) * (concordant + discordant + tiedSecond)).squareRoot()
    }
}

/// The order of runs by two values, prepared so that the pairs of a weighted sample are counted in n log n steps
/// (Knight, JASA 61, 1966, with a Fenwick tree for the ranks).
public struct PairOrder: Sendable {
    /// Runs in ascending order of the second value, those that are equal in it in the order of the first.
    private let order: [Int]
    /// The rank of the first value of each place of `order`, from 1; equal values have the same.
    private let ranks: [Int]
    /// Where the groups of equal second values begin, with the end as the last.
    private let groups: [Int]
    private let levels: Int

    /// The order of runs by finite values, one of each for every run.
    public init(_ first: [Double], _ second: [Double]) {
        precondition(first.count == second.count, "unpaired values")
        let sorted = first.indices.sorted { (second[$0], first[$0], $0) < (second[$1], first[$1], $1) }
        let places = Dictionary(
            Set(first).sorted().enumerated().map { ($1, $0 + 1) }, uniquingKeysWith: { rank, _ in rank })
        order = sorted
        ranks = sorted.map { places[first[$0]] ?? 0 }
        levels = places.count
        groups =
            sorted.indices.filter { $0 == 0 || second[sorted[$0]] != second[sorted[$0 - 1]] } + [sorted.count]
    }

    /// The pairs among all runs, each once.
    public var counts: PairCounts { counts(weights: Array(repeating: 1, count: order.count)) }

    /// The pairs of a sample in which run i stands `weights[i]` times.
    public func counts(weights: [Double]) -> PairCounts {
        var tree = [Double](repeating: 0, count: levels + 1)
        var counts = PairCounts()
        var before = 0.0
        for (start, end) in zip(groups, groups.dropFirst()) {
            var inGroup = 0.0
            var equal = 0.0
            var squares = 0.0
            for place in start..<end {
                let weight = weights[order[place]]
                if place > start, ranks[place] != ranks[place - 1] {
                    squares += equal * equal
                    equal = 0
                }
                equal += weight
                inGroup += weight
                guard weight > 0 else { continue }
                let below = PairOrder.sum(tree, through: ranks[place] - 1)
                let through = PairOrder.sum(tree, through: ranks[place])
                counts.concordant += weight * below
                counts.tiedFirst += weight * (through - below)
                counts.discordant += weight * (before - through)
            }
            squares += equal * equal
            counts.tiedSecond += 0.5 * (inGroup * inGroup - squares)
            for place in start..<end { PairOrder.add(weights[order[place]], at: ranks[place], to: &tree) }
            before += inGroup
        }
        return counts
    }

    private static func sum(_ tree: [Double], through rank: Int) -> Double {
        var sum = 0.0
        var index = rank
        while index > 0 {
            sum += tree[index]
            index &= index - 1
        }
        return sum
    }

    private static func add(_ weight: Double, at rank: Int, to tree: inout [Double]) {
        var index = rank
        while index < tree.count {
            tree[index] += weight
            index += index & -index
        }
    }
}
