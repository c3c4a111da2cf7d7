import AssayCore
import AssayTensor
import AssayTraining

/// How a rollout's reward becomes a gradient.
public enum PolicyAlgorithm: String, Sendable, Codable, Hashable, CaseIterable {
    /// Advantages normalised within the rollouts of a prompt, clipped ratios, the mean over the tokens of each rollout.
    case grpo
    /// Rewards over the mean of the other rollouts of the prompt, times the log-probability of the whole rollout.
    case reinforce
}

/// How a policy is trained by its rewards. All that decides the weights besides start, task, rollout precision and seed.
public struct ReinforcementRecipe: Sendable, Codable, Hashable {
    /// Batches of rollouts, each with its updates.
    public var steps: Int
    /// How rewards become a gradient.
    public var algorithm: PolicyAlgorithm
    /// Prompts of a step.
    public var promptsPerStep: Int
    /// Rollouts of each prompt.
    public var rolloutsPerPrompt: Int
    /// Rollouts that a worker takes through the model at once in an update; divides the rollouts of a step.
    public var rolloutsPerMicroBatch: Int
    /// Optimiser steps over the rollouts of a step, each over all of them; 1: strictly on-policy.
    public var updatesPerStep: Int
    /// The learning rate after the warm-up.
    public var learningRate: Double
    /// Steps in which the learning rate grows linearly.
    public var warmUpSteps: Int
    /// AdamW.
    public var optimizer: OptimizerSettings
    /// What logits are divided by, in rollouts and updates alike.
    public var temperature: Double
    /// How far a ratio may fall below 1 (GRPO).
    public var clipLow: Double
    /// How far a ratio may rise above 1 (GRPO).
    public var clipHigh: Double
    /// What the divergence from the supervised checkpoint counts; 0 for nothing.
    public var divergenceWeight: Double
    /// The cap of truncated importance sampling; nil for none.
    public var importanceCap: Double?
    /// When rollouts are stopped in what they are sure of; nil for never.
    public var certaintyGuard: CertaintyGuard?
    /// When a run counts as collapsed.
    public var collapse: CollapseRule

    /// A recipe; what is not given are settings that suit models of 10^5 to 10^6 parameters. The decay of squared gradients,
    /// 0.95, is that of MiniMax-M1.
    public init(
        steps: Int, algorithm: PolicyAlgorithm = .grpo, promptsPerStep: Int = 8, rolloutsPerPrompt: Int = 8,
        rolloutsPerMicroBatch: Int = 8, updatesPerStep: Int = 1, learningRate: Double = 3e-4, warmUpSteps: Int = 5,
        optimizer: OptimizerSettings = OptimizerSettings(
            weightDecay: 0, beta1: 0.9, beta2: 0.95, epsilon: 1e-8, gradientClip: 1),
        temperature: Double = 1, clipLow: Double = 0.2, clipHigh: Double = 0.2, divergenceWeight: Double = 0,
        importanceCap: Double? = nil, certaintyGuard: CertaintyGuard? = CertaintyGuard(),
        collapse: CollapseRule = CollapseRule()
    ) {
        self.steps = steps
        self.algorithm = algorithm
        self.promptsPerStep = promptsPerStep
        self.rolloutsPerPrompt = rolloutsPerPrompt
        self.rolloutsPerMicroBatch = rolloutsPerMicroBatch
        self.updatesPerStep = updatesPerStep
        self.learningRate = learningRate
        self.warmUpSteps = warmUpSteps
        self.optimizer = optimizer
        self.temperature = temperature
        self.clipLow = clipLow
        self.clipHigh = clipHigh
        self.divergenceWeight = divergenceWeight
        self.importanceCap = importanceCap
        self.certaintyGuard = certaintyGuard
        self.collapse = collapse
    }

    /// Rollouts of a step.
    public var rolloutsPerStep: Int { promptsPerStep * rolloutsPerPrompt }

    /// Micro-batches of an update.
    public var microBatchesPerUpdate: Int { rolloutsPerStep / rolloutsPerMicroBatch }

    /// The loss of a sampled token.
    public var objective: PolicyObjective {
        PolicyObjective(
            surrogate: algorithm == .grpo ? .clippedRatio(low: clipLow, high: clipHigh) : .logProbability,
            divergenceWeight: divergenceWeight, importanceCap: importanceCap, temperature: temperature)
    }

    /// The learning rate of a step (from 1).
    public func rate(step: Int) -> Double {
        step < warmUpSteps ? learningRate * Double(step) / Double(warmUpSteps) : learningRate
    }

    /// Refuses what cannot be trained, naming the field.
    /// - Throws: ``AssayError`` of kind `badInput`.
    public func validate() throws {
        func demand(_ condition: Bool, _ problem: String, _ remedy: String) throws {
            if !condition { throw AssayError.badInput("reinforcement: \(problem)", remedy: remedy) }
        }
        func whole(_ name: String, _ value: Int, _ range: ClosedRange<Int>) throws {
            try demand(
                range.contains(value), "\(name) is \(value)",
                "Give a whole number from \(range.lowerBound) to \(range.upperBound)")
        }
        func number(_ name: String, _ value: Double, _ range: ClosedRange<Double>, above: Double? = nil) throws {
            try demand(
                range.contains(value) && above.map { value > $0 } ?? true, "\(name) is \(value)",
                "Give a number \(above.map { "above \($0)" } ?? "from \(range.lowerBound)") to \(range.upperBound)")
        }
        try whole("steps", steps, 1...1_000_000)
        try whole("promptsPerStep", promptsPerStep, 1...65_536)
        try whole("rolloutsPerPrompt", rolloutsPerPrompt, 1...4_096)
        try demand(rolloutsPerStep > 1, "a step has one rollout", "Give at least two, so that there is a baseline")
        try demand(
            rolloutsPerMicroBatch > 0 && rolloutsPerStep % rolloutsPerMicroBatch == 0,
            "rolloutsPerMicroBatch is \(rolloutsPerMicroBatch)",
            "Give a number that divides the \(rolloutsPerStep) rollouts of a step")
        try whole("updatesPerStep", updatesPerStep, 1...64)
        try number("learningRate", learningRate, 0...10, above: 0)
        try whole("warmUpSteps", warmUpSteps, 0...steps)
        try number("weightDecay", optimizer.weightDecay, 0...10)
        try number("beta1", optimizer.beta1, 0...0.999999)
        try number("beta2", optimizer.beta2, 0...0.999999)
        try number("epsilon", optimizer.epsilon, 0...0.1, above: 0)
        try number("gradientClip", optimizer.gradientClip, 0...1e9)
        try number("temperature", temperature, 0.01...100)
        try number("clipLow", clipLow, 0...1)
        try number("clipHigh", clipHigh, 0...100)
        try number("divergenceWeight", divergenceWeight, 0...1000)
        if let importanceCap { try number("importanceCap", importanceCap, 0...1e6, above: 0) }
        if let certaintyGuard {
            try number("the guard's probability", certaintyGuard.probability, 0.5...0.999999)
            try number("the guard's share", certaintyGuard.share, 0...1, above: 0)
        }
        try collapse.validate()
    }
}
