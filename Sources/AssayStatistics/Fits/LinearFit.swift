/// A straight line by least squares.
public struct LinearFit: Sendable, Hashable {
    /// The value at zero.
    public let intercept: Double
    /// The change for a unit.
    public let slope: Double
    /// The variance of the residuals, on n - 2 degrees of freedom.
    public let residualVariance: Double
    /// Points.
    public let count: Int
    private let mean: Double
    private let squares: Double

    /// The fit of y on x; nil for fewer than three points or a constant x.
    public init?(_ x: [Double], _ y: [Double]) {
        precondition(x.count == y.count, "unpaired values")
        guard x.count >= 3, x.contains(where: { $0 != x[0] }) else { return nil }
        let n = Double(x.count)
        let mean = x.reduce(0, +) / n
        let level = y.reduce(0, +) / n
        let squares = x.reduce(0) { $0 + ($1 - mean) * ($1 - mean) }
        let slope = zip(x, y).reduce(0) { $0 + ($1.0 - mean) * ($1.1 - level) } / squares
        let residuals = zip(x, y).map { $1 - level - slope * ($0 - mean) }
        self.slope = slope
        intercept = level - slope * mean
        residualVariance = residuals.reduce(0) { $0 + $1 * $1 } / (n - 2)
        count = x.count
        self.mean = mean
        self.squares = squares
    }

    /// The line's value.
    public func value(at x: Double) -> Double { intercept + slope * x }

    /// How much the variance of a prediction exceeds that of the noise, minus one: 1 / n + (x - mean)^2 / squares.
    public func leverage(at x: Double) -> Double { 1 / Double(count) + (x - mean) * (x - mean) / squares }

    /// Whether points of another condition follow the line (P4): Chow's predictive test (Econometrica 28, 1960), with F on M
    /// and n - 2 degrees of freedom, exact for normal noise; and the mean prediction error.
    ///
    /// F is mean(e^2 / s^2) of M prediction errors, turned into independent ones: e'(I + X (A'A)^-1 X')^-1 e / (M s^2), which
    /// for one point is e^2 / (s^2 (1 + leverage)). Nil without points or when the line fits without error.
    public func prediction(
        of y: [Double], at x: [Double]
    ) -> (f: Double, pValue: Double, meanError: Double)? {
        precondition(x.count == y.count, "unpaired values")
        guard !x.isEmpty, residualVariance > 0 else { return nil }
        let m = Double(x.count)
        let errors = zip(x, y).map { $1 - value(at: $0) }
        let distances = x.map { $0 - mean }
        // Woodbury's identity with the two-by-two matrix A'A + X'X about the mean of the fit.
        let sum = distances.reduce(0, +)
        let (level, cross, spread) = (Double(count) + m, sum, squares + distances.reduce(0) { $0 + $1 * $1 })
        let total = errors.reduce(0, +)
        let tilted = zip(distances, errors).reduce(0) { $0 + $1.0 * $1.1 }
        let shared =
            (spread * total * total - 2 * cross * total * tilted + level * tilted * tilted)
            / (level * spread - cross * cross)
        let f = (errors.reduce(0) { $0 + $1 * $1 } - shared) / (m * residualVariance)
        return (f, FisherF.upperTail(f, numerator: m, denominator: Double(count - 2)), total / m)
    }
}
