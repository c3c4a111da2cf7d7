import AssayCore

/// The tables of an episode of ``KeyValueService`` and what was read and written.
struct KeyValueState: World {
    /// Symbols by role.
    static let buckets = SymbolRange(offset: 0, count: 32)
    static let keys = SymbolRange(offset: 32, count: 64)
    static let labels = SymbolRange(offset: 96, count: 8)
    static let names = SymbolRange(offset: 104, count: 32)
    static let values = SymbolRange(offset: 136, count: 40)

    /// The tools.
    static let tools = [
        ToolSignature(Vocabulary.list, ToolArgument("bucket", buckets)),
        ToolSignature(Vocabulary.get, ToolArgument("key", keys)),
        ToolSignature(Vocabulary.put, ToolArgument("key", keys), ToolArgument("value", values)),
    ]

    /// What never changes in an episode.
    struct Tables: Sendable {
        /// The bucket of each stage.
        let buckets: [Int32]
        /// The name of each stage.
        let names: [Int32]
        /// Keys of each stage as its bucket shows them, with their labels.
        let shown: [[(label: Int32, key: Int32)]]
        /// The key of each stage that leads on.
        let leads: [Int32]
        /// The value of each stage but the last; that of the last is not shown.
        let values: [Int32]
        /// The values of the other keys.
        let dead: [Int32: Int32]
        /// The keys to be written, and the stages whose values are to be written there.
        let writes: [(key: Int32, stage: Int)]
        let goal: Int32

        /// Everything that is shown or hidden, in a row.
        var bits: UInt64 {
            let deadValues = shown.joined().compactMap { dead[$0.key] }
            return ContentBits.fast(
                [goal] + buckets + names + shown.joined().flatMap { [$0.label, $0.key] } + values + deadValues
                    + writes.flatMap { [$0.key, Int32($0.stage)] })
        }
    }

    let tables: Tables
    /// Buckets that were listed and keys that were read, as bits of stages.
    private var listed: UInt64 = 0
    private var read: UInt64 = 0
    private var deadRead: [Int32] = []
    private var written = 0
    private(set) var isSolved = false
    private(set) var isOver = false
    let drawnBits: UInt64

    init(_ tables: Tables) {
        self.tables = tables
        drawnBits = tables.bits
    }

    private var stages: Int { tables.buckets.count }
    private var decoys: Int { tables.shown[0].count - 1 }

    var tools: [ToolSignature] { Self.tools }
    var prompt: [Int32] {
        [
            Vocabulary.start, Vocabulary.serviceTask, Vocabulary.goal, tables.goal, tables.buckets[0], Vocabulary.act,
        ]
    }
    var facts: Int { stages * (1 + decoys) }
    var load: Int { stages }
    var remainingSteps: Int {
        isOver ? 0 : 2 * stages - listed.nonzeroBitCount - read.nonzeroBitCount + tables.writes.count - written
    }
    var optimalLength: Int {
        let list = 3 + 3 + 2 * (1 + decoys)
        return 6 + stages * (list + 3) + (stages - 1) * 4 + 2 + 2 * tables.writes.count
            + 7 * tables.writes.count - 3
    }
    var bits: UInt64 {
        let known = ContentBits.fast(deadRead.sorted())
        return drawnBits ^ ContentBits.mix(listed ^ ContentBits.mix(read ^ ContentBits.mix(known &+ UInt64(written))))
    }

    private func has(_ bits: UInt64, _ stage: Int) -> Bool { bits >> UInt64(stage) & 1 == 1 }
    /// A stage's bucket is known when the key of the stage before was read.
    private func isKnown(bucket stage: Int) -> Bool { stage == 0 || has(read, stage - 1) }
    private var targetsAreKnown: Bool { has(read, stages - 1) }

    private var knownValues: [Int32] {
        (0..<stages - 1).filter { has(read, $0) }.map { tables.values[$0] } + deadRead.compactMap { tables.dead[$0] }
    }

    var legalActions: [[Int32]] {
        var actions: [[Int32]] = []
        for stage in 0..<stages where isKnown(bucket: stage) {
            actions.append(ToolSignature.call(Vocabulary.list, tables.buckets[stage]))
            if has(listed, stage) {
                actions += tables.shown[stage].map { ToolSignature.call(Vocabulary.get, $0.key) }
            }
        }
        if targetsAreKnown {
            let key = tables.writes[written].key
            actions += knownValues.map { ToolSignature.call(Vocabulary.put, key, $0) }
        }
        return actions
    }

    var expertAction: [Int32] {
        let stage = (~read).trailingZeroBitCount
        guard stage < stages else {
            let write = tables.writes[min(written, tables.writes.count - 1)]
            return ToolSignature.call(Vocabulary.put, write.key, tables.values[write.stage])
        }
        return has(listed, stage)
            ? ToolSignature.call(Vocabulary.get, tables.leads[stage])
            : ToolSignature.call(Vocabulary.list, tables.buckets[stage])
    }

    private var lastSaid: LastSaid = .start
    /// What the last observation was.
    private enum LastSaid: Hashable {
        case start
        case bucket(Int)
        case stage(Int)
        case other
    }

    /// Of a bucket any key; after a key the bucket that it names; where values are to be written any value.
    var memorylessActions: [[Int32]] {
        switch lastSaid {
        case .start: [ToolSignature.call(Vocabulary.list, tables.buckets[0])]
        case .bucket(let stage): tables.shown[stage].map { ToolSignature.call(Vocabulary.get, $0.key) }
        case .stage(let stage) where stage + 1 < stages:
            [ToolSignature.call(Vocabulary.list, tables.buckets[stage + 1])]
        case .stage:
            (0..<Self.values.count).map {
                ToolSignature.call(Vocabulary.put, tables.writes[written].key, Self.values[$0])
            }
        case .other: legalActions
        }
    }

    mutating func apply(_ words: ArraySlice<Int32>) -> WorldAnswer {
        let arguments = Array(words.dropFirst())
        switch words.first {
        case Vocabulary.list: return list(arguments[0])
        case Vocabulary.get: return get(arguments[0])
        case Vocabulary.put: return put(arguments[0], arguments[1])
        default: return .refused(Vocabulary.notAllowed)
        }
    }

    private mutating func list(_ bucket: Int32) -> WorldAnswer {
        guard let stage = tables.buckets.firstIndex(of: bucket), isKnown(bucket: stage) else {
            return .refused(Vocabulary.notKnown)
        }
        listed |= 1 << UInt64(stage)
        lastSaid = .bucket(stage)
        return .shows([tables.names[stage]] + tables.shown[stage].flatMap { [$0.label, $0.key] })
    }

    private mutating func get(_ key: Int32) -> WorldAnswer {
        let stages = (0..<stages).filter { has(listed, $0) }
        guard let stage = stages.first(where: { tables.shown[$0].contains { $0.key == key } }) else {
            return .refused(Vocabulary.notKnown)
        }
        guard key == tables.leads[stage] else {
            if !deadRead.contains(key) { deadRead.append(key) }
            lastSaid = .other
            return .shows([tables.dead[key] ?? Vocabulary.nothing, Vocabulary.nothing])
        }
        read |= 1 << UInt64(stage)
        lastSaid = .stage(stage)
        if stage == self.stages - 1 {
            return .shows(tables.writes.flatMap { [$0.key, tables.names[$0.stage]] })
        }
        return .shows([tables.values[stage], tables.buckets[stage + 1]])
    }

    /// Keys are written in the order in which they were shown; a wrong value cannot be taken back.
    private mutating func put(_ key: Int32, _ value: Int32) -> WorldAnswer {
        guard targetsAreKnown, tables.writes.contains(where: { $0.key == key }), knownValues.contains(value) else {
            return .refused(Vocabulary.notKnown)
        }
        let write = tables.writes[written]
        guard key == write.key else { return .refused(Vocabulary.notAllowed) }
        lastSaid = .other
        guard value == tables.values[write.stage] else {
            isOver = true
            return .shows([Vocabulary.failed])
        }
        written += 1
        isSolved = written == tables.writes.count
        isOver = isSolved
        return .shows([isSolved ? Vocabulary.done : key])
    }

    func wrongAction(_ random: inout CounterRandom) -> [Int32] {
        let stage = min((~read).trailingZeroBitCount, stages - 1)
        let dead = tables.shown[stage].map(\.key).filter { has(listed, stage) && $0 != tables.leads[stage] }
        return wrongCall(&random, slips: dead.map { ToolSignature.call(Vocabulary.get, $0) })
    }
}
