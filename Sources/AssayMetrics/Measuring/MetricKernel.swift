import AssayStatistics

/// What an item gives to a metric.
enum Contribution: Sendable {
    /// The metric does not ask for it.
    case none
    /// It was asked for, but has no grade; the slot tells where it would have counted.
    case lost(slot: Int)
    /// Adds to the numerator and the denominator of a slot. A denominator of 0 means that the item does not meet the
    /// metric's condition.
    case counts(slot: Int, numerator: Double, denominator: Double)

    static func counts(_ value: Double) -> Contribution { .counts(slot: 0, numerator: value, denominator: 1) }
}

/// What an item at a place of a cell gives to a metric.
typealias ItemRule = @Sendable (PreparedCell, Int) -> Contribution

/// The metric is cut off at the end of what was measured.
enum Censoring: Sendable {
    case below
    case above
}

/// A metric over a group of cells: numerators and denominators in slots (such as one for each number of hops), and the
/// function of their totals `[numerator 0, denominator 0, numerator 1, ...]`.
struct MetricKernel: Sendable {
    /// A metric that is a share p of its denominator, shown as (p - floor) / (1 - floor) * scale.
    struct Proportion: Sendable {
        var floor = 0.0
        var scale = 1.0

        func shown(_ share: Double) -> Double { (share - floor) / (1 - floor) * scale }
    }

    var slots = 1
    /// Smallest and largest numerator for a denominator of 1; nil when it has no bounds.
    var itemRange: ClosedRange<Double>? = 0...1
    /// Set when the metric is a proportion, which has better intervals than t.
    var proportion: Proportion?
    /// The smallest and largest value that the metric can have.
    var valueRange: ClosedRange<Double> = -Double.infinity...Double.infinity
    /// Bytes of state that the function of the totals depends on: sides with other bytes cannot be swapped.
    var stateBytes: [Double] = []
    var contribution: ItemRule
    var evaluate: Functional
    var censoring: @Sendable ([Double]) -> Censoring? = { _ in nil }

    /// The mean of values over items.
    static func mean(
        range: ClosedRange<Double>? = 0...1, proportion: Proportion? = nil,
        valueRange: ClosedRange<Double> = 0...Double.infinity,
        _ contribution: @escaping ItemRule
    ) -> MetricKernel {
        let shown = proportion ?? Proportion()
        return MetricKernel(
            itemRange: range, proportion: proportion, valueRange: valueRange, contribution: contribution
        ) { totals in
            totals[1] > 0 ? shown.shown(totals[0] / totals[1]) : .nan
        }
    }
}
