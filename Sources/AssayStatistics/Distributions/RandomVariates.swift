import AssayCore
import Foundation

/// Random variates from counter-based bits, for simulations.
extension CounterRandom {
    /// A standard normal variate (Marsaglia's polar method; the second of the pair is not kept).
    public mutating func normal() -> Double {
        while true {
            let u = 2 * unit() - 1
            let v = 2 * unit() - 1
            let s = u * u + v * v
            if s > 0, s < 1 { return u * (-2 * log(s) / s).squareRoot() }
        }
    }

    /// A chi-square variate divided by its degrees of freedom (Marsaglia and Tsang, ACM TOMS 26, 2000).
    public mutating func scaledChiSquare(degreesOfFreedom: Double) -> Double {
        let shape = degreesOfFreedom / 2
        // A shape below 1 is raised by one and brought back by a power of a uniform variate.
        let raised = shape < 1 ? shape + 1 : shape
        let d = raised - 1.0 / 3
        let c = 1 / (9 * d).squareRoot()
        while true {
            let x = normal()
            let t = 1 + c * x
            guard t > 0 else { continue }
            let v = t * t * t
            let u = 1 - unit()
            guard log(u) < 0.5 * x * x + d - d * v + d * log(v) else { continue }
            return d * v * (shape < 1 ? pow(1 - unit(), 1 / shape) : 1) / shape
        }
    }
}

extension CounterRandom {
    /// A variate of Student's t on 4 degrees of freedom: normal noise with heavy tails, of variance 2.
    public mutating func studentT4() -> Double {
        // Half a chi-square of four degrees of freedom over two is the mean of two exponential variates.
        let scale = -0.5 * (log(1 - unit()) + log(1 - unit()))
        return normal() / scale.squareRoot()
    }
}
