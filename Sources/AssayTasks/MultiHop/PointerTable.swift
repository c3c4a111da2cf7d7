import AssayCore

/// Pointers: a table whose entries hold a value or the key of another entry; the value at the end is asked for.
///
/// `<s> pointers let a b n let b v n let c d ... ? = a v`: `let a b` makes a an indirection to b; `? = a` asks for the value
/// that a leads to, however many look-ups it takes, and `? x1 a` for the entry of a alone. Unlike `successor`, there is no
/// cycle, the number of hops is not said, and every path ends at a value. Indirections form chains of `hops` entries, so
/// that as many keys are 1, 2, 3, ... look-ups from their value; each question of a sequence is about another chain.
public struct PointerTable: TaskGenerator, ChainTask {
    /// The generator's name.
    public static let name = "pointer-table"
    /// The parameters.
    public static let parameters = [
        TaskParameter.chainFacts(24), TaskParameter.hops(4), TaskParameter.chainQuestions(4),
        TaskParameter.length(160), TaskParameter.symbols, TaskParameter.gap,
    ]
    static let kind = TaskKind(
        name: name, family: .multiHop, summary: "value at the end of indirections, by hops at fixed length and load",
        parameters: parameters, make: { try PointerTable($0) })

    let frame: HopFrame
    let facts: Int
    private let keys: SymbolRange
    private let values: SymbolRange

    /// The task of these parameter values.
    /// - Throws: ``AssayError`` naming the parameter that is unknown, out of range or contradicts the others.
    public init(_ given: [String: Int] = [:]) throws {
        let p = try ParameterValues(Self.name, Self.parameters, given)
        try Chains.demand(p)
        try p.require("symbols", atLeast: p["facts"], because: "every entry has a key of its own")
        facts = p["facts"]
        (keys, values) = (SymbolRange(offset: 0, count: p["symbols"]), SymbolRange(offset: 64, count: p["symbols"]))
        frame = try HopFrame(
            Self.name, p, task: Vocabulary.pointerTask, hops: p["hops"], facts: 3 * p["facts"],
            questions: p["questions"],
            question: 4,
            content: "\(p["facts"]) entries")
    }

    /// A table, chain by chain.
    struct World: HopWorld {
        let chains: Chains
        /// The keys of each chain in the order in which they are followed, and the value at its end.
        let names: [[Int32]]
        let facts: [[Int32]]
        var load: Int { facts.count }
    }

    func world(facts: Int, depth: Int, _ random: inout CounterRandom) -> World {
        let chains = Chains(facts: facts, depth: depth, &random)
        let drawnKeys = keys.distinct(facts, &random)
        let drawnValues = values.distinct(chains.lengths.count, &random)
        let names = chains.lengths.indices.map { chain in
            Array(drawnKeys[chain * depth..<chain * depth + chains.lengths[chain]]) + [drawnValues[chain]]
        }
        return World(
            chains: chains, names: names,
            facts: chains.facts { [Vocabulary.assign, names[$0][$1], names[$0][$1 + 1]] })
    }

    func mainQuestions(about world: World, _ random: inout CounterRandom) -> [HopQuestion] {
        let asked = random.distinct(frame.questions, below: world.chains.full)
        return zip(asked, frame.balancedHops(frame.questions, &random)).map { value($0, hops: $1, world) }
    }

    func trainingQuestion(about world: World, hops: Int, _ random: inout CounterRandom) -> HopQuestion {
        if hops == 1, random.next() & 1 == 0 {
            let (chain, link) = world.chains.link(&random)
            return entry(chain, link, world)
        }
        return value(world.chains.stretch(hops, &random).chain, hops: hops, world)
    }

    private func value(_ chain: Int, hops: Int, _ world: World) -> HopQuestion {
        let end = world.chains.lengths[chain]
        let path = end - hops..<end
        return HopQuestion(
            ask: [Vocabulary.equals, world.names[chain][path.lowerBound]], gold: [world.names[chain][end]], hops: hops,
            support: world.chains.support(chain, path), steps: hops == 1 ? [] : path.map { entry(chain, $0, world) })
    }

    private func entry(_ chain: Int, _ link: Int, _ world: World) -> HopQuestion {
        HopQuestion(
            ask: [Vocabulary.firstHop, world.names[chain][link]], gold: [world.names[chain][link + 1]],
            support: [world.chains.places[chain][link]])
    }
}

extension PointerTable {
    /// Guessing among the values of the full chains that are not yet answers: 1 / (chains - j) for question j.
    public var statedFloor: Double {
        (0..<frame.questions).reduce(0) { $0 + 1 / Double(facts / frame.hops - $1) } / Double(frame.questions)
    }

    var grammar: HopGrammar {
        HopGrammar(
            fact: { tokens in
                let fact = tokens.prefix(3)
                guard fact.count == 3, fact.first == Vocabulary.assign,
                    SymbolRange.keys.contains(fact[fact.startIndex + 1]),
                    fact.dropFirst(2).allSatisfy({ SymbolRange.keys.contains($0) || SymbolRange.values.contains($0) })
                else { return nil }
                return 3
            },
            ask: { tokens in
                guard let kind = tokens.first, kind == Vocabulary.equals || kind == Vocabulary.firstHop else {
                    return nil
                }
                return tokens.dropFirst().first.map(SymbolRange.keys.contains) == true ? 2 : nil
            })
    }

    /// Spreads values backwards, from the entries that hold one to those that refer to them.
    func solver(_ reading: HopReading) -> HopSolver {
        let (entries, isUnique) = reading.index { $0.tokens[1] }
        var referring: [Int32: [Int32]] = [:]
        for fact in reading.facts { referring[fact.tokens[2], default: []].append(fact.tokens[1]) }
        /// The value that each key leads to, and the facts on the way.
        var ends: [Int32: (value: Int32, support: [Int])] = [:]
        var newest = referring.filter { SymbolRange.values.contains($0.key) }.flatMap { value, keys in
            keys.map { (key: $0, value: value, after: [Int]()) }
        }
        while let (key, value, after) = newest.popLast() {
            guard ends[key] == nil, let fact = entries[key] else { continue }
            ends[key] = (value, after + [fact])
            newest += (referring[key] ?? []).map { ($0, value, after + [fact]) }
        }
        var faults: [String] = []
        if !isUnique { faults.append("a key has two entries") }
        if ends.count != reading.facts.count { faults.append("an entry leads to no value") }
        return HopSolver(faults: faults, load: reading.facts.count) { asked in
            if asked.ask[0] == Vocabulary.firstHop {
                return entries[asked.ask[1]].map {
                    HopSolution(gold: [reading.facts[$0].tokens[2]], support: [$0])
                }
            }
            return ends[asked.ask[1]].map {
                HopSolution(gold: [$0.value], hops: $0.support.count, support: $0.support)
            }
        }
    }

    /// The values that end a full chain, or what any entry holds; without those already said.
    func candidates(_ asked: HopReading.Asked, _ reading: HopReading) -> [Int32] {
        let held = reading.facts.map { $0.tokens[2] }
        let isEntry = asked.ask[0] == Vocabulary.firstHop
        return reading.remaining(isEntry ? held : held.filter(SymbolRange.values.contains), before: asked)
    }

    func text(fact: [Int32]) -> String { "\(text(token: fact[1])) -> \(text(token: fact[2]))" }
    func text(ask: [Int32]) -> String {
        (ask[0] == Vocabulary.firstHop ? "entry of " : "value behind ") + text(token: ask[1])
    }
}
