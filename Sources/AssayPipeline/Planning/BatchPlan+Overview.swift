import AssayModels
import AssayReports
import AssayTasks
import Foundation

extension BatchPlan {
    /// The plan and its cost, for `--dry-run`.
    public func overview() -> String {
        var text = "Batch \(name): \(arms.count) arms x \(arms.map(\.runs.count).max() ?? 0) seeds, "
        text += "\(tasks.count) tasks, \(checkpointCount) checkpoints, \(cellCount) cells\n\n"
        let isTraining = arms.contains { $0.trained != nil }
        if isTraining { text += armTable.text() + "\n" }
        text += loadedArms() + servedArms() + matching() + taskTable.text() + "\n"
        if let spending = comparison.spending {
            text +=
                "Items are drawn in up to \(spending.looks) portions (\(spending.method.rawValue)), until every declared "
                + "comparison on a task is decided; the clusters above are the most.\n"
        }
        if let serving { text += "Serving: \(serving.overview)\n" }
        if isTraining {
            let total = arms.reduce(0) { $0 + ($1.trained?.trainingFLOPs ?? 0) * Double($1.trainings.count) }
            text += "Training: \(Figure.value(total / 1e12)) TFLOP of matrix products in all.\n"
        }
        return text
    }

    private var armTable: TextTable {
        var table = TextTable([
            .init("arm"), .init("layers"), .init("parameters", .right), .init("state bytes", .right),
            .init("steps", .right), .init("tokens", .right), .init("TFLOP", .right), .init("checkpoints"),
        ])
        for arm in arms {
            guard let trained = arm.trained, let training = trained.trainings.first else { continue }
            let cost = trained.model.cost(context: longest)
            table.append([
                title(of: arm), LayerSummary.text(training.architecture),
                Figure.grouped(cost.parameters), Figure.grouped(Int(cost.stateBytes)),
                Figure.grouped(training.recipe.steps), Figure.grouped(trained.trainingTokens),
                Figure.value(trained.trainingFLOPs / 1e12),
                training.recipe.allCheckpointSteps.map(String.init).joined(separator: " "),
            ])
        }
        return table
    }

    private func title(of arm: ArmPlan) -> String { arm.name + (arm.name == control ? " (control)" : "") }

    /// The checkpoints that were found for loaded arms, and what was left out; empty where nothing is loaded.
    private func loadedArms() -> String {
        var table = TextTable([
            .init("arm"), .init("seed", .right), .init("system"), .init("format"), .init("layers"),
            .init("parameters", .right), .init("reads"), .init("checkpoints"),
        ])
        var notes = ""
        for arm in arms {
            for run in arm.loaded?.runs ?? [] {
                notes += run.leftOut.map { $0.notice(arm: arm.name) + "\n" }.joined()
                guard let first = run.found.first, let model = try? LanguageModel(first.survey.architecture) else {
                    table.append([title(of: arm), "\(run.seed)", "-", "-", "-", "-", "-", "none"])
                    continue
                }
                table.append([
                    title(of: arm), "\(run.seed)", first.survey.system, first.survey.format.rawValue,
                    LayerSummary.text(first.survey.architecture), Figure.grouped(model.layout.parameterCount),
                    [first.readsSymbols ? "symbols" : nil, first.readsText ? "text" : nil].compactMap { $0 }
                        .joined(separator: ", "),
                    run.found.map { "\($0.step)" }.joined(separator: " "),
                ])
            }
        }
        guard arms.contains(where: { $0.loaded != nil }) else { return "" }
        return table.text() + "\n" + (notes.isEmpty ? "" : notes + "\n")
    }

    /// Where served arms are, and what may be asked of them; empty where nothing is served.
    private func servedArms() -> String {
        var table = TextTable([
            .init("arm"), .init("endpoint"), .init("model"), .init("protocol"), .init("parallel", .right),
            .init("requests", .right), .init("tokens", .right), .init("key"),
        ])
        for arm in arms {
            guard let settings = arm.served?.settings else { continue }
            table.append([
                title(of: arm), settings.base.absoluteString, settings.model, settings.dialect.rawValue,
                "\(settings.parallel)", settings.requestLimit.map { Figure.grouped($0) } ?? "no limit",
                settings.tokenLimit.map { Figure.grouped($0) } ?? "no limit",
                settings.keyVariable.map { "$\($0)" } ?? "none",
            ])
        }
        return arms.contains(where: { $0.served != nil }) ? table.text() + "\n" : ""
    }

    /// How arms were made equal to the control, and how far they are off; empty where nothing was matched.
    func matching() -> String {
        guard arms.contains(where: { $0.trained?.match != nil }) else { return "" }
        var table = TextTable([
            .init("arm"), .init("matched in"), .init("control", .right), .init("arm", .right), .init("off", .right),
            .init("by"),
        ])
        for arm in arms {
            guard let match = arm.trained?.match else { continue }
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
            .init("task"), .init("family"), .init("generator"), .init("given as"), .init("clusters", .right),
            .init("length", .right),
            .init("floor", .right), .init("conditions"),
        ])
        for task in tasks {
            table.append([
                task.name, task.generator.family.rawValue, task.generator.identity.generator,
                task.text.map { "text, \($0.shots) examples" } ?? "symbols",
                Figure.grouped(task.clusters), Figure.grouped(task.generator.length),
                Figure.value(task.generator.statedFloor), task.conditions.map(\.name).joined(separator: " "),
            ])
        }
        return table
    }

    /// The longest sequence of the suite: the length at which states are compared.
    private var longest: Int { tasks.map(\.generator.length).max() ?? 0 }
}

extension TrainedArm {
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
