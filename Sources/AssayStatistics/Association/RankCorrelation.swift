/// Correlations of ranks.
public enum RankCorrelation {
    /// Ranks from 1; equal values share the mean of their ranks.
    public static func averageRanks(_ values: [Double]) -> [Double] {
        let order = values.indices.sorted { values[$0] < values[$1] }
        var ranks = [Double](repeating: 0, count: values.count)
        var start = 0
        while start < order.count {
            var end = start + 1
            while end < order.count, values[order[end]] == values[order[start]] { end += 1 }
            for place in start..<end { ranks[order[place]] = 0.5 * Double(start + end + 1) }
            start = end
        }
        return ranks
    }

    /// Pearson's correlation; nil when one of the values is constant or there are fewer than two.
    public static func pearson(_ first: [Double], _ second: [Double]) -> Double? {
        precondition(first.count == second.count, "unpaired values")
        guard let low = first.min(), let high = first.max(), low < high, let other = second.min(),
            let top = second.max(), other < top
        else { return nil }
        let n = Double(first.count)
        // Scaled by the range, so that huge values do not overflow in their squares.
        let x = centred(first, scale: high - low)
        let y = centred(second, scale: top - other)
        let product = zip(x, y).reduce(0) { $0 + $1.0 * $1.1 } / n
        let squares = (x.reduce(0) { $0 + $1 * $1 } / n) * (y.reduce(0) { $0 + $1 * $1 } / n)
        return min(1, max(-1, product / squares.squareRoot()))
    }

    /// Spearman's rho with average ranks for ties; nil when one of the values is constant.
    public static func spearman(_ first: [Double], _ second: [Double]) -> Double? {
        pearson(averageRanks(first), averageRanks(second))
    }

    /// Kendall's tau-b; nil when one of the values is constant.
    public static func kendall(_ first: [Double], _ second: [Double]) -> Double? {
        let tau = PairOrder(first, second).counts.tauB
        return tau.isFinite ? tau : nil
    }

    /// The two-sided p value of Kendall's tau under independence: exact without ties, by the number of permutations with so
    /// many inversions (up to 170 values), else normal with the variance for ties (Kendall, Rank Correlation Methods, 1970).
    ///
    /// Nil when one of the values is constant.
    public static func kendallP(_ first: [Double], _ second: [Double]) -> Double? {
        guard kendall(first, second) != nil else { return nil }
        let counts = PairOrder(first, second).counts
        let n = first.count
        if Set(first).count == n, Set(second).count == n, n <= 170 {
            return inversionsP(Int(min(counts.concordant, counts.discordant)), n: n)
        }
        let variance = tieVariance(first, second)
        return Normal.twoSided((counts.concordant - counts.discordant) / variance.squareRoot())
    }

    /// Twice the share of permutations of n values with at most this many inversions, at most 1.
    private static func inversionsP(_ inversions: Int, n: Int) -> Double {
        // shares[k]: the chance of k inversions, built up value by value, each of which adds 0 ..< m at random.
        var shares = [1.0] + [Double](repeating: 0, count: inversions)
        for m in stride(from: 2, through: n, by: 1) {
            var sums = [0.0]
            for share in shares { sums.append(sums[sums.count - 1] + share) }
            for k in shares.indices { shares[k] = (sums[k + 1] - sums[max(0, k + 1 - m)]) / Double(m) }
        }
        return min(1, 2 * shares.reduce(0, +))
    }

    /// The variance of concordant minus discordant pairs, given the ties.
    private static func tieVariance(_ first: [Double], _ second: [Double]) -> Double {
        func sums(_ values: [Double]) -> (v: Double, pairs: Double, triples: Double) {
            var result = (v: 0.0, pairs: 0.0, triples: 0.0)
            for size in Dictionary(grouping: values, by: { $0 }).values.map({ Double($0.count) }).sorted() {
                let pairs = size * (size - 1)
                result.v += pairs * (2 * size + 5)
                result.pairs += pairs
                result.triples += pairs * (size - 2)
            }
            return result
        }
        let n = Double(first.count)
        let (x, y) = (sums(first), sums(second))
        let ordered = n * (n - 1)
        let main = (ordered * (2 * n + 5) - x.v - y.v) / 18
        let triples = n > 2 ? x.triples * y.triples / (9 * ordered * (n - 2)) : 0
        return main + triples + x.pairs * y.pairs / (2 * ordered)
    }

    private static func centred(_ values: [Double], scale: Double) -> [Double] {
        let scaled = values.map { $0 / scale }
        let mean = scaled.reduce(0, +) / Double(values.count)
        return scaled.map { $0 - mean }
    }
}
