import AssayCore
import AssayMetrics
import AssayStatistics
import AssayStore

/// Which metric over what.
struct ValueKey: Hashable, Comparable {
    var metric: String
    var task: String
    var condition: String
    var slice: String

    static func < (a: ValueKey, b: ValueKey) -> Bool {
        (a.metric, a.task, a.condition, a.slice) < (b.metric, b.task, b.condition, b.slice)
    }
}

/// A metric of an arm over its seeds.
struct ArmValue: Hashable {
    /// The mean of the seeds; nil where a seed has none.
    var value: Double?
    /// The 95 % interval: of the one seed over its items, or of the mean over seeds.
    var low: Double?
    var high: Double?
    /// How many seeds.
    var seeds: Int

    /// - Parameter values: one a seed, at least one.
    init(_ values: [MetricValue]) {
        seeds = values.count
        guard values.count > 1 else {
            (value, low, high) = (values[0].value, values[0].low, values[0].high)
            return
        }
        let known = values.compactMap(\.value)
        guard known.count == values.count else { return }
        let n = Double(known.count)
        let mean = known.reduce(0) { $0 + $1 / n }
        let squares = known.reduce(0) { $0 + ($1 - mean) * ($1 - mean) }
        let half = (squares / (n - 1) / n).squareRoot() * StudentT.quantile(0.975, degreesOfFreedom: n - 1)
        (value, low, high) = (mean, mean - half, mean + half)
    }
}

/// The metrics of every arm along its checkpoints.
struct ArmValues {
    private let values: [String: [Int: [ValueKey: ArmValue]]]
    private let lastSteps: [String: Int]
    /// Everything that any arm has at its last checkpoints, sorted.
    let keys: [ValueKey]

    /// Reads them: of the last checkpoints all, of those before what is over all items.
    /// - Parameter arms: the names that the batch uses.
    init(store: Store, batch: ContentHash, arms: [String]) throws {
        let measurements = try store.newestMeasurements(ofBatch: batch)
        var values: [String: [Int: [ValueKey: ArmValue]]] = [:]
        var lastSteps: [String: Int] = [:]
        for arm in arms {
            let checkpoints = try store.checkpoints(CheckpointSelector(arm: arm, batch: batch))
            let last = checkpoints.map(\.step).max()
            lastSteps[arm] = last
            // A seed that ended early would be held against others at another step.
            for (step, seeds) in Dictionary(grouping: checkpoints, by: \.step) {
                var found: [ValueKey: [MetricValue]] = [:]
                // Timings are no function of the batch, and a report is.
                for record in seeds.flatMap({ measurements[$0.hash] ?? [] }) where record.environment == nil {
                    for value in record.values where step == last || value.slice == "all" {
                        let key = ValueKey(
                            metric: value.metric, task: value.task, condition: value.condition, slice: value.slice)
                        found[key, default: []].append(value)
                    }
                }
                values[arm, default: [:]][step] = found.mapValues(ArmValue.init)
            }
        }
        self.values = values
        self.lastSteps = lastSteps
        keys = Set(lastSteps.flatMap { arm, step in (values[arm]?[step] ?? [:]).keys }).sorted()
    }

    /// A value of an arm at its last step; nil when it was not measured.
    subscript(_ arm: String, _ key: ValueKey) -> ArmValue? { lastSteps[arm].flatMap { self[arm, key, step: $0] } }

    /// A value of an arm at a step.
    subscript(_ arm: String, _ key: ValueKey, step step: Int) -> ArmValue? { values[arm]?[step]?[key] }
}
