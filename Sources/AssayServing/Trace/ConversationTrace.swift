/// A run of tokens of one text. Two requests have a token in common where they have the same text and place in it, so a
/// trace needs no tokens to say which prefixes are shared.
public struct TextSpan: Sendable, Hashable, Codable {
    /// The text: a system prompt, a message, an answer, a tool's result.
    public var text: UInt64
    /// The first token of the text that is in the run.
    public var start: Int
    /// Tokens of the run.
    public var count: Int

    /// A run.
    public init(text: UInt64, start: Int = 0, count: Int) {
        self.text = text
        self.start = start
        self.count = count
    }
}

/// Why a request was sent: hit rates are given for each of these, since the mean hides the hard ones.
public enum RequestClass: String, Sendable, Hashable, Codable, CaseIterable {
    /// The first turn of a conversation: system prompt and a message.
    case first
    /// The next message of a user, after some time to read and think.
    case turn
    /// The next message after a long absence.
    case `return`
    /// A tool's result, sent back at once.
    case tool
    /// The same request once more, for another answer.
    case regenerate
    /// An earlier message was changed; what followed it is gone.
    case edit
    /// The conversation goes on from an earlier turn, or back on a branch that was left.
    case branch
    /// A sub-agent: a fork of the agent's context or a context of its own, and its tool calls.
    case subagent
}

/// One request of a trace.
public struct TraceRequest: Sendable, Hashable, Codable {
    /// The conversation that it belongs to.
    public var session: Int
    /// When it arrives, in seconds from the start.
    public var time: Double
    /// Why it was sent.
    public var kind: RequestClass
    /// The input: the whole context.
    public var input: [TextSpan]
    /// Where messages of the input end, in tokens from its start, ascending; the last is the input's length.
    public var turnEnds: [Int]
    /// The answer.
    public var output: TextSpan

    /// A request.
    public init(
        session: Int, time: Double, kind: RequestClass, input: [TextSpan], turnEnds: [Int], output: TextSpan
    ) {
        self.session = session
        self.time = time
        self.kind = kind
        self.input = input
        self.turnEnds = turnEnds
        self.output = output
    }

    /// Tokens of the input.
    public var inputCount: Int { turnEnds.last ?? 0 }
}

/// The requests of many conversations in the order in which they arrive.
public struct ConversationTrace: Sendable, Hashable, Codable {
    /// The requests, ascending by time.
    public var requests: [TraceRequest]

    /// A trace; requests of the same time keep their order.
    public init(requests: [TraceRequest]) {
        self.requests = requests.enumerated()
            .sorted { ($0.element.time, $0.offset) < ($1.element.time, $1.offset) }.map(\.element)
    }

    /// Input tokens of all requests.
    public var inputCount: Int { requests.reduce(0) { $0 + $1.inputCount } }
    /// The longest input with its output.
    public var longest: Int { requests.reduce(0) { max($0, $1.inputCount + $1.output.count) } }
}
