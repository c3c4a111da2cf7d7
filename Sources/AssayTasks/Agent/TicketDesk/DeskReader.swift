import AssayCore

/// Reads a transcript of ``TicketDesk``.
struct DeskReader: WorldReader {
    private var policy: [Int32: Int32] = [:]
    private var kind: Int32?
    private var item: Int32?
    private var answer: Int32?
    private var isDone = false

    /// Takes the policy, filler and the first ticket.
    init?(_ prompt: [Int32]) {
        guard prompt.count >= 5, prompt[prompt.count - 3] == Vocabulary.observation,
            prompt[prompt.count - 2] == Vocabulary.goal
        else { return nil }
        let rules = prompt.dropLast(3).prefix { !DeskState.noise.contains($0) }
        guard rules.count % 2 == 0 else { return nil }
        for at in stride(from: 0, to: rules.count, by: 2) { policy[rules[at]] = rules[at + 1] }
        guard policy.count == rules.count / 2 else { return nil }
    }

    var facts: Int { policy.count }
    var load: Int { policy.count }
    var isLast: Bool { isDone }

    var expected: [Int32]? {
        if isDone { return ToolSignature.call(Vocabulary.submit) }
        guard let kind else { return ToolSignature.call(Vocabulary.ask, Vocabulary.aboutKind) }
        guard let item else { return ToolSignature.call(Vocabulary.ask, Vocabulary.aboutItem) }
        guard let rule = policy[kind] else { return nil }
        guard rule == Vocabulary.confirm else { return ToolSignature.call(rule, kind, item) }
        guard let answer else { return ToolSignature.call(Vocabulary.confirm, item) }
        return ToolSignature.call(answer == Vocabulary.confirms ? Vocabulary.grant : Vocabulary.deny, kind, item)
    }

    mutating func read(_ action: [Int32], _ observation: [Int32], isRight: Bool) -> String? {
        let said = Array(observation.dropFirst())
        switch action.first {
        case Vocabulary.ask:
            guard said.count == 1 else { return "no answer of the customer" }
            if action[1] == Vocabulary.aboutKind { kind = said[0] } else { item = said[0] }
        case Vocabulary.confirm:
            guard said == [Vocabulary.confirms] || said == [Vocabulary.declines] else { return "no confirmation" }
            answer = said[0]
        case Vocabulary.grant, Vocabulary.deny:
            guard isRight else { return "a wrong decision" }
            (kind, item, answer) = (nil, nil, nil)
            isDone = said == [Vocabulary.nothing]
            if !isDone, said.count != 2 || said[0] != Vocabulary.goal { return "no ticket" }
        default: return "a wrong action was answered"
        }
        return nil
    }
}
