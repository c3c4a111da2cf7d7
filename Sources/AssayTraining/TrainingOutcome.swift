import AssayCore
import Foundation

/// What one optimiser step did.
public struct TrainingStep: Sendable, Codable, Hashable {
    /// The step, from 1.
    public var step: Int
    /// Mean negative log likelihood of the answers, nats per token, mean over the micro-batches; before the update.
    public var loss: Double
    /// Global norm of the gradient before clipping.
    public var gradientNorm: Double
    /// The learning rate of the update.
    public var learningRate: Double
    /// Positions trained on so far, padding included.
    public var tokens: Int
}

/// A checkpoint of a run.
public struct TrainedCheckpoint: Sendable, Hashable {
    /// The step after which it was written.
    public var step: Int
    /// Its identity.
    public var contentHash: ContentHash
    /// Its folder.
    public var url: URL

    /// A checkpoint.
    public init(step: Int, contentHash: ContentHash, url: URL) {
        self.step = step
        self.contentHash = contentHash
        self.url = url
    }
}

/// Why an arm could not be trained to the end.
public enum TrainingFailure: String, Sendable, Codable, Hashable {
    /// The loss blew up by the recipe's ``SpikeRule``.
    case lossSpike = "loss spike"
    /// The loss was infinite or not a number.
    case nonFiniteLoss = "non-finite loss"
    /// The gradient was infinite or not a number.
    case nonFiniteGradient = "non-finite gradient"
    /// A weight of a checkpoint was infinite or not a number.
    case nonFiniteWeights = "non-finite weights"
}

/// How a run ended.
public enum TrainingEnd: Sendable, Codable, Hashable {
    /// All steps were done.
    case finished
    /// The caller asked to stop; the next run goes on after this step.
    case stopped(step: Int)
    /// The arm ended for a reason at a step; its checkpoints up to there stand.
    case failed(step: Int, reason: TrainingFailure)
}

/// What a run left behind.
public struct TrainingOutcome: Sendable, Hashable {
    /// How it ended.
    public var end: TrainingEnd
    /// The checkpoints so far, in order of steps.
    public var checkpoints: [TrainedCheckpoint]
    /// Every step so far.
    public var log: [TrainingStep]
    /// What a person should know, such as a resume state that was found damaged.
    public var remarks: [String]
}

/// Where a run stands.
public struct TrainingProgress: Sendable {
    /// The arm.
    public var arm: String
    /// Its seed.
    public var seed: UInt64
    /// Steps of the recipe.
    public var steps: Int
    /// The step that was just done.
    public var last: TrainingStep
    /// Positions a second, padding included, over the last few seconds.
    public var tokensPerSecond: Double
    /// Seconds that the remaining steps will take at that speed.
    public var secondsLeft: Double
}
