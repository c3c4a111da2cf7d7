/// Where a finished series changed its level, if it did.
public enum ChangePoint {
    /// As ``scan(_:draws:)``, of values that may have a trend or a known autocorrelation: these are removed first, by
    /// recursive residuals (``SelfStarting``), which costs power and the first few points.
    public static func scan(
        _ values: [Double], trend: SelfStarting.Trend, autocorrelation: Double = 0, draws: Int = 2_000
    ) -> (point: Int, statistic: Double, pValue: Double)? {
        guard trend != .level || autocorrelation != 0 else { return scan(values, draws: draws) }
        if trend == .level {
            // Innovations keep the step: their level changes by (1 - autocorrelation) times it.
            let innovations = zip(values.dropFirst(), values).map { $0 - autocorrelation * $1 }
            return scan(innovations, draws: draws).map { ($0.point + 1, $0.statistic, $0.pValue) }
        }
        let z = SelfStarting.standardised(values, trend: trend, autocorrelation: autocorrelation)
        let first = SelfStarting.firstPoint(trend, autocorrelation: autocorrelation)
        return scan(z, draws: draws).map { ($0.point + first, $0.statistic, $0.pValue) }
    }

    /// The most likely first point after the change, the largest two-sample t statistic over all splits with at least two
    /// points on both sides, and the share of orders of the values in which it is as large.
    ///
    /// The p value needs values that could stand in any order: remove trends and autocorrelation first.
    /// - Returns: nil for fewer than four values, and when all are equal.
    public static func scan(
        _ values: [Double], draws: Int = 2_000
    ) -> (point: Int, statistic: Double, pValue: Double)? {
        guard values.count >= 4, values.contains(where: { $0 != values[0] }) else { return nil }
        let mean = values.reduce(0, +) / Double(values.count)
        let centred = values.map { $0 - mean }
        let squares = centred.reduce(0) { $0 + $1 * $1 }
        let observed = best(centred, squares)
        let test = Permutation.test(centred, draws: draws, name: "change-point") { best($0, squares).share }
        // With b the share of the squares between the two parts, t^2 = (n - 2) b / (1 - b).
        let rest = max(1 - observed.share, 1e-15)
        return (
            observed.point, (Double(values.count - 2) * observed.share / rest).squareRoot(), test.pValue
        )
    }

    /// The split with the largest share of the sum of squares between its parts, of values with mean zero.
    private static func best(_ values: [Double], _ squares: Double) -> (point: Int, share: Double) {
        let n = Double(values.count)
        var sum = 0.0
        var best = (point: 2, share: -1.0)
        for point in 1...(values.count - 2) {
            sum += values[point - 1]
            guard point >= 2 else { continue }
            let share = sum * sum * n / (Double(point) * (n - Double(point)) * squares)
            if share > best.share { best = (point, share) }
        }
        return best
    }
}
