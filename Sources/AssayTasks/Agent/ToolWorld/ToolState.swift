import AssayCore

/// The state of ``ToolWorld``: which records are opened, and how it ended.
struct ToolState: World {
    let records: ToolRecords
    let tools: [ToolSignature]
    private(set) var isSolved = false
    private(set) var isOver = false
    /// A bit for each record that was opened.
    private var opened: UInt64 = 0

    init(records: ToolRecords, tools: [ToolSignature]) {
        self.records = records
        self.tools = tools
    }

    /// The goal's label and the first handle.
    var prompt: [Int32] { records.prompt }
    /// The chain's calls and the submission.
    var remainingSteps: Int { isOver ? 0 : records.depth + 1 - min(progress, records.depth) }
    var optimalLength: Int { records.optimalLength }
    var facts: Int { records.handles.count }
    var load: Int { records.depth }
    var drawnBits: UInt64 { records.bits }
    var bits: UInt64 { records.bits ^ opened }

    /// Records of the chain that were opened; a record's handle shows only when the one before it was opened.
    private var progress: Int { (~opened).trailingZeroBitCount }

    private func isOpened(_ record: Int) -> Bool { opened >> UInt64(record) & 1 == 1 }

    /// Whether the handle of a record was observed.
    private func isKnown(_ record: Int) -> Bool { record == 0 || isOpened(records.shownBy[record]) }

    private var knownValues: [Int32] {
        records.values.indices.filter { records.values[$0] != Vocabulary.padding && isOpened($0) }
            .map { records.values[$0] }
    }

    private var knownCredentials: [Int32] {
        records.credentials.indices.filter(isOpened).map { records.credentials[$0] }
    }

    /// Every call of a known handle with its tool, and every submission of a known value with a known credential.
    var legalActions: [[Int32]] {
        var actions = records.handles.indices.filter(isKnown).map(records.call)
        for value in knownValues {
            for credential in knownCredentials {
                actions.append(ToolSignature.call(Vocabulary.submit, value, credential))
            }
        }
        return actions
    }

    /// The next call of the chain, or the submission.
    var expertAction: [Int32] {
        let next = min(progress, records.depth)
        return next < records.depth ? records.call(next) : records.solution
    }

    /// In the optimal play, the needed credential stands two tokens into its observation.
    func covariates() -> EpisodeCovariates {
        let before = (0..<records.needed).reduce(records.prompt.count) { $0 + 3 + records.observations[$1].count }
        let shown = before + 3 + 2
        let optimal = records.optimalLength
        return EpisodeCovariates(
            hops: records.depth, length: optimal, distance: optimal - records.solution.count - shown,
            position: Double(shown) / Double(optimal))
    }

    mutating func apply(_ words: ArraySlice<Int32>) -> WorldAnswer {
        let arguments = Array(words.dropFirst())
        if words.first == Vocabulary.submit { return submit(arguments[0], arguments[1]) }
        guard let record = records.handles.firstIndex(of: arguments[0]), isKnown(record) else {
            return .refused(Vocabulary.notKnown)
        }
        opened |= 1 << UInt64(record)
        return .observed(records.observations[record])
    }

    /// A wrong submission ends the episode.
    private mutating func submit(_ value: Int32, _ credential: Int32) -> WorldAnswer {
        guard knownValues.contains(value), knownCredentials.contains(credential) else {
            return .refused(Vocabulary.notKnown)
        }
        isOver = true
        isSolved = value == records.values[records.depth - 1] && credential == records.credentials[records.needed]
        return .shows([isSolved ? Vocabulary.done : Vocabulary.failed])
    }

    /// An unknown tool, a wrong kind, an unknown handle, a malformed call, or a dead end.
    func wrongAction(_ random: inout CounterRandom) -> [Int32] {
        let symbols = records.symbols
        let right = expertAction
        switch random.below(5) {
        case 0:
            return [right[1]] + right.dropFirst()
        case 1:
            if progress >= records.depth { return [right[0], right[2], right[1], Vocabulary.end] }
            let tools = (0..<Int32(Vocabulary.toolCount)).map { Vocabulary.firstTool + $0 }
            return [random.pick(tools.filter { $0 != right[0] }), right[1], Vocabulary.end]
        case 2:
            let range = symbols.handles[random.below(Vocabulary.toolCount)]
            let handle = range[random.below(range.count)]
            let record = records.handles.firstIndex(of: handle)
            if let record, isKnown(record) { return [right[0], Vocabulary.end] }
            return [Vocabulary.firstTool + Int32(symbols.handles.firstIndex(of: range) ?? 0), handle, Vocabulary.end]
        case 3:
            return random.next() & 1 == 0 ? [right[0], Vocabulary.end] : [right[0], right[0], Vocabulary.end]
        default:
            let ends = (records.depth..<records.handles.count).filter(isKnown)
            return ends.isEmpty ? [right[0], Vocabulary.end] : records.call(random.pick(ends))
        }
    }
}
