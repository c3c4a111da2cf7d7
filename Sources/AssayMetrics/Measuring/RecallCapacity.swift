import AssayStatistics
import Foundation

/// The largest load that is still recalled (Q6).
enum RecallCapacity {
    /// The accuracy that counts as recalled.
    static let target = 0.9

    /// C_0.9: the load at which accuracy falls through 0.9, by interpolating logit accuracy in log load between the
    /// loads around it, after making accuracy non-increasing in load (pool adjacent violators).
    ///
    /// Beyond the loads measured, the nearest load, with a mark that the value is cut off there.
    /// - Parameters:
    ///   - totals: right answers and items for each load, in turn.
    ///   - loads: ascending.
    static func capacity(_ totals: [Double], loads: [Double]) -> (load: Double, censoring: Censoring?) {
        guard loads.indices.allSatisfy({ totals[2 * $0 + 1] > 0 }), let first = loads.first, let last = loads.last
        else {
            return (.nan, nil)
        }
        let accuracies = nonIncreasing(totals, count: loads.count)
        guard accuracies[0] >= target else { return (first, .below) }
        guard let below = accuracies.firstIndex(where: { $0 < target }) else { return (last, .above) }
        func logit(_ level: Int) -> Double {
            let edge = 0.25 / totals[2 * level + 1]
            let share = min(max(accuracies[level], edge), 1 - edge)
            return log(share / (1 - share))
        }
        let goal = log(target / (1 - target))
        let upper = max(logit(below - 1), goal)
        let share = (upper - goal) / (upper - min(logit(below), goal - 1e-9))
        return (exp(log(loads[below - 1]) + share * (log(loads[below]) - log(loads[below - 1]))), nil)
    }

    /// Weighted pool-adjacent-violators fit.
    private static func nonIncreasing(_ totals: [Double], count: Int) -> [Double] {
        var pools: [(right: Double, items: Double, levels: Int)] = []
        for level in 0..<count {
            pools.append((totals[2 * level], totals[2 * level + 1], 1))
            while pools.count > 1 {
                let last = pools[pools.count - 1]
                let previous = pools[pools.count - 2]
                guard last.right / last.items > previous.right / previous.items else { break }
                pools.removeLast(2)
                pools.append(
                    (last.right + previous.right, last.items + previous.items, last.levels + previous.levels))
            }
        }
        return pools.flatMap { Array(repeating: $0.right / $0.items, count: $0.levels) }
    }
}
