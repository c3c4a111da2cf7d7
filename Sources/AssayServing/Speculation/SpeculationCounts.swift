/// What happened in speculative decoding.
public struct SpeculationCounts: Sendable, Hashable {
    /// Steps in which the target verified a draft.
    public var rounds = 0
    /// Tokens that the draft model proposed.
    public var drafted = 0
    /// Proposed tokens that stayed.
    public var accepted = 0
    /// Proposed tokens that the target looked at: those that stayed and the first that did not.
    public var examined = 0
    /// Rounds after which the target had to be rolled back.
    public var rollbacks = 0
    /// Bytes of the target's state that were copied aside and back.
    public var rollbackBytes = 0
    /// Seconds of drafting; 0 where parts are not timed.
    public var draftSeconds = 0.0
    /// Seconds of verifying, copies aside included.
    public var verifySeconds = 0.0
    /// Seconds of rolling the target back.
    public var rollbackSeconds = 0.0

    /// Accepted / drafted.
    public var acceptance: Double { Double(accepted) / Double(drafted) }
    /// The chance that a token is accepted after those before it were: the alpha of Leviathan et al. (arXiv 2211.17192).
    public var tokenAcceptance: Double { Double(accepted) / Double(examined) }
    /// Tokens that a round yields: the accepted ones, and one from the target itself.
    public var acceptedLength: Double { Double(accepted + rounds) / Double(rounds) }
}
