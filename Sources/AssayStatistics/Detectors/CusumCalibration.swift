import AssayCore
import Foundation

/// Thresholds of the detector by simulation of the whole pipeline, for exactly the series at hand: so many points, with
/// standard errors of so many degrees of freedom, standardised against the points before, each with its ``Cusum/influence(_:)``.
/// Noise is normal here; the influence keeps the rate of false alarms where the noise has heavy tails.
public final class CusumCalibration: @unchecked Sendable {
    private struct Key: Hashable {
        var points: Int
        var degreesOfFreedom: Int
    }

    /// How many healthy series are simulated.
    public static let simulations = 40_000
    /// Shared by all callers: the distributions are the same for everyone.
    public static let shared = CusumCalibration()

    private let lock = NSLock()
    private var known: [Key: NullDistribution] = [:]

    /// An empty cache.
    public init() {}

    /// The null distribution for series of a number of points whose standard errors have some degrees of freedom.
    public func distribution(points: Int, degreesOfFreedom: Int) -> NullDistribution {
        // Rounded down, the safe way, so that few distributions serve all metrics.
        let steps = [1, 2, 3, 4, 5, 7, 10, 15, 20, 30, 50, 100, 1_000]
        let key = Key(points: points, degreesOfFreedom: steps.last { $0 <= max(1, degreesOfFreedom) } ?? 1)
        lock.lock()
        defer { lock.unlock() }
        if let found = known[key] { return found }
        let made = CusumCalibration.simulate(key)
        known[key] = made
        return made
    }

    private static func simulate(_ key: Key) -> NullDistribution {
        let seed = ContentHash(of: "assay/cusum/\(key.points)/\(key.degreesOfFreedom)").leadingBits
        return NullDistribution(kinds: [(0..<simulations).map { largestSum(key, seed: seed, series: $0) }])
    }

    /// The largest sum of one healthy series.
    private static func largestSum(_ key: Key, seed: UInt64, series: Int) -> Double {
        var random = CounterRandom(key: seed, index: UInt64(series))
        var values: [Double] = []
        var errors: [Double] = []
        for _ in 0..<key.points {
            values.append(random.normal())
            errors.append(
                key.degreesOfFreedom >= 1_000
                    ? 1 : random.scaledChiSquare(degreesOfFreedom: Double(key.degreesOfFreedom)).squareRoot())
        }
        let z = Cusum.recursiveResiduals(values, standardErrors: errors)
        return Cusum.run(z.map(Cusum.influence), threshold: .infinity).largest
    }
}
