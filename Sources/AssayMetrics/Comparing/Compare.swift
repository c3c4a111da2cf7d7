import AssayCore
import AssayStatistics

/// Compares two sides on every metric that applies, paired by item and clustered, and gives a verdict on each.
///
/// One seed a side: the unit is the item and the verdict is about these two checkpoints. Several: the unit is the seed,
/// paired in order, and the verdict is about the two arms.
/// - Parameters:
///   - baseline: the cells of the baseline, `[seed][cell]`.
///   - candidate: the cells of the candidate: the same tasks, conditions and items.
///   - options: margins and error rates.
/// - Throws: ``AssayError`` when the sides do not hold the same cells and items, or have another number of seeds.
public func compare(
    baseline: [[CellData]], candidate: [[CellData]], options: ComparisonOptions = ComparisonOptions()
) throws -> [ComparisonResult] {
    try compare([(baseline: baseline, candidate: candidate)], options: options)[0]
}

/// Compares several pairs of sides that go into one report: p values are adjusted over all of them together, by
/// Benjamini and Hochberg; those of the comparisons that items were drawn for (``ComparisonOptions/spending``) by Holm among
/// themselves.
/// - Returns: the results of each pair, in order.
/// - Throws: ``AssayError`` as for one pair.
public func compare(
    _ pairs: [(baseline: [[CellData]], candidate: [[CellData]])], options: ComparisonOptions = ComparisonOptions()
) throws -> [[ComparisonResult]] {
    var report = try pairs.map { pair in
        try SideComparison(seeds: PairedCells.seeds(baseline: pair.baseline, candidate: pair.candidate))
            .results(options)
    }
    let tested = report.indices.flatMap { pair in
        report[pair].indices.filter { report[pair][$0].comparison.pValue != nil }.map { (pair: pair, result: $0) }
    }
    let adjusted = MultipleTests.benjaminiHochberg(
        tested.compactMap { report[$0.pair][$0.result].comparison.pValue })
    for (place, p) in zip(tested, adjusted) { report[place.pair][place.result].adjustedP = p }
    let declared = tested.filter {
        let result = report[$0.pair][$0.result]
        return result.isPrimary && options.declares(result.definition)
    }
    let strict = MultipleTests.holm(declared.compactMap { report[$0.pair][$0.result].comparison.pValue })
    for (place, p) in zip(declared, strict) { report[place.pair][place.result].adjustedP = p }
    return report.map { $0.map { $0.decided(options) } }
}

/// All metrics of one pair of sides.
struct SideComparison {
    let seeds: [PairedCells]

    /// The results of every slice of some metrics, not adjusted yet.
    func results(
        _ options: ComparisonOptions, metrics: [MetricDefinition] = MetricCatalogue.all.filter(\.isCompared)
    ) -> [PendingResult] {
        guard let first = seeds.first else { return [] }
        let patterns = seeds.count == 1 ? SignPatterns(draws: options.draws, clusters: first.clusters) : nil
        let isShared = seeds.allSatisfy { $0.holdsItems(of: first) }
        return metrics.flatMap { definition in
            let usable = first.pairs.indices.map { index in
                seeds.contains {
                    definition.needs($0.pairs[index].baseline) || definition.needs($0.pairs[index].candidate)
                }
            }
            return CellGrouping.groups(definition, first.pairs.map(\.baseline), usable: usable).flatMap {
                (label, members) -> [PendingResult] in
                let groups = seeds.map { seed in
                    GroupPair(
                        baseline: CellGroup(label: label, cells: members.map { seed.pairs[$0].baseline }),
                        candidate: CellGroup(label: label, cells: members.map { seed.pairs[$0].candidate }))
                }
                return GroupComparison(
                    definition: definition, pairs: groups, isHome: first.isHome(members[0], definition),
                    isShared: isShared, patterns: patterns
                ).results(options)
            }
        }
    }
}
