import AssayCore

/// Dependent look-ups in a key-value service, and values collected on the way that are to be written at the end.
///
///     <s> service goal g b0 >   list b0 </s>   : n0 g k0 d k1 >   get k0 </s>   : v0 b1 > ...   : t n0 >   put t v0 </s>
///
/// A bucket shows its name and labelled keys. The key with the goal's label holds a value and the next bucket; the others
/// are dead ends. The last key shows keys to be written and, for each, the name of the bucket whose value belongs there:
/// nothing of it is in the prompt. A wrong value cannot be taken back and ends the episode.
public struct KeyValueService: WorldTask {
    /// The generator's name.
    public static let name = "key-value-service"
    /// The parameters.
    public static let parameters =
        [
            TaskParameter("stages", 5, 3...32, "buckets, each listed and looked up: two actions"),
            TaskParameter(
                "writes", 1, 1...8, "values that are written at the end: the plan has 2 stages + writes actions"),
            TaskParameter("decoys", 2, 0...4, "keys of a bucket that lead nowhere"),
            .demonstrationLength(128),
        ] + EpisodeOptions.parameters
    static let kind = TaskKind(
        name: name, family: .agent,
        summary: "dependent look-ups in a service, and values met on the way that are written at the end",
        parameters: parameters, make: { try KeyValueService($0) })

    static let token = Vocabulary.serviceTask
    static let errorRoom = 9
    static let errorSteps = 1

    let frame: WorldFrame
    private let stages: Int
    private let writes: Int
    private let decoys: Int

    /// The task of these parameter values.
    /// - Throws: ``AssayError`` naming the parameter that is unknown, out of range or contradicts the others.
    public init(_ given: [String: Int] = [:]) throws {
        let p = try ParameterValues(Self.name, Self.parameters, given)
        (stages, writes, decoys) = (p["stages"], p["writes"], p["decoys"])
        try p.require("writes", atMost: stages - 1, because: "only \(stages - 1) stages show a value")
        let keys = stages * (1 + decoys) + writes
        try p.require(
            "stages", atMost: (KeyValueState.keys.count - writes) / (1 + decoys),
            because: "there are \(KeyValueState.keys.count) keys and \(keys) are needed")
        let plan = 2 * stages + writes
        let optimal = 6 + stages * (11 + 2 * decoys) + 4 * (stages - 1) + 2 + 9 * writes - 3
        frame = try WorldFrame(
            Self.name, p, plan: plan, optimal: optimal, longestCall: 4, error: Self.errorRoom)
        try p.require(headroomOver: statedFloor, "slack", remedy: "Lower 'slack', or raise 'stages' or 'decoys'")
    }

    func draw(isTraining: Bool, _ random: inout CounterRandom) -> KeyValueState {
        let stages = isTraining ? random.difficulty(max(3, writes + 1)...stages) : stages
        let buckets = KeyValueState.buckets.distinct(stages, &random)
        let keys = KeyValueState.keys.distinct(stages * (1 + decoys) + writes, &random)
        let asked = random.distinct(writes, below: stages - 1)
        let leads = Array(keys[0..<stages])
        let labels = KeyValueState.labels.distinct(1 + decoys, &random)
        let drawn = KeyValueState.values.distinct(KeyValueState.values.count, &random)
        let values = Array(drawn[..<(stages - 1)])
        var dead: [Int32: Int32] = [:]
        let shown = (0..<stages).map { stage in
            var pairs = [(label: labels[0], key: leads[stage])]
            for decoy in 0..<decoys {
                let key = keys[stages + stage * decoys + decoy]
                pairs.append((labels[1 + decoy], key))
                dead[key] = drawn[stages - 1 + random.below(drawn.count - stages + 1)]
            }
            random.shuffle(&pairs)
            return pairs
        }
        let targets = keys.suffix(writes)
        return KeyValueState(
            KeyValueState.Tables(
                buckets: buckets, names: KeyValueState.names.distinct(stages, &random), shown: shown, leads: leads,
                values: values,
                dead: dead, writes: zip(targets, asked).map { ($0, $1) }, goal: labels[0]))
    }

    func reader(of prompt: [Int32]) -> KeyValueReader? { KeyValueReader(prompt) }

    /// Writes that are right by chance: of the values that were met, another one each time.
    private var guessedWrites: [Double] { (0..<writes).map { 1 / Double(stages - 1 - $0) } }

    /// An agent that finds the keys blindly, and then guesses which of the values that it met belong where. No agent without
    /// memory can do better: of the values that may be written only one is right, and a wrong one ends the episode.
    public var statedFloor: Double {
        let stage: [Double] = [1, 1 / Double(1 + decoys)]
        let plan: [Double] = (0..<stages).flatMap { _ in stage } + guessedWrites.map { _ in 1.0 }
        let budget = 2 * stages + writes + options.slack
        return guessedWrites.reduce(FloorBound.chain(plan, budget: budget), *)
    }

    /// Listing what was just named is always right; a key is right once in as many as are shown, a write once in as many
    /// values as were met and not yet written.
    public var demonstrationFloor: Double {
        let looked = Double(stages) * (1 + 1 / Double(1 + decoys))
        return (looked + guessedWrites.reduce(0, +)) / Double(2 * stages + writes)
    }

    /// Shortcuts on demonstrations: follow what was said last without labels, repeat the last action.
    public var baselines: [ShortcutBaseline] {
        [
            Self.shortcut("follow-unlabelled") { seen, random in
                let said = Self.lastSaid(seen)
                if let bucket = said.last(where: KeyValueState.buckets.contains) {
                    return ToolSignature.call(Vocabulary.list, bucket)
                }
                let keys = said.filter(KeyValueState.keys.contains)
                if said.contains(where: KeyValueState.labels.contains) {
                    return ToolSignature.call(Vocabulary.get, random.pick(keys))
                }
                return Self.guessWrite(seen, &random)
            },
            Self.repeatAction,
        ]
    }

    /// Writes one of the values that were met and not yet written to the next key.
    private static func guessWrite(_ seen: ArraySlice<Int32>, _ random: inout CounterRandom) -> [Int32] {
        let puts = seen.indices.dropLast(2).filter { seen[$0] == Vocabulary.put }
        let start = puts.first ?? seen.endIndex
        let written = puts.map { seen[$0 + 2] }
        let met = seen[..<start].filter(KeyValueState.values.contains)
        let left = Array(Set(met).subtracting(written)).sorted()
        let targets = seen[..<start].indices.dropLast().filter {
            KeyValueState.keys.contains(seen[$0]) && KeyValueState.names.contains(seen[$0 + 1])
        }
        guard puts.count < targets.count, !left.isEmpty else { return [] }
        return ToolSignature.call(Vocabulary.put, seen[targets[puts.count]], random.pick(left))
    }
}
