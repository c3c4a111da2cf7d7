import AssayCore

/// k-hop successor: the edges of a random cycle in random order, then questions for the k-th successor of a node.
///
/// `<s> successor a b ; c a ; ... ; ; ; ; x2 a d x1 c a`: the token `x2` asks for the 2nd successor of the node after it. After
/// Depo (Allen-Zhu, "Physics of Language Models" part 4.1; facebookresearch/PhysicsLM4), with one token a node and the
/// same length and number of facts for every k. Hops are a power of two; questions draw k evenly from 1, 2, 4, ..., so
/// that neither length, load nor place in the sequence tells k. The start nodes of a sequence are all different, and no
/// question lies on the path of a later one, so that earlier answers never shorten a path.
///
/// A cluster is the main sequence and its twins: the same facts, with the single hops of the main questions' paths as
/// questions; each twin item names its multi-hop parent.
public struct Successor: TaskGenerator {
    /// The generator's name.
    public static let name = "successor"
    /// The parameters.
    public static let parameters = [
        TaskParameter("facts", 16, 6...64, "nodes and edges of the cycle"),
        TaskParameter("hops", 4, 1...32, "most hops of a question, a power of two; questions draw from 1, 2, 4, ..."),
        TaskParameter("questions", 9, 1...64, "questions in an evaluation sequence, each from another node"),
        TaskParameter(
            "length", 96, 16...8192, "tokens of every sequence; padding fills what is not needed"),
        TaskParameter("symbols", 32, 8...64, "different nodes; small models learn few symbols sooner"),
    ]
    static let kind = TaskKind(
        name: name, family: .multiHop, summary: "k-th successor on a shuffled cycle, by hops at fixed length and load",
        parameters: parameters, make: { try Successor($0) })

    /// Separators before the first question, so that no edge is within the reach of a local window.
    static let gap = 4

    /// Everything that identifies the items.
    public let identity: TaskIdentity
    /// Tokens of every sequence.
    public let length: Int
    /// The numbers of hops that are asked for.
    public let ladder: [Int]
    let facts: Int
    let questions: Int
    let nodes: SymbolRange
    private let source: ItemSource

    /// The task of these parameter values.
    /// - Throws: ``AssayError`` naming the parameter that is unknown, out of range or contradicts the others.
    public init(_ given: [String: Int] = [:]) throws {
        let p = try ParameterValues(Self.name, Self.parameters, given)
        let hops = p["hops"]
        guard hops.nonzeroBitCount == 1 else {
            throw AssayError.badInput(
                "task '\(Self.name)': parameter 'hops' is \(hops), not a power of two",
                remedy: "Give 1, 2, 4, 8, 16 or 32")
        }
        let ladder = (0...hops.trailingZeroBitCount).map { 1 << $0 }
        let perRung = (p["questions"] + ladder.count - 1) / ladder.count
        try p.require("questions", atMost: p["facts"], because: "every question starts from another node")
        try p.require(
            "facts", atLeast: max(hops + 3, perRung + 4),
            because: "\(hops) hops must not come round to the start, and guessing must stay guessing")
        try p.require("symbols", atLeast: p["facts"], because: "every node has a symbol of its own")
        try p.require(
            "length", atLeast: 2 + 3 * p["facts"] + Self.gap + 3 * p["questions"],
            because: "\(p["facts"]) edges and \(p["questions"]) questions need the room")
        identity = TaskIdentity(generator: Self.name, version: 1, parameters: p.all)
        (length, facts, questions) = (p["length"], p["facts"], p["questions"])
        self.ladder = ladder
        nodes = SymbolRange(offset: 0, count: p["symbols"])
        source = ItemSource(identity)
    }

    /// Multi-hop reasoning.
    public var family: TaskFamily { .multiHop }
    /// One token is asked for; nothing is generated freely.
    public var generates: Bool { false }

    /// The main sequence, then the twins that ask for the single hops of its paths.
    public func cluster(_ stream: ItemStream, index: Int) -> [TaskSequence] {
        var (world, random) = draw(stream, .cluster, index) { _ in facts }
        let asked = drawQuestions(questions, world, &random)
        let main = write(world, asked, cluster: index, sequence: 0)
        var hops: [Asked] = []
        for (number, question) in asked.enumerated() where question.hops > 1 {
            let parent = ItemID(cluster: index, sequence: 0, question: number)
            for step in 0..<question.hops {
                hops.append(Asked(start: (question.start + step) % facts, hops: 1, parent: parent))
            }
        }
        random.shuffle(&hops)
        return [main] + twins(hops).enumerated().map { write(world, $1, cluster: index, sequence: $0 + 1) }
    }

    /// Distributes single hops over twin sequences so that none asks for the same hop twice: its second answer could be
    /// copied from the first.
    private func twins(_ hops: [Asked]) -> [[Asked]] {
        var twins: [[Asked]] = []
        for hop in hops {
            let place = twins.firstIndex { twin in
                twin.count < questions && !twin.contains { $0.start == hop.start }
            }
            if let place { twins[place].append(hop) } else { twins.append([hop]) }
        }
        return twins
    }

    /// A sequence filled with questions, with the whole cycle half of the time, with a shorter one otherwise. Half of the
    /// sequences ask for single hops only, half of the rest for one or two, and so on up the ladder: longer paths are
    /// learned from shorter ones, and asking for all from the start keeps single hops from being learned.
    public func trainingSequence(_ stream: ItemStream, index: Int) -> TaskSequence {
        var rungs = 1
        var (world, random) = draw(stream, .training, index) { random in
            rungs = 1 + min(random.next().trailingZeroBitCount, ladder.count - 1)
            return random.difficulty(ladder[rungs - 1] + 3...facts)
        }
        return write(world, fill(world, Array(ladder.prefix(rungs)), &random), cluster: index, sequence: 0)
    }
}

// MARK: - Drawing and writing

extension Successor {
    /// A cycle and the order in which its edges are written.
    struct World {
        /// The nodes in the order of the cycle.
        let cycle: [Int32]
        /// Where the edge out of each node of the cycle begins.
        let edgeStarts: [Int]
        /// The tokens up to the first question.
        let context: [Int32]
    }

    /// A question: the place of its start in the cycle, and the hops.
    struct Asked {
        let start: Int
        let hops: Int
        var parent: ItemID?
    }

    private func draw(
        _ stream: ItemStream, _ use: ItemSource.Use, _ index: Int, facts count: (inout CounterRandom) -> Int
    ) -> (context: World, random: CounterRandom) {
        source.draw(stream, use, index) { random in
            let facts = count(&random)
            let cycle = nodes.distinct(facts, &random)
            var order = Array(0..<facts)
            random.shuffle(&order)
            var context: [Int32] = [Vocabulary.start, Vocabulary.successorTask]
            context.reserveCapacity(length)
            var edgeStarts = [Int](repeating: 0, count: facts)
            for place in order {
                edgeStarts[place] = context.count
                context.append(cycle[place])
                context.append(cycle[place + 1 == facts ? 0 : place + 1])
                context.append(Vocabulary.separator)
            }
            for _ in 0..<Self.gap { context.append(Vocabulary.separator) }
            return (World(cycle: cycle, edgeStarts: edgeStarts, context: context), ContentBits.fast(context))
        }
    }

    /// Draws `count` questions: hops evenly from the ladder and a start of its own for each, none of which gives a later path away.
    private func drawQuestions(_ count: Int, _ world: World, _ random: inout CounterRandom) -> [Asked] {
        let facts = world.cycle.count
        var hops = (0..<count).map { ladder[$0 % ladder.count] }
        if count % ladder.count != 0 {
            var rungs = ladder
            random.shuffle(&rungs)
            for rest in 0..<count % ladder.count { hops[count - 1 - rest] = rungs[rest] }
        }
        random.shuffle(&hops)
        for attempt in 0... {
            // Where paths nearly fill the cycle, only longer paths before shorter ones may do; that order always does.
            if attempt == 256 { hops.sort(by: >) }
            var asked: [Asked] = []
            var free = Array(0..<facts)
            for hop in hops {
                let possible = free.indices.filter { !isShortened(free[$0], hop, by: asked, around: facts) }
                guard !possible.isEmpty else { break }
                asked.append(Asked(start: free.remove(at: random.pick(possible)), hops: hop))
            }
            if asked.count == count { return asked }
            random.shuffle(&hops)
        }
        preconditionFailure("longer paths first always fit")
    }

    /// Draws questions until the sequence is full: evenly over a ladder, but no question of several hops twice, whose
    /// answer could be copied; single hops fill the rest, round after round.
    private func fill(_ world: World, _ ladder: [Int], _ random: inout CounterRandom) -> [Asked] {
        let facts = world.cycle.count
        let room = SequenceBuilder.questions(of: 3, in: length - world.context.count)
        let share = min(facts, room / ladder.count)
        var asked = ladder.dropFirst().flatMap { hops in
            random.distinct(share, below: facts).map { Asked(start: $0, hops: hops) }
        }
        asked += random.rounds(room - asked.count, of: facts).map { Asked(start: $0, hops: 1) }
        random.shuffle(&asked)
        return asked
    }

    /// Whether an earlier answer jumps over part of the path of `hops` from `start`.
    private func isShortened(_ start: Int, _ hops: Int, by earlier: [Asked], around facts: Int) -> Bool {
        earlier.contains { other in
            let offset = (other.start - start + facts) % facts
            return other.hops > 1 && offset + other.hops <= hops
        }
    }

    private func write(_ world: World, _ asked: [Asked], cluster: Int, sequence: Int) -> TaskSequence {
        let facts = world.cycle.count
        var builder = SequenceBuilder(world.context, length: length)
        for question in asked {
            builder.append(Vocabulary.firstHop + Int32(question.hops.trailingZeroBitCount))
            builder.append(world.cycle[question.start])
            var farthest = Int.max
            for step in 0..<question.hops {
                farthest = min(farthest, world.edgeStarts[(question.start + step) % facts])
            }
            builder.answer(
                [world.cycle[(question.start + question.hops) % facts]],
                .init(
                    hops: question.hops, facts: facts, distance: builder.position - farthest - 1, load: facts,
                    position: facts > 1 ? Double(farthest - 2) / Double(3 * (facts - 1)) : 0, parent: question.parent))
        }
        return builder.finish(cluster: cluster, sequence: sequence)
    }
}
