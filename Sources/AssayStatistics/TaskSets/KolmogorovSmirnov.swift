import Foundation

/// The two-sample Kolmogorov-Smirnov test.
public enum KolmogorovSmirnov {
    /// The largest product of sizes whose p value is exact.
    static let exactProduct = 10_000_000

    /// The largest difference D of the two empirical distribution functions and its two-sided p value: exact up to ten
    /// million pairs of values, by the share of lattice paths that stay nearer (Hodges, Arkiv för Matematik 3, 1958), else
    /// Kolmogorov's limit. With ties p is too large, never too small. Nil when a sample is empty.
    public static func test(_ first: [Double], _ second: [Double]) -> (statistic: Double, pValue: Double)? {
        guard !first.isEmpty, !second.isEmpty else { return nil }
        let (n, m) = (first.count, second.count)
        // D n m as a whole number, so that paths at D itself are told from those below.
        let distance = largestDistance(first.sorted(), second.sorted())
        let statistic = Double(distance) / (Double(n) * Double(m))
        let p =
            n <= exactProduct / m
            ? exactP(distance, min(n, m), max(n, m))
            : limitP(statistic * (Double(n) * Double(m) / Double(n + m)).squareRoot())
        return (statistic, p)
    }

    private static func largestDistance(_ a: [Double], _ b: [Double]) -> Int {
        var (i, j, largest) = (0, 0, 0)
        while i < a.count, j < b.count {
            let value = min(a[i], b[j])
            while i < a.count, a[i] == value { i += 1 }
            while j < b.count, b[j] == value { j += 1 }
            largest = max(largest, abs(i * b.count - j * a.count))
        }
        return largest
    }

    /// One minus the share of the paths from (0, 0) to (m, n) on which |i n - j m| stays below the distance.
    private static func exactP(_ distance: Int, _ m: Int, _ n: Int) -> Double {
        if distance == 0 { return 1 }
        var shares = (0...n).map { $0 * m < distance ? 1.0 : 0 }
        for i in 1...m {
            // Scaled row by row, so that the last entry is a share and not a count.
            let scale = Double(i) / Double(i + n)
            shares[0] = i * n < distance ? shares[0] * scale : 0
            for j in 1...n {
                shares[j] = abs(i * n - j * m) < distance ? shares[j] * scale + shares[j - 1] : 0
            }
        }
        return min(1, max(0, 1 - shares[n]))
    }

    /// P(K > x) of Kolmogorov's distribution.
    static func limitP(_ x: Double) -> Double {
        if x < 0.2 { return 1 }
        var sum = 0.0
        if x < 1 {
            // The form that converges for small x.
            for k in stride(from: 1.0, through: 39, by: 2) {
                sum += exp(-k * k * Double.pi * Double.pi / (8 * x * x))
            }
            return 1 - (2 * Double.pi).squareRoot() / x * sum
        }
        var sign = 2.0
        for k in stride(from: 1.0, through: 20, by: 1) {
            sum += sign * exp(-2 * k * k * x * x)
            sign = -sign
        }
        return sum
    }
}
