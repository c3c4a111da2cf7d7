import AssayCore

/// Topological order: all ancestors of a node of a directed graph without cycles, each after those it depends on.
///
/// `<s> topological a -> b n c -> d n ... ? ancestors d a b c </s>`: any order in which no edge points backwards is right. After
/// Brevo (Allen-Zhu, "Physics of Language Models" part 4.1; facebookresearch/PhysicsLM4), with noise, and with numbers of
/// edges, nodes and ancestors that stay fixed while the depth of the ancestors, the hops, varies. The single hops ask for the
/// parents of a node, in any order: `? x1 d b c </s>`.
///
/// Answers are graded by the checker (``Grading/checked``); the gold order goes by depth, then by name.
public struct TopologicalOrder: TaskGenerator, HopTask {
    /// The generator's name.
    public static let name = "topological-order"
    /// The parameters.
    public static let parameters = [
        TaskParameter("nodes", 12, 4...64, "nodes of the graph"),
        TaskParameter("edges", 18, 4...512, "edges of the graph: the facts"),
        TaskParameter("ancestors", 5, 2...24, "ancestors of the node that is asked about"),
        TaskParameter("hops", 4, 2...24, "greatest depth of the ancestors; depths are drawn evenly from 2 up"),
        TaskParameter.length(128), TaskParameter.symbols, TaskParameter.gap,
    ]
    static let kind = TaskKind(
        name: name, family: .multiHop, summary: "ancestors of a node of a graph in a valid order, by depth",
        parameters: parameters, make: { try TopologicalOrder($0) })

    let frame: HopFrame
    let nodes: Int
    let edges: Int
    let ancestors: Int
    let symbols: SymbolRange
    /// Naming one node as the only parent, of the single hops: see ``busiest(in:but:isRoot:)``. An order of several nodes is
    /// not to be guessed.
    public private(set) var statedFloor = 0.0

    /// The task of these parameter values.
    /// - Throws: ``AssayError`` naming the parameter that is unknown, out of range or contradicts the others.
    public init(_ given: [String: Int] = [:]) throws {
        let p = try ParameterValues(Self.name, Self.parameters, given)
        (nodes, edges, ancestors) = (p["nodes"], p["edges"], p["ancestors"])
        try p.require("hops", atMost: ancestors, because: "\(ancestors) ancestors are at most so deep")
        try p.require("nodes", atLeast: ancestors + 2, because: "some nodes are no ancestors")
        try p.require("symbols", atLeast: nodes, because: "every node has a symbol of its own")
        let own = Self.edges(among: ancestors)
        let others = Self.room(for: nodes - ancestors - 1, beside: ancestors + 1)
        try p.require("edges", atLeast: own + 1, because: "\(own) lead to the node that is asked about")
        try p.require("edges", atMost: own + others, because: "there are no more pairs of nodes")
        symbols = SymbolRange(offset: 0, count: p["symbols"])
        frame = try HopFrame(
            Self.name, p, task: Vocabulary.orderTask, hops: p["hops"], facts: 3 * edges, questions: 1,
            question: 4 + ancestors, content: "\(edges) edges")
        statedFloor = drawnFloor()
    }

    /// Edges among ancestors and to their descendant: as many as fit for the depth of 2 with one node between.
    private static func edges(among ancestors: Int) -> Int { 2 * ancestors - 1 }

    /// Pairs of nodes of which the second is one of `others`.
    private static func room(for others: Int, beside first: Int) -> Int { others * first + others * (others - 1) / 2 }

    /// Answers go on to their end token.
    public var generates: Bool { true }

    /// A graph.
    struct World: HopWorld {
        let graph: AncestorGraph
        /// The node that an evaluation sequence asks about.
        let asked: Int32
        let edges: [(from: Int32, to: Int32)]
        let facts: [[Int32]]
        var load: Int { edges.count }
    }

    private func world(depth: Int, nodes: Int, edges: Int, ancestors: Int, _ random: inout CounterRandom) -> World {
        // Numbers below `ancestors` are the ancestors, the next one is asked about, and edges go from lower to higher ones.
        var pairs = Self.layered(ancestors, depth: depth, &random)
        let others = nodes - ancestors - 1
        let chosen = random.distinct(edges - pairs.count, below: Self.room(for: others, beside: ancestors + 1))
        for number in chosen.sorted() { pairs.append(Self.pair(number, beside: ancestors + 1)) }
        let names = symbols.distinct(nodes, &random)
        random.shuffle(&pairs)
        let named = pairs.map { (from: names[$0.from], to: names[$0.to]) }
        return World(
            graph: AncestorGraph(named), asked: names[ancestors], edges: named,
            facts: named.map { [$0.from, Vocabulary.arrow, $0.to] })
    }

    /// The pair of a number: all that end at the first of the other nodes, then all that end at the second, ...
    private static func pair(_ number: Int, beside first: Int) -> (from: Int, to: Int) {
        var (from, to) = (number, first)
        while from >= to {
            from -= to
            to += 1
        }
        return (from, to)
    }

    /// Edges among ancestors and to their descendant: in each of `depth` layers a node has a parent in the layer before and
    /// a child in a later one.
    private static func layered(
        _ ancestors: Int, depth: Int, _ random: inout CounterRandom
    ) -> [(from: Int, to: Int)] {
        let ends =
            random.distinct(depth - 1, below: ancestors - 1).sorted().map { $0 + 1 } + [ancestors, ancestors + 1]
        let layers = ends.enumerated().map { ($0 == 0 ? 0 : ends[$0 - 1])..<$1 }
        var has = Set<Int>()
        var pairs: [(from: Int, to: Int)] = []
        func add(_ from: Int, _ to: Int) {
            if has.insert(from << 8 | to).inserted { pairs.append((from, to)) }
        }
        for layer in layers.indices.dropFirst() {
            let (before, own) = (layers[layer - 1], layers[layer])
            for node in before { add(node, own.lowerBound + random.below(own.count)) }
            for node in own where !before.contains(where: { has.contains($0 << 8 | node) }) {
                add(before.lowerBound + random.below(before.count), node)
            }
        }
        var rest = layers.indices.flatMap { layer in
            layers[layer].flatMap { from in (layers[layer].upperBound..<ancestors + 1).map { (from, $0) } }
        }
        random.shuffle(&rest)
        for (from, to) in rest where pairs.count < edges(among: ancestors) { add(from, to) }
        return pairs
    }

    func evaluationWorld(_ random: inout CounterRandom) -> World {
        world(
            depth: 2 + random.below(frame.hops - 1), nodes: nodes, edges: edges, ancestors: ancestors, &random)
    }

    func trainingWorld(hops: Int, _ random: inout CounterRandom) -> World {
        let depth = 2 + random.below(max(hops, 2) - 1)
        if random.next() & 1 == 0 {
            return world(depth: depth, nodes: nodes, edges: edges, ancestors: ancestors, &random)
        }
        let ancestors = depth + random.below(self.ancestors - depth + 1)
        let others = 1 + random.below(nodes - ancestors - 1)
        let own = Self.edges(among: ancestors)
        let most = min(edges, own + Self.room(for: others, beside: ancestors + 1))
        return world(
            depth: depth, nodes: ancestors + 1 + others, edges: own + 1 + random.below(most - own),
            ancestors: ancestors, &random)
    }

    func mainQuestions(about world: World, _ random: inout CounterRandom) -> [HopQuestion] {
        [order(of: world.asked, world)]
    }

    /// The order of a node of that depth, or else the parents of one; none that has more than a main question's answer.
    func trainingQuestion(about world: World, hops: Int, _ random: inout CounterRandom) -> HopQuestion {
        let possible = world.graph.nodes(ancestors: ancestors)
        let deep = possible.filter { $0.depth == hops }
        if !deep.isEmpty, hops > 1 || random.next() & 1 == 0 { return order(of: random.pick(deep).name, world) }
        let children = possible.filter { $0.depth > 0 }
        return parents(of: children.isEmpty ? world.asked : random.pick(children).name, world)
    }

    private func order(of node: Int32, _ world: World) -> HopQuestion {
        let order = world.graph.ancestors(of: node)
        let path = Set(order + [node])
        let depth = world.graph.depth(of: node)
        return HopQuestion(
            ask: [Vocabulary.ancestors, node], gold: order + [Vocabulary.end], grading: .checked, hops: depth,
            support: world.edges.indices.filter { path.contains(world.edges[$0].to) },
            steps: depth == 1
                ? [] : (order + [node]).filter { world.graph.depth(of: $0) > 0 }.map { parents(of: $0, world) })
    }

    private func parents(of node: Int32, _ world: World) -> HopQuestion {
        HopQuestion(
            ask: [Vocabulary.firstHop, node], gold: world.graph.parents(of: node).sorted() + [Vocabulary.end],
            grading: .checked, support: world.edges.indices.filter { world.edges[$0].to == node })
    }
}
