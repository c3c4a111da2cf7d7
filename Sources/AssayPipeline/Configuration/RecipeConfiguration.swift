import AssayCore
import Foundation

/// How an arm is trained, as a recipe file states it; what is nil has the trainer's default.
public struct RecipeConfiguration: Sendable, Hashable {
    /// The name of the file.
    public var name: String
    /// What it is for.
    public var description: String?
    /// Optimiser steps.
    public var steps: Marked<Int>
    /// Sequences whose mean gradient makes a step.
    public var sequencesPerStep: Marked<Int>?
    /// Sequences that a worker takes through the model at once.
    public var sequencesPerMicroBatch: Marked<Int>?
    /// The highest learning rate.
    public var learningRate: Marked<Double>?
    /// The last learning rate as a fraction of the highest.
    public var finalLearningRateFraction: Marked<Double>?
    /// Steps of linear warm-up.
    public var warmUpSteps: Marked<Int>?
    /// Decoupled weight decay.
    public var weightDecay: Marked<Double>?
    /// Decay of the mean of gradients.
    public var beta1: Marked<Double>?
    /// Decay of the mean of squared gradients.
    public var beta2: Marked<Double>?
    /// Added to the root of the mean square.
    public var epsilon: Marked<Double>?
    /// Largest norm of the gradient; 0 for no clipping.
    public var gradientClip: Marked<Double>?
    /// Weights of the tasks of the suite; nil for all alike.
    public var mixture: [MixtureShare]?
    /// Steps after which a checkpoint is written.
    public var checkpointSteps: [Marked<Int>]
    /// Kernel width of the short convolution of every mixer.
    public var shortConvolution: Marked<Int>?
    /// When the loss counts as blown up.
    public var spike: SpikeConfiguration?
    /// Where it begins.
    public var mark: SourceMark

    private static let keys = [
        "name", "description", "steps", "sequences-per-step", "sequences-per-micro-batch", "learning-rate",
        "final-learning-rate-fraction", "warm-up-steps", "weight-decay", "beta1", "beta2", "epsilon", "gradient-clip",
        "mixture", "checkpoint-steps", "short-convolution", "spike",
    ]

    /// Reads a recipe file.
    public static func read(_ url: URL) throws -> RecipeConfiguration {
        let top = try ConfigurationDocument.read(url, kind: "recipe").mapping("recipe", keys: keys)
        try ConfigurationLibrary.checkName(top.optional("name"), of: url, kind: .recipe)
        let recipe = RecipeConfiguration(
            name: ConfigurationLibrary.name(of: url), description: try top.optional("description")?.text(),
            steps: try top.markedInteger("steps", 1...10_000_000) ?? top.absent("steps"),
            sequencesPerStep: try top.markedInteger("sequences-per-step", 1...1_048_576),
            sequencesPerMicroBatch: try top.markedInteger("sequences-per-micro-batch", 1...65_536),
            learningRate: try top.markedNumber("learning-rate", 0...10, above: 0),
            finalLearningRateFraction: try top.markedNumber("final-learning-rate-fraction", 0...1),
            warmUpSteps: try top.markedInteger("warm-up-steps", 0...10_000_000),
            weightDecay: try top.markedNumber("weight-decay", 0...10),
            beta1: try top.markedNumber("beta1", 0...0.999999), beta2: try top.markedNumber("beta2", 0...0.999999),
            epsilon: try top.markedNumber("epsilon", 0...0.1, above: 0),
            gradientClip: try top.markedNumber("gradient-clip", 0...1e9),
            mixture: try top.optional("mixture").map(MixtureShare.read),
            checkpointSteps: try top.optional("checkpoint-steps")?.steps() ?? [],
            shortConvolution: try top.markedInteger("short-convolution", 0...8),
            spike: try top.optional("spike").map(SpikeConfiguration.init), mark: top.mark)
        try recipe.check()
        return recipe
    }

    /// Refuses numbers that contradict each other.
    private func check() throws {
        func contradiction(_ problem: String, _ mark: SourceMark, _ remedy: String) -> AssayError {
            .badInput(problem, at: mark.description, remedy: remedy)
        }
        for step in checkpointSteps where step.value > steps.value {
            throw contradiction(
                "'checkpoint-steps' names step \(step.value), training ends at \(steps.value)", step.mark,
                "Name steps from 0 to \(steps.value)")
        }
        if let warmUpSteps, warmUpSteps.value > steps.value {
            throw contradiction(
                "'warm-up-steps' is \(warmUpSteps.value), training ends at \(steps.value)", warmUpSteps.mark,
                "Write a whole number from 0 to \(steps.value)")
        }
        if let all = sequencesPerStep, let micro = sequencesPerMicroBatch, all.value % micro.value != 0 {
            throw contradiction(
                "'sequences-per-step' is \(all.value), no multiple of 'sequences-per-micro-batch', \(micro.value)",
                all.mark, "Write a multiple of \(micro.value)")
        }
    }
}

/// How much of the training data is of one task.
public struct MixtureShare: Sendable, Hashable {
    /// The name of the task in the suite.
    public var task: String
    /// Its weight against the others.
    public var weight: Double
    /// Where it stands.
    public var mark: SourceMark

    static func read(_ value: ConfigurationValue) throws -> [MixtureShare] {
        let shares = try value.entries().map { entry in
            MixtureShare(
                task: try entry.name(), weight: try entry.value.number(in: 0...1e9, above: 0), mark: entry.mark)
        }
        guard !shares.isEmpty else {
            throw value.failure("is empty", remedy: "Name at least one task, or leave the key out for all alike")
        }
        return shares
    }
}

/// When the loss of a run counts as blown up; what is nil has the trainer's default.
public struct SpikeConfiguration: Sendable, Hashable {
    /// Times the running median.
    public var factor: Marked<Double>?
    /// Nats above the loss at the start.
    public var margin: Marked<Double>?
    /// Losses that the running median looks back on.
    public var window: Marked<Int>?
    /// Spiking steps in a row that end the arm.
    public var patience: Marked<Int>?

    init(_ value: ConfigurationValue) throws {
        let map = try value.mapping("spike rule", keys: ["factor", "margin", "window", "patience"])
        factor = try map.markedNumber("factor", 1...1e6)
        margin = try map.markedNumber("margin", 0...1e6)
        window = try map.markedInteger("window", 1...100_000)
        patience = try map.markedInteger("patience", 1...100_000)
    }
}

extension ConfigurationReader {
    /// A whole number that may be absent.
    func markedInteger(_ key: String, _ range: ClosedRange<Int>) throws -> Marked<Int>? {
        try optional(key).map { Marked(try $0.integer(in: range), at: $0.mark) }
    }

    /// A number that may be absent.
    func markedNumber(_ key: String, _ range: ClosedRange<Double>, above: Double? = nil) throws -> Marked<Double>? {
        try optional(key).map { Marked(try $0.number(in: range, above: above), at: $0.mark) }
    }

    /// Never returns: the key is not there.
    func absent<Value>(_ key: String) throws -> Value {
        _ = try required(key)
        preconditionFailure("'\(key)' is there")
    }
}

extension ConfigurationValue {
    /// Steps in ascending order, each once.
    fileprivate func steps() throws -> [Marked<Int>] {
        var steps: [Marked<Int>] = []
        for value in try list() {
            let step = try value.integer(in: 0...10_000_000)
            guard !steps.contains(where: { $0.value == step }) else {
                throw value.failure("names step \(step) again", remedy: "Name each step once")
            }
            steps.append(Marked(step, at: value.mark))
        }
        return steps.sorted { $0.value < $1.value }
    }
}
