import AssayCore

/// Reads a transcript of ``ToolWorld``.
struct ToolReader: WorldReader {
    private let symbols: ToolRecords.Symbols
    /// Dead ends of a world of so many dependent calls.
    private let deadEnds: (Int) -> Int
    private let goal: Int32
    /// The handle that leads on, until the chain has ended.
    private var lead: Int32?
    private var calls = 0
    /// Credentials by name.
    private var credentials: [Int32: Int32] = [:]
    /// The value and the name of the credential, once they are known.
    private var result: (value: Int32, name: Int32)?

    /// Takes `goal`, the goal's label and the first handle.
    init?(_ prompt: [Int32], symbols: ToolRecords.Symbols, deadEnds: @escaping (Int) -> Int) {
        guard prompt.count == 3, prompt[0] == Vocabulary.goal, symbols.labels.contains(prompt[1]),
            symbols.tool(for: prompt[2]) != nil
        else { return nil }
        self.symbols = symbols
        self.deadEnds = deadEnds
        (goal, lead) = (prompt[1], prompt[2])
    }

    var facts: Int { calls + deadEnds(calls) }
    var load: Int { calls }
    var isLast: Bool { lead == nil }

    var expected: [Int32]? {
        if let lead { return [symbols.tool(for: lead) ?? Vocabulary.padding, lead, Vocabulary.end] }
        guard let result, let credential = credentials[result.name] else { return nil }
        return [Vocabulary.submit, result.value, credential, Vocabulary.end]
    }

    mutating func read(_ action: [Int32], _ observation: [Int32], isRight: Bool) -> String? {
        guard isRight else {
            let isLegal = symbols.tool(for: action.count == 3 ? action[1] : Vocabulary.padding) == action[0]
            return isLegal ? nil : "an illegal action was answered"
        }
        guard observation.count >= 3 else { return "no observation" }
        calls += 1
        lead = nil
        if observation.count == 3 {
            result = (observation[1], observation[2])
            return symbols.values.contains(observation[1]) && credentials[observation[2]] != nil ? nil : "no result"
        }
        guard credentials.updateValue(observation[2], forKey: observation[1]) == nil else {
            return "a credential's name comes twice"
        }
        let leads = stride(from: 3, to: observation.count - 1, by: 2).filter { observation[$0] == goal }
        lead = leads.first.map { observation[$0 + 1] }
        return leads.count == 1 ? nil : "\(leads.count) handles have the goal's label"
    }
}
