import AssayCore

/// How far the training of an arm with a seed has come.
public enum RunStatus: Sendable, Hashable {
    /// It was begun.
    case running
    /// It reached its last step.
    case finished
    /// It was given up, for a reason such as a loss spike.
    case failed(reason: String)

    /// The word in tables and in the store.
    public var name: String {
        switch self {
        case .running: "running"
        case .finished: "finished"
        case .failed: "failed"
        }
    }

    /// Why it failed, when it did.
    public var reason: String? {
        if case .failed(let reason) = self { reason } else { nil }
    }

    init(name: String, reason: String?) {
        switch name {
        case "finished": self = .finished
        case "failed": self = .failed(reason: reason ?? "")
        default: self = .running
        }
    }
}

/// The training of an arm with one seed.
public struct RunRecord: Sendable, Hashable {
    /// Hash of the training plan.
    public var identity: ContentHash
    /// The name of the arm when the run was first recorded; batches may call it otherwise (``BatchArmRecord``).
    public var arm: String
    /// The architecture, as canonical JSON.
    public var architecture: String
    /// The recipe, as canonical JSON.
    public var recipe: String
    /// The seed.
    public var seed: UInt64
    /// How far it has come.
    public var status: RunStatus

    /// A run.
    public init(
        identity: ContentHash, arm: String, architecture: String, recipe: String, seed: UInt64,
        status: RunStatus = .running
    ) {
        self.identity = identity
        self.arm = arm
        self.architecture = architecture
        self.recipe = recipe
        self.seed = seed
        self.status = status
    }
}

/// What was logged at a training step.
public struct TrainingStepRecord: Sendable, Hashable {
    /// The step, from 1.
    public var step: Int
    /// The mean loss of the step.
    public var loss: Double
    /// The norm of the gradient before clipping.
    public var gradientNorm: Double
    /// The learning rate of the step.
    public var learningRate: Double
    /// Tokens seen up to and with this step.
    public var tokens: Int

    /// A step.
    public init(step: Int, loss: Double, gradientNorm: Double, learningRate: Double, tokens: Int) {
        self.step = step
        self.loss = loss
        self.gradientNorm = gradientNorm
        self.learningRate = learningRate
        self.tokens = tokens
    }
}

/// Weights at a step of a run.
public struct CheckpointRecord: Sendable, Hashable {
    /// The hash of the content. Runs may share it: equal weights are one checkpoint, evaluated once.
    public var hash: ContentHash
    /// The identity of the run.
    public var run: ContentHash
    /// The arm: its name in the batch when one was asked for, else the name when the run was first recorded.
    public var arm: String
    /// The seed.
    public var seed: UInt64
    /// The training step.
    public var step: Int
    /// The folder of the files.
    public var path: String

    /// A checkpoint of a run.
    public init(hash: ContentHash, run: ContentHash, arm: String, seed: UInt64, step: Int, path: String) {
        self.hash = hash
        self.run = run
        self.arm = arm
        self.seed = seed
        self.step = step
        self.path = path
    }
}
