import AssayEvaluation
import AssayMetrics

extension TaskPlan {
    /// Clusters that are there at each look: equal portions in whole units of evaluation, the last number being all.
    func clusters(atLooks looks: Int) -> [Int] {
        let unit = conditions.map { CellEvaluator.unit(of: generator, under: $0) }.max() ?? 1
        return (1...looks).map { look in
            look == looks ? clusters : min(clusters, (clusters * look + looks * unit - 1) / (looks * unit) * unit)
        }
    }
}

extension BatchPlan {
    /// Tasks that are looked at and stopped together: those of a generator, because metrics span them.
    var spendingGroups: [[TaskPlan]] {
        var order: [String] = []
        var members: [String: [TaskPlan]] = [:]
        for task in tasks {
            let generator = task.generator.identity.generator
            if members[generator] == nil { order.append(generator) }
            members[generator, default: []].append(task)
        }
        return order.compactMap { members[$0] }
    }
}
