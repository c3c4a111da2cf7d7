/// Whether a metric tells arms apart by more than it wavers along a run (P3).
///
/// The noise is taken within each run and then averaged. Taking it over all runs together, as a published example does, mixes
/// the differences of arms into it and caps the ratio near 3 for every benchmark.
public struct SignalToNoise: Sendable, Hashable {
    /// Largest difference of two arms over their mean.
    public let range: Double
    /// Standard deviation of the arms over their mean: comparable between studies with different numbers of arms.
    public let spread: Double
    /// Mean over runs of the standard deviation of their last checkpoints, over the same mean.
    public let noise: Double

    /// The published form, range / noise.
    public var rangeRatio: Double { range / noise }
    /// spread / noise, preferred for more than 8 arms.
    public var spreadRatio: Double { spread / noise }

    /// Of the last checkpoints of each arm, two at least. Nil for fewer than two arms, values that are not finite, no noise at
    /// all, or a mean of zero.
    public init?(lastCheckpoints runs: [[Double]]) {
        guard runs.count >= 2, runs.allSatisfy({ $0.count >= 2 && $0.allSatisfy(\.isFinite) }) else { return nil }
        let levels = runs.map { $0.reduce(0, +) / Double($0.count) }
        let mean = abs(levels.reduce(0, +) / Double(levels.count))
        let noise = runs.map(SignalToNoise.deviation).reduce(0, +) / Double(runs.count)
        guard mean > 0, noise > 0, let low = levels.min(), let high = levels.max() else { return nil }
        range = (high - low) / mean
        spread = SignalToNoise.deviation(levels) / mean
        self.noise = noise / mean
    }

    private static func deviation(_ values: [Double]) -> Double {
        let mean = values.reduce(0, +) / Double(values.count)
        return (values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(values.count - 1)).squareRoot()
    }
}
