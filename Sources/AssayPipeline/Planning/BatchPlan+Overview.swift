import AssayModels
import AssayReports
import AssayTasks
import Foundation

extension BatchPlan {
    /// The plan and its cost, for `--dry-run`.
    public func overview() -> String {
        var text = "Batch \(name): \(arms.count) arms x \(arms.first?.trainings.count ?? 0) seeds, "
        text += "\(tasks.count) tasks, \(checkpointCount) checkpoints, \(cellCount) cells\n\n"
        text += armTable.text() + "\n" + matching() + taskTable.text() + "\n"
        if let spending = comparison.spending {
            text +=
                "Items are drawn in up to \(spending.looks) portions (\(spending.method.rawValue)), until every declared "
                + "comparison on a task is decided; the clusters above are the most.\n"
        }
        if let serving { text += "Serving: \(serving.overview)\n" }
        let total = arms.reduce(0) { $0 + $1.trainingFLOPs * Double($1.trainings.count) }
        text += "Training: \(Figure.value(total / 1e12)) TFLOP of matrix products in all.\n"
        return text
    }

    private var armTable: TextTable {
        var table = TextTable([
            .init("arm"), .init("layers"), .init("parameters", .right), .init("state bytes", .right),
            .init("steps", .right), .init("tokens", .right), .init("TFLOP", .right), .init("checkpoints"),
        ])
        for arm in arms {
            guard let training = arm.trainings.first else { continue }
            let cost = arm.model.cost(context: longest)
            table.append([
                arm.name + (arm.name == control ? " (control)" : ""), LayerSummary.text(training.architecture),
                Figure.grouped(cost.parameters), Figure.grouped(Int(cost.stateBytes)),
                Figure.grouped(training.recipe.steps), Figure.grouped(arm.trainingTokens),
                Figure.value(arm.trainingFLOPs / 1e12),
                training.recipe.allCheckpointSteps.map(String.init).joined(separator: " "),
            ])
        }
        return table
    }

    /// How arms were made equal to the control, and how far they are off; empty where nothing was matched.
    func matching() -> String {
        guard arms.contains(where: { $0.match != nil }) else { return "" }
        var table = TextTable([
            .init("arm"), .init("matched in"), .init("control", .right), .init("arm", .right), .init("off", .right),
            .init("by"),
        ])
        for arm in arms {
            guard let match = arm.match else { continue }
            table.append([
                arm.name, match.rule.title, Figure.grouped(Int(match.wanted)), Figure.grouped(Int(match.reached)),
                String(format: "%+.2f %%", 100 * match.excess),
                "\(match.rule.field) \(match.chosen)" + (match.chosen == match.stated ? "" : " for \(match.stated)"),
            ])
        }
        return table.text() + "\n"
    }

    private var taskTable: TextTable {
        var table = TextTable([
            .init("task"), .init("family"), .init("generator"), .init("clusters", .right), .init("length", .right),
            .init("floor", .right), .init("conditions"),
        ])
        for task in tasks {
            table.append([
                task.name, task.generator.family.rawValue, task.generator.identity.generator,
                Figure.grouped(task.clusters), Figure.grouped(task.generator.length),
                Figure.value(task.generator.statedFloor), task.conditions.map(\.name).joined(separator: " "),
            ])
        }
        return table
    }

    /// The longest sequence of the suite: the length at which states are compared.
    private var longest: Int { tasks.map(\.generator.length).max() ?? 0 }
}

extension ArmPlan {
    /// Positions that one training run goes over, as the mixture's weights have it.
    var trainingTokens: Int {
        guard let training = trainings.first else { return 0 }
        let recipe = training.recipe
        let weights = recipe.mixture.reduce(0) { $0 + $1.weight }
        let length = recipe.mixture.reduce(0) {
            $0 + $1.weight / weights * Double(training.tasks[$1.task]?.length ?? 0)
        }
        return Int((length * Double(recipe.steps * recipe.sequencesPerStep)).rounded())
    }

    /// Floating-point operations of matrix products in one training run, the head over the answers left out.
    var trainingFLOPs: Double {
        guard let training = trainings.first else { return 0 }
        let longest = training.tasks.values.map(\.length).max() ?? 0
        return Double(trainingTokens) * model.cost(context: longest).trainingFLOPs(targetShare: 0)
    }
}

/// The layers of an architecture in a few words.
enum LayerSummary {
    /// Such as `3 gated-delta-net, 1 full` or, if not every feed-forward is the standard one,
    /// `4 kda; 1 swiglu, 3 mixture-of-experts`.
    static func text(_ architecture: Architecture) -> String {
        let feedForwards = architecture.layers.map(\.feedForward)
        let isStandard = feedForwards.allSatisfy { $0 == LayerConfiguration.standardFeedForward }
        return counted(architecture.layers.map(\.mixer)) + (isStandard ? "" : "; " + counted(feedForwards))
    }

    private static func counted(_ names: [String]) -> String {
        var counts: [(name: String, count: Int)] = []
        for name in names {
            if let index = counts.firstIndex(where: { $0.name == name }) {
                counts[index].count += 1
            } else {
                counts.append((name, 1))
            }
        }
        return counts.map { "\($0.count) \($0.name)" }.joined(separator: ", ")
    }
}
