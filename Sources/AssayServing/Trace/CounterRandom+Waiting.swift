import AssayCore
import AssayStatistics
import Foundation

/// Variates of lengths and waiting times.
extension CounterRandom {
    /// A log-normal variate.
    mutating func logNormal(median: Double, spread: Double) -> Double { median * exp(spread * normal()) }

    /// An exponential variate.
    mutating func exponential(mean: Double) -> Double { -mean * log(1 - unit()) }
}
