import Foundation

/// Standard normal values of a series whose level and noise are not known beforehand: each value is held against those
/// before it, so that there is no run-in to be set aside (Hawkins, The Statistician 36, 1987; Quesenberry, J. Quality
/// Technology 23, 1991).
///
/// The recursive residuals of a least-squares fit (Brown, Durbin and Evans, JRSS B 37, 1975), each divided by the standard
/// deviation of those before it, are independent Student t values under normal noise; Wallace's transformation makes them
/// nearly normal (Annals of Mathematical Statistics 30, 1959).
public enum SelfStarting {
    /// What a healthy series does.
    public enum Trend: String, Sendable, Codable, CaseIterable {
        /// It stays at a level.
        case level
        /// It changes at a constant rate.
        case linear

        /// Parameters of the fit.
        var parameters: Int { self == .level ? 1 : 2 }
    }

    /// The largest size of a value: beyond it nothing is told apart.
    static let largest = 8.0

    /// The values of all points but the first few, which only start the fit; see ``firstPoint(_:autocorrelation:)``.
    /// - Parameter autocorrelation: the known autocorrelation of the noise at lag one, which is removed first.
    public static func standardised(_ values: [Double], trend: Trend, autocorrelation: Double = 0) -> [Double] {
        let values =
            autocorrelation == 0 ? values : zip(values.dropFirst(), values).map { $0 - autocorrelation * $1 }
        let scale = values.reduce(0) { max($0, abs($1)) }
        var fit = RunningFit(trend)
        var squares = 0.0
        var degrees = 0.0
        var z: [Double] = []
        for (time, value) in values.enumerated() {
            if let residual = fit.residual(Double(time), value) {
                if degrees > 0 { z.append(normal(residual, (squares / degrees).squareRoot(), degrees, scale: scale)) }
                squares += residual * residual
                degrees += 1
            }
            fit.take(Double(time), value)
        }
        return z
    }

    /// The point of the series to which the first value belongs.
    public static func firstPoint(_ trend: Trend, autocorrelation: Double = 0) -> Int {
        trend.parameters + 1 + (autocorrelation == 0 ? 0 : 1)
    }

    /// A residual as a normal value, given the standard deviation of those before it.
    private static func normal(_ residual: Double, _ deviation: Double, _ degrees: Double, scale: Double) -> Double {
        // Differences by rounding alone are none.
        if abs(residual) <= 1e-12 * scale { return 0 }
        if deviation <= 1e-12 * scale { return residual > 0 ? largest : -largest }
        let t = residual / deviation
        let size = (8 * degrees + 1) / (8 * degrees + 3) * (degrees * log1p(t * t / degrees)).squareRoot()
        return min(largest, size) * (t < 0 ? -1 : 1)
    }
}

/// A least-squares fit that takes one point at a time.
private struct RunningFit {
    private let trend: SelfStarting.Trend
    private var count = 0.0
    private var meanTime = 0.0
    private var meanValue = 0.0
    private var timeSquares = 0.0
    private var products = 0.0

    init(_ trend: SelfStarting.Trend) { self.trend = trend }

    /// The prediction error of a point that is not taken yet, in units of the noise; nil when there are too few points.
    func residual(_ time: Double, _ value: Double) -> Double? {
        guard count >= Double(trend.parameters) else { return nil }
        if trend == .level { return (value - meanValue) / (1 + 1 / count).squareRoot() }
        let distance = time - meanTime
        let predicted = meanValue + products / timeSquares * distance
        return (value - predicted) / (1 + 1 / count + distance * distance / timeSquares).squareRoot()
    }

    mutating func take(_ time: Double, _ value: Double) {
        count += 1
        let distance = time - meanTime
        meanTime += distance / count
        meanValue += (value - meanValue) / count
        timeSquares += distance * (time - meanTime)
        products += distance * (value - meanValue)
    }
}
