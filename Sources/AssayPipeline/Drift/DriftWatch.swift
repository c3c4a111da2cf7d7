import AssayCore
import AssayMetrics
import AssayStore

/// Follows the differences of an arm to the control along the checkpoints, at equal steps: never the raw values, which
/// should trend.
struct DriftWatch {
    let reader: CellReader
    let options: ComparisonOptions

    /// The steps at which both sides have a checkpoint of a common seed, with the pairs.
    private func steps(
        _ checkpoints: [CheckpointRecord], _ control: [CheckpointRecord]
    ) -> [(step: Int, pairs: SeedPairs)] {
        Set(checkpoints.map(\.step)).intersection(control.map(\.step)).sorted().map { step in
            (
                step,
                SeedPairs(
                    baseline: control.filter { $0.step == step }, candidate: checkpoints.filter { $0.step == step })
            )
        }
        .filter { !$0.pairs.isEmpty }
    }

    /// What the result follows from, and the names that it carries.
    func identity(
        of arm: String, _ checkpoints: [CheckpointRecord], control: [CheckpointRecord], called name: String
    ) throws -> ContentHash {
        let parts = try steps(checkpoints, control).map { step, pairs in
            try ComparisonRecord.identity(
                baseline: pairs.baseline.map { try reader.covers(of: $0.hash).map(\.identity).sorted() },
                candidate: pairs.candidate.map { try reader.covers(of: $0.hash).map(\.identity).sorted() },
                options: options, version: "\(MetricCatalogue.version) step \(step)"
            ).hexadecimal
        }
        return ContentHash(of: "drift \(arm) \(name)\n" + parts.joined(separator: "\n"))
    }

    /// The detector's results for the primary metrics: watching every slice would cost each its power.
    func results(_ checkpoints: [CheckpointRecord], control: [CheckpointRecord]) throws -> [DriftResult] {
        let cells = CellCache(reader: reader)
        let comparisons = try steps(checkpoints, control).filter { try $1.hasCommonCells(reader) }.map { step, pairs in
            let common = CommonCells(try cells.cells(pairs.baseline), try cells.cells(pairs.candidate))
            return (
                step: step,
                results: try compare(baseline: common.baseline, candidate: common.candidate, options: options)
                    .filter(\.isPrimary)
            )
        }
        return detectDrift(DriftSeries.series(comparisons))
    }
}
