import AssayCore
import AssayStatistics

/// How a score of one cell differs from that of another on the same task: of other weights, graders, kernels, conditions or
/// items.
public struct CellShift: Sendable, Codable, Hashable {
    /// What is compared.
    public enum Quantity: String, Sendable, Codable, CaseIterable {
        /// The mean grade of the main items.
        case score
        /// The mean gold-answer NLL of the main items.
        case nll
    }

    /// What is compared.
    public var quantity: Quantity
    /// Its mean in the first cell.
    public var before: Double
    /// Its mean in the second.
    public var after: Double
    /// after - before.
    public var estimate: Double { after - before }
    /// Its standard error over clusters.
    public var standardError: Double?
    /// Lower end of the interval.
    public var low: Double?
    /// Upper end.
    public var high: Double?
    /// Two-sided.
    public var pValue: Double?
    /// Both cells hold the same items, compared pair by pair; else the means of two samples are.
    public var isPaired: Bool
    /// Items with a value in both cells, or in the smaller one.
    public var items: Int
    /// Clusters that they come from.
    public var clusters: Int
    /// Items whose values differ; nil where there are no pairs.
    public var changed: Int?
    /// Items without a value on one side or both.
    public var lost: Int

    /// The differences of two cells, one for each quantity that both have.
    /// - Parameter level: of the intervals.
    /// - Throws: ``AssayError`` when a cell holds an item twice.
    public static func between(_ first: CellData, _ second: CellData, level: Double = 0.95) throws -> [CellShift] {
        let (a, b) = (try PreparedCell(first), try PreparedCell(second))
        let isPaired = a.holdsItems(of: b)
        return Quantity.allCases.compactMap { quantity in
            isPaired ? paired(quantity, a, b, level) : unpaired(quantity, a, b, level)
        }
    }

    private static func paired(_ quantity: Quantity, _ a: PreparedCell, _ b: PreparedCell, _ level: Double)
        -> CellShift?
    {
        var sums = (baseline: [Double](), candidate: [Double]())
        var (cluster, changed, lost, count): (Int?, Int, Int, Int) = (nil, 0, 0, 0)
        for place in a.items.indices where a.isMain(place) {
            guard let x = quantity.value(a, place), let y = quantity.value(b, place) else {
                lost += 1
                continue
            }
            if a.items[place].item.id.cluster != cluster {
                cluster = a.items[place].item.id.cluster
                sums.baseline += [0, 0]
                sums.candidate += [0, 0]
            }
            sums.baseline.add(x)
            sums.candidate.add(y)
            changed += x == y ? 0 : 1
            count += 1
        }
        guard count > 0 else { return nil }
        let comparison = PairedComparison.clusters(
            baseline: ClusterSums(width: 2, values: sums.baseline),
            candidate: ClusterSums(width: 2, values: sums.candidate), { $0[0] / $0[1] })
        let interval = comparison.interval(level: level)
        return CellShift(
            quantity: quantity, before: comparison.baseline, after: comparison.candidate,
            standardError: comparison.standardError?.value, low: interval?.low, high: interval?.high,
            pValue: comparison.pValue, isPaired: true, items: count, clusters: comparison.units, changed: changed,
            lost: lost)
    }

    /// Two samples of clusters: Welch's t on the jackknife's standard errors.
    private static func unpaired(
        _ quantity: Quantity, _ a: PreparedCell, _ b: PreparedCell, _ level: Double
    ) -> CellShift? {
        let sides = [a, b].map { quantity.sums($0) }
        guard sides.allSatisfy({ $0.sums.count > 0 }) else { return nil }
        let means = sides.map { $0.sums.totals[0] / $0.sums.totals[1] }
        var shift = CellShift(
            quantity: quantity, before: means[0], after: means[1], isPaired: false,
            items: sides.map(\.items).min() ?? 0, clusters: sides.map(\.sums.count).min() ?? 0,
            lost: sides.reduce(0) { $0 + $1.lost })
        let errors = sides.compactMap { Jackknife.standardError($0.sums) { $0[0] / $0[1] } }
        guard errors.count == 2, let pooled = StandardError.difference(errors[0], errors[1]) else { return shift }
        shift.standardError = pooled.value
        let degrees = Double(pooled.degreesOfFreedom)
        let half = pooled.value * StudentT.quantile(0.5 + level / 2, degreesOfFreedom: degrees)
        (shift.low, shift.high) = (shift.estimate - half, shift.estimate + half)
        shift.pValue =
            pooled.value > 0
            ? StudentT.twoSided(shift.estimate / pooled.value, degreesOfFreedom: degrees)
            : nil
        return shift
    }
}

extension CellShift.Quantity {
    fileprivate func value(_ cell: PreparedCell, _ place: Int) -> Double? {
        switch self {
        case .score: cell.score(place)
        case .nll: cell.nll(place)
        }
    }

    /// Sums and counts of the main items by cluster.
    fileprivate func sums(_ cell: PreparedCell) -> (sums: ClusterSums, items: Int, lost: Int) {
        var values: [Double] = []
        var (cluster, items, lost): (Int?, Int, Int) = (nil, 0, 0)
        for place in cell.items.indices where cell.isMain(place) {
            guard let value = value(cell, place) else {
                lost += 1
                continue
            }
            if cell.items[place].item.id.cluster != cluster {
                cluster = cell.items[place].item.id.cluster
                values += [0, 0]
            }
            values.add(value)
            items += 1
        }
        return (ClusterSums(width: 2, values: values), items, lost)
    }
}

extension [Double] {
    /// Adds a value to the sum and the count at the end.
    fileprivate mutating func add(_ value: Double) {
        self[count - 2] += value
        self[count - 1] += 1
    }
}

extension PreparedCell {
    /// Whether another cell holds the same items.
    func holdsItems(of other: PreparedCell) -> Bool {
        items.count == other.items.count
            && zip(items, other.items).allSatisfy {
                $0.item.id == $1.item.id && $0.item.contentBits == $1.item.contentBits
            }
    }
}
