import Foundation

/// A two-sided detector over standardised values: a number at each point, which raises an alarm above a threshold.
public enum ControlChart: String, Sendable, Codable, CaseIterable {
    /// The value itself: finds jumps (Shewhart, 1931).
    case shewhart
    /// The exponentially weighted mean with weight 0.2, in its own standard deviations (Roberts, Technometrics 1, 1959).
    case ewma
    /// The larger cumulative sum beyond half a standard deviation: finds shifts that stay (Page, Biometrika 41, 1954).
    case cusum
    /// ln of the Shiryaev-Roberts sum of likelihood ratios, mixed over shifts of 0.5, 1 and 2 both ways: an e-detector, whose
    /// mean time to a false alarm is at least e^threshold when the values are standard normal (Shin, Ramdas and Rinaldo,
    /// arXiv 2203.03532).
    case shiryaevRoberts = "shiryaev-roberts"

    private static let weight = 0.2
    private static let shifts = [-2, -1, -0.5, 0.5, 1, 2]

    /// The number at each point.
    public func path(_ z: [Double]) -> [Double] {
        switch self {
        case .shewhart: return z.map(abs)
        case .ewma: return ControlChart.weightedMeans(z)
        case .cusum:
            let trace = Cusum.run(z, threshold: .infinity)
            return zip(trace.rise, trace.fall).map(max)
        case .shiryaevRoberts: return ControlChart.mixedSums(z)
        }
    }

    private static func weightedMeans(_ z: [Double]) -> [Double] {
        var mean = 0.0
        var decay = 1.0
        return z.map { value in
            mean += weight * (value - mean)
            decay *= (1 - weight) * (1 - weight)
            return abs(mean) / (weight / (2 - weight) * (1 - decay)).squareRoot()
        }
    }

    private static func mixedSums(_ z: [Double]) -> [Double] {
        // In logarithms: the sums grow without bound after a change.
        var logs = [Double](repeating: -.infinity, count: shifts.count)
        return z.map { value in
            for (index, shift) in shifts.enumerated() {
                let before = logs[index] > 0 ? logs[index] + log1p(exp(-logs[index])) : log1p(exp(logs[index]))
                logs[index] = before + shift * value - 0.5 * shift * shift
            }
            let top = logs.max() ?? 0
            return top + log(logs.reduce(0) { $0 + exp($1 - top) } / Double(shifts.count))
        }
    }
}
