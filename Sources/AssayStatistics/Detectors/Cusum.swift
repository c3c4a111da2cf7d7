/// The two-sided cumulative-sum detector (Page, Biometrika 41, 1954).
public enum Cusum {
    /// What the detector saw along a series.
    public struct Trace: Sendable, Hashable {
        /// max(0, previous + z - k) at each point.
        public var rise: [Double]
        /// max(0, previous - z - k) at each point.
        public var fall: [Double]
        /// The first point where a sum passed the threshold.
        public var alarm: Int?
        /// The first point of the run-up to the alarm: the one after the last zero of the sum that passed.
        public var onset: Int?
        /// The alarm came from the rising side.
        public var isRise: Bool

        /// The largest value of either sum.
        public var largest: Double { max(rise.max() ?? 0, fall.max() ?? 0) }
    }

    /// The allowance k that suits shifts of about one standard deviation.
    public static let allowance = 0.5

    /// Standard deviations beyond which a value counts no more, nor moves the level.
    private static let limit = 3.0

    /// How much a standardised value counts: up to three standard deviations itself, between three and five no more than three,
    /// and beyond five again what lies beyond.
    ///
    /// The sums of raw values raise one and a half times the false alarms they should when noise has heavy tails (Student's t
    /// on 4 degrees of freedom), because one outlier passes the threshold alone; those of winsorised values hold them, and find
    /// shifts that stay as soon (Lucas and Crosier, Communications in Statistics 11, 1982). But a jump that no noise makes has
    /// to be told at the newest checkpoint, hence the third piece.
    public static func influence(_ z: Double) -> Double {
        let size = abs(z)
        return (z < 0 ? -1 : 1) * (min(size, limit) + max(0, size - 5))
    }

    /// Runs over standardised values.
    public static func run(_ z: [Double], allowance: Double = Cusum.allowance, threshold: Double) -> Trace {
        var trace = Trace(rise: [], fall: [], alarm: nil, onset: nil, isRise: false)
        var rise = 0.0
        var fall = 0.0
        for (index, value) in z.enumerated() {
            rise = max(0, rise + value - allowance)
            fall = max(0, fall - value - allowance)
            trace.rise.append(rise)
            trace.fall.append(fall)
            guard trace.alarm == nil, max(rise, fall) > threshold else { continue }
            trace.alarm = index
            trace.isRise = rise > fall
            let sums = trace.isRise ? trace.rise : trace.fall
            trace.onset = (sums.lastIndex { $0 == 0 } ?? -1) + 1
        }
        return trace
    }

    /// Removes a known autocorrelation of lag one and restores unit variance.
    public static func whitened(_ z: [Double], autocorrelation: Double) -> [Double] {
        guard autocorrelation != 0 else { return z }
        let scale = 1 / (1 - autocorrelation * autocorrelation).squareRoot()
        return z.indices.map { $0 == 0 ? z[0] : (z[$0] - autocorrelation * z[$0 - 1]) * scale }
    }

    /// ``recursiveResiduals(_:standardErrors:)`` of values whose noise has a known autocorrelation at lag one, which is removed
    /// first: of the innovations d_t - a d_(t-1), whose level is constant where that of the values is. One value fewer than
    /// there are points, because the first innovation is the first value itself.
    public static func standardised(
        _ values: [Double], standardErrors: [Double], autocorrelation: Double
    ) -> [Double] {
        guard autocorrelation != 0 else { return recursiveResiduals(values, standardErrors: standardErrors) }
        // The first value is as far from its level as any, but that level is 1 / (1 - a) times the innovations'.
        let scale = (1 - autocorrelation * autocorrelation).squareRoot()
        var innovations = [values[0] * (1 - autocorrelation)]
        var errors = [standardErrors[0] * (1 - autocorrelation)]
        for index in values.indices.dropFirst() {
            innovations.append(values[index] - autocorrelation * values[index - 1])
            errors.append(standardErrors[index] * scale)
        }
        return recursiveResiduals(innovations, standardErrors: errors)
    }

    /// Standardises each value against the mean of those before it (Brown, Durbin and Evans's recursive residuals, with
    /// weights 1 / SE^2): standard normal under a constant level, whatever that level is.
    ///
    /// Values enter that mean from within three standard deviations of it, so that one outlier does not move the level that
    /// all later values are held against.
    ///
    /// The errors come from within the points, not from the spread of the series, so that a handful of points is
    /// enough. One value fewer than there are points.
    public static func recursiveResiduals(_ values: [Double], standardErrors: [Double]) -> [Double] {
        var residuals: [Double] = []
        var weights = 0.0
        var weighted = 0.0
        for (value, error) in zip(values, standardErrors) {
            let variance = error * error
            var inner = value
            if weights > 0 {
                let level = weighted / weights
                let deviation = (variance + 1 / weights).squareRoot()
                residuals.append((value - level) / deviation)
                inner = min(max(value, level - limit * deviation), level + limit * deviation)
            }
            weights += 1 / variance
            weighted += inner / variance
        }
        return residuals
    }

    /// Where a series changed: the point from `first` through `last` at which the weighted means before it and from it
    /// through `last` differ most, in standard errors.
    ///
    /// The last zero of a sum tends to lie a point or two early, because a sum leaves zero by chance before the change.
    public static func split(_ values: [Double], standardErrors: [Double], from first: Int, through last: Int) -> Int {
        func mean(_ range: Range<Int>) -> (value: Double, variance: Double) {
            let weights = range.map { 1 / (standardErrors[$0] * standardErrors[$0]) }
            let total = weights.reduce(0, +)
            return (zip(range, weights).reduce(0) { $0 + values[$1.0] * $1.1 } / total, 1 / total)
        }
        var best = (point: first, distance: -1.0)
        for point in max(1, first)...max(1, first, last) {
            let before = mean(0..<point)
            let after = mean(point..<(last + 1))
            let distance = abs(after.value - before.value) / (before.variance + after.variance).squareRoot()
            if distance > best.distance { best = (point, distance) }
        }
        return best.point
    }
}
