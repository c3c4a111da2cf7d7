import AssayTasks

/// Stops a rollout that goes on and on in what it is sure of: once more than a number of sampled tokens in a row were each
/// more probable than a bound.
///
/// MiniMax-M1 (section 3.2) stops after 3,000 tokens of a probability above 0.99, because such rollouts gave gradients
/// that threatened the run. Here the number is a share of the tokens that an episode may say, and at least what the
/// optimal play says at most: a model that is sure of the right actions must not be stopped.
public struct CertaintyGuard: Sendable, Hashable, Codable {
    /// The probability above which a token is all but certain.
    public var probability: Double
    /// The share of the budget.
    public var share: Double

    /// A guard; M1's own numbers, with 12 % for 3,000 tokens of its budget.
    public init(probability: Double = 0.99, share: Double = 0.12) {
        self.probability = probability
        self.share = share
    }

    /// Tokens in a row that may be all but certain in an episode.
    func limit(_ environment: any AgentEnvironment) -> Int {
        let budget = Double(environment.stepBudget * environment.longestAction)
        return max(Int((share * budget).rounded(.up)), environment.optimalSteps * environment.longestAction)
    }
}
