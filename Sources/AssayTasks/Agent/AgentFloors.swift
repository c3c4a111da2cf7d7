import AssayCore

/// An agent that understands nothing: what it reaches is the floor of an agent task.
public struct FloorAgent: Sendable {
    /// Such as `do-nothing`.
    public let name: String
    /// What it does in a world, given the actions that its last action made legal.
    public let action: @Sendable (any AgentEnvironment, _ fresh: [[Int32]], inout CounterRandom) -> [Int32]

    /// An agent.
    public init(
        name: String,
        action: @escaping @Sendable (any AgentEnvironment, _ fresh: [[Int32]], inout CounterRandom) -> [Int32]
    ) {
        self.name = name
        self.action = action
    }

    /// Says nothing but the end token, every time.
    public static let doNothing = FloorAgent(name: "do-nothing") { _, _, _ in [Vocabulary.end] }
    /// Takes one of the legal actions, all equally likely.
    public static let randomLegal = FloorAgent(name: "random-legal") { world, _, random in
        random.pick(world.legalActions)
    }
    /// Repeats the first legal action.
    public static let firstLegal = FloorAgent(name: "first-legal") { world, _, _ in world.legalActions[0] }
    /// Takes one of the actions that have just become legal, when there are some: follows the last observation blindly.
    public static let newestLegal = FloorAgent(name: "newest-legal") { world, fresh, random in
        random.pick(fresh.isEmpty ? world.legalActions : fresh)
    }

    /// Knows the rules and what was said last, and takes one of the actions that could be right after that: what it would
    /// have to remember it guesses.
    public static let memorylessExpert = FloorAgent(name: "memoryless-expert") { world, _, random in
        random.pick(world.memorylessActions)
    }

    /// Those that play any agent task.
    public static let all = [doNothing, randomLegal, firstLegal, newestLegal]

    /// Plays an episode to its end and returns the world as it is then.
    public func play(_ world: any AgentEnvironment, random: inout CounterRandom) -> any AgentEnvironment {
        var world = world
        var known: [[Int32]] = []
        while !world.isOver {
            let legal = world.legalActions
            let fresh = legal.filter { !known.contains($0) }
            known = legal
            _ = world.act(action(world, fresh, &random))
        }
        return world
    }
}

extension AgentTaskGenerator {
    /// Lets the floor agents play the episodes of a stream: success rate and error, against the stated floor.
    public func measuredAgentFloor(
        _ stream: ItemStream, episodes: Int, agents: [FloorAgent]? = nil
    ) -> [FloorMeasurement] {
        (agents ?? floorAgents).enumerated().map { number, agent in
            var tally = FloorTally(name: agent.name, stated: statedFloor)
            for index in 0..<episodes {
                var random = CounterRandom(key: ContentBits.mix(UInt64(number) &+ 0xA9E7), index: UInt64(index))
                tally.add(agent.play(environment(stream, index: index), random: &random).isSolved ? 1 : 0)
            }
            return tally.measurement
        }
    }
}
