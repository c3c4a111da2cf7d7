/// An episode that was played with sampled actions.
public struct Trajectory: Sendable, Hashable {
    /// Which prompt of the step it belongs to: rollouts of one prompt are a group.
    public var group: Int
    /// All tokens up to the last sampled one.
    public var tokens: [Int32]
    /// Where in them the sampled tokens stand.
    public var actions: [Int]
    /// The log-probability with which each was sampled.
    public var logProbabilities: [Double]
    /// The sum of the entropies of what they were sampled from, in nats.
    public var entropy: Double
    /// 1 when the episode was solved, else 0.
    public var reward: Double
    /// It was stopped by the ``CertaintyGuard``.
    public var isGuarded: Bool
    /// It ended because there was no room for another action.
    public var isTruncated: Bool
    /// Logits were not numbers.
    public var hasFailed: Bool
}
