import Foundation

/// The population stability index of two samples, PSI = sum (p_b - q_b) ln(p_b / q_b) over bins, with a cut-off that belongs
/// to the sizes of the samples.
///
/// The customary cut-offs of 0.1 and 0.25 know nothing of sizes: at 200 values a side more than a third of equal samples pass
/// 0.1, and at 1,000 a real shift of a fifth of a standard deviation does not.
public struct PopulationStability: Sendable, Hashable {
    /// PSI.
    public let index: Double
    /// Bins that hold a value of either sample.
    public let bins: Int
    /// What equal samples of these sizes pass with chance alpha: chi-square (bins - 1) times (1 / n + 1 / m).
    public let cutoff: Double
    /// The share of random divisions of the pooled values with an index as large: valid at any size.
    public let pValue: Double

    /// Compares two samples over bins of about equal content, quantiles of both together.
    ///
    /// Half a value is added to every bin of each sample, so that empty bins have a logarithm.
    /// - Returns: nil when a sample is empty or all values are equal.
    public init?(
        _ first: [Double], _ second: [Double], bins: Int = 10, alpha: Double = 0.05, draws: Int = 2_000
    ) {
        let pooled = (first + second).sorted()
        guard !first.isEmpty, !second.isEmpty, bins >= 2 else { return nil }
        let edges = Set(
            (1..<bins).map { pooled[min(pooled.count - 1, pooled.count * $0 / bins)] }
        ).filter { $0 > pooled[0] }.sorted()
        guard !edges.isEmpty else { return nil }
        let places = (first + second).map { value in edges.count { $0 <= value } }
        let test = Permutation.test(places, draws: draws, name: "psi") {
            PopulationStability.index($0, first: first.count, bins: edges.count + 1)
        }
        index = test.statistic
        pValue = test.pValue
        self.bins = edges.count + 1
        cutoff = PopulationStability.cutoff(bins: edges.count + 1, first.count, second.count, alpha: alpha)
    }

    /// What equal samples of sizes n and m pass with chance alpha, by the chi-square limit.
    public static func cutoff(bins: Int, _ n: Int, _ m: Int, alpha: Double = 0.05) -> Double {
        ChiSquare.quantile(1 - alpha, degreesOfFreedom: Double(bins - 1)) * (1 / Double(n) + 1 / Double(m))
    }

    private static func index(_ places: [Int], first n: Int, bins: Int) -> Double {
        var counts = [Int](repeating: 0, count: 2 * bins)
        for (index, place) in places.enumerated() { counts[(index < n ? 0 : bins) + place] += 1 }
        let totals = (Double(n) + 0.5 * Double(bins), Double(places.count - n) + 0.5 * Double(bins))
        return (0..<bins).reduce(0) { sum, bin in
            let p = (Double(counts[bin]) + 0.5) / totals.0
            let q = (Double(counts[bins + bin]) + 0.5) / totals.1
            return sum + (p - q) * log(p / q)
        }
    }
}
