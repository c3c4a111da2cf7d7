import AssayCore

/// The cells of one seed, both sides, checked to hold the same items.
struct PairedCells {
    let pairs: [(baseline: PreparedCell, candidate: PreparedCell)]

    /// The most clusters that a metric can span: those of a generator under one condition.
    var clusters: Int {
        var counts: [String: Int] = [:]
        for cell in pairs.map(\.baseline) {
            counts["\(cell.data.generator) (\(cell.data.condition.name))", default: 0] +=
                Set(cell.items.map(\.item.id.cluster)).count
        }
        return counts.values.max() ?? 0
    }

    /// Whether the primary result of a metric comes from this cell: the parallel form where a task has both.
    func isHome(_ index: Int, _ definition: MetricDefinition) -> Bool {
        let cell = pairs[index].baseline.data
        if cell.condition.path == .parallel { return true }
        return !pairs.contains {
            $0.baseline.data.task == cell.task && $0.baseline.data.condition.path == .parallel
                && (definition.needs($0.baseline) || definition.needs($0.candidate))
        }
    }

    /// Whether another seed was evaluated on the same items.
    func holdsItems(of other: PairedCells) -> Bool {
        zip(pairs, other.pairs).allSatisfy { $0.baseline.holdsItems(of: $1.baseline) }
    }

    static func seeds(baseline: [[CellData]], candidate: [[CellData]]) throws -> [PairedCells] {
        guard baseline.count == candidate.count else {
            throw AssayError.badInput(
                "cannot pair \(baseline.count) seeds with \(candidate.count)",
                remedy: "Compare arms that were trained with the same seeds")
        }
        let seeds = try zip(baseline, candidate).map { try PairedCells(baseline: $0, candidate: $1) }
        for seed in seeds.dropFirst() where seed.names != seeds[0].names {
            throw AssayError.badInput("the seeds were not evaluated on the same tasks and conditions")
        }
        return seeds
    }

    private var names: [String] { pairs.map { $0.baseline.name } }

    private init(baseline: [CellData], candidate: [CellData]) throws {
        let first = try PairedCells.byName(baseline)
        let second = try PairedCells.byName(candidate)
        if let name = Set(first.keys).symmetricDifference(second.keys).min() {
            throw AssayError.badInput(
                "only one side was evaluated on \(name)", remedy: "Evaluate both sides on the same suite")
        }
        pairs = try baseline.map { "\($0.task) (\($0.condition.name))" }.compactMap { name in
            guard let a = first[name], let b = second[name] else { return nil }
            try PairedCells.checkItems(a, b)
            return (a, b)
        }
    }

    private static func byName(_ cells: [CellData]) throws -> [String: PreparedCell] {
        var named: [String: PreparedCell] = [:]
        for prepared in try PreparedCell.side(cells) {
            guard named.updateValue(prepared, forKey: prepared.name) == nil else {
                throw AssayError(.defect, "a side holds two cells of \(prepared.name)")
            }
        }
        return named
    }

    private static func checkItems(_ a: PreparedCell, _ b: PreparedCell) throws {
        guard a.items.count == b.items.count else {
            throw AssayError.badInput(
                "the sides hold \(a.items.count) and \(b.items.count) items of \(a.name)",
                remedy: "Evaluate both sides on the same items, or compare those that both have (diff --common-items)")
        }
        for (x, y) in zip(a.items, b.items) where x.item.id != y.item.id || x.item.contentBits != y.item.contentBits {
            throw AssayError.badInput(
                "the sides were evaluated on different items of \(a.name), first item \(x.item.id.rawValue)",
                remedy: "Evaluate both sides with the same generator version and parameters")
        }
    }
}

extension PreparedCell {
    /// `task (condition)`.
    var name: String { "\(data.task) (\(data.condition.name))" }
}
