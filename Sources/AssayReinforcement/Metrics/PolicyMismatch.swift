import Foundation

/// How far the probabilities of the sampled tokens in the update are from those in the rollout, for the same weights: R1
/// and R2. With `r = log pi_train - log pi_rollout` of a token and `w = e^r`.
public struct PolicyMismatch: Sendable, Hashable {
    /// Mean of `e^r - r - 1`, an estimate of KL(rollout || train) in nats without bias and never negative (K3, Schulman 2020).
    /// The rollout policy is the reference: the other way round a single rare token outweighs all others. NeMo-RL calls
    /// values below 1e-3 acceptable.
    public var k3 = Double.nan
    /// Pearson's correlation of the probabilities. MiniMax-M1 (section 3.2) could not train at 0.987, and could at 0.997. Not a
    /// number where either side has no spread.
    public var pearson = Double.nan
    /// Mean of `e^|r|`; NeMo-RL takes a drift past 1.01-1.02 for a defect.
    public var multiplicativeError = Double.nan
    /// The largest `|r|`.
    public var largest = Double.nan
    /// Effective sample size as a share, `mean(w)^2 / mean(w^2)`.
    public var effectiveSampleSize = Double.nan
    /// `mean(w^2) - 1`.
    public var chiSquare = Double.nan
    /// Share of tokens with `w > 2`.
    public var above2 = Double.nan
    /// Share of tokens with `w < 0.5`.
    public var below05 = Double.nan
    /// Tokens with `w < 1e-4`, that a veto would throw away with their rollout.
    public var vetoes = Double.nan
    /// The effective sample size of whole rollouts, by the sum of their `r`.
    public var sequenceEffectiveSampleSize = Double.nan
    /// `mean(w^2) - 1` of whole rollouts.
    public var sequenceChiSquare = Double.nan
    /// The same by length: rollouts of 1, 2-3, 4-7, ... and 128 or more sampled tokens.
    public var lengthBins = [LengthBin](repeating: LengthBin(), count: PolicyMismatch.binCount)

    /// The rollouts of a range of lengths.
    public struct LengthBin: Sendable, Hashable {
        /// Rollouts.
        public var rollouts = 0.0
        /// `mean(w^2) - 1` of whole rollouts; not a number without any.
        public var chiSquare = Double.nan
    }

    /// Bins of lengths.
    public static let binCount = 8
    /// Ratios below are vetoed (as in verl's `rollout_corr`).
    public static let vetoBound = 1e-4

    /// Nothing measured.
    public init() {}

    /// Measures rollouts.
    /// - Parameters:
    ///   - train: log-probabilities in the update, by rollout.
    ///   - rollout: those in the rollout, for the same tokens.
    public init(train: [[Double]], rollout: [[Double]]) {
        precondition(zip(train, rollout).allSatisfy { $0.count == $1.count }, "log-probabilities of other tokens")
        let ratios = zip(train, rollout).map { zip($0, $1).map { $0 - $1 } }
        let r = ratios.flatMap { $0 }
        guard !r.isEmpty else { return }
        let count = Double(r.count)
        func mean(_ term: (Double) -> Double) -> Double { r.reduce(0) { $0 + term($1) } / count }
        k3 = mean { expm1($0) - $0 }
        pearson = PolicyMismatch.correlation(train.joined().map { exp($0) }, rollout.joined().map { exp($0) })
        multiplicativeError = mean { exp(abs($0)) }
        largest = r.reduce(0) { max($0, abs($1)) }
        (effectiveSampleSize, chiSquare) = PolicyMismatch.spread(r)
        above2 = Double(r.count { $0 > log(2) }) / count
        below05 = Double(r.count { $0 < log(0.5) }) / count
        vetoes = Double(r.count { $0 < log(PolicyMismatch.vetoBound) })
        let sums = ratios.filter { !$0.isEmpty }.map { $0.reduce(0, +) }
        (sequenceEffectiveSampleSize, sequenceChiSquare) = PolicyMismatch.spread(sums)
        for (bin, members) in Dictionary(grouping: ratios.filter { !$0.isEmpty }, by: PolicyMismatch.bin) {
            lengthBins[bin] = LengthBin(
                rollouts: Double(members.count),
                chiSquare: PolicyMismatch.spread(members.map { $0.reduce(0, +) }).chiSquare)
        }
    }

    private static func bin(_ ratios: [Double]) -> Int {
        min(Int.bitWidth - 1 - ratios.count.leadingZeroBitCount, binCount - 1)
    }

    /// Effective sample size and `mean(w^2) - 1` of weights given by their logarithms.
    private static func spread(_ logs: [Double]) -> (size: Double, chiSquare: Double) {
        let count = Double(logs.count)
        let mean = logs.reduce(0) { $0 + exp($1) } / count
        // Over what exceeds 1, so that small differences keep their digits.
        let excess = logs.reduce(0) { $0 + expm1(2 * $1) } / count
        return (mean * mean / (1 + excess), excess)
    }

    private static func correlation(_ x: [Double], _ y: [Double]) -> Double {
        let count = Double(x.count)
        let (meanX, meanY) = (x.reduce(0, +) / count, y.reduce(0, +) / count)
        var (xx, yy, xy) = (0.0, 0.0, 0.0)
        for (a, b) in zip(x, y) {
            xx += (a - meanX) * (a - meanX)
            yy += (b - meanY) * (b - meanY)
            xy += (a - meanX) * (b - meanY)
        }
        return xx > 0 && yy > 0 ? xy / (xx * yy).squareRoot() : .nan
    }
}
