import AssayCore
import AssayMetrics
import AssayStore

/// The checkpoints of two sides that belong together: one a seed where both sides have that seed.
struct SeedPairs {
    let baseline: [CheckpointRecord]
    let candidate: [CheckpointRecord]

    /// Pairs by seed; single checkpoints are paired whatever their seeds are.
    init(baseline: [CheckpointRecord], candidate: [CheckpointRecord]) {
        if baseline.count == 1, candidate.count == 1 {
            (self.baseline, self.candidate) = (baseline, candidate)
            return
        }
        let common = Set(baseline.map(\.seed)).intersection(candidate.map(\.seed)).sorted()
        self.baseline = common.compactMap { seed in baseline.first { $0.seed == seed } }
        self.candidate = common.compactMap { seed in candidate.first { $0.seed == seed } }
    }

    var isEmpty: Bool { baseline.isEmpty }
}

/// Cells of checkpoints, read once each.
final class CellCache {
    private let reader: CellReader
    private var known: [ContentHash: [CellData]] = [:]

    init(reader: CellReader) { self.reader = reader }

    /// The cells of checkpoints, one list a seed.
    func cells(_ checkpoints: [CheckpointRecord]) throws -> [[CellData]] {
        try checkpoints.map { checkpoint in
            if let there = known[checkpoint.hash] { return there }
            let cells = try reader.cells(of: checkpoint)
            known[checkpoint.hash] = cells
            return cells
        }
    }
}
