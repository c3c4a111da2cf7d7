import Foundation

/// The normal-mixture boundary: a sum S of independent increments with mean zero, of variance V so far, stays within
/// sqrt((V + rho) ln((V + rho) / (rho alpha^2))) at all times with chance 1 - alpha (Robbins; Howard et al.,
/// arXiv 1810.08240, equation 14). Exact for normal increments, and the limit for others.
public struct NormalMixture: Sendable, Hashable {
    /// The chance of ever leaving the boundary.
    public let alpha: Double
    /// Where the boundary is tightest.
    public let rho: Double

    /// The boundary that is about tightest when the variance of the sum is `variance`.
    public init(tightestAt variance: Double, alpha: Double = 0.05) {
        precondition(variance > 0 && alpha > 0 && alpha < 1, "a boundary needs a variance and a chance of error")
        self.alpha = alpha
        let size = 2 * log(1 / alpha)
        rho = variance / (size + log(1 + size))
    }

    /// The boundary with a given rho: boundaries of one rho at different chances of error lie within each other.
    public init(rho: Double, alpha: Double) {
        precondition(rho > 0 && alpha > 0 && alpha < 1, "a boundary needs a positive rho and a chance of error")
        self.alpha = alpha
        self.rho = rho
    }

    /// The boundary of |S| when its variance is `variance`.
    public func boundary(variance: Double) -> Double {
        ((variance + rho) * log((variance + rho) / (rho * alpha * alpha))).squareRoot()
    }

    /// The smallest chance of error whose boundary a sum reaches: a p value that holds at all times, whose inverse is the
    /// value of the bet sqrt(rho / (V + rho)) exp(S^2 / (2 (V + rho))).
    public func pValue(sum: Double, variance: Double) -> Double {
        let total = variance + rho
        return min(1, (total / rho).squareRoot() * exp(-sum * sum / (2 * total)))
    }

    /// The interval of a mean that holds at all times: of `count` increments, whose variance is estimated from themselves.
    /// Nil for fewer than two.
    public func interval(mean: Double, variance: Double, count: Int) -> (low: Double, high: Double)? {
        guard count >= 2, variance >= 0 else { return nil }
        let half = boundary(variance: variance * Double(count)) / Double(count)
        return (mean - half, mean + half)
    }
}
