import Foundation

/// Differential item functioning by Mantel and Haenszel: whether an item is easier for one group than for another of the same
/// ability (JNCI 22, 1959; Holland and Thayer, 1988).
public struct MantelHaenszel: Sendable, Hashable {
    /// Right and wrong answers of both groups at one level of ability.
    public struct Stratum: Sendable, Hashable {
        /// Right answers of the reference group.
        public var referenceRight: Int
        /// Its wrong ones.
        public var referenceWrong: Int
        /// Right answers of the focal group.
        public var focalRight: Int
        /// Its wrong ones.
        public var focalWrong: Int

        /// Counts.
        public init(referenceRight: Int, referenceWrong: Int, focalRight: Int, focalWrong: Int) {
            self.referenceRight = referenceRight
            self.referenceWrong = referenceWrong
            self.focalRight = focalRight
            self.focalWrong = focalWrong
        }

        fileprivate var total: Double { Double(referenceRight + referenceWrong + focalRight + focalWrong) }
    }

    /// The common odds ratio: sum(A D / N) / sum(B C / N); above 1 the item is easier for the reference group.
    public let oddsRatio: Double
    /// ETS's delta, -2.35 ln(odds ratio): negative when the item is harder for the focal group.
    public let delta: Double
    /// Mantel and Haenszel's chi-square with continuity correction.
    public let statistic: Double
    /// Its p value on one degree of freedom.
    public let pValue: Double

    /// The size that ETS calls large (level C).
    public static let largeDelta = 1.5

    /// Nil when no stratum holds both groups and both kinds of answers.
    public init?(_ strata: [Stratum]) {
        var (right, wrong, observed, expected, variance) = (0.0, 0.0, 0.0, 0.0, 0.0)
        for stratum in strata where stratum.total >= 2 {
            let n = stratum.total
            let (a, b) = (Double(stratum.referenceRight), Double(stratum.referenceWrong))
            let (c, d) = (Double(stratum.focalRight), Double(stratum.focalWrong))
            right += a * d / n
            wrong += b * c / n
            observed += a
            expected += (a + b) * (a + c) / n
            variance += (a + b) * (c + d) * (a + c) * (b + d) / (n * n * (n - 1))
        }
        guard variance > 0 else { return nil }
        oddsRatio = right / wrong
        delta = -2.35 * log(right / wrong)
        statistic = pow(max(0, abs(observed - expected) - 0.5), 2) / variance
        pValue = ChiSquare.upperTail(statistic, degreesOfFreedom: 1)
    }
}
