import AssayCore
import AssayStatistics

/// What a metric is: for tables, for the documentation, and for the rule that decides on it.
public struct MetricDefinition: Sendable {
    /// Which of the margins of ``ComparisonOptions`` is the largest loss that does not matter.
    public enum Margin: Sendable, Hashable {
        /// Points of a score in [0, 1].
        case accuracy
        /// Nats.
        case nll
        /// A share of the baseline's value.
        case relative
        /// A number of the metric's own unit.
        case absolute(Double)
    }

    /// Which cells one value spans.
    enum Scope: Sendable {
        /// Each task by itself.
        case task
        /// The levels of hops: within a task that has several, else across the tasks of a generator.
        case hops
        /// The levels of load across all tasks of a generator.
        case load
        /// The rates of mistakes in forced histories across all tasks of a generator.
        case mistakes
        /// The lengths across all tasks of a series.
        case length
    }

    /// The catalogue's number, such as `Q1`; several metrics may belong to one.
    public let id: String
    /// The name in files, tables and the store; unique.
    public let key: String
    /// For people.
    public let title: String
    /// Which way is better.
    public let direction: MetricDirection
    /// Of the value, such as `nats/token`; empty for a share.
    public let unit: String
    /// The claims that it tests.
    public let claims: [String]
    /// How it is computed.
    public let formula: String
    /// Where it comes from.
    public let source: String
    /// The largest loss that does not matter.
    public let margin: Margin
    /// Belongs to the few that decide, when over all items of a task.
    public let isPrimary: Bool
    /// Takes part in comparisons; descriptive metrics do not.
    public let isCompared: Bool
    /// A difference within the margin is never called a regression: for rounding differences.
    public let isGuardRail: Bool
    /// What needs no understanding: at that floor, a loss could not show. Nil for metrics without a floor.
    let floor: (@Sendable (PreparedCell) -> Double)?
    let scope: Scope
    let includesAll: Bool
    let slicing: [SliceDimension]
    /// Whether a cell has what the metric needs.
    let needs: @Sendable (PreparedCell) -> Bool
    /// The computation; nil when the group does not have enough levels.
    let kernel: @Sendable (CellGroup) -> MetricKernel?
    /// A value without interval, for descriptive metrics.
    let direct: (@Sendable (CellGroup) -> Double?)?

    init(
        _ id: String, _ key: String, _ title: String, _ direction: MetricDirection, unit: String = "",
        claims: [String], formula: String, source: String, margin: Margin, isPrimary: Bool = false,
        isCompared: Bool = true, isGuardRail: Bool = false, floor: (@Sendable (PreparedCell) -> Double)? = nil,
        scope: Scope = .task,
        includesAll: Bool = true, slicing: [SliceDimension] = [], needs: @escaping @Sendable (PreparedCell) -> Bool,
        kernel: @escaping @Sendable (CellGroup) -> MetricKernel? = { _ in nil },
        direct: (@Sendable (CellGroup) -> Double?)? = nil
    ) {
        self.id = id
        self.key = key
        self.title = title
        self.direction = direction
        self.unit = unit
        self.claims = claims
        self.formula = formula
        self.source = source
        self.margin = margin
        self.isPrimary = isPrimary
        self.isCompared = isCompared
        self.isGuardRail = isGuardRail
        self.floor = floor
        self.scope = scope
        self.includesAll = includesAll
        self.slicing = slicing
        self.needs = needs
        self.direct = direct
        self.kernel = kernel
    }

    /// Whether the cell has what the metric needs. Malformed cells have nothing.
    public func applies(to cell: CellData) -> Bool {
        (try? PreparedCell(cell)).map(needs) ?? false
    }
}
