import AssayCore

/// Makes the requests of one conversation.
struct ConversationGenerator {
    /// A message of a context.
    private struct Message {
        var spans: [TextSpan]
        /// Written by the user, so that it can be edited.
        var isUser = false
        /// An answer, from which a branch can start.
        var isAnswer = false

        var count: Int { spans.reduce(0) { $0 + $1.count } }
    }

    private let parameters: TraceParameters
    private let system: SystemPrompts
    private let session: Int
    private var random: CounterRandom
    private var time: Double
    private var texts: UInt64
    private var requests: [TraceRequest] = []
    /// The context of the branch that the user is on.
    private var context: [Message] = []
    /// Branches that were left.
    private var left: [[Message]] = []

    init(_ parameters: TraceParameters, system: SystemPrompts, session: Int, start: Double) {
        self.parameters = parameters
        self.system = system
        self.session = session
        random = CounterRandom(domain: "conversation 1 \(parameters.seed)", index: UInt64(session))
        time = start
        // Texts of conversations never have the numbers of system prompts.
        texts = UInt64(session + 1) << 32
    }

    /// All requests of the conversation.
    mutating func run() -> [TraceRequest] {
        context = [Message(spans: [system.pick(&random)])]
        append(user())
        answer(as: .first)
        // A geometric number of further turns with the mean that was asked for.
        while random.chance(1 - 1 / parameters.turns), takeTurn() {}
        return requests
    }

    // MARK: - Turns

    /// Lets the user act once more.
    /// - Returns: false when the context is full.
    private mutating func takeTurn() -> Bool {
        let isAbsence = random.chance(parameters.absenceShare)
        time += random.logNormal(
            median: isAbsence ? parameters.absenceTime : parameters.thinkTime, spread: parameters.timeSpread)
        let choice = random.unit()
        let edits = parameters.regenerateShare + parameters.editShare
        if choice < parameters.regenerateShare {
            guard let last = context.lastIndex(where: \.isUser) else { return false }
            context.removeSubrange((last + 1)...)
            return answer(as: .regenerate)
        }
        if choice < edits { return edit() }
        if choice < edits + parameters.branchShare { return branch() }
        append(user())
        return answer(as: isAbsence ? .return : .turn)
    }

    /// Changes the end of an earlier message of the user and drops what followed.
    private mutating func edit() -> Bool {
        let users = context.indices.filter { context[$0].isUser }
        // Recent messages are edited more often: the last of two picks.
        let place = users[max(random.below(users.count), random.below(users.count))]
        let old = context[place]
        context.removeSubrange(place...)
        let kept = random.below(old.count)
        var spans: [TextSpan] = []
        var room = kept
        for span in old.spans where room > 0 {
            spans.append(TextSpan(text: span.text, start: span.start, count: min(room, span.count)))
            room -= span.count
        }
        append(Message(spans: spans + user().spans, isUser: true))
        return answer(as: .edit)
    }

    /// Goes on from an earlier answer or on a branch that was left.
    private mutating func branch() -> Bool {
        let here = context
        if !left.isEmpty, random.chance(0.5) {
            context = left.remove(at: random.below(left.count))
        } else {
            let answers = context.indices.filter { context[$0].isAnswer }
            guard let last = answers.last else { return false }
            let place = answers.count > 1 ? answers[random.below(answers.count - 1)] : last
            context.removeSubrange((place + 1)...)
        }
        left.append(here)
        append(user())
        return answer(as: .branch)
    }

    // MARK: - Answers

    /// Sends the context, and the results of the tools that the answers call; at times forks sub-agents.
    @discardableResult
    private mutating func answer(as kind: RequestClass) -> Bool {
        guard send(kind) else { return false }
        while random.chance(parameters.toolShare) {
            time += random.logNormal(median: parameters.toolTime, spread: parameters.timeSpread)
            append(tool())
            guard send(.tool) else { return false }
        }
        if random.chance(parameters.subagentShare) { return fork() }
        return true
    }

    /// Runs sub-agents side by side and sends their reports back to the agent.
    private mutating func fork() -> Bool {
        let parent = context
        let start = time
        var end = time
        var reports: [TextSpan] = []
        for _ in 0..<parameters.subagents {
            time = start
            let base = random.chance(parameters.inheritShare) ? parent : [Message(spans: [system.subagent])]
            context = base + [user()]
            var goesOn = send(.subagent)
            while goesOn, random.chance(parameters.toolShare) {
                time += random.logNormal(median: parameters.toolTime, spread: parameters.timeSpread)
                append(tool())
                goesOn = send(.subagent)
            }
            // The last answer is the report.
            if let report = context.last, report.isAnswer { reports += report.spans }
            end = max(end, time)
        }
        context = parent
        time = end
        guard !reports.isEmpty else { return false }
        append(Message(spans: reports))
        return send(.tool)
    }

    /// Sends the context as a request and appends its answer.
    /// - Returns: false when it would not fit; then nothing is sent.
    private mutating func send(_ kind: RequestClass) -> Bool {
        let output = text(median: parameters.answerLength)
        let input = context.flatMap(\.spans)
        let count = input.reduce(0) { $0 + $1.count }
        guard count + output.count <= parameters.contextLimit else { return false }
        var sum = 0
        let ends = context.map { message in
            sum += message.count
            return sum
        }
        requests.append(
            TraceRequest(session: session, time: time, kind: kind, input: input, turnEnds: ends, output: output))
        time += Double(output.count) * parameters.decodeTime
        append(Message(spans: [output], isAnswer: true))
        return true
    }

    // MARK: - Texts

    private mutating func append(_ message: Message) { context.append(message) }

    private mutating func user() -> Message {
        Message(spans: [text(median: parameters.messageLength)], isUser: true)
    }

    private mutating func tool() -> Message { Message(spans: [text(median: parameters.toolLength)]) }

    private mutating func text(median: Int) -> TextSpan {
        texts += 1
        return TextSpan(text: texts, count: random.length(median: median, spread: parameters.lengthSpread))
    }
}
