import AssayCore

/// What the conversations of a trace are like. Lengths are in tokens, times in seconds. Lengths and times with a median
/// are log-normal: a few are much longer than most, as in real traffic.
public struct TraceParameters: Sendable, Hashable, Codable {
    /// Conversations.
    public var sessions = 60
    /// Seconds from the start of one conversation to that of the next, in the mean (exponential).
    public var arrivalGap = 20.0
    /// System prompts that conversations share, the k-th in proportion to 1 / k (Zipf).
    public var systemPrompts = 4
    /// Median length of a system prompt.
    public var systemLength = 1_200
    /// User messages of a conversation, in the mean (geometric).
    public var turns = 6.0
    /// Median length of a user message.
    public var messageLength = 120
    /// Median length of an answer.
    public var answerLength = 250
    /// Median length of a tool's result.
    public var toolLength = 500
    /// Standard deviation of the logarithm of every length.
    public var lengthSpread = 0.8
    /// Chance that an answer calls a tool, whose result is sent back at once and may lead to the next call.
    public var toolShare = 0.3
    /// Median seconds that a tool runs.
    public var toolTime = 2.0
    /// Median seconds between an answer and the next message of a user.
    public var thinkTime = 30.0
    /// Standard deviation of the logarithm of times.
    public var timeSpread = 1.0
    /// Chance that a user comes back only after a long absence.
    public var absenceShare = 0.05
    /// Median seconds of a long absence.
    public var absenceTime = 3_600.0
    /// Chance that a turn is a regeneration of the last answer.
    public var regenerateShare = 0.06
    /// Chance that a turn is an edit of an earlier message of the user.
    public var editShare = 0.06
    /// Chance that a turn goes on from an earlier answer, while the branch that was left may be gone back to.
    public var branchShare = 0.05
    /// Chance that an agent, after a turn's tools, forks sub-agents.
    public var subagentShare = 0.05
    /// Sub-agents of a fork.
    public var subagents = 3
    /// Chance that a sub-agent starts with its parent's context; else with a system prompt of its own kind.
    public var inheritShare = 0.5
    /// Seconds to decode a token: an answer takes its length times this.
    public var decodeTime = 0.02
    /// A conversation ends before its context grows beyond this.
    public var contextLimit = 32_768
    /// What the random numbers depend on.
    public var seed: UInt64 = 1

    /// The defaults: chats with some tools.
    public init() {}

    /// Chats: short contexts that grow by messages of users.
    public static let chat = TraceParameters()

    /// Coding agents: long system prompts, and long chains of tool calls that append little to a context that is already
    /// long (the shape of TraceLab, arXiv 2606.30560, and of Kimi K3's traffic, at a length that can be chosen).
    public static let agent: TraceParameters = {
        var parameters = TraceParameters()
        parameters.sessions = 24
        parameters.arrivalGap = 60
        parameters.systemPrompts = 3
        parameters.systemLength = 8_000
        parameters.turns = 5
        parameters.messageLength = 200
        parameters.answerLength = 200
        parameters.toolLength = 600
        parameters.toolShare = 0.92
        parameters.toolTime = 3
        parameters.thinkTime = 90
        parameters.timeSpread = 1.2
        parameters.absenceShare = 0.15
        parameters.regenerateShare = 0.02
        parameters.editShare = 0.03
        parameters.branchShare = 0.05
        parameters.subagentShare = 0.3
        parameters.contextLimit = 131_072
        return parameters
    }()

    /// Refuses what no trace can have.
    /// - Throws: ``AssayError`` of kind `badInput` naming the parameter.
    public func validate() throws {
        func check(_ name: String, _ value: Double, _ range: ClosedRange<Double>) throws {
            guard range.contains(value) else {
                throw AssayError.badInput(
                    "trace: \(name) is \(value)",
                    remedy: "Give a number from \(range.lowerBound) to \(range.upperBound)")
            }
        }
        try check("sessions", Double(sessions), 1...100_000)
        try check("system-prompts", Double(systemPrompts), 1...10_000)
        try check("subagents", Double(subagents), 1...100)
        try check("turns", turns, 1...10_000)
        try check("context-limit", Double(contextLimit), 16...16_777_216)
        for (name, length) in [
            ("system-length", systemLength), ("message-length", messageLength), ("answer-length", answerLength),
            ("tool-length", toolLength),
        ] { try check(name, Double(length), 1...1_048_576) }
        for (name, share) in [
            ("tool-share", toolShare), ("absence-share", absenceShare), ("regenerate-share", regenerateShare),
            ("edit-share", editShare), ("branch-share", branchShare), ("subagent-share", subagentShare),
            ("inherit-share", inheritShare),
        ] { try check(name, share, 0...1) }
        for (name, time) in [
            ("arrival-gap", arrivalGap), ("tool-time", toolTime), ("think-time", thinkTime),
            ("absence-time", absenceTime), ("decode-time", decodeTime),
        ] { try check(name, time, 0...1e9) }
        try check("length-spread", lengthSpread, 0...4)
        try check("time-spread", timeSpread, 0...4)
        let other = regenerateShare + editShare + branchShare
        guard other <= 1 else {
            throw AssayError.badInput(
                "trace: regenerate-share, edit-share and branch-share are \(other) together",
                remedy: "They are shares of the turns: give at most 1 together")
        }
        guard toolShare <= 0.99 else {
            throw AssayError.badInput(
                "trace: tool-share is \(toolShare)", remedy: "Give at most 0.99: a chain of tool calls must end")
        }
    }
}
