import AssayCore
import Foundation

/// Thresholds of the detector by simulation of the whole pipeline, for exactly the series at hand: so many points, with
/// standard errors of so many degrees of freedom, standardised against the points before.
public final class CusumCalibration: @unchecked Sendable {
    /// The null distribution of the largest sum of a series.
    public struct NullDistribution: Sendable {
        /// Largest sums of healthy series, ascending.
        let largest: [Double]

        /// The smallest threshold that at most this share of healthy series passes.
        public func threshold(falseAlarms: Double) -> Double {
            let passing = Int(falseAlarms * Double(largest.count + 1)) - 1
            guard passing >= 0 else { return .infinity }
            return largest[max(0, largest.count - 1 - passing)]
        }

        /// The share of healthy series whose largest sum is at least this, (1 + #) / (draws + 1).
        public func pValue(_ observed: Double) -> Double {
            var low = 0
            var high = largest.count
            while low < high {
                let middle = (low + high) / 2
                if largest[middle] < observed { low = middle + 1 } else { high = middle }
            }
            return Double(1 + largest.count - low) / Double(largest.count + 1)
        }
    }

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
        var largest: [Double] = []
        largest.reserveCapacity(simulations)
        var values = [Double](repeating: 0, count: key.points)
        var errors = values
        for series in 0..<simulations {
            var random = CounterRandom(key: seed, index: UInt64(series))
            for point in 0..<key.points {
                values[point] = random.normal()
                errors[point] =
                    key.degreesOfFreedom >= 1_000
                    ? 1 : random.scaledChiSquare(degreesOfFreedom: Double(key.degreesOfFreedom)).squareRoot()
            }
            let z = Cusum.recursiveResiduals(values, standardErrors: errors)
            var rise = 0.0
            var fall = 0.0
            var top = 0.0
            for value in z {
                rise = max(0, rise + value - Cusum.allowance)
                fall = max(0, fall - value - Cusum.allowance)
                top = max(top, rise, fall)
            }
            largest.append(top)
        }
        return NullDistribution(largest: largest.sorted())
    }
}
