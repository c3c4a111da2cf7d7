import Foundation

/// Intervals for a proportion, or for the mean of scores in [0, 1].
public enum ProportionInterval {
    /// Wilson's score interval for `proportion` of `trials` (which need not be whole), with a critical value.
    public static func wilson(proportion: Double, trials: Double, critical: Double) -> (low: Double, high: Double) {
        let square = critical * critical
        let scale = 1 + square / trials
        let center = (proportion + square / (2 * trials)) / scale
        let half =
            critical / scale
            * (proportion * (1 - proportion) / trials + square / (4 * trials * trials)).squareRoot()
        return (max(0, center - half), min(1, center + half))
    }

    /// Wilson's interval with the number of independent trials that the clustered standard error tells of,
    /// p (1 - p) / SE^2, and a t critical value. Without any spread the clusters count as the trials.
    ///
    /// Nil for fewer than two clusters.
    public static func clustered(
        proportion: Double, standardError: Double, items: Int, clusters: Int, level: Double
    ) -> (low: Double, high: Double)? {
        guard clusters >= 2, items >= clusters, (0...1).contains(proportion), standardError >= 0 else { return nil }
        let critical = StudentT.quantile(0.5 + level / 2, degreesOfFreedom: Double(clusters - 1))
        let binomial = proportion * (1 - proportion)
        let effective =
            standardError > 1e-12 && binomial > 0
            ? min(Double(items), max(1, binomial / (standardError * standardError))) : Double(clusters)
        return wilson(proportion: proportion, trials: effective, critical: critical)
    }

    /// The exact interval of Clopper and Pearson (1934) for `successes` of `trials`: for events that are rare or few.
    public static func exact(successes: Int, trials: Int, level: Double) -> (low: Double, high: Double) {
        precondition(trials > 0 && (0...trials).contains(successes), "\(successes) of \(trials)")
        let tail = (1 - level) / 2
        /// The probability at which a tail that grows with it reaches its share.
        func crossing(_ tailProbability: (Double) -> Double) -> Double {
            var (low, high) = (0.0, 1.0)
            for _ in 0..<60 {
                let middle = (low + high) / 2
                if tailProbability(middle) < tail { low = middle } else { high = middle }
            }
            return (low + high) / 2
        }
        let low =
            successes == 0
            ? 0 : crossing { 1 - Binomial.cumulative(successes - 1, trials: trials, probability: $0) }
        let high =
            successes == trials
            ? 1 : 1 - crossing { Binomial.cumulative(successes, trials: trials, probability: 1 - $0) }
        return (low, high)
    }
}
