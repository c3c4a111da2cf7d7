import AssayCore
import AssayModels
import AssayTasks

/// Everything that decides the weights of a trained arm.
public struct TrainingPlan: Sendable {
    /// The arm's name, for people; not part of the identity.
    public let arm: String
    /// The model, with the short convolution that the recipe asks for.
    public let architecture: Architecture
    /// How it is trained.
    public let recipe: Recipe
    /// The seed of weights and data. Arms of the same seed and mixture see the same data in the same order.
    public let seed: UInt64
    /// The tasks of the mixture by name.
    public let tasks: [String: any TaskGenerator]
    /// The identity: equal plans give equal checkpoints.
    public let identity: ContentHash

    /// Raised whenever an unchanged plan would give other weights.
    public static let version = 1

    /// A plan, checked as a whole.
    /// - Throws: ``AssayError`` naming the field of the recipe or the architecture that is wrong.
    public init(
        arm: String, architecture: Architecture, recipe: Recipe, seed: UInt64, tasks: [String: any TaskGenerator]
    ) throws {
        try recipe.validate()
        var architecture = architecture
        if recipe.shortConvolution > 0 { architecture.shortConvolution = recipe.shortConvolution }
        try architecture.validate()
        for entry in recipe.mixture {
            guard let task = tasks[entry.task] else {
                throw AssayError.badInput(
                    "recipe: the mixture names the task '\(entry.task)', which is not defined",
                    remedy: Suggestion.remedy(for: entry.task, among: Array(tasks.keys)))
            }
            guard architecture.vocabularyCount >= Vocabulary.count else {
                throw AssayError.badInput(
                    "architecture '\(architecture.name)' has \(architecture.vocabularyCount) tokens",
                    remedy: "Task '\(entry.task)' (\(task.identity.generator)) needs \(Vocabulary.count)")
            }
        }
        self.arm = arm
        self.architecture = architecture
        self.recipe = recipe
        self.seed = seed
        self.tasks = tasks
        var anonymous = architecture
        anonymous.name = ""
        identity = try ContentHash(
            canonical: Identity(
                version: TrainingPlan.version, architecture: anonymous, recipe: recipe, seed: seed,
                tasks: Dictionary(
                    uniqueKeysWithValues: recipe.mixture.map { ($0.task, tasks[$0.task]?.identity.text ?? "") })))
    }

    private struct Identity: Encodable {
        let version: Int
        let architecture: Architecture
        let recipe: Recipe
        let seed: UInt64
        let tasks: [String: String]
    }
}
