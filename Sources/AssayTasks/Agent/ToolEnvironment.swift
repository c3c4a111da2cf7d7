import AssayCore

/// One episode of ``ToolWorld``.
public struct ToolEnvironment: AgentEnvironment {
    let records: ToolRecords
    /// The covariates of the episode.
    public let item: ItemRecord
    /// Actions before the episode is ended as failed.
    public let stepBudget: Int
    /// Actions so far, invalid ones included.
    public private(set) var steps = 0
    /// Invalid actions so far.
    public private(set) var invalidActions = 0
    /// Whether the goal is reached.
    public private(set) var isSolved = false
    /// Whether the episode is over.
    public private(set) var isOver = false
    /// A bit for each record that was opened.
    private var opened: UInt64 = 0

    init(records: ToolRecords, budget: Int, item: ItemRecord) {
        self.records = records
        self.item = item
        stepBudget = budget
    }

    /// What the model reads before its first action: the goal's label and the first handle.
    public var prompt: [Int32] { records.prompt }
    /// A submission: tool, value, credential, end.
    public var longestAction: Int { 4 }
    /// The chain's calls and the submission.
    public var optimalSteps: Int { records.depth + 1 }

    /// Records of the chain that were opened; a record's handle shows only when the one before it was opened.
    private var progress: Int { (~opened).trailingZeroBitCount }

    private func isOpened(_ record: Int) -> Bool { opened >> UInt64(record) & 1 == 1 }

    /// Whether the handle of a record was observed.
    func isKnown(_ record: Int) -> Bool { record == 0 || isOpened(records.shownBy[record]) }

    private var knownValues: [Int32] {
        records.values.indices.filter { records.values[$0] != Vocabulary.padding && isOpened($0) }
            .map { records.values[$0] }
    }

    private var knownCredentials: [Int32] {
        records.credentials.indices.filter(isOpened).map { records.credentials[$0] }
    }

    /// Every call of a known handle with its tool, and every submission of a known value with a known credential.
    public var legalActions: [[Int32]] {
        guard !isOver else { return [] }
        var actions = records.handles.indices.filter(isKnown).map(records.call)
        for value in knownValues {
            for credential in knownCredentials {
                actions.append([Vocabulary.submit, value, credential, Vocabulary.end])
            }
        }
        return actions
    }

    /// The next call of the chain, or the submission; empty when the episode is over.
    public var expertAction: [Int32] {
        guard !isOver else { return [] }
        let next = min(progress, records.depth)
        return next < records.depth ? records.call(next) : records.solution
    }

    /// Hash of the tables, the opened records and the outcome.
    public var stateHash: UInt64 {
        let outcome: UInt64 = (isOver ? 2 : 0) | (isSolved ? 1 : 0)
        return ContentBits.mix(ContentBits.mix(records.bits ^ opened) &+ outcome)
    }

    /// Acts. Illegal actions cost a step and answer with `error` and the reason; a wrong submission ends the episode.
    public mutating func act(_ action: [Int32]) -> Observation {
        guard !isOver else { return Observation(tokens: [], isInvalid: true, isFinal: true) }
        steps += 1
        let (tokens, isInvalid) = answer(action)
        if isInvalid { invalidActions += 1 }
        if steps >= stepBudget { isOver = true }
        return Observation(tokens: tokens, isInvalid: isInvalid, isFinal: isOver)
    }

    private mutating func answer(_ action: [Int32]) -> (tokens: [Int32], isInvalid: Bool) {
        let words = action.last == Vocabulary.end ? action.dropLast() : action[...]
        let arguments = Array(words.dropFirst())
        let tools = Vocabulary.firstTool..<Vocabulary.firstTool + Int32(Vocabulary.toolCount)
        guard let tool = words.first, tools.contains(tool) || tool == Vocabulary.submit else {
            return refuse(Vocabulary.noSuchTool)
        }
        let isSymbols = arguments.allSatisfy { $0 >= Vocabulary.firstSymbol && $0 < Vocabulary.firstWord }
        guard isSymbols, arguments.count == (tool == Vocabulary.submit ? 2 : 1) else {
            return refuse(Vocabulary.malformed)
        }
        return tool == Vocabulary.submit ? submit(arguments[0], arguments[1]) : open(arguments[0], with: tool)
    }

    private mutating func open(_ handle: Int32, with tool: Int32) -> (tokens: [Int32], isInvalid: Bool) {
        guard records.symbols.tool(for: handle) == tool else { return refuse(Vocabulary.wrongKind) }
        guard let record = records.handles.firstIndex(of: handle), isKnown(record) else {
            return refuse(Vocabulary.notKnown)
        }
        opened |= 1 << UInt64(record)
        return (records.observations[record], false)
    }

    private mutating func submit(_ value: Int32, _ credential: Int32) -> (tokens: [Int32], isInvalid: Bool) {
        guard records.symbols.values.contains(value), records.symbols.credentials.contains(credential) else {
            return refuse(Vocabulary.wrongKind)
        }
        guard knownValues.contains(value), knownCredentials.contains(credential) else {
            return refuse(Vocabulary.notKnown)
        }
        isOver = true
        isSolved = value == records.values[records.depth - 1] && credential == records.credentials[records.needed]
        return ([Vocabulary.observation, isSolved ? Vocabulary.done : Vocabulary.failed, Vocabulary.act], false)
    }

    private func refuse(_ reason: Int32) -> (tokens: [Int32], isInvalid: Bool) {
        ([Vocabulary.error, reason, Vocabulary.act], true)
    }
}
