import AssayCore

/// A run of reinforcement learning that has ended.
public struct PolicyRunRecord: Sendable, Hashable {
    /// Hash of the plan.
    public var identity: ContentHash
    /// The name of the arm when the run was first recorded.
    public var arm: String
    /// The checkpoint that it started from.
    public var start: ContentHash
    /// The seed.
    public var seed: UInt64
    /// How the states of rollouts were kept, such as `bfloat16`.
    public var precision: String
    /// The identity of the task, spelled out.
    public var task: String
    /// The recipe, as canonical JSON.
    public var recipe: String
    /// Why it collapsed; nil when it did not.
    public var reason: String?
    /// The last step.
    public var step: Int
    /// The checkpoint at its end; nil where its weights are not finite.
    public var checkpoint: ContentHash?
    /// The folder of that checkpoint.
    public var path: String?

    /// A run.
    public init(
        identity: ContentHash, arm: String, start: ContentHash, seed: UInt64, precision: String, task: String,
        recipe: String, reason: String?, step: Int, checkpoint: ContentHash?, path: String?
    ) {
        self.identity = identity
        self.arm = arm
        self.start = start
        self.seed = seed
        self.precision = precision
        self.task = task
        self.recipe = recipe
        self.reason = reason
        self.step = step
        self.checkpoint = checkpoint
        self.path = path
    }
}

/// What a step of reinforcement learning showed: figures by name.
public struct PolicyStepRecord: Sendable, Hashable {
    /// The step, from 1.
    public var step: Int
    /// The figures; what could not be measured is not a number.
    public var figures: [String: Double]

    /// A step.
    public init(step: Int, figures: [String: Double]) {
        self.step = step
        self.figures = figures
    }
}

/// The reward of a held-out episode, played greedily before and after the training.
public struct PolicyEpisodeRecord: Sendable, Hashable {
    /// The number of the episode in its stream.
    public var episode: Int
    /// The reward of the start.
    public var start: Double
    /// The reward of the trained policy; nil where there is none.
    public var trained: Double?

    /// An episode.
    public init(episode: Int, start: Double, trained: Double?) {
        self.episode = episode
        self.start = start
        self.trained = trained
    }
}
