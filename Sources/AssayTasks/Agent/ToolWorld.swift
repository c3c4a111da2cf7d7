import AssayCore

/// A deterministic tool world in closed loop: hidden records, opened one after another, and a result to hand in.
///
///     <s> tools goal g h0 >   read h0 </s>   : q0 c0 d h2 g h1 >   open h1 </s>   : v q0 >   submit v c0 </s>
///
/// The prompt gives the goal's label and a first handle. Each of the tools `read`, `open`, `ask` takes handles of its own
/// kind. A record shows a named credential and labelled handles; the one with the goal's label leads on, the others are
/// dead ends that look like the end of the chain. The last record shows the value to hand in and the name of the
/// credential that the submission needs, which was shown some calls ago: nothing of it is in the prompt, so the model
/// must act on what it observed and remember what it observed earlier. Illegal actions answer with `error` and a reason
/// and cost a step; a wrong submission ends the episode.
///
/// Sequences are expert demonstrations; the questions are the expert's actions. In training, wrong actions are injected
/// with their observations, and the expert goes on from there; wrong actions are never targets.
public struct ToolWorld: AgentTaskGenerator {
    /// The generator's name.
    public static let name = "tool-world"
    /// The parameters.
    public static let parameters = [
        TaskParameter("depth", 4, 2...12, "dependent calls before the submission"),
        TaskParameter("records", 7, 3...32, "records in the world; those beyond depth are dead ends"),
        TaskParameter("length", 96, 16...8192, "tokens of every demonstration; padding fills what is not needed"),
        TaskParameter("budget", 12, 3...256, "actions before the episode ends as failed"),
        TaskParameter("errors", 15, 0...90, "wrong actions injected into training, per cent of the steps"),
        TaskParameter("symbols", 16, 8...32, "different handles of a kind, labels, credentials and values"),
    ]
    static let kind = TaskKind(
        name: name, family: .agent, summary: "a chain of dependent tool calls in closed loop, with recoverable errors",
        parameters: parameters, make: { try ToolWorld($0) })

    /// Room for an injected action and its observation.
    private static let errorRoom = 8

    /// Everything that identifies the items.
    public let identity: TaskIdentity
    /// Tokens of every demonstration.
    public let length: Int
    let depth: Int
    let decoys: Int
    let budget: Int
    private let errors: Double
    let symbols: ToolRecords.Symbols
    private let source: ItemSource

    /// The task of these parameter values.
    /// - Throws: ``AssayError`` naming the parameter that is unknown, out of range or contradicts the others.
    public init(_ given: [String: Int] = [:]) throws {
        let p = try ParameterValues(Self.name, Self.parameters, given)
        let (depth, records) = (p["depth"], p["records"])
        try p.require("records", atLeast: depth + 1, because: "without a dead end nothing depends on the goal")
        try p.require("symbols", atLeast: records, because: "every record has a handle and a label of its own")
        try p.require("budget", atLeast: depth + 1, because: "\(depth) calls and the submission need as many actions")
        let decoys = records - depth
        let optimal = 14 + 9 * (depth - 1) + 2 * decoys + 3
        try p.require(
            "length", atLeast: optimal + Self.errorRoom,
            because: "the optimal play takes \(optimal) tokens and an error \(Self.errorRoom)")
        identity = TaskIdentity(generator: Self.name, version: 1, parameters: p.all)
        (length, self.depth, budget) = (p["length"], depth, p["budget"])
        self.decoys = decoys
        errors = Double(p["errors"]) / 100
        symbols = ToolRecords.Symbols(p["symbols"])
        source = ItemSource(identity)
    }

    /// Agents.
    public var family: TaskFamily { .agent }
    /// Actions are generated freely.
    public var generates: Bool { true }

    /// The expert's demonstration of the episode of the same number, without errors.
    public func cluster(_ stream: ItemStream, index: Int) -> [TaskSequence] {
        var (records, random) = records(stream, .cluster, index) { _ in depth }
        return [demonstrate(records, cluster: index, errors: 0, &random)]
    }

    /// A demonstration with injected errors; of full depth half of the time, else shorter.
    public func trainingSequence(_ stream: ItemStream, index: Int) -> TaskSequence {
        var (records, random) = records(stream, .training, index) { $0.difficulty(2...depth) }
        return demonstrate(records, cluster: index, errors: errors, &random)
    }

    /// The episode number `index` of a stream.
    public func environment(_ stream: ItemStream, index: Int) -> any AgentEnvironment {
        start(records(stream, .cluster, index) { _ in depth }.context, cluster: index)
    }

    private func records(
        _ stream: ItemStream, _ use: ItemSource.Use, _ index: Int, depth chosen: (inout CounterRandom) -> Int
    ) -> (context: ToolRecords, random: CounterRandom) {
        source.draw(stream, use, index) { random in
            let depth = chosen(&random)
            let decoys = decoys * (depth - 1) / (self.depth - 1)
            let records = ToolRecords(depth: depth, decoys: decoys, symbols: symbols, random: &random)
            return (records, records.bits)
        }
    }
}

// MARK: - Episodes and demonstrations

extension ToolWorld {
    /// An episode. Its item has the sequence number 1: number 0 is the demonstration, whose items are single actions.
    func start(_ records: ToolRecords, cluster: Int) -> ToolEnvironment {
        // In the optimal play, the needed credential stands two tokens into its observation.
        let before = (0..<records.needed).reduce(records.prompt.count) { $0 + 3 + records.observations[$1].count }
        let shown = before + 3 + 2
        let optimal = records.optimalLength
        let item = ItemRecord(
            id: ItemID(cluster: cluster, sequence: 1, question: 0), hops: records.depth, facts: records.handles.count,
            length: optimal, distance: optimal - records.solution.count - shown, load: records.depth,
            position: Double(shown) / Double(optimal), contentBits: ContentBits.mix(records.bits))
        return ToolEnvironment(records: records, budget: budget, item: item)
    }

    private func demonstrate(
        _ records: ToolRecords, cluster: Int, errors: Double, _ random: inout CounterRandom
    ) -> TaskSequence {
        var world = start(records, cluster: cluster)
        var builder = SequenceBuilder(world.prompt, length: length)
        var spare = min((length - records.optimalLength) / Self.errorRoom, budget - world.optimalSteps)
        var call = 0
        while !world.isOver {
            if spare > 0, errors > 0, random.chance(errors) {
                spare -= 1
                let wrong = wrongAction(in: world, call: call, &random)
                builder.append(wrong)
                builder.append(world.act(wrong).tokens)
            }
            let action = world.expertAction
            let fact = fact(of: action, in: builder.tokens)
            call += 1
            builder.answer(
                action,
                .init(
                    hops: call, facts: records.handles.count, distance: builder.position - fact,
                    load: records.depth, position: Double(fact) / Double(builder.position)))
            let observation = world.act(action)
            if !world.isOver { builder.append(observation.tokens) }
        }
        return builder.finish(cluster: cluster)
    }

    /// Where the earliest of an action's arguments was first seen.
    private func fact(of action: [Int32], in tokens: [Int32]) -> Int {
        action.dropFirst().dropLast().compactMap { tokens.firstIndex(of: $0) }.min() ?? 0
    }

    /// An action that the expert would not take: an unknown tool, a wrong kind, an unknown handle, a malformed call, or a
    /// dead end.
    private func wrongAction(in world: ToolEnvironment, call: Int, _ random: inout CounterRandom) -> [Int32] {
        let records = world.records
        let right = world.expertAction
        switch random.below(5) {
        case 0:
            return [right[1]] + right.dropFirst()
        case 1:
            if call == records.depth { return [right[0], right[2], right[1], Vocabulary.end] }
            let tools = (0..<Int32(Vocabulary.toolCount)).map { Vocabulary.firstTool + $0 }
            return [random.pick(tools.filter { $0 != right[0] }), right[1], Vocabulary.end]
        case 2:
            let range = symbols.handles[random.below(Vocabulary.toolCount)]
            let handle = range[random.below(range.count)]
            let record = records.handles.firstIndex(of: handle)
            if let record, world.isKnown(record) { return [right[0], Vocabulary.end] }
            return [Vocabulary.firstTool + Int32(symbols.handles.firstIndex(of: range) ?? 0), handle, Vocabulary.end]
        case 3:
            return random.next() & 1 == 0 ? [right[0], Vocabulary.end] : [right[0], right[0], Vocabulary.end]
        default:
            let ends = (records.depth..<records.handles.count).filter(world.isKnown)
            return ends.isEmpty ? [right[0], Vocabulary.end] : records.call(random.pick(ends))
        }
    }
}
