import AssayCore
import AssayMetrics
import AssayStatistics
import AssayStore
import Foundation

@testable import AssayReports

/// A store of a batch whose numbers are made up, of any size: for reports, which only read.
struct SyntheticStore {
    /// What is recorded besides verdicts.
    struct Parts: OptionSet {
        let rawValue: Int
        static let hops = Parts(rawValue: 1)
        static let lengths = Parts(rawValue: 2)
        static let checkpoints = Parts(rawValue: 4)
        static let precision = Parts(rawValue: 8)
        static let memory = Parts(rawValue: 16)
        static let faults = Parts(rawValue: 32)
        static let all: Parts = [.hops, .lengths, .checkpoints, .precision, .memory, .faults]
    }

    let store: Store
    let batch: BatchRecord
    let arms: [String]

    /// - Parameters:
    ///   - arms: the names; the first is the control.
    ///   - steps: how many checkpoints each has.
    ///   - metrics: how many primary metrics are compared.
    ///   - slices: how many slices of each are compared besides.
    init(
        _ url: URL, name: String = "synthetic", arms: [String] = ["full", "hybrid", "window"], seeds: Int = 1,
        steps: Int = 4, metrics: Int = 4, slices: Int = 2, parts: Parts = .all
    ) throws {
        store = try Store(url: url, mode: .readWrite)
        batch = BatchRecord(identity: ContentHash(of: name), name: name, control: arms[0], definition: "{}")
        self.arms = arms
        try store.record(batch)
        try recordTasks(parts)
        for (index, arm) in arms.enumerated() {
            for seed in 0..<seeds {
                let run = ContentHash(of: "\(index) \(seed)")
                try store.record(
                    RunRecord(
                        identity: run, arm: arm, architecture: "{}", recipe: "{}", seed: UInt64(seed),
                        status: .finished))
                try store.record([BatchArmRecord(arm: arm, seed: UInt64(seed), run: run)], of: batch.identity)
                for step in 1...steps {
                    let hash = ContentHash(of: "\(index) \(seed) \(step)")
                    try store.record(
                        CheckpointRecord(
                            hash: hash, run: run, arm: arm, seed: UInt64(seed), step: step * 100, path: "p"))
                    try store.record(
                        MeasurementRecord(
                            identity: ContentHash(of: "m \(hash)"), checkpoint: hash,
                            values: values(index, step: step, seed: seed, parts)), batch: batch.identity)
                }
            }
            guard index > 0 else { continue }
            if index == 1, parts.contains(.faults) {
                try store.record(calibration, identity: ContentHash(of: "calibration"), batch: batch.identity)
            }
            try store.record(
                comparison(index, metrics: metrics, slices: slices), batch: batch.identity, position: index)
            if parts.contains(.checkpoints) {
                try store.record(drift(index, steps: steps, metrics: metrics), batch: batch.identity, position: index)
            }
        }
    }

    /// The report of the batch.
    func report(proxies: ProxyEvidence? = nil) throws -> BatchReport {
        try BatchReport(store: store, batch: batch, proxies: proxies)
    }

    /// Proxies of runs of as many families as the palette has colours twice.
    static func evidence(runs: Int = 24) -> ProxyEvidence {
        func run(_ index: Int) -> ProxyEvidence.Run {
            ProxyEvidence.Run(
                arm: "arm-\(index)", family: index % 8 == 0 ? "full" : "mixer-\(index % 8)", seed: 1,
                target: index == 5 ? nil : Double(index) / Double(runs))
        }
        func card(_ proxy: String, _ low: Double, _ high: Double) -> ProxyCard {
            ProxyCard(
                validity: ProxyValidity(
                    proxy: proxy, target: "hop-accuracy/chain[hops=2]", decisionAccuracy: (low + high) / 2, low: low,
                    high: high, pairs: 276, clusters: 8, runs: runs, spearman: 0.5, kendall: 0.4),
                signalToNoise: 3, conditions: .init(mixtures: ["chain x 1"], parameters: 1_000, tokens: 10_000),
                validated: nil)
        }
        let values = (0..<runs).map { Optional(Double(($0 * 7) % runs) / 10 + 0.01) }
        return ProxyEvidence(
            target: "hop-accuracy/chain[hops=2]", level: 0.9, runs: (0..<runs).map(run),
            proxies: [
                (card("nll/recall", 0.4, 0.6), values), (card("nll/chain", 0.8, 0.9), values),
                (card("nll/chain@100", 0.7, 0.85), values), (card("loss", 0.1, 0.3), values),
            ])
    }

    /// A self-check with a fault of each kind, and one fault that nothing saw.
    private var calibration: Calibration {
        let results = comparison(1, metrics: 3, slices: 0).results
        var calibration = Calibration(control: arms[0], repeats: 200, alpha: 0.05)
        calibration.faults = PlantedFault.allCases.flatMap { fault in
            results.map { result in
                var result = result
                result.verdict = fault.isDamage ? .regression : .noRegression
                return FaultOutcome(arm: arms[0], fault: fault, detail: "as told", result: result)
            }
        }
        calibration.falseAlarms = [FalseAlarms(null: .halves, alpha: 0.05, results: (0..<200).map { _ in results })]
        calibration.power = [
            PlantedPower(
                metric: "accuracy", task: "recall", condition: "parallel", factor: 1, size: 0.03, stated: 0.03,
                repeats: 200, found: 161, regressions: 150)
        ]
        return calibration
    }

    // MARK: - Tasks

    private static let lengths = [32, 64, 128]
    private static let formats = ["bfloat16", "int8"]

    private func recordTasks(_ parts: Parts) throws {
        var tasks = [task("recall", "associative-recall", ["pairs": 8])]
        if parts.contains(.hops) {
            tasks.append(task("chain", "successor", ["facts": 8]))
            tasks += [1, 2].map { task("variables-\($0)", "variable-tracking", ["hops": $0, "chains": 4]) }
        }
        if parts.contains(.lengths) {
            tasks += SyntheticStore.lengths.map { task("parity-\($0)", "parity", ["length": $0]) }
        }
        for task in tasks { try store.record(task) }
        try store.record(
            taskNames: Dictionary(uniqueKeysWithValues: tasks.map { ($0.name, $0.identity) }), of: batch.identity)
    }

    private func task(_ name: String, _ generator: String, _ parameters: [String: Int]) -> TaskRecord {
        TaskRecord(
            name: name, generator: generator, version: 1, parameters: parameters, stream: "evaluation/1",
            family: .multiHop, statedFloor: 0.125, measuredFloors: [:])
    }

    // MARK: - Metrics

    private func values(_ arm: Int, step: Int, seed: Int, _ parts: Parts) -> [MetricValue] {
        let level = 0.9 - 0.02 * Double(arm) - 0.3 / Double(step) + 0.01 * Double(seed)
        func value(
            _ metric: String, _ task: String, _ value: Double, condition: String = "parallel", slice: String = "all"
        ) -> MetricValue {
            MetricValue(
                metric: metric, task: task, condition: condition, slice: slice, value: value, low: value - 0.05,
                high: value + 0.05, n: 100, clusters: 100, lost: 0)
        }
        var values = [value("accuracy", "recall", level)]
        if parts.contains(.hops) {
            // Hops 3 are not defined: a gap.
            values += (1...4).map { hops in
                var one = value("hop-accuracy", "chain", level / Double(hops), slice: "hops=\(hops)")
                if hops == 3 { (one.value, one.low, one.high) = (nil, nil, nil) }
                return one
            }
            values += [1, 2].map { value("accuracy", "variables-\($0)", level / Double($0)) }
        }
        if parts.contains(.lengths) {
            values += SyntheticStore.lengths.map { value("accuracy", "parity-\($0)", level - Double($0) / 1000) }
        }
        if parts.contains(.precision) {
            for (index, format) in SyntheticStore.formats.enumerated() {
                values.append(
                    value(
                        "condition-loss-accuracy", "recall", 0.02 * Double(index + 1), condition: "recurrent:\(format)")
                )
            }
        }
        if parts.contains(.memory) {
            values.append(value("state-bytes", "recall", 200_000 / Double(arm + 1)))
        }
        return values
    }

    // MARK: - Verdicts

    /// Names of primary metrics; those beyond the catalogue are unknown to this version.
    private static func metric(_ index: Int) -> String {
        let known = ["accuracy", "hop-decay", "nll", "recall-capacity"]
        return index < known.count ? known[index] : "metric-\(index)"
    }

    private func comparison(_ arm: Int, metrics: Int, slices: Int) -> ComparisonRecord {
        let results = (0..<metrics).flatMap { metric in
            (0...slices).map { slice in
                let loss = 0.01 * Double(arm * (metric + 1) % 7) + 0.001 * Double(slice)
                let verdict: Verdict = loss > 0.04 ? .regression : loss > 0.02 ? .undecided : .noRegression
                return AssayMetrics.ComparisonResult(
                    metric: SyntheticStore.metric(metric), task: "recall", condition: "parallel",
                    slice: slice == 0 ? "all" : "hops=\(slice)", baselineValue: 0.9, candidateValue: 0.9 - loss,
                    estimate: -loss, standardError: 0.01, degreesOfFreedom: 99, low: -loss - 0.02, high: -loss + 0.02,
                    pValue: 0.01, adjustedPValue: 0.02, minimumDetectableEffect: 0.03, margin: 0.02, pairs: 1000,
                    clusters: 100, verdict: verdict, isPrimary: slice == 0,
                    itemsNeeded: verdict == .undecided ? 4000 : nil,
                    note: verdict == .undecided ? "the interval spans zero and the margin" : nil,
                    direction: .higherIsBetter)
            }
        }
        return ComparisonRecord(
            identity: ContentHash(of: "c \(arm)"), baseline: arms[0], candidate: arms[arm], baselineCheckpoints: [],
            candidateCheckpoints: [], options: ComparisonOptions(), results: results)
    }

    private func drift(_ arm: Int, steps: Int, metrics: Int) -> DriftRecord {
        DriftRecord(
            identity: ContentHash(of: "d \(arm)"), arm: arms[arm], control: arms[0],
            results: (0..<metrics).map { metric in
                let points = (1...steps).map { step in
                    let control = 0.9 - 0.4 / Double(step)
                    let difference = step > steps / 2 ? -0.01 * Double(arm) : 0
                    return DriftResult.Point(
                        step: step * 100, control: control, candidate: control + difference, difference: difference)
                }
                let fires = metric == 0
                return DriftResult(
                    metric: SyntheticStore.metric(metric), task: "recall", condition: "parallel", slice: "all",
                    points: points, threshold: 5, pValue: 0.01, alarmStep: fires ? steps * 100 : nil,
                    onsetStep: fires ? (steps / 2 + 1) * 100 : nil, direction: fires ? .worse : .none,
                    magnitude: fires ? -0.01 : nil)
            })
    }
}
