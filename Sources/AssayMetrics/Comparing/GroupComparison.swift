import AssayCore
import AssayStatistics

/// The same cells of both sides.
struct GroupPair {
    let baseline: CellGroup
    let candidate: CellGroup

    /// Both sides answered alike to the last digit, as one model does that is held against itself.
    var answersAlike: Bool {
        zip(baseline.cells, candidate.cells).allSatisfy { first, second in
            first.items.count == second.items.count
                && zip(first.items, second.items).allSatisfy { $0.response == $1.response }
        }
    }
}

/// One metric over one group of cells, for all seeds.
struct GroupComparison {
    let definition: MetricDefinition
    /// One a seed.
    let pairs: [GroupPair]
    /// The results may be primary.
    let isHome: Bool
    /// All seeds were evaluated on the same items.
    let isShared: Bool
    /// Random signs; nil when seeds are the unit and items are not tested.
    let patterns: SignPatterns?

    /// The results of all slices, not adjusted yet.
    func results(_ options: ComparisonOptions) -> [PendingResult] {
        var tallies: [TallyPair] = []
        for pair in pairs {
            guard let a = definition.kernel(pair.baseline), let b = definition.kernel(pair.candidate),
                a.slots == b.slots
            else { return [] }
            tallies.append(
                TallyPair(
                    baseline: Tally(group: pair.baseline, kernel: a),
                    candidate: Tally(group: pair.candidate, kernel: b), answersAlike: pair.answersAlike))
        }
        let dimensions = definition.slicing.filter { $0 == .hops }
        let slices = tallies.map {
            Slice.slices(
                of: $0.baseline.group, includesAll: definition.includesAll, dimensions: dimensions, asked: $0.asked)
        }
        return slices[0].compactMap { slice in
            let seeds = zip(tallies, slices).compactMap { tally, slices in
                slices.first { $0.name == slice.name }.map { tally.compare($0, patterns) }
            }
            return seeds.count == tallies.count ? pending(slice.name, seeds, options) : nil
        }
    }

    private func pending(_ slice: String, _ seeds: [SidePair], _ options: ComparisonOptions) -> PendingResult {
        let momentary =
            seeds.count == 1
            ? seeds[0].comparison
            : PairedComparison.seeds(
                baseline: seeds.map(\.comparison.baseline), candidate: seeds.map(\.comparison.candidate))
        let comparison = pairs[0].baseline.look(options).map(momentary.looked) ?? momentary
        let slacks = seeds.map(\.slack)
        let n = Double(seeds.count)
        let slack: (low: Double, high: Double)? =
            slacks.contains { $0 == nil }
            ? nil
            : slacks.compactMap { $0 }.reduce((0, 0)) { ($0.0 + $1.low / n, $0.1 + $1.high / n) }
        return PendingResult(
            definition: definition, task: pairs[0].baseline.label, condition: pairs[0].baseline.condition.name,
            slice: slice, isPrimary: definition.isPrimary && isHome && slice == Slice.all, comparison: comparison,
            seeds: seeds, itemError: itemError(seeds), slack: slack,
            floor: definition.floor?(pairs[0].baseline.cells[0]))
    }
}

extension GroupComparison {
    /// The standard error over clusters of the mean difference of the seeds.
    private func itemError(_ seeds: [SidePair]) -> StandardError? {
        let errors = seeds.compactMap(\.comparison.standardError)
        guard let first = seeds.first, errors.count == seeds.count, let degrees = errors.map(\.degreesOfFreedom).min()
        else { return nil }
        if seeds.count == 1 { return errors[0] }
        let n = Double(seeds.count)
        let squares = errors.reduce(0) { $0 + $1.value * $1.value }
        guard isShared else {
            return StandardError(
                value: squares.squareRoot() / n, degreesOfFreedom: errors.reduce(0) { $0 + $1.degreesOfFreedom })
        }
        if seeds.allSatisfy({ $0.lost == 0 && $0.strata == first.strata }) {
            // A cluster is left out of all seeds at once, because they share its items.
            let means = first.strata.indices.map { cluster in
                seeds.reduce(0) { $0 + $1.comparison.leaveOneOut[cluster] } / n
            }
            return Jackknife.standardError(leaveOneOut: means, strata: first.strata)
        }
        // With lost items the clusters of the seeds differ: as if their errors were the same ones, the safe side.
        return StandardError(value: (squares / n).squareRoot(), degreesOfFreedom: degrees)
    }
}

/// The tallies of both sides of one seed.
struct TallyPair {
    let baseline: Tally
    let candidate: Tally
    /// See ``GroupPair/answersAlike``.
    let answersAlike: Bool

    /// Items that the metric asks for on either side.
    var asked: [Bool] { zip(baseline.asked, candidate.asked).map { $0 || $1 } }

    /// Compares a slice over the items that count on both sides.
    func compare(_ slice: Slice, _ patterns: SignPatterns?) -> SidePair {
        let kept = zip(zip(baseline.counted, candidate.counted), slice.includes).map { $0.0 && $0.1 && $1 }
        let sums = (baseline.sums(of: kept), candidate.sums(of: kept))
        let isExchangeable = baseline.kernel.stateBytes == candidate.kernel.stateBytes
        let comparison = PairedComparison.clusters(
            baseline: sums.0, candidate: sums.1, baseline.kernel.evaluate,
            candidateFunctional: isExchangeable ? nil : candidate.kernel.evaluate, patterns: patterns,
            isTested: patterns != nil)
        let pairs = kept.count { $0 }
        let lost = slice.includes.count { $0 } - pairs
        let isDefined = comparison.estimate.isFinite
        return SidePair(
            comparison: comparison, strata: sums.0.strata, pairs: pairs, lost: lost,
            slack: lost == 0 ? (0, 0) : slack(slice.includes, estimate: comparison.estimate),
            coverage: (baseline.meeting(kept), candidate.meeting(kept)),
            isIdentical: answersAlike && isExchangeable,
            censoring: isDefined
                ? (baseline.kernel.censoring(sums.0.totals), candidate.kernel.censoring(sums.1.totals)) : (nil, nil),
            baselineLow: Measurement.interval(
                baseline.kernel, sums.0, value: comparison.baseline, items: pairs, level: 0.9)?.0)
    }

    /// How far the lost items could move the difference; nil when that has no bound.
    private func slack(_ items: [Bool], estimate: Double) -> (low: Double, high: Double)? {
        let observed = [baseline.observedRange, candidate.observedRange].compactMap { $0 }
        guard estimate.isFinite, let low = observed.map(\.lowerBound).min(),
            let high = observed.map(\.upperBound).max()
        else { return nil }
        let range = baseline.kernel.itemRange ?? low...high
        guard let first = baseline.extremes(of: items, range: range),
            let second = candidate.extremes(of: items, range: range)
        else { return nil }
        return (
            max(0, estimate - (second.low - first.high)), max(0, (second.high - first.low) - estimate)
        )
    }
}

/// The comparison of one seed with what the report must say of it.
struct SidePair {
    let comparison: PairedComparison
    /// The stratum of each cluster.
    let strata: [Int]
    let pairs: Int
    let lost: Int
    let slack: (low: Double, high: Double)?
    /// Items that meet the metric's condition on each side.
    let coverage: (baseline: Int, candidate: Int)
    /// The two sides are one model, of which nothing can be lost.
    let isIdentical: Bool
    let censoring: (baseline: Censoring?, candidate: Censoring?)
    /// Lower end of the baseline's own interval.
    let baselineLow: Double?
}
