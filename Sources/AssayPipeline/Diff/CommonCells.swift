import AssayMetrics

/// The cells that every checkpoint of two sides has: what of them can be compared. Models trained here read symbols, others
/// read texts, and a checkpoint that cannot be loaded has no cells at all.
struct CommonCells {
    let baseline: [[CellData]]
    let candidate: [[CellData]]

    init(_ baseline: [[CellData]], _ candidate: [[CellData]]) {
        func names(_ cells: [CellData]) -> Set<String> { Set(cells.map { "\($0.task)\n\($0.condition.name)" }) }
        let all = (baseline + candidate).map(names)
        let shared = all.dropFirst().reduce(all.first ?? []) { $0.intersection($1) }
        func kept(_ side: [[CellData]]) -> [[CellData]] {
            side.map { $0.filter { shared.contains("\($0.task)\n\($0.condition.name)") } }
        }
        (self.baseline, self.candidate) = (kept(baseline), kept(candidate))
    }

    /// Whether there is nothing to compare.
    var isEmpty: Bool { !baseline.contains { !$0.isEmpty } }
}

extension SeedPairs {
    /// Whether every checkpoint of both sides was run over some task in the same way.
    func hasCommonCells(_ reader: CellReader) throws -> Bool {
        let all = try (baseline + candidate).map { checkpoint in
            Set(try reader.covers(of: checkpoint.hash).map { "\($0.key.task)\n\($0.key.condition.name)" })
        }
        return !all.dropFirst().reduce(all.first ?? []) { $0.intersection($1) }.isEmpty
    }
}
