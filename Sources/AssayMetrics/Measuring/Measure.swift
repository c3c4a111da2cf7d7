import AssayCore
import AssayStatistics
import Foundation

/// Computes every metric that applies to the cells of one checkpoint, over all its slices, with 95 % intervals.
///
/// - Throws: ``AssayError`` when a cell holds an item twice or a response of another item.
public func measure(_ cells: [CellData]) throws -> [MetricValue] {
    let prepared = try PreparedCell.side(cells)
    var values: [MetricValue] = []
    for definition in MetricCatalogue.all {
        let usable = prepared.map(definition.needs)
        for (label, members) in CellGrouping.groups(definition, prepared, usable: usable) {
            let group = CellGroup(label: label, cells: members.map { prepared[$0] })
            values += Measurement(definition: definition, group: group).values()
        }
    }
    return values
}

/// One metric over one group of cells.
struct Measurement {
    let definition: MetricDefinition
    let group: CellGroup

    /// The value of every slice.
    func values() -> [MetricValue] {
        if let direct = definition.direct {
            guard let value = direct(group) else { return [] }
            return [
                MetricValue(
                    metric: definition.key, task: group.label, condition: group.condition.name, slice: Slice.all,
                    value: value.isFinite ? value : nil, n: group.count, clusters: group.strata.count, lost: 0)
            ]
        }
        guard let kernel = definition.kernel(group) else { return [] }
        let tally = Tally(group: group, kernel: kernel)
        let slices = Slice.slices(
            of: group, includesAll: definition.includesAll, dimensions: definition.slicing, asked: tally.asked)
        return slices.map { value(tally, $0) }
    }

    private func value(_ tally: Tally, _ slice: Slice) -> MetricValue {
        let kernel = tally.kernel
        let kept = zip(slice.includes, tally.counted).map { $0 && $1 }
        let sums = tally.sums(of: kept)
        let totals = sums.totalsOrZero(width: 2 * kernel.slots)
        let value = kernel.evaluate(totals)
        let meeting = tally.meeting(kept)
        let asked = kept.count { $0 }
        var result = MetricValue(
            metric: definition.key, task: group.label, condition: group.condition.name, slice: slice.name,
            value: value.isFinite ? value : nil, n: meeting, clusters: sums.count,
            lost: slice.includes.count { $0 } - asked)
        var notes: [String] = []
        if meeting < asked { notes.append("coverage \(percent(meeting, of: asked))") }
        if let interval = Measurement.interval(kernel, sums, value: value, items: meeting) {
            (result.low, result.high) = interval
            widen(&result, tally, slice, &notes)
        }
        if value.isFinite, let censoring = kernel.censoring(totals) {
            notes.append(
                censoring == .above ? "at least: the largest of its range" : "at most: the smallest of its range")
            if censoring == .above { result.high = nil } else { result.low = nil }
        }
        result.note = notes.isEmpty ? nil : notes.joined(separator: "; ")
        return result
    }

    /// Lets the lost items have been anything.
    private func widen(_ result: inout MetricValue, _ tally: Tally, _ slice: Slice, _ notes: inout [String]) {
        guard result.lost > 0, let value = result.value, let low = result.low, let high = result.high else { return }
        notes.append("\(result.lost) lost")
        guard let range = tally.kernel.itemRange ?? tally.observedRange,
            let extremes = tally.extremes(of: slice.includes, range: range)
        else {
            (result.low, result.high) = (nil, nil)
            return
        }
        let bounds = tally.kernel.valueRange
        result.low = max(bounds.lowerBound, low - max(0, value - extremes.low))
        result.high = min(bounds.upperBound, high + max(0, extremes.high - value))
        if let proportion = tally.kernel.proportion { result.high = min(result.high ?? 0, proportion.shown(1)) }
    }

    /// The 95 % interval: Wilson's with the clustered standard error for proportions, else t on the jackknife's.
    static func interval(
        _ kernel: MetricKernel, _ sums: ClusterSums, value: Double, items: Int, level: Double = 0.95
    ) -> (Double, Double)? {
        guard value.isFinite, sums.count >= 2, let error = Jackknife.standardError(sums, kernel.evaluate) else {
            return nil
        }
        if let proportion = kernel.proportion {
            let totals = sums.totals
            let width = proportion.shown(1) - proportion.shown(0)
            return ProportionInterval.clustered(
                proportion: min(1, max(0, totals[0] / totals[1])), standardError: error.value / width,
                items: max(items, sums.count), clusters: sums.count, level: level
            ).map { (proportion.shown($0.low), proportion.shown($0.high)) }
        }
        let half =
            error.value * StudentT.quantile(0.5 + level / 2, degreesOfFreedom: Double(error.degreesOfFreedom))
        return (max(kernel.valueRange.lowerBound, value - half), min(kernel.valueRange.upperBound, value + half))
    }

    private func percent(_ part: Int, of whole: Int) -> String {
        "\(Int((100 * Double(part) / Double(max(1, whole))).rounded())) %"
    }
}
