import AssayCore
import AssayEvaluation
import AssayMetrics
import AssayModels
import AssayReinforcement
import AssayTasks
import Foundation

/// A study of reinforcement learning with every name resolved and every number checked.
public struct ReinforcementStudy: Sendable {
    /// The name, also of the folder of its reports.
    public let name: String
    /// The supervised training of its arms, as a batch of its own.
    public let supervised: BatchPlan
    /// The arms in the order of the file.
    public let arms: [Arm]
    /// The precisions of the states of rollouts; the first is what the others are held against.
    public let precisions: [StatePrecision]
    /// The task of both trainings.
    public let task: any TaskGenerator
    /// Held-out episodes that are played before and after.
    public let episodes: Int

    /// An arm.
    public struct Arm: Sendable {
        /// How it is trained supervised.
        public let supervised: ArmPlan
        /// The checkpoint from which each seed goes on.
        public let start: ReinforcementStart
        /// How it goes on.
        public let recipe: ReinforcementRecipe

        /// The name.
        public var name: String { supervised.name }
        /// The seeds.
        public var seeds: [UInt64] { supervised.trainings.map(\.seed) }
    }

    /// Runs of the study.
    public var runCount: Int { precisions.count * arms.reduce(0) { $0 + $1.seeds.count } }

    /// Reads a file and all that it names, and checks that every part fits the others.
    /// - Throws: ``AssayError`` of kind `badInput` naming file, line and remedy, before any work has begun.
    public static func read(_ url: URL) throws -> ReinforcementStudy {
        let file = try ReinforcementConfiguration.read(url)
        let library = ConfigurationLibrary(folder: url.standardizedFileURL.deletingLastPathComponent())
        let task = try file.task.makeGenerator()
        do { _ = try EpisodeSource(task) } catch let error as AssayError { throw error.located(at: file.task.mark) }
        let arms = try file.arms.map { arm -> Arm in
            let recipe = try RecipeConfiguration.read(try library.find(.recipe, arm.recipe))
            let supervised = try ArmPlan(
                arm.name,
                architecture: try ArchitectureConfiguration.read(try library.find(.architecture, arm.architecture)),
                recipe: recipe, generators: [file.task.name: task], seeds: file.seeds.map(\.value), match: nil,
                control: nil)
            let steps = supervised.trainings[0].recipe.allCheckpointSteps
            if let start = arm.start, case .step(let step) = start.value, !steps.contains(step) {
                throw AssayError.badInput(
                    "'start-step' is \(step), where recipe '\(recipe.name)' leaves no checkpoint",
                    at: start.mark.description, remedy: "Write one of " + steps.map(String.init).joined(separator: ", ")
                )
            }
            return Arm(
                supervised: supervised, start: arm.start?.value ?? .step(steps.last ?? 0), recipe: arm.policy.value)
        }
        let plan = TaskPlan(
            name: file.task.name, generator: task, clusters: file.episodes,
            conditions: CellEvaluator.paths(for: task).prefix(1).map { Condition(path: $0) })
        return ReinforcementStudy(
            name: file.name,
            supervised: try BatchPlan(
                name: file.name, control: arms[0].name, arms: arms.map(\.supervised), tasks: [plan],
                comparison: ComparisonOptions(), reports: []),
            arms: arms, precisions: file.rollouts.map(\.value), task: task, episodes: file.episodes)
    }
}
