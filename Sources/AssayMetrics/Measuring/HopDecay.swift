import AssayStatistics
import Foundation

/// Fits how the chance-corrected accuracy falls with the number of hops (Q2).
enum HopDecay {
    /// Levels at or below this corrected accuracy say nothing of the slope.
    static let lowest = 0.05

    /// The factor rho by which corrected accuracy shrinks a hop: log acc* = a + h log rho, weighted by 1 / variance.
    /// - Parameters:
    ///   - totals: right answers and items for each level, in turn.
    ///   - hops: the levels.
    ///   - floors: chance for each level.
    /// - Returns: NaN with fewer than two levels above ``lowest``.
    static func survival(_ totals: [Double], hops: [Double], floors: [Double]) -> Double {
        var weight = 0.0
        var sumX = 0.0
        var sumY = 0.0
        var sumXX = 0.0
        var sumXY = 0.0
        var usable = 0
        for (slot, hop) in hops.enumerated() {
            let items = totals[2 * slot + 1]
            guard items > 0, floors[slot] < 1 else { continue }
            let share = totals[2 * slot] / items
            let corrected = (share - floors[slot]) / (1 - floors[slot])
            guard corrected > lowest else { continue }
            usable += 1
            // The delta method, with half an answer of each kind added so that a perfect level has a finite weight.
            let smooth = (totals[2 * slot] + 0.5) / (items + 1)
            let deviation = corrected * (1 - floors[slot])
            let w = items * deviation * deviation / (smooth * (1 - smooth))
            weight += w
            sumX += w * hop
            sumY += w * log(corrected)
            sumXX += w * hop * hop
            sumXY += w * hop * log(corrected)
        }
        guard usable >= 2 else { return .nan }
        let slope = (weight * sumXY - sumX * sumY) / (weight * sumXX - sumX * sumX)
        return exp(slope)
    }
}
