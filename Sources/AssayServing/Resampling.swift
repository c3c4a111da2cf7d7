import AssayCore

/// Medians, and bootstrap intervals of them.
enum Resampling {
    /// Draws of a bootstrap.
    static let draws = 1_000

    /// The median, the mean of the two middle values for an even number; NaN of nothing.
    static func median(_ values: [Double]) -> Double {
        guard !values.isEmpty else { return .nan }
        let sorted = values.sorted()
        let middle = sorted.count / 2
        return sorted.count % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2
    }

    /// The percentile interval of a statistic over draws with replacement (Efron).
    /// - Parameter statistic: the statistic of a draw, which is given as a source of random numbers.
    static func interval(level: Double = 0.95, _ statistic: (inout CounterRandom) -> Double) -> ClosedRange<Double> {
        var random = CounterRandom(domain: "bootstrap of timings", index: 0)
        let values = (0..<draws).map { _ in statistic(&random) }.sorted()
        let tail = (1 - level) / 2
        return values[Int(tail * Double(draws))]...values[draws - 1 - Int(tail * Double(draws))]
    }

    /// The percentile interval of the median; nil for a single value.
    static func medianInterval(_ values: [Double]) -> ClosedRange<Double>? {
        guard values.count > 1 else { return nil }
        return interval { random in median(values.map { _ in random.pick(values) }) }
    }
}
