/// How much better each rollout of a step was than expected.
public enum Advantages {
    /// Added to the deviation of a group, so that nothing is divided by zero.
    public static let epsilon = 1e-6

    /// Group-normalised advantages: `(r - mean) / (deviation + epsilon)` over the rollouts of a prompt, with the deviation
    /// of a sample (GRPO, DeepSeekMath, arXiv 2402.03300, section 4.1.2). A group whose rewards are all equal has none.
    /// - Parameter rewards: those of one group.
    public static func normalised(_ rewards: [Double]) -> [Double] {
        guard rewards.count > 1 else { return rewards.map { _ in 0 } }
        let mean = rewards.reduce(0, +) / Double(rewards.count)
        let variance = rewards.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(rewards.count - 1)
        return rewards.map { ($0 - mean) / (variance.squareRoot() + epsilon) }
    }

    /// Rewards over the mean of the others: a baseline that does not depend on the rollout, so that the gradient has no bias
    /// (Kool et al. 2019, "Buy 4 REINFORCE Samples, Get a Baseline for Free!").
    /// - Parameter rewards: those of one group.
    public static func leaveOneOut(_ rewards: [Double]) -> [Double] {
        guard rewards.count > 1 else { return rewards }
        let sum = rewards.reduce(0, +)
        return rewards.map { $0 - (sum - $0) / Double(rewards.count - 1) }
    }

    /// The advantages of all rollouts of a step, group after group.
    static func of(_ rewards: [Double], _ recipe: ReinforcementRecipe) -> [Double] {
        groups(rewards, recipe).flatMap { group in
            switch recipe.algorithm {
            case .grpo: normalised(group)
            case .reinforce: leaveOneOut(group)
            }
        }
    }

    /// The share of groups whose rewards are all equal: they teach nothing (R5).
    static func deadShare(_ rewards: [Double], _ recipe: ReinforcementRecipe) -> Double {
        let groups = groups(rewards, recipe)
        return Double(groups.count { group in group.allSatisfy { $0 == group[0] } }) / Double(max(groups.count, 1))
    }

    /// The rewards by prompt. With one rollout a prompt, the other prompts of the step are what there is to compare with.
    private static func groups(_ rewards: [Double], _ recipe: ReinforcementRecipe) -> [[Double]] {
        let size = recipe.rolloutsPerPrompt == 1 ? rewards.count : recipe.rolloutsPerPrompt
        return stride(from: 0, to: rewards.count, by: max(size, 1)).map {
            Array(rewards[$0..<min($0 + size, rewards.count)])
        }
    }
}
