/// The checkpoint of a supervised training from which reinforcement learning goes on.
public enum ReinforcementStart: Hashable, Sendable {
    /// The one of a step.
    case step(Int)
    /// For each seed the first that solves at least this share of episodes, for seeds do not learn at the same step. The
    /// episodes are none of those that are played before and after, so that the choice does not lean on the result. The last
    /// checkpoint if none gets there.
    case success(Double)
}
