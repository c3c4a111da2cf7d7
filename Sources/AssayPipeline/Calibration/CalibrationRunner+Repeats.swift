import AssayCore
import AssayMetrics
import AssayStore

extension CalibrationRunner {
    /// A/A: whole comparisons in which nothing differs but chance.
    func measureFalseAlarms(
        _ control: CalibrationSubject, _ subjects: [CalibrationSubject], into found: inout Calibration
    ) throws {
        let options = repeated
        let halves = try repeats("compare halves of \(control.arm)") { draw in
            let pair = NullPair.halves(control.last, draw: draw)
            return try compare(baseline: [pair.baseline], candidate: [pair.candidate], options: options)
        }
        found.falseAlarms.append(FalseAlarms(null: .halves, alpha: options.alpha, results: halves))
        var pairs = subjects.filter { $0.arm != control.arm }.map { control.last.common(with: $0.last) }
        pairs.append(control.last.common(with: control.before))
        pairs.removeAll { $0.first.isEmpty }
        guard !pairs.isEmpty else {
            found.notes.append("sides exchanged: needs another arm, or another checkpoint of the control")
            return
        }
        let exchanged = try repeats("compare exchanged sides") { draw in
            let sides = pairs[draw % pairs.count]
            let pair = NullPair.exchanged(sides.first, sides.second, draw: draw)
            return try compare(baseline: [pair.baseline], candidate: [pair.candidate], options: options)
        }
        found.falseAlarms.append(FalseAlarms(null: .exchanged, alpha: options.alpha, results: exchanged))
    }

    /// Each seed of an arm against the next, as two checkpoints; nil where every arm has one seed.
    func seedDifferences() throws -> SeedDifferences? {
        var results: [[ComparisonResult]] = []
        for (arm, runs) in Dictionary(grouping: try store.arms(ofBatch: batch.identity), by: \.arm).sorted(by: {
            $0.key < $1.key
        }) {
            let all = try store.checkpoints(CheckpointSelector(arm: arm, batch: batch.identity))
            let last = runs.sorted { $0.seed < $1.seed }.compactMap { run in
                all.filter { $0.run == run.run }.max { $0.step < $1.step }
            }
            for (one, other) in zip(last, last.dropFirst()) where one.step == other.step {
                try stopIfAsked()
                let sides = try reader.cells(of: one).filter(\.isPlain)
                    .common(with: try reader.cells(of: other).filter(\.isPlain))
                results.append(
                    try compare(baseline: [sides.first], candidate: [sides.second], options: comparison))
            }
        }
        return results.isEmpty ? nil : SeedDifferences(results: results)
    }

    /// Losses in minimum detectable effects.
    static let factors = [0.0, 0.5, 1, 2]

    /// Plants losses of known size into comparisons of single tasks, and strings those together to series of checkpoints.
    func measurePower(
        _ control: CalibrationSubject, _ subjects: [CalibrationSubject], into found: inout Calibration
    ) throws {
        // Checkpoints that resemble each other differ as those do that people compare.
        var pair = control.last.common(with: control.before)
        if pair.first.isEmpty {
            pair = subjects.first { $0.arm != control.arm }.map { control.last.common(with: $0.last) } ?? pair
        }
        let monitored = Set(
            try compare(baseline: [pair.first], candidate: [pair.second], options: repeated).filter(\.isPrimary)
                .map { "\($0.metric)/\($0.task)" }
        ).count
        for (first, second) in zip(pair.first, pair.second) where CalibrationRunner.stands(first, among: pair.first) {
            for metric in PlantedLoss.Metric.allCases {
                guard let study = PowerStudy(first, second, metric: metric, options: repeated) else { continue }
                try measurePower(study, "\(metric.rawValue) on \(first.task)", monitored: monitored, into: &found)
            }
        }
    }

    /// Whether a cell is the one that stands for its task: the parallel one where there is one.
    private static func stands(_ cell: CellData, among cells: [CellData]) -> Bool {
        cell.condition == .parallel || !cells.contains { $0.task == cell.task && $0.condition == .parallel }
    }

    private func measurePower(
        _ study: PowerStudy, _ name: String, monitored: Int, into found: inout Calibration
    ) throws {
        try stopIfAsked()
        guard let loss = try study.detectableLoss() else {
            found.notes.append("\(name): no loss of the size of its minimum detectable effect can be planted")
            return
        }
        var healthy: [ComparisonResult] = []
        for factor in CalibrationRunner.factors {
            let results = try repeats("plant losses of \(name)") { draw in
                try study.result(loss: factor * loss, draw: draw)
            }
            found.power.append(study.power(factor: factor, loss: loss, results: results))
            let known = results.compactMap { $0 }
            if factor == 0 { healthy = known }
            let delay = DelayStudy(healthy: healthy, falseAlarms: comparison.alpha / Double(max(1, monitored)))
            if let delay = delay.delay(factor: factor, damaged: known) { found.delays.append(delay) }
        }
    }
}
