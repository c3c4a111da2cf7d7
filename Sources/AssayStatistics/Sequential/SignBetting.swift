import Foundation

/// A bet on the signs of discordant pairs, which may be looked at any time: under the null hypothesis that either side wins
/// a pair with chance 1/2, the chance that E ever reaches 1 / alpha is at most alpha (Ville's inequality).
///
/// E is the likelihood ratio of a beta(a, a) mixture of chances against 1/2 (Robbins, Annals of Mathematical Statistics 41,
/// 1970). Exact for independent pairs; pairs of one cluster must be one pair.
public struct SignBetting: Sendable, Hashable {
    /// a of the beta(a, a) prior: large values bet on chances near 1/2.
    public let prior: Double
    /// Pairs that the second side won so far.
    public private(set) var wins = 0
    /// Pairs that it lost.
    public private(set) var losses = 0
    /// The largest ln E so far.
    public private(set) var largestLogValue = 0.0

    /// A bet before the first pair.
    public init(prior: Double = 10) {
        precondition(prior > 0, "a beta prior needs a positive parameter")
        self.prior = prior
    }

    /// ln E of the pairs so far.
    public var logValue: Double { SignBetting.logValue(wins: wins, losses: losses, prior: prior) }
    /// A p value that holds at any time: 1 / max E, at most 1.
    public var pValue: Double { min(1, exp(-largestLogValue)) }

    /// Takes a discordant pair.
    public mutating func take(isWin: Bool) {
        if isWin { wins += 1 } else { losses += 1 }
        largestLogValue = max(largestLogValue, logValue)
    }

    /// Whether the null hypothesis is rejected by now, at a chance of error over all times.
    public func rejects(alpha: Double) -> Bool { largestLogValue >= -log(alpha) }

    /// ln E = k ln 2 + ln B(a + s, a + f) - ln B(a, a) for s wins and f losses, k = s + f.
    public static func logValue(wins: Int, losses: Int, prior: Double = 10) -> Double {
        Double(wins + losses) * log(2)
            + SpecialFunctions.logBeta(prior + Double(wins), prior + Double(losses))
            - SpecialFunctions.logBeta(prior, prior)
    }
}
