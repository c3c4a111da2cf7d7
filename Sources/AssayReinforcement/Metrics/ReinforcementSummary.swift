import Foundation

/// What the log of a run comes to: R1 to R6 as single figures. What cannot be told is not a number.
public struct ReinforcementSummary: Sendable, Hashable {
    /// Mean reward of the first steps of a run, as many as the collapse rule's window.
    public var startReward: Double
    /// Mean reward of the last ones.
    public var endReward: Double
    /// Mean K3 of rollout and update over the steps (R1).
    public var k3: Double
    /// The lowest Pearson correlation (R1).
    public var lowestPearson: Double
    /// Mean of `e^|r|` over the steps (R1).
    public var multiplicativeError: Double
    /// The largest `|r|` (R1).
    public var largestLogRatio: Double
    /// The lowest effective sample size of tokens (R2).
    public var lowestEffectiveSampleSize: Double
    /// Least-squares slope of the entropy, nats a step (R3).
    public var entropySlope: Double
    /// Share of the steps with an entropy below 20 % of that at the start (R3).
    public var lowEntropyShare: Double
    /// The reward that `R = b - a e^H` comes to where the entropy H is used up, `b - a` (R3; Cui et al. 2025, arXiv 2505.22617).
    public var rewardCeiling: Double
    /// Spikes of the gradient norm in 1,000 steps (R4).
    public var spikesPer1000: Double
    /// The largest gradient norm over the median (R4).
    public var largestSpike: Double
    /// Mean share of groups without any advantage (R5).
    public var deadGroups: Double

    /// The share of the starting entropy that counts as low.
    public static let lowEntropy = 0.2

    /// Sums up a log.
    /// - Parameter window: steps that make up the start, and the end.
    public init(_ log: [ReinforcementStep], window: Int) {
        func mean(_ path: KeyPath<ReinforcementStep, Double>, _ steps: some Collection<ReinforcementStep>) -> Double {
            let values = steps.map { $0[keyPath: path] }.filter { !$0.isNaN }
            return values.isEmpty ? .nan : values.reduce(0, +) / Double(values.count)
        }
        func extreme(_ path: KeyPath<ReinforcementStep, Double>, _ pick: (Double, Double) -> Double) -> Double {
            log.map { $0[keyPath: path] }.filter { !$0.isNaN }.reduce(.nan) { $0.isNaN ? $1 : pick($0, $1) }
        }
        startReward = mean(\.reward, log.prefix(window))
        endReward = mean(\.reward, log.suffix(window))
        k3 = mean(\.mismatch.k3, log)
        lowestPearson = extreme(\.mismatch.pearson, min)
        multiplicativeError = mean(\.mismatch.multiplicativeError, log)
        largestLogRatio = extreme(\.mismatch.largest, max)
        lowestEffectiveSampleSize = extreme(\.mismatch.effectiveSampleSize, min)
        let entropy = log.map(\.entropy)
        entropySlope = LineFit(log.map(\.step), entropy).slope
        let low = ReinforcementSummary.lowEntropy * mean(\.entropy, log.prefix(window))
        lowEntropyShare = log.isEmpty ? .nan : Double(entropy.count { $0 < low }) / Double(log.count)
        // R = b - a e^H is a line in e^H: at H = 0 it is b - a.
        let fit = LineFit(entropy.map { exp($0) }, log.map(\.reward))
        rewardCeiling = fit.intercept + fit.slope
        let spikes = GradientSpikes(log.map(\.gradientNorm))
        spikesPer1000 = spikes.per1000
        largestSpike = spikes.largest
        deadGroups = mean(\.deadGroups, log)
    }

    /// The area under the reward curve divided by its width: the mean reward up to a point of an axis, by the trapezium
    /// rule (R6). Not a number where the log does not reach that far.
    /// - Parameters:
    ///   - axis: steps, tokens or seconds.
    ///   - limit: the point, the same for all runs that are compared.
    public static func area(
        _ log: [ReinforcementStep], along axis: KeyPath<ReinforcementStep, Double>, to limit: Double
    ) -> Double {
        guard let first = log.first, let last = log.last, last[keyPath: axis] >= limit, limit > first[keyPath: axis]
        else { return .nan }
        var area = 0.0
        for (a, b) in zip(log, log.dropFirst()) where a[keyPath: axis] < limit {
            let (x, y) = (a[keyPath: axis], b[keyPath: axis])
            let end = min(y, limit)
            let reward = y > x ? a.reward + (b.reward - a.reward) * (end - x) / (y - x) : b.reward
            area += (end - x) * (a.reward + reward) / 2
        }
        return area / (limit - first[keyPath: axis])
    }
}

/// A straight line through points, by least squares.
struct LineFit {
    var slope = Double.nan
    var intercept = Double.nan

    init(_ x: [Double], _ y: [Double]) {
        let points = zip(x, y).filter { $0.isFinite && $1.isFinite }
        guard points.count > 1 else { return }
        let count = Double(points.count)
        let meanX = points.reduce(0) { $0 + $1.0 } / count
        let meanY = points.reduce(0) { $0 + $1.1 } / count
        let xx = points.reduce(0) { $0 + ($1.0 - meanX) * ($1.0 - meanX) }
        guard xx > 0 else { return }
        slope = points.reduce(0) { $0 + ($1.0 - meanX) * ($1.1 - meanY) } / xx
        intercept = meanY - slope * meanX
    }
}

/// Spikes of the gradient norm: steps above the median of the steps before them by more than six median absolute
/// deviations (R4).
struct GradientSpikes {
    /// Steps that the median looks back on.
    static let window = 100
    /// Deviations above the median.
    static let deviations = 6.0
    /// Steps before the first that can be judged.
    static let leastHistory = 10

    /// Spikes in 1,000 judged steps.
    var per1000 = Double.nan
    /// The largest norm over the median of all.
    var largest = Double.nan

    init(_ norms: [Double]) {
        guard let top = norms.max() else { return }
        let median = GradientSpikes.median(norms)
        if median > 0 { largest = top / median }
        guard norms.count > GradientSpikes.leastHistory else { return }
        let spikes = (GradientSpikes.leastHistory..<norms.count).count { step in
            let history = Array(norms[max(0, step - GradientSpikes.window)..<step])
            let median = GradientSpikes.median(history)
            let deviation = GradientSpikes.median(history.map { abs($0 - median) })
            return norms[step] > median + GradientSpikes.deviations * deviation
        }
        per1000 = 1000 * Double(spikes) / Double(norms.count - GradientSpikes.leastHistory)
    }

    private static func median(_ values: [Double]) -> Double {
        let sorted = values.sorted()
        return (sorted[(sorted.count - 1) / 2] + sorted[sorted.count / 2]) / 2
    }
}
