import AssayCore

/// Reads a transcript as a bystander who knows the rules of a world, but not its state: what was observed decides what the
/// next action has to be.
protocol WorldReader {
    /// Facts that the episode has.
    var facts: Int { get }
    /// What has to be held.
    var load: Int { get }
    /// The right action; nil when nothing that was read tells it.
    var expected: [Int32]? { get }
    /// Whether the right action ends the episode.
    var isLast: Bool { get }

    /// Reads an action and what was observed, from `:` to before the request to act; not called for errors.
    /// - Returns: what does not fit the rules.
    mutating func read(_ action: [Int32], _ observation: [Int32], isRight: Bool) -> String?
}

/// A transcript as a bystander reads it.
struct WorldTranscript<Reader: WorldReader> {
    /// A right action: where it stands, what it has to be, and where the earliest of its arguments was first seen.
    struct Expected {
        let answer: Range<Int>
        let gold: [Int32]
        let fact: Int
    }

    private(set) var expected: [Expected] = []
    private(set) var problems: [String] = []
    private(set) var actions = 0
    private(set) var isFinished = false
    private(set) var failures = 0
    private(set) var interruptions = 0
    private(set) var reader: Reader?

    private let tokens: [Int32]
    /// The second task that is waiting: what it asks for, and its result once it was looked up.
    private var side: (request: Int32, result: Int32?)?

    /// Reads a sequence; what does not fit the rules is a problem, never a crash.
    init(_ sequence: TaskSequence, reader make: ([Int32]) -> Reader?) {
        tokens = Array(sequence.tokens.prefix(sequence.usedLength))
        guard let start = tokens.firstIndex(of: Vocabulary.act), start >= 2,
            let reader = make(Array(tokens[2..<start]))
        else {
            problems.append("no goal")
            return
        }
        self.reader = reader
        var at = start + 1
        while at < tokens.count, !isFinished {
            guard let end = tokens[at...].firstIndex(of: Vocabulary.end) else {
                problems.append("the action at \(at) never ends")
                return
            }
            at = readTurn(at, end)
        }
        if at < tokens.count { problems.append("the transcript goes on after its end") }
    }

    private var rightAction: [Int32]? {
        guard let side else { return reader?.expected }
        guard let result = side.result else { return ToolSignature.call(Vocabulary.fetch, side.request) }
        return ToolSignature.call(Vocabulary.reply, side.request, result)
    }

    /// Reads an action and the observation after it; returns where the next action starts.
    private mutating func readTurn(_ start: Int, _ end: Int) -> Int {
        actions += 1
        let action = Array(tokens[start...end])
        let isRight = action == rightAction
        if isRight {
            expected.append(
                Expected(
                    answer: start..<end + 1, gold: action,
                    fact: WorldText.fact(of: action, in: Array(tokens[..<start]))))
            isFinished = side == nil && reader?.isLast == true && end + 1 == tokens.count
            if isFinished { return end + 1 }
        }
        guard let stop = tokens[(end + 1)...].firstIndex(of: Vocabulary.act) else {
            problems.append("no observation after the action at \(start)")
            return tokens.count
        }
        take(action, Array(tokens[(end + 1)..<stop]), isRight: isRight, at: end + 1)
        return stop + 1
    }

    private mutating func take(_ action: [Int32], _ said: [Int32], isRight: Bool, at place: Int) {
        if said.first == Vocabulary.error {
            if said == [Vocabulary.error, Vocabulary.unavailable] {
                failures += 1
            } else if isRight || said.count != 2 {
                problems.append("an error without cause at \(place)")
            }
            return
        }
        if let side {
            let result = side.result == nil && said.count == 2 ? said[1] : nil
            if !isRight || said != [Vocabulary.observation, result ?? Vocabulary.resume] {
                problems.append("a wrong answer to the second task at \(place)")
            }
            self.side = result.map { (side.request, $0) }
            return
        }
        var said = said
        if said.count > 2, said[said.count - 2] == Vocabulary.interrupt {
            side = (said[said.count - 1], nil)
            interruptions += 1
            said.removeLast(2)
        }
        guard said.first == Vocabulary.observation else {
            problems.append("no observation at \(place)")
            return
        }
        if let problem = reader?.read(action, said, isRight: isRight) { problems.append("\(problem) at \(place)") }
    }
}
