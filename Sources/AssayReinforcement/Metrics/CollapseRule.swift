import AssayCore

/// Why a run counts as collapsed.
public enum CollapseReason: String, Sendable, Codable, Hashable, CaseIterable {
    /// Logits of a rollout were infinite or not numbers.
    case nonFiniteRollout = "non-finite logits in a rollout"
    /// The loss was infinite or not a number.
    case nonFiniteLoss = "non-finite loss"
    /// The gradient was infinite or not a number.
    case nonFiniteGradient = "non-finite gradient"
    /// A weight was infinite or not a number.
    case nonFiniteWeights = "non-finite weights"
    /// The entropy stayed low without the reward having risen.
    case entropy = "entropy collapse"
    /// The run ended with a reward below that at the start.
    case reward = "reward below the start"
}

/// When a run counts as collapsed, besides numbers that are not finite.
///
/// *Entropy*: for `patience` steps in a row it was below `entropyShare` of that at the start (mean of the first `window`
/// steps), and the reward over those steps is not above that at the start. A policy that has become sure of what is right is no
/// collapse; ``ReinforcementSummary/lowEntropyShare`` counts both. *Reward*: the mean over the last `window` steps is below
/// that of the first `window`. Both differences of rewards must be beyond chance: more than 1.96 standard errors of the
/// step means.
public struct CollapseRule: Sendable, Codable, Hashable {
    /// The share of the entropy at the start.
    public var entropyShare: Double
    /// Steps in a row.
    public var patience: Int
    /// Steps that make up the start, and the end.
    public var window: Int

    /// A rule.
    public init(entropyShare: Double = 0.2, patience: Int = 25, window: Int = 10) {
        self.entropyShare = entropyShare
        self.patience = patience
        self.window = window
    }

    func validate() throws {
        guard (0...1).contains(entropyShare), (1...1_000_000).contains(patience), (2...10_000).contains(window) else {
            throw AssayError.badInput(
                "reinforcement: the collapse rule is out of range",
                remedy: "Give a share of the entropy from 0 to 1, a patience from 1 and a window from 2 steps")
        }
    }

    /// Whether a run has collapsed at the last step of its log. A function of the log alone, so that a resumed run judges
    /// alike.
    func reason(_ log: [ReinforcementStep], isOver: Bool) -> CollapseReason? {
        guard log.count >= 2 * window else { return nil }
        let start = log.prefix(window)
        let entropy = start.reduce(0) { $0 + $1.entropy } / Double(window)
        let recent = log.suffix(patience)
        if log.count >= window + patience, recent.allSatisfy({ $0.entropy < entropyShare * entropy }),
            !(CollapseRule.rise(from: start, to: recent) > 1.96)
        {
            return .entropy
        }
        return isOver && CollapseRule.rise(from: start, to: log.suffix(window)) < -1.96 ? .reward : nil
    }

    /// The rise of the mean reward in standard errors; infinite where neither side has any spread.
    private static func rise(from start: ArraySlice<ReinforcementStep>, to end: ArraySlice<ReinforcementStep>) -> Double
    {
        func moments(_ steps: ArraySlice<ReinforcementStep>) -> (mean: Double, variance: Double) {
            let count = Double(steps.count)
            let mean = steps.reduce(0) { $0 + $1.reward } / count
            let squares = steps.reduce(0) { $0 + ($1.reward - mean) * ($1.reward - mean) }
            return (mean, squares / max(count - 1, 1) / count)
        }
        let (a, b) = (moments(start), moments(end))
        return a.mean == b.mean ? 0 : (b.mean - a.mean) / (a.variance + b.variance).squareRoot()
    }
}
