import Foundation

/// Slopes of a share over levels, by weighted least squares.
enum StepSlope {
    /// The slope of the logit of a share, each level weighted by the inverse variance of its logit, n p (1 - p), with half
    /// a step of each kind added so that both are finite.
    /// - Parameters:
    ///   - totals: right steps and steps for each level, in turn.
    ///   - steps: the levels.
    static func logit(_ totals: [Double], steps: [Double]) -> Double {
        slope(
            steps.indices.compactMap { level in
                let count = totals[2 * level + 1]
                guard count > 0 else { return nil }
                let share = (totals[2 * level] + 0.5) / (count + 1)
                return (steps[level], log(share / (1 - share)), count * share * (1 - share))
            })
    }

    /// The slope of a share, each level weighted by its items.
    static func share(_ totals: [Double], levels: [Double]) -> Double {
        slope(
            levels.indices.compactMap { level in
                let count = totals[2 * level + 1]
                return count > 0 ? (levels[level], totals[2 * level] / count, count) : nil
            })
    }

    /// NaN with fewer than two levels.
    private static func slope(_ points: [(x: Double, y: Double, weight: Double)]) -> Double {
        guard points.count >= 2 else { return .nan }
        let weight = points.reduce(0) { $0 + $1.weight }
        let x = points.reduce(0) { $0 + $1.weight * $1.x } / weight
        let y = points.reduce(0) { $0 + $1.weight * $1.y } / weight
        let spread = points.reduce(0) { $0 + $1.weight * ($1.x - x) * ($1.x - x) }
        return points.reduce(0) { $0 + $1.weight * ($1.x - x) * ($1.y - y) } / spread
    }
}
