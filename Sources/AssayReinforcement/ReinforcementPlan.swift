import AssayCore
import AssayModels
import AssayTasks

/// Everything that decides what a run of reinforcement learning does.
public struct ReinforcementPlan: Sendable {
    /// The arm's name, for people; not part of the identity.
    public let arm: String
    /// The identity of the checkpoint that it starts from, which is also the reference policy.
    public let start: ContentHash
    /// How it is trained.
    public let recipe: ReinforcementRecipe
    /// How the states of rollouts are kept.
    public let precision: StatePrecision
    /// The seed of prompts and samples. Runs of one seed that differ in anything else get the same of both.
    public let seed: UInt64
    /// The episodes.
    public let source: EpisodeSource
    /// The identity: equal plans give equal runs.
    public let identity: ContentHash

    /// Raised whenever an unchanged plan would give other weights.
    public static let version = 1

    /// A plan, checked as a whole.
    /// - Throws: ``AssayError`` naming what is wrong.
    public init(
        arm: String, start: ContentHash, recipe: ReinforcementRecipe, precision: StatePrecision = .float32,
        seed: UInt64,
        task: any TaskGenerator
    ) throws {
        try recipe.validate()
        guard precision.rounding != .atRestore else {
            throw AssayError.badInput(
                "a rollout restores no state, so '\(precision.name)' would round nothing",
                remedy: "Write '\(precision.format.rawValue)'")
        }
        self.arm = arm
        self.start = start
        self.recipe = recipe
        self.precision = precision
        self.seed = seed
        source = try EpisodeSource(task)
        identity = try ContentHash(
            canonical: Identity(
                version: ReinforcementPlan.version, start: start, recipe: recipe, precision: precision.name, seed: seed,
                task: task.identity.text))
    }

    private struct Identity: Encodable {
        let version: Int
        let start: ContentHash
        let recipe: ReinforcementRecipe
        let precision: String
        let seed: UInt64
        let task: String
    }
}
