import AssayCore

/// How much of the training data is of one task.
public struct MixtureEntry: Sendable, Codable, Hashable {
    /// The task's name in the plan.
    public var task: String
    /// Its weight against the other entries; a micro-batch is of this task with probability weight / sum.
    public var weight: Double

    /// A share.
    public init(task: String, weight: Double) {
        self.task = task
        self.weight = weight
    }
}

/// How an arm is trained. All that decides the weights besides architecture, tasks and seed.
public struct Recipe: Sendable, Codable, Hashable {
    /// Optimiser steps.
    public var steps: Int
    /// Sequences whose mean gradient makes a step.
    public var sequencesPerStep: Int
    /// Sequences of one task that a worker takes through the model at once; divides ``sequencesPerStep``.
    public var sequencesPerMicroBatch: Int
    /// The highest learning rate, reached after the warm-up.
    public var learningRate: Double
    /// The last learning rate as a fraction of the highest.
    public var finalLearningRateFraction: Double
    /// Steps in which the learning rate grows linearly.
    public var warmUpSteps: Int
    /// Decoupled weight decay of matrices.
    public var weightDecay: Double
    /// Decay of the mean of gradients.
    public var beta1: Double
    /// Decay of the mean of squared gradients.
    public var beta2: Double
    /// Added to the root of the mean square.
    public var epsilon: Double
    /// Largest global norm of the gradient; longer ones are scaled down to it. 0: no clipping.
    public var gradientClip: Double
    /// The tasks and their weights.
    public var mixture: [MixtureEntry]
    /// Steps after which a checkpoint is written; the last step always is one, 0 is the state before training.
    public var checkpointSteps: [Int]
    /// Kernel width of the short convolution on q, k and v of every mixer; 0 leaves the architecture as it is.
    public var shortConvolution: Int
    /// When the loss counts as blown up.
    public var spike: SpikeRule

    /// A recipe; what is not given are settings that suit models of 10^5 to 10^6 parameters.
    public init(
        steps: Int, sequencesPerStep: Int = 32, sequencesPerMicroBatch: Int = 8, learningRate: Double = 3e-3,
        finalLearningRateFraction: Double = 0.1, warmUpSteps: Int = 50, weightDecay: Double = 0.1,
        beta1: Double = 0.9, beta2: Double = 0.98, epsilon: Double = 1e-8, gradientClip: Double = 1,
        mixture: [MixtureEntry], checkpointSteps: [Int] = [], shortConvolution: Int = 0, spike: SpikeRule = SpikeRule()
    ) {
        self.steps = steps
        self.sequencesPerStep = sequencesPerStep
        self.sequencesPerMicroBatch = sequencesPerMicroBatch
        self.learningRate = learningRate
        self.finalLearningRateFraction = finalLearningRateFraction
        self.warmUpSteps = warmUpSteps
        self.weightDecay = weightDecay
        self.beta1 = beta1
        self.beta2 = beta2
        self.epsilon = epsilon
        self.gradientClip = gradientClip
        self.mixture = mixture
        self.checkpointSteps = checkpointSteps
        self.shortConvolution = shortConvolution
        self.spike = spike
    }

    /// What AdamW does with a gradient.
    public var optimizer: OptimizerSettings {
        OptimizerSettings(
            weightDecay: weightDecay, beta1: beta1, beta2: beta2, epsilon: epsilon, gradientClip: gradientClip)
    }

    /// Micro-batches of a step.
    public var microBatchesPerStep: Int { sequencesPerStep / sequencesPerMicroBatch }

    /// The steps at which checkpoints are written, in order, the last step included.
    public var allCheckpointSteps: [Int] { Set(checkpointSteps + [steps]).sorted() }

    /// Refuses what cannot be trained, naming the field.
    /// - Throws: ``AssayError`` of kind `badInput`.
    public func validate() throws {
        func demand(_ condition: Bool, _ problem: String, _ remedy: String) throws {
            if !condition { throw AssayError.badInput("recipe: \(problem)", remedy: remedy) }
        }
        func fraction(_ field: String, _ value: Double) throws {
            try demand(value >= 0 && value < 1, "\(field) is \(value)", "Give a number from 0 to below 1")
        }
        try demand((1...10_000_000).contains(steps), "steps is \(steps)", "Give a whole number from 1 to 10,000,000")
        try demand(
            (1...65_536).contains(sequencesPerMicroBatch), "sequencesPerMicroBatch is \(sequencesPerMicroBatch)",
            "Give a whole number from 1 to 65,536")
        try demand(
            (1...1_048_576).contains(sequencesPerStep) && sequencesPerStep % sequencesPerMicroBatch == 0,
            "sequencesPerStep is \(sequencesPerStep)",
            "Give a multiple of sequencesPerMicroBatch, \(sequencesPerMicroBatch)")
        try demand(
            learningRate > 0 && learningRate <= 10, "learningRate is \(learningRate)",
            "Give a number above 0 and at most 10")
        try demand(
            (0...1).contains(finalLearningRateFraction), "finalLearningRateFraction is \(finalLearningRateFraction)",
            "Give a number from 0 to 1")
        try demand(
            (0...steps).contains(warmUpSteps), "warmUpSteps is \(warmUpSteps)", "Give a whole number from 0 to steps")
        try demand((0...10).contains(weightDecay), "weightDecay is \(weightDecay)", "Give a number from 0 to 10")
        try fraction("beta1", beta1)
        try fraction("beta2", beta2)
        try demand(epsilon > 0 && epsilon < 1, "epsilon is \(epsilon)", "Give a small positive number")
        try demand(
            gradientClip >= 0 && gradientClip.isFinite, "gradientClip is \(gradientClip)",
            "Give a positive number, or 0 for none")
        try demand(!mixture.isEmpty, "the mixture is empty", "Name at least one task")
        for entry in mixture {
            try demand(
                entry.weight > 0 && entry.weight.isFinite, "the weight of task '\(entry.task)' is \(entry.weight)",
                "Give a positive number")
        }
        try demand(
            Set(mixture.map(\.task)).count == mixture.count, "the mixture names a task twice", "Name each task once")
        for step in checkpointSteps {
            try demand(
                (0...steps).contains(step), "checkpointSteps holds \(step)",
                "Give steps from 0 to the number of steps, \(steps)")
        }
        try demand(
            (0...16).contains(shortConvolution), "shortConvolution is \(shortConvolution)",
            "Give a kernel width from 1 to 16, or 0")
        try spike.validate()
    }
}
