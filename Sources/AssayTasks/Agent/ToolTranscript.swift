import AssayCore

/// A transcript of ``ToolWorld`` as a bystander reads it, who knows the rules but not the tables.
struct ToolTranscript {
    /// A right action: where it stands, what it has to be, and where the earliest of its arguments was first seen.
    struct Expected {
        let answer: Range<Int>
        let gold: [Int32]
        let fact: Int
    }

    private(set) var expected: [Expected] = []
    private(set) var problems: [String] = []
    private(set) var actions = 0
    private(set) var isSubmitted = false

    private let tokens: [Int32]
    private let symbols: ToolRecords.Symbols
    /// The handle that leads on, until the chain has ended.
    private var lead: Int32?
    private var goal: Int32 = Vocabulary.padding
    /// Credentials by name.
    private var credentials: [Int32: Int32] = [:]
    /// The value and the name of the credential, once they are known.
    private var result: (value: Int32, name: Int32)?

    /// Reads a sequence; what does not fit the rules is a problem, never a crash.
    init(_ sequence: TaskSequence, symbols: ToolRecords.Symbols) {
        tokens = Array(sequence.tokens.prefix(sequence.usedLength))
        self.symbols = symbols
        guard tokens.count >= 6, tokens[2] == Vocabulary.goal, symbols.labels.contains(tokens[3]),
            symbols.tool(for: tokens[4]) != nil, tokens[5] == Vocabulary.act
        else {
            problems.append("no goal")
            return
        }
        (goal, lead) = (tokens[3], tokens[4])
        var at = 6
        while at < tokens.count, !isSubmitted {
            guard let end = tokens[at...].firstIndex(of: Vocabulary.end) else {
                problems.append("the action at \(at) never ends")
                return
            }
            at = readTurn(at, end)
        }
        if at < tokens.count { problems.append("the transcript goes on after the submission") }
    }

    /// Reads an action and the observation after it; returns where the next action starts.
    private mutating func readTurn(_ start: Int, _ end: Int) -> Int {
        actions += 1
        let action = Array(tokens[start...end])
        let isRight = action == rightAction
        if isRight {
            let facts = action.dropFirst().dropLast().compactMap { argument in tokens.firstIndex(of: argument) }
            expected.append(Expected(answer: start..<end + 1, gold: action, fact: facts.min() ?? 0))
            if lead == nil { isSubmitted = true }
            if isSubmitted { return end + 1 }
        }
        guard let stop = tokens[(end + 1)...].firstIndex(of: Vocabulary.act) else {
            problems.append("no observation after the action at \(start)")
            return tokens.count
        }
        let observation = Array(tokens[(end + 1)..<stop])
        if observation.first == Vocabulary.error {
            if isRight || observation.count != 2 { problems.append("an error without cause at \(end + 1)") }
        } else if isRight {
            learn(observation, at: end + 1)
        } else if symbols.tool(for: action.count == 3 ? action[1] : Vocabulary.padding) != action[0] {
            problems.append("an illegal action at \(start) was answered")
        }
        return stop + 1
    }

    private var rightAction: [Int32]? {
        if let lead { return [symbols.tool(for: lead) ?? Vocabulary.padding, lead, Vocabulary.end] }
        guard let result, let credential = credentials[result.name] else { return nil }
        return [Vocabulary.submit, result.value, credential, Vocabulary.end]
    }

    /// Takes in what a record of the chain shows.
    private mutating func learn(_ observation: [Int32], at place: Int) {
        guard observation.count >= 3, observation[0] == Vocabulary.observation else {
            problems.append("no observation at \(place)")
            return
        }
        if observation.count == 3 {
            if !symbols.values.contains(observation[1]) || credentials[observation[2]] == nil {
                problems.append("no result at \(place)")
            }
            result = (observation[1], observation[2])
            lead = nil
            return
        }
        if credentials[observation[1]] != nil { problems.append("a credential's name comes twice at \(place)") }
        credentials[observation[1]] = observation[2]
        lead = nil
        for pair in stride(from: 3, to: observation.count - 1, by: 2) where observation[pair] == goal {
            if lead != nil { problems.append("two handles have the goal's label at \(place)") }
            lead = observation[pair + 1]
        }
        if lead == nil { problems.append("no handle has the goal's label at \(place)") }
    }
}
