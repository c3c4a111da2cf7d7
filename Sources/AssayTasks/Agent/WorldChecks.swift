import AssayCore

extension WorldTask {
    /// Reads the transcript as a bystander: what each observation showed decides what the next action has to be.
    public func check(_ sequence: TaskSequence) -> [String] {
        var check = SequenceCheck(sequence, length: length, task: Self.token)
        let transcript = WorldTranscript(sequence, reader: reader(of:))
        check.complain(transcript.problems)
        // Actions of a forced history are not asked for.
        let forced = transcript.expected.count - sequence.questions.count
        let mayForce = options.history > 0 && forced >= 0
        check.require(
            forced == 0 || mayForce,
            "\(sequence.questions.count) actions recorded, \(transcript.expected.count) right ones read")
        check.require(transcript.isFinished, "the episode does not end with its last action")
        check.require(
            transcript.interruptions <= options.interruptions, "\(transcript.interruptions) second tasks break in")
        let wrong = transcript.actions - transcript.expected.count
        let isWithinBudget = options.budget.map { transcript.actions <= $0 } ?? (wrong <= options.slack)
        check.require(isWithinBudget || mayForce, "\(transcript.actions) actions are over the budget")
        guard let reader = transcript.reader, forced >= 0 else { return check.complaints }
        for (number, expected) in transcript.expected.dropFirst(forced).enumerated() {
            check.compare(
                number, sequence,
                with: .init(
                    answer: expected.answer, gold: expected.gold, hops: forced + number + 1, facts: reader.facts,
                    distance: expected.answer.lowerBound - expected.fact, load: reader.load,
                    position: Double(expected.fact) / Double(max(1, expected.answer.lowerBound))))
        }
        return check.complaints
    }

    /// The episode, line by line: what the world said, what the agent did.
    public func describe(_ sequence: TaskSequence) -> String {
        let right = Set(sequence.questions.map(\.answer.lowerBound))
        let first = right.min() ?? 0
        var lines = ["\(identity.generator): an episode of \(sequence.questions.count) right actions"]
        var at = 0
        let used = sequence.usedLength
        while at < used {
            let isAction = at > 0 && sequence.tokens[at - 1] == Vocabulary.act
            let stop = isAction ? Vocabulary.end : Vocabulary.act
            let end = sequence.tokens[at..<used].firstIndex(of: stop) ?? used - 1
            let text = sequence.tokens[at...end].map(name(of:)).joined(separator: " ")
            let role = !isAction ? "world: " : right.contains(at) ? "agent: " : at < first ? "forced:" : "wrong: "
            lines.append("  \(role) " + text)
            at = end + 1
        }
        return lines.joined(separator: "\n")
    }

    /// Floor agents: those of every agent task, and the expert without memory.
    public var floorAgents: [FloorAgent] { FloorAgent.all + [.memorylessExpert] }

    /// A token by its name in the vocabulary.
    func name(of token: Int32) -> String { Vocabulary.name(of: token) }

    /// The shortcut that says the same action again.
    static var repeatAction: ShortcutBaseline {
        ShortcutBaseline(name: "repeat-action") { sequence, question, _ in
            let seen = sequence.tokens[..<question.answer.lowerBound]
            guard let end = seen.lastIndex(of: Vocabulary.end),
                let start = seen[..<end].lastIndex(of: Vocabulary.act)
            else { return 0 }
            return sequence.tokens[question.answer].elementsEqual(seen[(start + 1)...end]) ? 1 : 0
        }
    }

    /// A shortcut on demonstrations: what it would do after the tokens before an action, against that action.
    static func shortcut(
        _ name: String, _ action: @escaping @Sendable (ArraySlice<Int32>, inout CounterRandom) -> [Int32]
    ) -> ShortcutBaseline {
        ShortcutBaseline(name: name) { sequence, question, random in
            let seen = sequence.tokens[..<question.answer.lowerBound]
            return sequence.tokens[question.answer].elementsEqual(action(seen, &random)) ? 1 : 0
        }
    }

    /// What the world said last: the tokens after the last action.
    static func lastSaid(_ seen: ArraySlice<Int32>) -> ArraySlice<Int32> {
        seen.suffix(from: (seen.lastIndex(of: Vocabulary.end) ?? -1) + 1)
    }
}
