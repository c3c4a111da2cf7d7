/// The interval of a ratio of two means by Fieller's theorem (JRSS B 16, 1954).
public enum Fieller {
    /// All ratios that the data do not reject.
    public enum Interval: Sendable, Hashable {
        /// From the first to the second.
        case bounded(low: Double, high: Double)
        /// All but those between the two: the denominator may be zero.
        case outside(low: Double, high: Double)
        /// Every ratio: nothing is known.
        case everything
    }

    /// A mean with its standard error.
    public typealias Estimate = (value: Double, standardError: Double)

    /// The ratios r with (a - r b)^2 <= t^2 (var a - 2 r cov + r^2 var b).
    /// - Parameters:
    ///   - numerator: a.
    ///   - denominator: b.
    ///   - covariance: of both.
    ///   - critical: t, the critical value of the level.
    public static func interval(
        _ numerator: Estimate, over denominator: Estimate, covariance: Double = 0, critical: Double
    ) -> Interval {
        let square = critical * critical
        let (a, b) = (numerator.value, denominator.value)
        // r^2 A - 2 r B + C <= 0.
        let quadratic = b * b - square * denominator.standardError * denominator.standardError
        let half = a * b - square * covariance
        let constant = a * a - square * numerator.standardError * numerator.standardError
        let discriminant = half * half - quadratic * constant
        if quadratic > 0 {
            let root = max(0, discriminant).squareRoot()
            return .bounded(low: (half - root) / quadratic, high: (half + root) / quadratic)
        }
        guard quadratic < 0, discriminant > 0 else { return .everything }
        let root = discriminant.squareRoot()
        return .outside(low: (half + root) / quadratic, high: (half - root) / quadratic)
    }
}
