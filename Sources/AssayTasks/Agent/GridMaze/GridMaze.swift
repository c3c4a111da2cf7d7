import AssayCore

/// A maze on a grid of which the agent sees the cell where it stands.
///
///     <s> maze goal m3 east m0 south ... : view-es m0 >   move south </s>   : view-ns none >   ...   submit </s>
///
/// A legend in the prompt says which direction each mark stands for. The way to the exit is a corridor with side passages,
/// dead ends of one or two cells; where a passage leads off, a mark tells the way. So the agent must recall the legend at
/// marks, remember between them which way it came, and find back out of a passage; then the shortest way is known. Handing
/// in anywhere but at the exit fails. Walls are refused and cost a step.
public struct GridMaze: WorldTask {
    /// The generator's name.
    public static let name = "grid-maze"
    /// The parameters.
    public static let parameters =
        [
            TaskParameter("horizon", 16, 4...128, "actions of the shortest way, the submission included"),
            TaskParameter("passages", 5, 1...48, "side passages, each at a marked cell of the way"),
            TaskParameter("marks", 8, 4...64, "entries of the legend"),
            TaskParameter("size", 10, 4...24, "cells of a side of the grid"),
            .demonstrationLength(192),
        ] + EpisodeOptions.parameters
    static let kind = TaskKind(
        name: name, family: .agent, summary: "a maze of which one cell is seen at a time, with a legend of its marks",
        parameters: parameters, make: { try GridMaze($0) })

    static let token = Vocabulary.mazeTask
    static let errorRoom = 14
    static let errorSteps = 2

    let frame: WorldFrame
    private let horizon: Int
    private let passages: Int
    private let marks: Int
    private let size: Int

    /// The task of these parameter values.
    /// - Throws: ``AssayError`` naming the parameter that is unknown, out of range or contradicts the others.
    public init(_ given: [String: Int] = [:]) throws {
        let p = try ParameterValues(Self.name, Self.parameters, given)
        (horizon, passages, marks, size) = (p["horizon"], p["passages"], p["marks"], p["size"])
        try p.require(
            "passages", atMost: (horizon - 2) / 2, because: "half of the cells between start and exit may have one")
        try p.require(
            "horizon", atMost: size * size / 3, because: "a longer way does not fit into \(size) x \(size) cells")
        let optimal = 3 + 2 * marks + 4 + 7 * (horizon - 1) + 2
        frame = try WorldFrame(
            Self.name, p, plan: horizon, optimal: optimal, longestCall: 3, error: Self.errorRoom)
        try p.require(headroomOver: statedFloor, "slack", remedy: "Lower 'slack', or raise 'horizon'")
    }

    func draw(isTraining: Bool, _ random: inout CounterRandom) -> MazeState {
        let moves = isTraining ? random.difficulty(3...horizon - 1) : horizon - 1
        let marks = isTraining ? random.difficulty(4...marks) : marks
        let passages = max(1, min(passages * moves / (horizon - 1), (moves - 1) / 2))
        return MazeState(
            MazeState.Plan(moves: moves, passages: passages, marks: marks, size: size, &random))
    }

    func reader(of prompt: [Int32]) -> MazeReader? { MazeReader(prompt) }

    /// A random walk along the way: without memory both directions of a corridor look alike, passages only delay, and the
    /// first cell turns the walk round.
    public var statedFloor: Double { FloorBound.walk(to: horizon - 1, budget: horizon + options.slack - 1) }

    /// Going on in the direction that does not lead back is right but where a passage leads off, and there once in two.
    public var demonstrationFloor: Double { 1 - Double(passages) / Double(2 * horizon) }

    /// Shortcuts on demonstrations: go on without turning back, repeat the last action.
    public var baselines: [ShortcutBaseline] {
        [
            Self.shortcut("go-on") { seen, random in
                let said = Array(Self.lastSaid(seen).suffix(4))
                guard said.count == 4 else { return ToolSignature.call(Vocabulary.submit) }
                if said[2] == Vocabulary.done { return ToolSignature.call(Vocabulary.submit) }
                let view = Int(said[1] - Vocabulary.firstView) + 1
                let moves = seen.filter(MazeState.tools[0].arguments[0].domain.contains)
                let isFirst = !seen.contains(Vocabulary.end)
                let back = isFirst ? nil : moves.last.map { (Int($0 - Vocabulary.firstDirection) + 2) % 4 }
                let ways = (0..<4).filter { view >> $0 & 1 == 1 && $0 != back }
                // At a dead end, and where the last thing said is no view.
                return MazeState.move(ways.isEmpty ? back ?? random.below(4) : random.pick(ways))
            },
            Self.repeatAction,
        ]
    }
}
