/// What a detector's largest number is over healthy series, by simulation: one sample for each kind of noise that must not
/// raise more alarms than allowed. The least favourable kind counts.
public struct NullDistribution: Sendable {
    /// Largest numbers of healthy series, ascending, for each kind of noise.
    private let kinds: [[Double]]

    /// A distribution from the largest number of each simulated series, for each kind of noise.
    init(kinds: [[Double]]) { self.kinds = kinds.map { $0.sorted() } }

    /// The smallest threshold that at most this share of healthy series passes, whatever their noise.
    public func threshold(falseAlarms: Double) -> Double {
        let thresholds = kinds.map { largest -> Double in
            let passing = Int(falseAlarms * Double(largest.count + 1)) - 1
            guard passing >= 0 else { return .infinity }
            return largest[max(0, largest.count - 1 - passing)]
        }
        return thresholds.max() ?? .infinity
    }

    /// The share of healthy series that reach as high, (1 + #) / (draws + 1), for the noise for which it is largest.
    public func pValue(_ observed: Double) -> Double {
        let shares = kinds.map { largest -> Double in
            var low = 0
            var high = largest.count
            while low < high {
                let middle = (low + high) / 2
                if largest[middle] < observed { low = middle + 1 } else { high = middle }
            }
            return Double(1 + largest.count - low) / Double(largest.count + 1)
        }
        return shares.max() ?? 1
    }
}
