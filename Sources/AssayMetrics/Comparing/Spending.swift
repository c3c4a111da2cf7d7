import AssayStatistics

/// How items are drawn: in portions, until every declared comparison is decided.
public struct SpendingOptions: Sendable, Codable, Hashable {
    /// How the chance of error is spent over the looks.
    public var method: SpendingMethod
    /// How often the data are looked at, at most: the portions that a task's clusters are drawn in.
    public var looks: Int
    /// The primary metrics whose comparisons must be decided; empty for all of them.
    public var metrics: [String]

    /// Options.
    public init(method: SpendingMethod, looks: Int, metrics: [String] = []) {
        self.method = method
        self.looks = looks
        self.metrics = metrics
    }
}

/// How far the items of a cell were drawn.
public struct CellSpending: Sendable, Codable, Hashable {
    /// Clusters that are there at each look, the last number being all that may be drawn; neighbours may be equal.
    public var clusters: [Int]
    /// The look at which the drawing stands, from 0.
    public var look: Int

    /// A place in the looks of a cell.
    public init(clusters: [Int], look: Int) {
        precondition(clusters.indices.contains(look), "a look beyond the last")
        self.clusters = clusters
        self.look = look
    }
}

extension CellGroup {
    /// The look that a metric over these cells is taken at; nil when their clusters were not drawn in portions.
    ///
    /// Cells that a metric spans stop together. Their share of the information is their share of the clusters.
    func look(_ options: ComparisonOptions) -> SequentialLook? {
        let spent = cells.compactMap(\.data.spending)
        guard let method = options.spending?.method, spent.count == cells.count, let first = spent.first,
            spent.allSatisfy({ $0.look == first.look && $0.clusters.count == first.clusters.count })
        else { return nil }
        let sums = first.clusters.indices.map { look in spent.reduce(0) { $0 + $1.clusters[look] } }
        guard let total = sums.last, total > 0 else { return nil }
        // Small tasks may get no more clusters at a look: that is no look of its own.
        var ends: [Int] = []
        var place = 0
        for (look, sum) in sums.enumerated() {
            if sum > ends.last ?? 0 { ends.append(sum) }
            if look == first.look { place = max(0, ends.count - 1) }
        }
        return SequentialLook(
            method: method, fractions: ends.map { Double($0) / Double(total) }, look: place)
    }
}

/// The declared comparisons of some tasks at a look at them.
public struct SpendingReview: Sendable {
    private let pending: [PendingResult]

    /// Compares what is there of both sides of each pair.
    /// - Parameters:
    ///   - pairs: cells with their ``CellData/spending``, as for ``compare(_:options:)``.
    ///   - options: with ``ComparisonOptions/spending``.
    /// - Throws: ``AssayError`` as ``compare(_:options:)``.
    public init(
        _ pairs: [(baseline: [[CellData]], candidate: [[CellData]])], options: ComparisonOptions
    ) throws {
        let declared = MetricCatalogue.all.filter { options.declares($0) }
        pending = try pairs.flatMap { pair in
            try SideComparison(seeds: PairedCells.seeds(baseline: pair.baseline, candidate: pair.candidate))
                .results(options, metrics: declared)
        }.filter(\.isPrimary)
    }

    /// How many comparisons were declared.
    public var count: Int { pending.count }

    /// The results, decided with every p value multiplied by the number of declared comparisons of the whole batch: what is
    /// decided then, Holm's procedure at the end decides as well.
    public func results(among declared: Int, options: ComparisonOptions) -> [ComparisonResult] {
        pending.map { comparison in
            var comparison = comparison
            comparison.adjustedP = comparison.comparison.pValue.map { min(1, $0 * Double(declared)) }
            return comparison.decided(options)
        }
    }
}

extension ComparisonOptions {
    /// Whether the primary results of a metric are among those that items are drawn for.
    func declares(_ definition: MetricDefinition) -> Bool {
        guard let spending, definition.isPrimary, definition.isCompared else { return false }
        return spending.metrics.isEmpty || spending.metrics.contains(definition.key)
    }
}
