/// What one step of reinforcement learning did: rollouts, then updates. What could not be measured is not a number.
public struct ReinforcementStep: Sendable {
    /// The step, from 1.
    public var step = 0.0
    /// Mean reward of the rollouts.
    public var reward = 0.0
    /// Share of groups whose rewards are all equal (R5).
    public var deadGroups = 0.0
    /// The loss, mean over the updates.
    public var loss = 0.0
    /// Global norm of the gradient before clipping, the largest of the updates.
    public var gradientNorm = 0.0
    /// The learning rate of the updates.
    public var learningRate = 0.0
    /// Mean entropy of what the tokens were sampled from, nats (R3).
    public var entropy = Double.nan
    /// Estimate K3 of the divergence from the reference policy, nats a token; only where it counts in the loss.
    public var divergence = Double.nan
    /// Share of tokens whose ratio was clipped in the last update.
    public var clipped = 0.0
    /// Sampled tokens of a rollout, mean.
    public var sampledTokens = 0.0
    /// Tokens of all rollouts so far, prompts and observations included.
    public var tokens = 0.0
    /// Share of rollouts that the ``CertaintyGuard`` stopped.
    public var guarded = 0.0
    /// Share of rollouts for which there was no room.
    public var truncated = 0.0
    /// R1 and R2, of the first update: the same weights as in the rollout.
    public var mismatch = PolicyMismatch()
    /// Seconds so far. The one figure that is another each time.
    public var seconds = 0.0

    /// A figure of a step, as tables name it.
    public struct Field: Sendable {
        /// The name of the column.
        public let name: String
        /// What it is, for people.
        public let meaning: String
        /// Where it is.
        public let path: WritableKeyPath<ReinforcementStep, Double> & Sendable
        /// It is the same in every run of the plan.
        public let isDeterministic: Bool

        init(
            _ name: String, _ path: WritableKeyPath<ReinforcementStep, Double> & Sendable, _ meaning: String,
            isDeterministic: Bool = true
        ) {
            self.name = name
            self.path = path
            self.meaning = meaning
            self.isDeterministic = isDeterministic
        }
    }

    /// All figures in the order of tables; ``mismatch`` by length bin last.
    public static let fields: [Field] =
        [
            Field("step", \.step, "the step, from 1"),
            Field("reward", \.reward, "mean reward of the rollouts"),
            Field("dead_groups", \.deadGroups, "share of groups whose rewards are all equal"),
            Field("loss", \.loss, "the loss, mean over the updates"),
            Field("gradient_norm", \.gradientNorm, "norm of the gradient before clipping, largest of the updates"),
            Field("learning_rate", \.learningRate, "the learning rate"),
            Field("entropy", \.entropy, "mean entropy of the sampled tokens, nats"),
            Field("divergence", \.divergence, "K3 from the supervised checkpoint, nats a token"),
            Field("clipped", \.clipped, "share of tokens with a clipped ratio in the last update"),
            Field("sampled_tokens", \.sampledTokens, "sampled tokens of a rollout, mean"),
            Field("tokens", \.tokens, "tokens of all rollouts so far"),
            Field("guarded", \.guarded, "share of rollouts stopped by the guard"),
            Field("truncated", \.truncated, "share of rollouts for which there was no room"),
            Field("k3", \.mismatch.k3, "mismatch of rollout and update: K3, nats a token"),
            Field("pearson", \.mismatch.pearson, "correlation of the probabilities in rollout and update"),
            Field("multiplicative_error", \.mismatch.multiplicativeError, "mean of e^|r|"),
            Field("largest_log_ratio", \.mismatch.largest, "largest |r|"),
            Field("effective_sample_size", \.mismatch.effectiveSampleSize, "of the ratios, as a share"),
            Field("chi_square", \.mismatch.chiSquare, "mean squared ratio less 1"),
            Field("ratio_above_2", \.mismatch.above2, "share of tokens with a ratio above 2"),
            Field("ratio_below_0_5", \.mismatch.below05, "share of tokens with a ratio below 0.5"),
            Field("vetoes", \.mismatch.vetoes, "tokens with a ratio below 1e-4"),
            Field(
                "sequence_effective_sample_size", \.mismatch.sequenceEffectiveSampleSize,
                "of the ratios of whole rollouts"),
            Field("sequence_chi_square", \.mismatch.sequenceChiSquare, "of the ratios of whole rollouts"),
            Field("seconds", \.seconds, "seconds so far", isDeterministic: false),
        ]
        + (0..<PolicyMismatch.binCount).flatMap { bin -> [Field] in
            let least = 1 << bin
            let last = bin + 1 == PolicyMismatch.binCount
            let range = last ? "\(least) or more" : bin == 0 ? "1" : "\(least)-\(2 * least - 1)"
            return [
                Field("rollouts_\(least)", \.mismatch.lengthBins[bin].rollouts, "rollouts of \(range) sampled tokens"),
                Field("sequence_chi_square_\(least)", \.mismatch.lengthBins[bin].chiSquare, "of those rollouts"),
            ]
        }

    /// The figures in the order of ``fields``.
    public var values: [Double] {
        get { ReinforcementStep.fields.map { self[keyPath: $0.path] } }
        set { for (field, value) in zip(ReinforcementStep.fields, newValue) { self[keyPath: field.path] = value } }
    }

    /// Nothing done yet.
    public init() {}

    /// A step from its figures.
    public init(values: [Double]) { self.values = values }
}
