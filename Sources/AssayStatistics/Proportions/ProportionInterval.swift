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
}
