/// Adjustments of p values for how many tests were made.
public enum MultipleTests {
    /// Benjamini-Hochberg adjusted p values, in the given order: reject those <= q to hold the false discovery rate at q.
    public static func benjaminiHochberg(_ pValues: [Double]) -> [Double] {
        let order = pValues.indices.sorted { pValues[$0] > pValues[$1] }
        var adjusted = pValues
        var lowest = 1.0
        for (place, index) in order.enumerated() {
            let rank = Double(pValues.count - place)
            lowest = min(lowest, pValues[index] * Double(pValues.count) / rank)
            adjusted[index] = lowest
        }
        return adjusted
    }
}
