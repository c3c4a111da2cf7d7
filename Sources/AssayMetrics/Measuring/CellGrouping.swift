import AssayCore

/// Puts the cells that a metric spans into groups.
enum CellGrouping {
    /// The groups of a metric: indices into the cells, in the cells' order, with the label that stands for the task.
    /// - Parameters:
    ///   - definition: the metric.
    ///   - cells: all cells of a checkpoint.
    ///   - usable: whether the metric applies to each.
    static func groups(
        _ definition: MetricDefinition, _ cells: [PreparedCell], usable: [Bool]
    ) -> [(label: String, members: [Int])] {
        let indices = cells.indices.filter { usable[$0] }
        let single = { (index: Int) in (label: cells[index].data.task, members: [index]) }
        switch definition.scope {
        case .task:
            return indices.map(single)
        case .hops:
            // Within a task the contexts are the same for all hops, so a task with several needs no other.
            let several = indices.filter { hopLevels(cells[$0]).count >= 2 }
            let generators = Set(several.map { Family(cells[$0]) })
            let rest = indices.filter { !generators.contains(Family(cells[$0])) }
            return several.map(single) + spanning(cells, rest)
        case .load, .mistakes:
            return spanning(cells, indices)
        case .length:
            return series(cells, indices)
        }
    }

    private struct Family: Hashable {
        var generator: String
        var condition: Condition

        init(_ cell: PreparedCell) {
            generator = cell.data.generator
            condition = cell.data.condition
        }
    }

    private static func spanning(_ cells: [PreparedCell], _ indices: [Int]) -> [(label: String, members: [Int])] {
        var members: [Family: [Int]] = [:]
        var order: [Family] = []
        for index in indices {
            let family = Family(cells[index])
            if members[family] == nil { order.append(family) }
            members[family, default: []].append(index)
        }
        return order.map { family in
            let group = members[family] ?? []
            return (group.count == 1 ? cells[group[0]].data.task : family.generator, group)
        }
    }

    /// Groups of a series under a condition, named after the generator, or where a generator has several series after the
    /// shortest task.
    private static func series(_ cells: [PreparedCell], _ indices: [Int]) -> [(label: String, members: [Int])] {
        struct Series: Hashable {
            var name: String
            var condition: Condition
        }
        let members = Dictionary(grouping: indices) {
            Series(name: cells[$0].data.series, condition: cells[$0].data.condition)
        }
        let names = Dictionary(grouping: members.keys) { cells[members[$0]?[0] ?? 0].data.generator }
            .mapValues { Set($0.map(\.name)).count }
        return members.values.sorted { $0[0] < $1[0] }.map { group in
            let shortest = group.min { cells[$0].longest < cells[$1].longest } ?? group[0]
            let data = cells[shortest].data
            return (names[data.generator] == 1 && group.count > 1 ? data.generator : data.task, group)
        }
    }

    private static func hopLevels(_ cell: PreparedCell) -> Set<Int> {
        Set(cell.items.indices.filter { cell.countsForHops($0) }.map { cell.items[$0].item.hops })
    }
}
