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
public struct ToolWorld: WorldTask {
    /// The generator's name.
    public static let name = "tool-world"
    /// The parameters.
    public static let parameters = [
        TaskParameter("depth", 4, 2...12, "dependent calls before the submission"),
        TaskParameter("records", 7, 3...32, "records in the world; those beyond depth are dead ends"),
        .demonstrationLength(96),
        TaskParameter("budget", 12, 3...256, "actions before the episode ends as failed"),
        TaskParameter("errors", 15, 0...90, "wrong actions injected into training, per cent of the steps"),
        TaskParameter("symbols", 16, 8...32, "different handles of a kind, labels, credentials and values"),
    ]
    static let kind = TaskKind(
        name: name, family: .agent, summary: "a chain of dependent tool calls in closed loop, with recoverable errors",
        parameters: parameters, make: { try ToolWorld($0) })

    static let token = Vocabulary.toolTask
    static let errorRoom = 8
    static let errorSteps = 1

    let depth: Int
    let decoys: Int
    let budget: Int
    let symbols: ToolRecords.Symbols
    let frame: WorldFrame
    private let tools: [ToolSignature]

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
        frame = WorldFrame(
            TaskIdentity(generator: Self.name, version: 1, parameters: p.all), length: p["length"],
            options: EpisodeOptions(budget: p["budget"], errors: Double(p["errors"]) / 100))
        (self.depth, self.decoys, budget) = (depth, decoys, p["budget"])
        symbols = ToolRecords.Symbols(p["symbols"])
        tools = symbols.tools
    }

    func draw(isTraining: Bool, _ random: inout CounterRandom) -> ToolState {
        let depth = isTraining ? random.difficulty(2...depth) : depth
        let records = ToolRecords(depth: depth, decoys: decoys(depth), symbols: symbols, random: &random)
        return ToolState(records: records, tools: tools)
    }

    /// Dead ends of a world of so many dependent calls: as many a call as with all of them.
    private func decoys(_ depth: Int) -> Int { decoys * max(0, depth - 1) / (self.depth - 1) }

    func reader(of prompt: [Int32]) -> ToolReader? { ToolReader(prompt, symbols: symbols, deadEnds: decoys) }
}
