import AssayCore

extension ConversationTrace {
    /// The trace of some parameters: the same on every machine, each conversation a function of its number alone.
    /// - Throws: ``AssayError`` for parameters that no trace can have.
    public init(_ parameters: TraceParameters) throws {
        try parameters.validate()
        var arrivals = CounterRandom(domain: "conversation arrivals 1", index: parameters.seed)
        let system = SystemPrompts(parameters)
        var start = 0.0
        var requests: [TraceRequest] = []
        for session in 0..<parameters.sessions {
            var conversation = ConversationGenerator(parameters, system: system, session: session, start: start)
            requests += conversation.run()
            start += arrivals.exponential(mean: parameters.arrivalGap)
        }
        self.init(requests: requests)
    }
}

/// The system prompts that conversations and sub-agents share.
struct SystemPrompts {
    /// Texts of the prompts of conversations.
    let prompts: [TextSpan]
    /// The prompt of sub-agents that do not inherit a context.
    let subagent: TextSpan
    private let cumulative: [Double]

    init(_ parameters: TraceParameters) {
        var random = CounterRandom(domain: "system prompts 1", index: parameters.seed)
        // No longer than half a context: a conversation has to fit.
        let limit = parameters.contextLimit / 2
        func prompt(_ text: Int) -> TextSpan {
            let length = random.length(median: parameters.systemLength, spread: parameters.lengthSpread / 2)
            return TextSpan(text: UInt64(text), count: min(length, limit))
        }
        prompts = (0..<parameters.systemPrompts).map(prompt)
        subagent = prompt(parameters.systemPrompts)
        var sum = 0.0
        cumulative = (1...parameters.systemPrompts).map { rank in
            sum += 1 / Double(rank)
            return sum
        }
    }

    /// A prompt, the k-th in proportion to 1 / k.
    func pick(_ random: inout CounterRandom) -> TextSpan {
        let place = random.unit() * (cumulative.last ?? 1)
        return prompts[cumulative.firstIndex { place < $0 } ?? 0]
    }
}

extension CounterRandom {
    /// A log-normal length of at least one token.
    mutating func length(median: Int, spread: Double) -> Int {
        max(1, Int(logNormal(median: Double(median), spread: spread).rounded()))
    }
}
