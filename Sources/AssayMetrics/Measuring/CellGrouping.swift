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
        case .load:
            return spanning(cells, indices)
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

    private static func hopLevels(_ cell: PreparedCell) -> Set<Int> {
        Set(cell.items.indices.filter { cell.countsForHops($0) }.map { cell.items[$0].item.hops })
    }
}
