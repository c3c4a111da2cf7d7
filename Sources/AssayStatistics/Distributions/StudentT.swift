import Foundation

/// Student's t distribution.
public enum StudentT {
    /// P(T > t).
    public static func upperTail(_ t: Double, degreesOfFreedom: Double) -> Double {
        guard degreesOfFreedom > 0, !t.isNaN else { return .nan }
        if t.isInfinite { return t > 0 ? 0 : 1 }
        let square = t * t
        let x = degreesOfFreedom / (degreesOfFreedom + square)
        let complement = square / (degreesOfFreedom + square)
        let tail = 0.5 * SpecialFunctions.incompleteBeta(x, complement: complement, degreesOfFreedom / 2, 0.5)
        return t >= 0 ? tail : 1 - tail
    }

    /// P(T <= t).
    public static func cumulative(_ t: Double, degreesOfFreedom: Double) -> Double {
        upperTail(-t, degreesOfFreedom: degreesOfFreedom)
    }

    /// P(|T| >= |t|).
    public static func twoSided(_ t: Double, degreesOfFreedom: Double) -> Double {
        min(1, 2 * upperTail(abs(t), degreesOfFreedom: degreesOfFreedom))
    }

    /// The t with P(T <= t) = p: Newton's method held inside a shrinking bracket.
    public static func quantile(_ p: Double, degreesOfFreedom: Double) -> Double {
        guard degreesOfFreedom > 0, p > 0, p < 1 else {
            return degreesOfFreedom > 0 && p == 0 ? -.infinity : degreesOfFreedom > 0 && p == 1 ? .infinity : .nan
        }
        if p < 0.5 { return -positiveQuantile(tail: p, degreesOfFreedom: degreesOfFreedom) }
        return p == 0.5 ? 0 : positiveQuantile(tail: 1 - p, degreesOfFreedom: degreesOfFreedom)
    }

    private static func positiveQuantile(tail: Double, degreesOfFreedom df: Double) -> Double {
        var low = 0.0
        var high = 2.0
        while upperTail(high, degreesOfFreedom: df) > tail {
            low = high
            high *= 2
            if high > 1e300 { return .infinity }
        }
        let logScale = -SpecialFunctions.logBeta(df / 2, 0.5) - 0.5 * log(df)
        var t = 0.5 * (low + high)
        for _ in 0..<200 {
            let excess = upperTail(t, degreesOfFreedom: df) - tail
            if excess > 0 { low = t } else { high = t }
            let density = exp(logScale - 0.5 * (df + 1) * log1p(t * t / df))
            var next = t + excess / density
            if !(next > low && next < high) { next = 0.5 * (low + high) }
            if abs(next - t) <= 1e-15 * next { return next }
            t = next
        }
        return t
    }
}
