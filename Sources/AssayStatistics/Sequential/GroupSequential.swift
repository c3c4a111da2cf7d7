import Foundation

/// A two-sided group-sequential test with O'Brien-Fleming's boundary: at a look with the share t of the information, reject
/// when |Z| >= c / sqrt(t) (Biometrics 35, 1979), so that all looks together err with chance alpha.
///
/// The constant comes from the recursion of Armitage, McPherson and Rowe (JRSS A 132, 1969) for the Brownian motion
/// Z sqrt(t), which the looks see at their times.
public struct GroupSequential: Sendable, Hashable {
    /// The share of the information at each look, ascending, the last 1.
    public let fractions: [Double]
    /// The chance of a false rejection over all looks.
    public let alpha: Double
    /// c: the boundary of the last look.
    public let constant: Double

    /// Equally spaced looks.
    public init(looks: Int, alpha: Double = 0.05) {
        precondition(looks >= 1, "a sequential test needs a look")
        self.init(fractions: (1...max(1, looks)).map { Double($0) / Double(looks) }, alpha: alpha)
    }

    /// Looks at any shares of the information.
    public init(fractions: [Double], alpha: Double = 0.05) {
        precondition(
            fractions.first.map { $0 > 0 } ?? false && zip(fractions, fractions.dropFirst()).allSatisfy { $0 < $1 }
                && abs((fractions.last ?? 0) - 1) < 1e-9 && alpha > 0 && alpha < 1,
            "shares of information ascend from above 0 to 1")
        self.fractions = fractions
        self.alpha = alpha
        // The fixed test's value is too small, Bonferroni's too large.
        var low = Normal.quantile(1 - alpha / 2)
        var high = Normal.quantile(1 - alpha / (2 * Double(fractions.count))) + 1e-6
        while high - low > 1e-9 {
            let middle = 0.5 * (low + high)
            let error = GroupSequential.rejections(fractions, bound: middle, drift: 0).reduce(0, +)
            if error > alpha { low = middle } else { high = middle }
        }
        constant = high
    }

    /// The |Z| at which a look rejects; looks count from 0.
    public func boundary(look: Int) -> Double { constant / fractions[look].squareRoot() }

    /// The chance to reject at each look, when Z has mean `drift` at the last.
    public func rejections(drift: Double) -> [Double] {
        GroupSequential.rejections(fractions, bound: constant, drift: drift)
    }

    /// The mean share of the information that is used up, when Z has mean `drift` at the last look.
    public func expectedFraction(drift: Double) -> Double {
        let chances = rejections(drift: drift)
        let early = zip(chances, fractions).dropLast()
        return early.reduce(0) { $0 + $1.0 * $1.1 } + (1 - early.reduce(0) { $0 + $1.0 })
    }

    /// The chance, when nothing differs, that |Z| sqrt(t) reaches a value at any of the looks.
    static func exceedance(_ fractions: [Double], statistic: Double) -> Double {
        guard statistic > 0 else { return 1 }
        // So far out the looks hardly ever agree, and the sum of their chances is a tight bound.
        if statistic > 6 {
            return fractions.reduce(0) { $0 + Normal.twoSided(statistic / $1.squareRoot()) }
        }
        return min(1, rejections(fractions, bound: statistic, drift: 0).reduce(0, +))
    }

    /// The chance that a Brownian motion with drift first leaves (-bound, bound) at each time.
    private static func rejections(_ times: [Double], bound: Double, drift: Double) -> [Double] {
        // Simpson's rule; the narrowest step of the motion spans several nodes.
        let narrowest = zip(times, [0] + times).map { ($0 - $1).squareRoot() }.min() ?? 1
        let intervals = 2 * Int((max(100, 8 * 2 * bound / narrowest) / 2).rounded(.up))
        let step = 2 * bound / Double(intervals)
        let nodes = (0...intervals).map { -bound + Double($0) * step }
        let weights = (0...intervals).map { $0 == 0 || $0 == intervals ? step / 3 : step / 3 * ($0 % 2 == 1 ? 4 : 2) }
        var density: [Double]?
        var before = 0.0
        return times.map { time in
            let deviation = (time - before).squareRoot()
            let mean = drift * (time - before)
            before = time
            func tails(_ x: Double) -> Double {
                Normal.cumulative((-bound - x - mean) / deviation) + Normal.cumulative((x + mean - bound) / deviation)
            }
            let scale = 1 / (deviation * (2 * Double.pi).squareRoot())
            guard let old = density else {
                density = nodes.map { scale * exp(-0.5 * pow(($0 - mean) / deviation, 2)) }
                return tails(0)
            }
            let mass = zip(old, weights).map { $0 * $1 }
            // The kernel depends on the distance of two nodes alone.
            let kernel = (-intervals...intervals).map {
                scale * exp(-0.5 * pow((Double($0) * step - mean) / deviation, 2))
            }
            density = nodes.indices.map { to in
                var sum = 0.0
                for from in mass.indices { sum += mass[from] * kernel[to - from + intervals] }
                return sum
            }
            return zip(mass, nodes).reduce(0) { $0 + $1.0 * tails($1.1) }
        }
    }
}
