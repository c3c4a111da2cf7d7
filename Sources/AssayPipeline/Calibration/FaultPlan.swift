import AssayCore
import AssayMetrics
import AssayModels
import AssayStore
import AssayTasks

/// Damage to a model that needs no training: under which condition its cells are run again.
struct FaultPlan {
    let fault: PlantedFault
    /// How it is planted, for people.
    let detail: String
    /// The condition of a cell with the fault, as text; nil where it means nothing for the cell.
    let condition: (CellData) -> String?

    /// The faults that mean something for an architecture.
    static func all(for architecture: Architecture) -> [FaultPlan] {
        let mixers = architecture.layers.map(\.mixer)
        var plans = [
            FaultPlan(fault: .nothing, detail: "chunks of 16") { $0.condition == .parallel ? "parallel@16" : nil }
        ]
        if mixers.contains("sliding-window") {
            plans.append(swap(.window, "halve-windows"))
        } else if mixers.contains("full") {
            plans.append(
                FaultPlan(fault: .window, detail: "window of half the length") { cell in
                    let longest = cell.items.map(\.item.length).max() ?? 0
                    return longest > 1 ? "\(cell.condition.name):window=\(longest / 2)" : nil
                })
        }
        plans += ["int8", "int4"].map { format in
            FaultPlan(fault: .state, detail: format) { $0.condition == .recurrent ? "recurrent:\(format)" : nil }
        }
        if let layer = mixers.lastIndex(of: "full") {
            plans.append(swap(.layer, "drop=\(layer)"))
        }
        if let layer = mixers.lastIndex(of: "full") ?? mixers.indices.last {
            plans.append(swap(.head, "drop-head=\(layer).0"))
        }
        plans.append(swap(.positions, "shift-positions=1"))
        return plans
    }

    private static func swap(_ fault: PlantedFault, _ text: String) -> FaultPlan {
        FaultPlan(fault: fault, detail: text) { "\($0.condition.name):\(text)" }
    }
}

extension TaskRecord {
    /// Parameters that say how much is in an item, the first ones first.
    private static let loads = [
        "pairs", "facts", "keys", "chains", "distractors", "records", "needles", "entries", "nodes", "orders",
        "tickets",
    ]

    /// The task with one parameter changed by half, and what was changed; nil when no parameter can be.
    var changed: (parameters: [String: Int], detail: String)? {
        for name in TaskRecord.loads {
            guard let value = parameters[name] else { continue }
            for other in [value + max(1, value / 2), value - max(1, value / 3)] {
                var changed = parameters
                changed[name] = other
                guard (try? TaskRegistry.make(generator, parameters: changed)) != nil else { continue }
                return (changed, "\(name) \(value) to \(other)")
            }
        }
        return nil
    }
}
