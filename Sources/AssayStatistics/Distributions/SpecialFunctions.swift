import Foundation

/// The gamma and beta functions that the distributions stand on, to about 13 digits.
public enum SpecialFunctions {
    /// ln Γ(x) for x > 0 (Stirling's series after raising x by the recurrence).
    public static func logGamma(_ x: Double) -> Double {
        guard x > 0 else { return .nan }
        guard x.isFinite else { return x }
        var shifted = x
        var product = 1.0
        while shifted < 12 {
            product *= shifted
            shifted += 1
        }
        return (shifted - 0.5) * log(shifted) - shifted + 0.5 * log(2 * Double.pi)
            + stirlingCorrection(shifted) - log(product)
    }

    /// ln B(a, b) for a, b > 0, without cancellation when one of them is large.
    public static func logBeta(_ a: Double, _ b: Double) -> Double {
        let small = min(a, b)
        let large = max(a, b)
        guard small > 0, large.isFinite else { return .nan }
        if large < 12 { return logGamma(small) + logGamma(large) - logGamma(small + large) }
        let tail = stirlingCorrection(large) - stirlingCorrection(small + large)
        if small < 12 {
            return logGamma(small) + tail + small - small * log(small + large)
                + (large - 0.5) * log1p(-small / (small + large))
        }
        return 0.5 * (log(2 * Double.pi) - log(large)) + stirlingCorrection(small) + tail
            + (small - 0.5) * log(small / (small + large)) + large * log1p(-small / (small + large))
    }

    /// The regularised incomplete beta function I_x(a, b) for x in [0, 1].
    public static func incompleteBeta(_ x: Double, _ a: Double, _ b: Double) -> Double {
        incompleteBeta(x, complement: 1 - x, a, b)
    }

    /// I_x(a, b), given 1 - x as well, which keeps small tails exact where x is near 1.
    ///
    /// The continued fraction by Lentz's method (Numerical Recipes, section 6.4), on the side where it converges fast.
    public static func incompleteBeta(_ x: Double, complement: Double, _ a: Double, _ b: Double) -> Double {
        guard x >= 0, complement >= 0, a > 0, b > 0 else { return .nan }
        if x == 0 { return 0 }
        if complement == 0 { return 1 }
        if x > (a + 1) / (a + b + 2) { return 1 - incompleteBeta(complement, complement: x, b, a) }
        // The larger of the two is near 1, where only log1p of the smaller keeps its digits.
        let logX = x > 0.5 ? log1p(-complement) : log(x)
        let logComplement = complement > 0.5 ? log1p(-x) : log(complement)
        let front = exp(a * logX + b * logComplement - logBeta(a, b)) / a
        return front * betaFraction(x, a, b)
    }

    /// The regularised upper incomplete gamma function Q(a, x) for a > 0, x >= 0: the series below a + 1, the continued
    /// fraction above (Numerical Recipes, section 6.2).
    public static func upperGamma(_ a: Double, _ x: Double) -> Double {
        guard a > 0, x >= 0 else { return .nan }
        if x == 0 { return 1 }
        if x.isInfinite { return 0 }
        let front = exp(a * log(x) - x - logGamma(a))
        if x < a + 1 {
            var term = 1 / a
            var sum = term
            var n = a
            while term > 1e-17 * sum {
                n += 1
                term *= x / n
                sum += term
            }
            return 1 - front * sum
        }
        var b = x + 1 - a
        var c = 1e300
        var d = 1 / b
        var result = d
        for step in 1...100_000 {
            let factor = -Double(step) * (Double(step) - a)
            b += 2
            d = 1 / (factor * d + b)
            c = b + factor / c
            result *= d * c
            if abs(d * c - 1) < 1e-16 { break }
        }
        return front * result
    }

    private static func betaFraction(_ x: Double, _ a: Double, _ b: Double) -> Double {
        let tiny = 1e-300
        func guarded(_ value: Double) -> Double { abs(value) < tiny ? tiny : value }
        var c = 1.0
        var d = 1 / guarded(1 - (a + b) * x / (a + 1))
        var result = d
        for step in 1...10_000 {
            let m = Double(step)
            let even = m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m))
            d = 1 / guarded(1 + even * d)
            c = guarded(1 + even / c)
            result *= d * c
            let odd = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1))
            d = 1 / guarded(1 + odd * d)
            c = guarded(1 + odd / c)
            result *= d * c
            if abs(d * c - 1) < 1e-16 { break }
        }
        return result
    }

    /// ln Γ(x) minus the main terms of Stirling's formula, for x >= 12.
    private static func stirlingCorrection(_ x: Double) -> Double {
        let r = 1 / (x * x)
        let series =
            1.0 / 12 - r * (1.0 / 360 - r * (1.0 / 1260 - r * (1.0 / 1680 - r * (1.0 / 1188 - r * (691.0 / 360_360)))))
        return series / x
    }
}
