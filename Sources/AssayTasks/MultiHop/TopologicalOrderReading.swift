import AssayCore

extension TopologicalOrder {
    /// The floor: what naming the busiest node scores in fixed draws, of those without parents or of all.
    func drawnFloor() -> Double {
        [false, true].map { isRoot in
            FixedDraws.bound("\(Self.name)/floor", draws: max(200, 20_000 / edges)) { random in
                let world = evaluationWorld(&random)
                let steps = mainQuestions(about: world, &random).flatMap { $0.steps() }
                let right = steps.filter { step in
                    let said = TopologicalOrder.busiest(in: world.facts, but: step.ask[1], isRoot: isRoot)
                    return said.map { step.gold == [$0, Vocabulary.end] } ?? false
                }
                return (Double(right.count), steps.count)
            }
        }.reduce(1 / Double(nodes - 1), max)
    }

    /// The node from which most edges lead, of those named first; if there is one, of those to which none leads.
    static func busiest(in facts: [[Int32]], but asked: Int32, isRoot: Bool) -> Int32? {
        let heads = Set(facts.map { $0[2] })
        let tails = facts.map { $0[0] }.filter { $0 != asked }
        let roots = tails.filter { !heads.contains($0) }
        let counted = isRoot && !roots.isEmpty ? roots : tails
        let counts = Dictionary(counted.map { ($0, 1) }, uniquingKeysWith: +)
        // The first of the largest: `max(by:)` would give the last.
        return counted.reduce(nil) { best, node in
            best.map { counts[node, default: 0] > counts[$0, default: 0] ? node : $0 } ?? node
        }
    }

    /// Say the node from which most edges lead; of those to which none leads.
    var ownBaselines: [ShortcutBaseline] {
        [("busiest-node", false), ("busiest-root", true)].map { name, isRoot in
            ownBaseline(name) { asked, reading, _ in
                TopologicalOrder.busiest(in: reading.facts.map(\.tokens), but: asked.ask[1], isRoot: isRoot)
            }
        }
    }

    var grammar: HopGrammar {
        let symbols = symbols
        return HopGrammar(
            fact: { tokens in
                let fact = Array(tokens.prefix(3))
                return fact.count == 3 && symbols.contains(fact[0]) && fact[1] == Vocabulary.arrow
                    && symbols.contains(fact[2]) ? 3 : nil
            },
            ask: { tokens in
                let ask = Array(tokens.prefix(2))
                return ask.count == 2 && (ask[0] == Vocabulary.ancestors || ask[0] == Vocabulary.firstHop)
                    && symbols.contains(ask[1]) ? 2 : nil
            }, isGenerated: true)
    }

    /// Judges the answer that stands in the tokens: a right one is as good as the generator's.
    func solver(_ reading: HopReading) -> HopSolver {
        let judge = OrderJudge(reading)
        return HopSolver(faults: judge.hasCycle ? ["the graph has a cycle"] : [], load: reading.facts.count) { asked in
            guard judge.accepts(Array(asked.said.dropLast()), to: asked.ask) else { return nil }
            let isOrder = asked.ask[0] == Vocabulary.ancestors
            let within = isOrder ? judge.ancestors(of: asked.ask[1]).union([asked.ask[1]]) : [asked.ask[1]]
            return HopSolution(
                gold: asked.said, grading: .checked, hops: isOrder ? judge.depth(of: asked.ask[1]) : 1,
                support: reading.facts.indices.filter { within.contains(reading.facts[$0].tokens[2]) })
        }
    }

    /// Whether an answer, without its end token, names all ancestors once, each after those that it depends on; or all
    /// parents once.
    public func accepts(_ answer: [Int32], to question: Question, in sequence: TaskSequence) -> Bool {
        let reading = HopReading(sequence.tokens, grammar)
        guard let asked = reading.asked(question) else { return false }
        return OrderJudge(reading).accepts(answer, to: asked.ask)
    }

    func candidates(_ asked: HopReading.Asked, _ reading: HopReading) -> [Int32] {
        let named = reading.facts.map { $0.tokens[0] }.filter { $0 != asked.ask[1] }
        var seen: Set<Int32> = []
        return named.filter { seen.insert($0).inserted }
    }

    func text(token: Int32) -> String { SuccessorReading.name(token) }
    func text(fact: [Int32]) -> String { "\(text(token: fact[0])) -> \(text(token: fact[2]))" }
    func text(ask: [Int32]) -> String {
        (ask[0] == Vocabulary.ancestors ? "ancestors in order of " : "parents of ") + text(token: ask[1])
    }
}

/// Judges answers by the edges of a graph, one by one.
struct OrderJudge {
    private let edges: [(from: Int32, to: Int32)]

    init(_ reading: HopReading) { edges = reading.facts.map { ($0.tokens[0], $0.tokens[2]) } }

    /// Whether an answer is right.
    func accepts(_ answer: [Int32], to ask: [Int32]) -> Bool {
        let named = Set(answer)
        guard named.count == answer.count else { return false }
        guard ask[0] == Vocabulary.ancestors else {
            return named == Set(edges.filter { $0.to == ask[1] }.map(\.from))
        }
        // Everything that an edge leads from, to something named, must be named, and before it.
        let places = Dictionary(uniqueKeysWithValues: answer.enumerated().map { ($1, $0) })
        let isClosed = edges.allSatisfy { edge in
            guard let goal = edge.to == ask[1] ? answer.count : places[edge.to] else { return true }
            return places[edge.from].map { $0 < goal } ?? false
        }
        return isClosed && named == ancestors(of: ask[1])
    }

    /// Everything from which edges lead to a node, found by walking back.
    func ancestors(of node: Int32) -> Set<Int32> {
        var found: Set<Int32> = []
        var newest = [node]
        while let goal = newest.popLast() {
            for edge in edges where edge.to == goal && found.insert(edge.from).inserted { newest.append(edge.from) }
        }
        return found
    }

    /// Steps back until nothing is left: the edges of the longest path, where there is no cycle.
    func depth(of node: Int32) -> Int {
        var front: Set<Int32> = [node]
        var depth = -1
        while !front.isEmpty, depth <= edges.count {
            front = Set(edges.filter { front.contains($0.to) }.map(\.from))
            depth += 1
        }
        return depth
    }

    /// Whether some node is its own ancestor: whether edges are left when those that leave a node without parents are taken
    /// away, again and again.
    var hasCycle: Bool {
        var rest = edges
        while !rest.isEmpty {
            let heads = Set(rest.map(\.to))
            let kept = rest.filter { heads.contains($0.from) }
            if kept.count == rest.count { return true }
            rest = kept
        }
        return false
    }
}
