import Foundation

/// The chi-square distribution.
public enum ChiSquare {
    /// P(X > x).
    public static func upperTail(_ x: Double, degreesOfFreedom: Double) -> Double {
        guard degreesOfFreedom > 0, !x.isNaN else { return .nan }
        return x <= 0 ? 1 : SpecialFunctions.upperGamma(degreesOfFreedom / 2, x / 2)
    }

    /// The x with P(X <= x) = p, by bisection.
    public static func quantile(_ p: Double, degreesOfFreedom: Double) -> Double {
        guard degreesOfFreedom > 0, (0...1).contains(p) else { return .nan }
        if p == 0 { return 0 }
        if p == 1 { return .infinity }
        var low = 0.0
        var high = degreesOfFreedom + 10
        while upperTail(high, degreesOfFreedom: degreesOfFreedom) > 1 - p { high *= 2 }
        while high - low > 1e-13 * high {
            let middle = 0.5 * (low + high)
            if upperTail(middle, degreesOfFreedom: degreesOfFreedom) > 1 - p { low = middle } else { high = middle }
            if middle == low && middle == high { break }
        }
        return 0.5 * (low + high)
    }

    /// Pearson's test that two samples come from one distribution over categories; categories that neither has do not count.
    /// - Returns: the statistic, its degrees of freedom and p; nil when fewer than two categories or a sample without any.
    public static func homogeneity(
        _ first: [Int], _ second: [Int]
    ) -> (statistic: Double, degreesOfFreedom: Int, pValue: Double)? {
        precondition(first.count == second.count, "unpaired categories")
        let n = Double(first.reduce(0, +))
        let m = Double(second.reduce(0, +))
        let filled = first.indices.filter { first[$0] + second[$0] > 0 }
        guard n > 0, m > 0, filled.count >= 2 else { return nil }
        let statistic = filled.reduce(0.0) { sum, index in
            let both = Double(first[index] + second[index])
            let expected = (both * n / (n + m), both * m / (n + m))
            return sum + pow(Double(first[index]) - expected.0, 2) / expected.0
                + pow(Double(second[index]) - expected.1, 2) / expected.1
        }
        return (
            statistic, filled.count - 1, upperTail(statistic, degreesOfFreedom: Double(filled.count - 1))
        )
    }
}

/// Fisher's F distribution.
public enum FisherF {
    /// P(X > x).
    public static func upperTail(_ x: Double, numerator: Double, denominator: Double) -> Double {
        guard numerator > 0, denominator > 0, !x.isNaN else { return .nan }
        if x <= 0 { return 1 }
        let total = denominator + numerator * x
        return SpecialFunctions.incompleteBeta(
            denominator / total, complement: numerator * x / total, denominator / 2, numerator / 2)
    }
}
