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

    /// Holm's adjusted p values, in the given order: reject those <= alpha to hold the chance of any false rejection at
    /// alpha, whatever the dependence (Scandinavian Journal of Statistics 6, 1979).
    public static func holm(_ pValues: [Double]) -> [Double] {
        let order = pValues.indices.sorted { pValues[$0] < pValues[$1] }
        var adjusted = pValues
        var highest = 0.0
        for (place, index) in order.enumerated() {
            highest = min(1, max(highest, pValues[index] * Double(pValues.count - place)))
            adjusted[index] = highest
        }
        return adjusted
    }

    /// The e-BH procedure: which hypotheses to reject, given their e-values, to hold the false discovery rate at q under any
    /// dependence and at any time of stopping: the k with the largest e-values, for the largest k with
    /// e_(k) >= M / (q k) (Wang and Ramdas, arXiv 2009.02824).
    public static func eBenjaminiHochberg(_ eValues: [Double], rate q: Double) -> [Bool] {
        let sorted = eValues.sorted(by: >)
        let rejected = sorted.indices.last { sorted[$0] * q * Double($0 + 1) >= Double(eValues.count) }
        guard let rejected else { return eValues.map { _ in false } }
        return eValues.map { $0 >= sorted[rejected] }
    }
}
