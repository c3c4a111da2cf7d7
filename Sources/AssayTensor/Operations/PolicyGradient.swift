import Foundation

/// What a policy-gradient loss is made of.
public struct PolicyObjective: Sendable, Hashable, Codable {
    /// What stands for the return of a sampled token.
    public enum Surrogate: Sendable, Hashable, Codable {
        /// `min(ratio A, clip(ratio, 1 - low, 1 + high) A)` with the ratio of the probabilities under the policy and under
        /// the policy before its update (PPO, Schulman et al. 2017, equation 7).
        case clippedRatio(low: Double, high: Double)
        /// `A log pi` (REINFORCE, Williams 1992).
        case logProbability
    }

    /// What stands for the return.
    public var surrogate: Surrogate
    /// What the divergence from the reference policy counts, by the estimator K3; 0 for nothing.
    public var divergenceWeight: Double
    /// Truncated importance sampling: a token counts `min(pi_old / pi_rollout, cap)` times, where the rollout's
    /// probabilities are not those of the policy that is trained. Nil: every token counts once.
    public var importanceCap: Double?
    /// What the logits are divided by.
    public var temperature: Double

    /// An objective.
    public init(
        surrogate: Surrogate, divergenceWeight: Double = 0, importanceCap: Double? = nil, temperature: Double = 1
    ) {
        self.surrogate = surrogate
        self.divergenceWeight = divergenceWeight
        self.importanceCap = importanceCap
        self.temperature = temperature
    }

    /// The loss of one token, and its derivative in the negative log likelihood of that token.
    ///
    /// With `l` the log-probability under the policy, `t` the truncated importance weight and `r = l_reference - l`, the loss
    /// is `-t surrogate + divergenceWeight (exp(r) - r - 1)`; the last term is K3 of Schulman, "Approximating KL
    /// Divergence" (2020), as in GRPO (DeepSeekMath, arXiv 2402.03300, equation 4).
    public func loss(_ action: PolicyAction, logProbability l: Double) -> PolicyLoss {
        let old = action.old ?? l
        let importance = importanceCap.map { min(exp(old - action.rollout), $0) } ?? 1
        var result = PolicyLoss(value: 0, derivative: 0, isClipped: false)
        switch surrogate {
        case .clippedRatio(let low, let high):
            let ratio = exp(l - old)
            let bounded = min(max(ratio, 1 - low), 1 + high)
            result.isClipped = bounded * action.advantage < ratio * action.advantage
            result.value = -importance * (result.isClipped ? bounded : ratio) * action.advantage
            result.derivative = result.isClipped ? 0 : importance * ratio * action.advantage
        case .logProbability:
            result.value = -importance * l * action.advantage
            result.derivative = importance * action.advantage
        }
        if divergenceWeight > 0, let reference = action.reference {
            let r = reference - l
            result.value += divergenceWeight * (expm1(r) - r)
            result.derivative += divergenceWeight * expm1(r)
        }
        result.value *= action.weight
        result.derivative *= action.weight
        return result
    }
}

/// The loss of one token.
public struct PolicyLoss: Sendable, Hashable {
    /// The loss.
    public var value: Double
    /// Its derivative in the negative log likelihood.
    public var derivative: Double
    /// The ratio is outside of its bounds, and its gradient cut off.
    public var isClipped: Bool
}

/// A token that was sampled from a policy, as its loss sees it.
public struct PolicyAction: Sendable, Hashable {
    /// How much better the episode was than expected.
    public var advantage: Double
    /// What the token counts in the loss.
    public var weight: Double
    /// The log-probability with which it was sampled.
    public var rollout: Double
    /// Its log-probability before the first update; nil in the first update, whose own it is (through which no gradient
    /// passes).
    public var old: Double?
    /// Its log-probability under the reference policy; nil where there is none.
    public var reference: Double?

    /// A sampled token.
    public init(
        advantage: Double, weight: Double, rollout: Double, old: Double? = nil, reference: Double? = nil
    ) {
        self.advantage = advantage
        self.weight = weight
        self.rollout = rollout
        self.old = old
        self.reference = reference
    }
}

/// The policy-gradient loss of a run.
///
/// Every loss that depends on the policy by the likelihood of the sampled tokens alone has the gradient of a weighted
/// cross-entropy: so its backward is that of ``CrossEntropy``, with the derivative of each token as its weight.
public final class PolicyGradient: TapeOperation {
    /// The likelihoods of the sampled tokens; their weights are set by ``forward()``.
    public let likelihoods: CrossEntropy
    /// What the loss is made of.
    public let objective: PolicyObjective
    /// The sampled tokens, one for each target.
    public var actions: [PolicyAction] = []
    /// The sum of the losses of the last forward pass.
    public private(set) var loss = 0.0
    /// Tokens of the last forward pass whose gradient was cut off.
    public private(set) var clipped = 0

    init(_ likelihoods: CrossEntropy, objective: PolicyObjective) {
        self.likelihoods = likelihoods
        self.objective = objective
    }

    /// Takes the likelihoods of the sampled tokens and the loss of each.
    public func forward() {
        likelihoods.forward()
        let targets = likelihoods.targets
        precondition(actions.count == targets.count, "one action for each target")
        loss = 0
        clipped = 0
        for (i, action) in actions.enumerated() {
            let token = objective.loss(action, logProbability: -Double(likelihoods.negativeLogLikelihoods[i]))
            targets.weights[i] = Float(token.derivative)
            loss += token.value
            if token.isClipped { clipped += 1 }
        }
    }

    /// The gradient of ``loss``.
    public func backward() { likelihoods.backward() }
}

extension Tape {
    /// The policy-gradient loss of the logits `[targets.capacity, vocabulary]`, of which the first `targets.count` rows
    /// count. The logits are divided by the temperature already.
    public func policyGradient(
        _ logits: Tensor, _ targets: TargetTable, objective: PolicyObjective
    ) -> PolicyGradient {
        precondition(logits.rows == targets.capacity, "one row of logits for each target")
        let operation = PolicyGradient(CrossEntropy(logits: logits, targets: targets), objective: objective)
        record(operation)
        return operation
    }
}
