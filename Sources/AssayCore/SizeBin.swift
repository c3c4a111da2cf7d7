import Foundation

/// Bins of positive numbers by their size, four to an octave: counts in them add up over sequences, and percentiles of
/// all can be read from the sums, to within a bin of 19 %, in memory that does not grow with the numbers seen.
public enum SizeBin {
    /// Bins of an octave.
    private static let perOctave = 4.0
    private static let prefix = "size:"

    /// The bin of a number: `4 log2 x`, rounded down.
    public static func index(of value: Double) -> Int { Int((perOctave * log2(value)).rounded(.down)) }

    /// The smallest number of a bin.
    public static func lowerBound(_ index: Int) -> Double { exp2(Double(index) / perOctave) }

    /// The key of a bin among the details of a response.
    public static func key(_ index: Int) -> String { prefix + "\(index)" }

    /// The bin of a key; nil for other keys.
    public static func index(ofKey key: String) -> Int? {
        key.hasPrefix(prefix) ? Int(key.dropFirst(prefix.count)) : nil
    }

    /// The number below which a share of all lies, from the counts of bins, interpolated in its logarithm within a bin.
    /// - Parameters:
    ///   - counts: by bin.
    ///   - zeros: numbers that are zero.
    /// - Returns: nil without numbers.
    public static func quantile(_ share: Double, of counts: [Int: Double], zeros: Double) -> Double? {
        let total = counts.values.reduce(zeros, +)
        guard total > 0 else { return nil }
        var below = zeros
        let wanted = share * total
        guard wanted > below else { return 0 }
        for (bin, count) in counts.sorted(by: { $0.key < $1.key }) where count > 0 {
            if below + count >= wanted {
                return exp2((Double(bin) + (wanted - below) / count) / perOctave)
            }
            below += count
        }
        return counts.keys.max().map { lowerBound($0 + 1) }
    }
}
