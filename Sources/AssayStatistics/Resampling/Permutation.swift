import AssayCore

/// Permutation tests with random orders: counter-based, so that every caller on every machine sees the same ones.
public enum Permutation {
    /// A statistic of labels in their own order, and the share of random orders in which it is at least as large,
    /// (1 + #) / (draws + 1).
    /// - Parameters:
    ///   - name: what the random orders belong to; other names give independent ones.
    ///   - statistic: large when the order means something.
    public static func test<Label>(
        _ labels: [Label], draws: Int, name: String, _ statistic: ([Label]) -> Double
    ) -> (statistic: Double, pValue: Double) {
        let observed = statistic(labels)
        let key = ContentHash(of: "assay/permutation/\(name)").leadingBits
        var shuffled = labels
        let extreme = (0..<draws).count { draw in
            var random = CounterRandom(key: key, index: UInt64(draw))
            random.shuffle(&shuffled)
            // A sum in another order differs in its last digits.
            return statistic(shuffled) >= observed - 1e-12 * abs(observed)
        }
        return (observed, Double(extreme + 1) / Double(draws + 1))
    }
}
