import AssayCore

/// Kinship: what is someone to someone else, along a path of relations?
///
/// `<s> kinship a r b n c r d ... ? a c r`: `a r b` says that b is a's kin of kind r; `? a c` asks what c is to a, the
/// product of the relations on the path. After CLUTRR (Sinha et al., EMNLP 2019, arXiv 1908.06177), with its flaws
/// mended: relations compose along any path, every relation is equally likely whatever part of a path is known, and
/// distractors are paths of the same form.
///
/// The relations are those of kinship systems that anthropology found to be groups, in which every person belongs to one of
/// a few sections and a relation leads from section to section (Weil, appendix to Lévi-Strauss, "Les structures
/// élémentaires de la parenté", 1949; White, "An Anatomy of Kinship", 1963): dihedral groups of 4 (Kariera), 6 (Ambrym)
/// or 8 (Aranda) elements. The table of products is nowhere in a sequence: training teaches it.
public struct Kinship: TaskGenerator, ChainTask {
    /// The generator's name.
    public static let name = "kinship"
    /// The parameters.
    public static let parameters = [
        TaskParameter(
            "system", choices: ["kariera", "ambrym", "aranda"], "ambrym",
            "the group of the relations: of 4 elements, where the order of relations does not matter, of 6 or of 8"),
        TaskParameter.chainFacts(20), TaskParameter.hops(3), TaskParameter.chainQuestions(4),
        TaskParameter.length(160), TaskParameter.symbols, TaskParameter.gap,
    ]
    static let kind = TaskKind(
        name: name, family: .multiHop,
        summary: "relation along a path of kin, composed by a table that training teaches",
        parameters: parameters, make: { try Kinship($0) })

    let frame: HopFrame
    let facts: Int
    private let people: SymbolRange
    /// A relation is a turn by one of so many steps, and perhaps a reflection: relation number `2 turn + reflection`.
    let turns: Int
    let relations: SymbolRange

    /// The task of these parameter values.
    /// - Throws: ``AssayError`` naming the parameter that is unknown, out of range or contradicts the others.
    public init(_ given: [String: Int] = [:]) throws {
        let p = try ParameterValues(Self.name, Self.parameters, given)
        try Chains.demand(p)
        let needed = Chains.names(p, ends: 1)
        try p.require("symbols", atLeast: needed, because: "\(p["facts"]) relations are between \(needed) people")
        facts = p["facts"]
        turns = p["system"] + 2
        people = SymbolRange(offset: 0, count: p["symbols"])
        relations = SymbolRange(offset: 64, count: 2 * (p["system"] + 2))
        frame = try HopFrame(
            Self.name, p, task: Vocabulary.kinshipTask, hops: p["hops"], facts: 3 * p["facts"],
            questions: p["questions"],
            question: 4,
            content: "\(p["facts"]) relations")
    }

    /// The relation to the kin of one's kin.
    func product(_ a: Int, _ b: Int) -> Int {
        let turn = a % 2 == 0 ? a / 2 + b / 2 : a / 2 - b / 2 + turns
        return 2 * (turn % turns) + (a + b) % 2
    }

    /// Paths of people.
    struct World: HopWorld {
        let chains: Chains
        let names: [[Int32]]
        /// The relation of each person to the next.
        let links: [[Int]]
        let facts: [[Int32]]
        var load: Int { facts.count }
    }

    /// Shorter chains are more chains, and each has a person more than relations.
    func mostFacts(depth: Int) -> Int { min(facts, people.count * depth / (depth + 1)) }

    func world(facts: Int, depth: Int, _ random: inout CounterRandom) -> World {
        let chains = Chains(facts: facts, depth: depth, &random)
        var drawn = people.distinct(facts + chains.lengths.count, &random)[...]
        let names = chains.lengths.map { length in
            defer { drawn.removeFirst(length + 1) }
            return Array(drawn.prefix(length + 1))
        }
        let links = chains.lengths.map { length in (0..<length).map { _ in random.below(relations.count) } }
        return World(
            chains: chains, names: names, links: links,
            facts: chains.facts { [names[$0][$1], relations[links[$0][$1]], names[$0][$1 + 1]] })
    }

    func mainQuestions(about world: World, _ random: inout CounterRandom) -> [HopQuestion] {
        let asked = random.distinct(frame.questions, below: world.chains.full)
        return zip(asked, frame.balancedHops(frame.questions, &random)).map { chain, hops in
            let first = random.below(world.chains.depth - hops + 1)
            return question(chain, first..<first + hops, world)
        }
    }

    func trainingQuestion(about world: World, hops: Int, _ random: inout CounterRandom) -> HopQuestion {
        let (chain, first) = world.chains.stretch(hops, &random)
        return question(chain, first..<first + hops, world)
    }

    private func question(_ chain: Int, _ links: Range<Int>, _ world: World) -> HopQuestion {
        let relation = world.links[chain][links].reduce(0) { product($0, $1) }
        return HopQuestion(
            ask: [world.names[chain][links.lowerBound], world.names[chain][links.upperBound]],
            gold: [relations[relation]], hops: links.count, support: world.chains.support(chain, links),
            steps: links.count == 1 ? [] : links.map { question(chain, $0..<$0 + 1, world) })
    }
}

extension Kinship {
    /// One in the number of relations, since the product of evenly drawn relations is even, whatever all but one of them are;
    /// and the relation stated last where a single hop asks for just that one.
    public var statedFloor: Double { lastFactFloor(guess: 1 / Double(relations.count)) }

    var grammar: HopGrammar {
        let relations = relations
        return HopGrammar(
            fact: { tokens in
                let fact = Array(tokens.prefix(3))
                return fact.count == 3 && SymbolRange.keys.contains(fact[0]) && relations.contains(fact[1])
                    && SymbolRange.keys.contains(fact[2]) ? 3 : nil
            },
            ask: { $0.prefix(2).filter(SymbolRange.keys.contains).count == 2 ? 2 : nil })
    }

    /// Lets every relation move the corners of a polygon, and follows two of them along the path, from its end.
    func solver(_ reading: HopReading) -> HopSolver {
        let corners = 2 * turns
        func moved(_ corner: Int, by relation: Int) -> Int {
            let turn = 2 * (relation / 2)
            return relation % 2 == 0 ? (corner + turn) % corners : (turn - corner + corners) % corners
        }
        let (outgoing, isUnique) = reading.index { $0.tokens[0] }
        let (_, isPath) = reading.index { $0.tokens[2] }
        let faults = isUnique && isPath ? [] : ["two relations leave or reach one person"]
        return HopSolver(faults: faults, load: reading.facts.count) { asked in
            var path: [Int] = []
            var person = asked.ask[0]
            while person != asked.ask[1] || path.isEmpty {
                guard let fact = outgoing[person], path.count < reading.facts.count else { return nil }
                path.append(fact)
                person = reading.facts[fact].tokens[2]
            }
            let images = [0, 1].map { corner in
                path.reversed().reduce(corner) { moved($0, by: relations.index(of: reading.facts[$1].tokens[1])) }
            }
            let relation = (0..<relations.count).first { number in [0, 1].map { moved($0, by: number) } == images }
            return relation.map { HopSolution(gold: [relations[$0]], hops: path.count, support: path) }
        }
    }

    func candidates(_ asked: HopReading.Asked, _ reading: HopReading) -> [Int32] {
        (0..<relations.count).map { relations[$0] }
    }

    /// Say the relation that was stated last; of several hops, say the first one or the last one.
    var ownBaselines: [ShortcutBaseline] {
        func hop(_ name: String, _ place: Int) -> ShortcutBaseline {
            ownBaseline(name) { asked, reading, random in
                // A single hop is the task itself, so nothing is looked up.
                let isSingle = reading.facts.contains { $0.tokens[0] == asked.ask[0] && $0.tokens[2] == asked.ask[1] }
                let near = reading.facts.first { $0.tokens[place] == asked.ask[place / 2] }
                return isSingle ? relations[random.below(relations.count)] : near?.tokens[1]
            }
        }
        return [
            ownBaseline("last-relation") { _, reading, _ in reading.facts.last?.tokens[1] }, hop("first-hop", 0),
            hop("last-hop", 2),
        ]
    }

    func text(token: Int32) -> String {
        if relations.contains(token) { return "kin-\(relations.index(of: token))" }
        return SymbolRange.keys.contains(token)
            ? "p\(SymbolRange.keys.index(of: token))" : RetrievalReading.name(token)
    }

    func text(fact: [Int32]) -> String {
        "\(text(token: fact[2])) is \(text(token: fact[1])) to \(text(token: fact[0]))"
    }

    func text(ask: [Int32]) -> String { "what is \(text(token: ask[1])) to \(text(token: ask[0]))" }
}
