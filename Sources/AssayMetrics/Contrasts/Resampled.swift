import AssayCore
import AssayStatistics
import Foundation

/// A figure with its value when any one cluster of items is left out, so that whatever is computed from several figures
/// has a jackknife standard error that knows which items they share.
struct Resampled: Sendable {
    /// A cluster of a task's items.
    struct Key: Hashable, Comparable {
        var task: String
        var cluster: Int

        static func < (a: Key, b: Key) -> Bool { (a.task, a.cluster) < (b.task, b.cluster) }
    }

    /// What is known of a proportion besides, for an interval that stays honest near 0 and 1.
    struct Proportion: Sendable {
        var shown: MetricKernel.Proportion
        var items: Int
    }

    var value: Double
    /// The value without a cluster; clusters that are not named do not matter to it.
    var without: [Key: Double]
    /// Set where the figure is a proportion itself, not computed from several.
    var proportion: Proportion?
    /// How much items without a grade could lower and raise the value; nil when that has no bound.
    var slack: (low: Double, high: Double)? = (0, 0)
    /// Items without a grade.
    var lost = 0

    /// A figure computed from two, whose items may be shared.
    func combined(_ other: Resampled, _ function: (Double, Double) -> Double) -> Resampled {
        var without: [Key: Double] = [:]
        for key in Set(self.without.keys).union(other.without.keys) {
            without[key] = function(self.without[key] ?? value, other.without[key] ?? other.value)
        }
        return Resampled(
            value: function(value, other.value), without: without, proportion: nil, slack: nil, lost: lost + other.lost)
    }

    /// This minus another; the worst that lost items could do to either adds up.
    func minus(_ other: Resampled) -> Resampled {
        var result = combined(other, -)
        if let mine = slack, let others = other.slack {
            result.slack = (mine.low + others.high, mine.high + others.low)
        }
        return result
    }

    /// This as a multiple of another. Lost items leave it without a bound.
    func over(_ other: Resampled) -> Resampled {
        var result = combined(other, /)
        if lost + other.lost == 0 { result.slack = (0, 0) }
        return result
    }

    /// The logarithm of a ratio of what is positive.
    var logarithm: Resampled {
        var result = self
        result.value = log(value)
        result.without = without.mapValues { log($0) }
        return result
    }

    /// Above zero, whichever cluster is left out.
    var isPositive: Bool { value > 0 && without.values.allSatisfy { $0 > 0 } }

    /// The mean of figures of several seeds over the same items.
    static func mean(_ figures: [Resampled]) -> Resampled {
        guard figures.count > 1, let first = figures.first else { return figures[0] }
        let count = Double(figures.count)
        var sum = figures.dropFirst().reduce(first) { $0.combined($1, +) }
        sum.value /= count
        sum.without = sum.without.mapValues { $0 / count }
        if figures.allSatisfy({ $0.proportion != nil }) { sum.proportion = first.proportion }
        let slacks = figures.compactMap(\.slack)
        if slacks.count == figures.count {
            sum.slack = slacks.reduce((0, 0)) { ($0.0 + $1.low / count, $0.1 + $1.high / count) }
        }
        return sum
    }

    /// The standard error over clusters; nil with fewer than two.
    var standardError: StandardError? {
        let keys = without.keys.sorted()
        let strata = Dictionary(
            Set(keys.map(\.task)).sorted().enumerated().map { ($1, $0) }, uniquingKeysWith: { first, _ in first })
        return Jackknife.standardError(
            leaveOneOut: keys.map { without[$0] ?? value }, strata: keys.map { strata[$0.task] ?? 0 })
    }

    /// The interval over items; nil where the items say nothing of the spread.
    func interval(level: Double) -> (low: Double, high: Double)? {
        guard value.isFinite, let slack, let error = standardError else { return nil }
        let range: (low: Double, high: Double)
        if let proportion {
            let shown = proportion.shown
            let width = shown.shown(1) - shown.shown(0)
            let share = min(1, max(0, (value - shown.shown(0)) / width))
            guard
                let wilson = ProportionInterval.clustered(
                    proportion: share, standardError: error.value / width, items: proportion.items,
                    clusters: without.count, level: level)
            else { return nil }
            range = (shown.shown(wilson.low), shown.shown(wilson.high))
        } else {
            guard error.value > 0 else { return nil }
            let half =
                error.value * StudentT.quantile(0.5 + level / 2, degreesOfFreedom: Double(error.degreesOfFreedom))
            range = (value - half, value + half)
        }
        return (range.low - slack.low, range.high + slack.high)
    }
}

extension Resampled {
    /// A metric of one checkpoint.
    /// - Parameter side: all cells of the checkpoint, which tell each other what their tasks ask for.
    /// - Throws: ``AssayError`` that says what there is instead.
    init(_ subject: MetricSubject, of side: [PreparedCell]) throws {
        guard let definition = MetricCatalogue.definition(subject.metric) else {
            throw AssayError.badInput(
                "there is no metric '\(subject.metric)'",
                remedy: Suggestion.remedy(for: subject.metric, among: MetricCatalogue.all.map(\.key)))
        }
        let groups = CellGrouping.groups(definition, side, usable: side.map(definition.needs))
        let named = groups.filter { side[$0.members[0]].data.condition.name == subject.condition }
        guard let members = named.first(where: { $0.label == subject.task })?.members else {
            let known = Set(groups.map(\.label)).sorted()
            let isOtherCondition = known.contains(subject.task)
            let conditions = groups.filter { $0.label == subject.task }.map { side[$0.members[0]].data.condition.name }
            throw AssayError.badInput(
                "'\(subject.metric)' of task '\(subject.task)' was not measured under '\(subject.condition)'",
                remedy: isOtherCondition
                    ? "It was under " + conditions.joined(separator: ", ")
                    : Suggestion.remedy(for: subject.task, among: known))
        }
        let group = CellGroup(label: subject.task, cells: members.map { side[$0] })
        guard let kernel = definition.kernel(group) else {
            throw AssayError.badInput(
                "'\(subject.metric)' of task '\(subject.task)' is not defined on what was measured",
                remedy: definition.direct == nil
                    ? "It may need several levels of load, hops or length" : "It has no interval to decide by")
        }
        try self.init(Tally(group: group, kernel: kernel), definition, slice: subject.slice)
    }

    private init(_ tally: Tally, _ definition: MetricDefinition, slice name: String) throws {
        let (kernel, group) = (tally.kernel, tally.group)
        let slices = Slice.slices(
            of: group, includesAll: true, dimensions: definition.slicing, asked: tally.asked)
        guard let slice = slices.first(where: { $0.name == name }) else {
            throw AssayError.badInput(
                "'\(definition.key)' of task '\(group.label)' has no slice '\(name)'",
                remedy: Suggestion.remedy(for: name, among: slices.map(\.name)))
        }
        let kept = zip(slice.includes, tally.counted).map { $0 && $1 }
        let sums = tally.sums(of: kept)
        let totals = sums.totalsOrZero(width: 2 * kernel.slots)
        value = kernel.evaluate(totals)
        // The rows of the sums are the clusters in the order of their first item that counts.
        var seen: Set<Int> = []
        var keys: [Key] = []
        for position in kept.indices where kept[position] && seen.insert(group.clusterOf[position]).inserted {
            let cell = group.cells[group.places[position].cell]
            keys.append(Key(task: cell.data.task, cluster: group.record(position).id.cluster))
        }
        without = Dictionary(
            keys.enumerated().map { row, key in
                (key, kernel.evaluate(totals.indices.map { totals[$0] - sums.values[row * sums.width + $0] }))
            }, uniquingKeysWith: { first, _ in first })
        proportion = kernel.proportion.map { Proportion(shown: $0, items: tally.meeting(kept)) }
        lost = slice.includes.count { $0 } - kept.count { $0 }
        if lost > 0 {
            let range = kernel.itemRange ?? tally.observedRange
            slack = range.flatMap { tally.extremes(of: slice.includes, range: $0) }.map {
                (max(0, value - $0.low), max(0, $0.high - value))
            }
        }
    }
}
