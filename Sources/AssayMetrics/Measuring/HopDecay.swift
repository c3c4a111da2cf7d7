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
        var line = WeightedLine()
        for (slot, hop) in hops.enumerated() {
            let items = totals[2 * slot + 1]
            guard items > 0, floors[slot] < 1 else { continue }
            let share = totals[2 * slot] / items
            let corrected = (share - floors[slot]) / (1 - floors[slot])
            guard corrected > lowest else { continue }
            // The delta method, with half an answer of each kind added so that a perfect level has a finite weight.
            let smooth = (totals[2 * slot] + 0.5) / (items + 1)
            let deviation = corrected * (1 - floors[slot])
            line.take(hop, log(corrected), weight: items * deviation * deviation / (smooth * (1 - smooth)))
        }
        return exp(line.slope)
    }

    /// The slope of logit accuracy in hops, weighted by 1 / variance; NaN with fewer than two levels.
    ///
    /// Half an answer of each kind is added, so that levels without right or wrong ones have a logit.
    static func logitSlope(_ totals: [Double], hops: [Double]) -> Double {
        var line = WeightedLine()
        for (slot, hop) in hops.enumerated() where totals[2 * slot + 1] > 0 {
            let right = totals[2 * slot] + 0.5
            let wrong = totals[2 * slot + 1] - totals[2 * slot] + 0.5
            line.take(hop, log(right / wrong), weight: right * wrong / (right + wrong))
        }
        return line.slope
    }
}

/// A straight line by weighted least squares.
private struct WeightedLine {
    private var points = 0
    private var weight = 0.0
    private var sumX = 0.0
    private var sumY = 0.0
    private var sumXX = 0.0
    private var sumXY = 0.0

    mutating func take(_ x: Double, _ y: Double, weight w: Double) {
        points += 1
        weight += w
        sumX += w * x
        sumY += w * y
        sumXX += w * x * x
        sumXY += w * x * y
    }

    /// NaN with fewer than two points.
    var slope: Double {
        points < 2 ? .nan : (weight * sumXY - sumX * sumY) / (weight * sumXX - sumX * sumX)
    }
}
