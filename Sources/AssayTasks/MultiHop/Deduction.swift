import AssayCore

/// Deduction: does a proposition follow from statements and rules?
///
/// `<s> deduction is a n a -> b n b & s -> c n is s u & t -> c ... ? c yes`. Half of the propositions that are asked about
/// follow. After RuleTaker (Clark, Tafjord and Richardson, IJCAI 2020, arXiv 2002.05867), with symbols for sentences and
/// the flaws of its depths mended: every chain of rules leads from one proposition that is stated or not, each by a toss, so
/// that nothing but the whole chain tells; and everything that is derived has a distractor rule beside the real one,
/// with a premise that does not hold, so that rules must be checked, not only followed.
///
/// Hops are the look-ups of the shortest proof, or of the refutation: 1 for what is stated or is not, 1 more for each
/// rule. The single hops are whether the first proposition is stated, and for each rule `? c if b`: does c follow by one rule
/// from b and what is stated? Half of those, by a toss, ask for the premise of the distractor instead.
public struct Deduction: TaskGenerator, HopTask {
    /// The generator's name.
    public static let name = "deduction"
    /// The parameters.
    public static let parameters = [
        TaskParameter("chains", 5, 2...16, "chains of rules"),
        TaskParameter(
            "hops", 3, 1...12, "most hops of a question: links of a chain, the statement at its start included"),
        TaskParameter("questions", 4, 1...16, "questions in an evaluation sequence, each about another chain"),
        TaskParameter.length(192), TaskParameter.symbols, TaskParameter.gap,
    ]
    static let kind = TaskKind(
        name: name, family: .multiHop,
        summary: "whether a proposition follows by rules, among distractor rules, by depth",
        parameters: parameters, make: { try Deduction($0) })

    /// Propositions that are stated, or not, besides those of the chains: further premises.
    private static let sides = 3

    let frame: HopFrame
    private let chains: Int
    private let propositions: SymbolRange

    /// The task of these parameter values.
    /// - Throws: ``AssayError`` naming the parameter that is unknown, out of range or contradicts the others.
    public init(_ given: [String: Int] = [:]) throws {
        let p = try ParameterValues(Self.name, Self.parameters, given)
        let (chains, hops) = (p["chains"], p["hops"])
        let names = chains * (hops + 1) + 2 * Self.sides
        try p.require("questions", atMost: chains, because: "every question is about another chain")
        try p.require("symbols", atLeast: names, because: "\(names) propositions need symbols of their own")
        self.chains = chains
        propositions = SymbolRange(offset: 0, count: p["symbols"])
        frame = try HopFrame(
            Self.name, p, task: Vocabulary.deductionTask, hops: hops,
            facts: 2 * (chains + Self.sides) + 10 * chains * (hops - 1), questions: p["questions"],
            question: hops == 1 ? 3 : 5, content: "\(chains) chains of statements and rules")
    }

    /// Chains of rules.
    struct World: HopWorld {
        /// The propositions of each chain, from the one that is stated or not.
        let names: [[Int32]]
        let isTrue: [Bool]
        /// The facts of the proof of each link, given the proofs of those before.
        let proofs: [[[Int]]]
        /// A premise of the distractor of each link after the first, or else a proposition from which it does not follow.
        let decoys: [[Int32]]
        let facts: [[Int32]]
        var load: Int { facts.count }
    }

    private func world(chains: Int, depth: Int, _ random: inout CounterRandom) -> World {
        let drawn = propositions.distinct(chains * (depth + 1) + 2 * Self.sides, &random)
        let names = (0..<chains).map { Array(drawn[$0 * depth..<($0 + 1) * depth]) }
        let rest = chains * depth
        let stated = Array(drawn[rest..<rest + Self.sides])
        let unstated = Array(drawn[rest + Self.sides..<rest + 2 * Self.sides])
        let isTrue = (0..<chains).map { _ in random.next() & 1 == 0 }
        var facts = stated.map { [Vocabulary.holds, $0] }
        var proofs: [[[Int]]] = []
        var decoys: [[Int32]] = []
        for (chain, own) in names.enumerated() {
            proofs.append([[facts.count]])
            // Where the first proposition is not stated, another one that is in no chain takes the statement's place.
            facts.append([Vocabulary.holds, isTrue[chain] ? own[0] : drawn[rest + 2 * Self.sides + chain]])
            decoys.append([])
            for link in 1..<depth {
                let side = random.below(2 * Self.sides)
                proofs[chain].append(side < Self.sides ? [facts.count, side] : [facts.count])
                facts.append(Self.rule(own[link - 1], side < Self.sides ? stated[side] : nil, own[link], &random))
                let other = (chain + 1 + random.below(chains - 1)) % chains
                let decoy = random.pick(names[other])
                decoys[chain].append(decoy)
                facts.append(
                    Self.rule(random.pick(unstated), random.next() & 1 == 0 ? decoy : nil, own[link], &random))
            }
        }
        var order = Array(facts.indices)
        random.shuffle(&order)
        var places = order
        for (place, fact) in order.enumerated() { places[fact] = place }
        return World(
            names: names, isTrue: isTrue, proofs: proofs.map { $0.map { $0.map { places[$0] } } }, decoys: decoys,
            facts: order.map { facts[$0] })
    }

    /// A rule of one premise, or of two in random order.
    private static func rule(
        _ premise: Int32, _ second: Int32?, _ conclusion: Int32, _ random: inout CounterRandom
    ) -> [Int32] {
        guard let second else { return [premise, Vocabulary.arrow, conclusion] }
        let isSwapped = random.next() & 1 == 0
        return [
            isSwapped ? second : premise, Vocabulary.and, isSwapped ? premise : second, Vocabulary.arrow, conclusion,
        ]
    }

    func evaluationWorld(_ random: inout CounterRandom) -> World {
        world(chains: chains, depth: frame.hops, &random)
    }

    func trainingWorld(hops: Int, _ random: inout CounterRandom) -> World {
        random.next() & 1 == 0
            ? evaluationWorld(&random)
            : world(
                chains: 2 + random.below(chains - 1), depth: hops + random.below(frame.hops - hops + 1), &random)
    }

    func mainQuestions(about world: World, _ random: inout CounterRandom) -> [HopQuestion] {
        let asked = random.distinct(frame.questions, below: chains)
        return zip(asked, frame.balancedHops(frame.questions, &random)).map { chain, hops in
            let steps =
                hops == 1
                ? [] : [question(chain, 1, world)] + (1..<hops).map { step(chain, $0, random.next() & 1 == 0, world) }
            return question(chain, hops, world, steps: steps)
        }
    }

    func trainingQuestion(about world: World, hops: Int, _ random: inout CounterRandom) -> HopQuestion {
        let chain = random.below(world.names.count)
        if hops == 1, world.names[chain].count > 1, random.next() & 1 == 0 {
            return step(chain, 1 + random.below(world.names[chain].count - 1), random.next() & 1 == 0, world)
        }
        return question(chain, hops, world)
    }

    /// What does not hold is told by all facts, so that the first one counts.
    private func question(_ chain: Int, _ hops: Int, _ world: World, steps: [HopQuestion] = []) -> HopQuestion {
        HopQuestion(
            ask: [world.names[chain][hops - 1]], gold: [world.isTrue[chain] ? Vocabulary.yes : Vocabulary.no],
            hops: hops, support: world.isTrue[chain] ? world.proofs[chain].prefix(hops).flatMap { $0 } : [0],
            steps: steps)
    }

    private func step(_ chain: Int, _ link: Int, _ isReal: Bool, _ world: World) -> HopQuestion {
        let premise = isReal ? world.names[chain][link - 1] : world.decoys[chain][link - 1]
        return HopQuestion(
            ask: [world.names[chain][link], Vocabulary.assuming, premise],
            gold: [isReal ? Vocabulary.yes : Vocabulary.no], support: isReal ? world.proofs[chain][link] : [0])
    }
}

extension Deduction {
    /// A half.
    public var statedFloor: Double { 0.5 }

    var grammar: HopGrammar {
        let isProposition = SymbolRange.keys.contains
        return HopGrammar(
            fact: { tokens in
                let fact = Array(tokens.prefix(5))
                guard fact.count >= 2 else { return nil }
                if fact[0] == Vocabulary.holds { return isProposition(fact[1]) ? 2 : nil }
                guard fact.count >= 3, isProposition(fact[0]), isProposition(fact[2]) else { return nil }
                if fact[1] == Vocabulary.arrow { return 3 }
                let isRule =
                    fact.count == 5 && fact[1] == Vocabulary.and && fact[3] == Vocabulary.arrow
                    && isProposition(fact[4])
                return isRule ? 5 : nil
            },
            ask: { tokens in
                let ask = Array(tokens.prefix(3))
                guard let first = ask.first, isProposition(first) else { return nil }
                guard ask.count == 3, ask[1] == Vocabulary.assuming else { return 1 }
                return isProposition(ask[2]) ? 3 : nil
            })
    }

    func solver(_ reading: HopReading) -> HopSolver {
        let chaining = ForwardChaining(reading)
        return HopSolver(faults: [], load: reading.facts.count) { asked in
            if asked.ask.count == 3 {
                let proof = chaining.rule(from: asked.ask[2], to: asked.ask[0])
                return HopSolution(
                    gold: [proof == nil ? Vocabulary.no : Vocabulary.yes], support: proof ?? [0])
            }
            if let proof = chaining.proofs[asked.ask[0]] {
                return HopSolution(gold: [Vocabulary.yes], hops: proof.depth, support: proof.facts)
            }
            return chaining.refutation(of: asked.ask[0]).map {
                HopSolution(gold: [Vocabulary.no], hops: $0, support: [0])
            }
        }
    }

    func candidates(_ asked: HopReading.Asked, _ reading: HopReading) -> [Int32] { [Vocabulary.yes, Vocabulary.no] }

    /// Of what is derived: say whether a rule that concludes it has a premise that is stated, and whether it is named often.
    var ownBaselines: [ShortcutBaseline] {
        func baseline(
            _ name: String, _ holds: @escaping @Sendable (Int32, HopReading) -> Bool
        ) -> ShortcutBaseline {
            ownBaseline(name) { asked, reading, random in
                let isDerived = reading.facts.contains { $0.tokens.count > 2 && $0.tokens.last == asked.ask[0] }
                // A single hop is the task itself, so nothing is looked up.
                let says = isDerived && asked.ask.count == 1 ? holds(asked.ask[0], reading) : random.next() & 1 == 0
                return says ? Vocabulary.yes : Vocabulary.no
            }
        }
        return [
            baseline("stated-premise") { asked, reading in
                let stated = Set(reading.facts.filter { $0.tokens.count == 2 }.map { $0.tokens[1] })
                return reading.facts.contains {
                    $0.tokens.count == 5 && $0.tokens[4] == asked
                        && !stated.isDisjoint(with: [$0.tokens[0], $0.tokens[2]])
                }
            },
            baseline("often-named") { asked, reading in
                reading.facts.filter { $0.tokens.contains(asked) }.count > 3
            },
        ]
    }

    func text(fact: [Int32]) -> String { fact.map { text(token: $0) }.joined(separator: " ") }
    func text(ask: [Int32]) -> String {
        ask.count == 1
            ? "does \(text(token: ask[0])) hold"
            : "does \(text(token: ask[0])) follow by one rule from \(text(token: ask[2]))"
    }

    func text(token: Int32) -> String {
        SymbolRange.keys.contains(token)
            ? "a\(SymbolRange.keys.index(of: token))" : RetrievalReading.name(token)
    }
}

/// Everything that follows from the facts of a deduction, found from the statements onwards.
struct ForwardChaining {
    private let rules: [(premises: [Int32], conclusion: Int32, fact: Int)]
    private let stated: [Int32: Int]
    /// Depth and facts of the shortest proof of what holds.
    private(set) var proofs: [Int32: (depth: Int, facts: [Int])] = [:]
    private var refutations: [Int32: Int] = [:]

    init(_ reading: HopReading) {
        var rules: [(premises: [Int32], conclusion: Int32, fact: Int)] = []
        var stated: [Int32: Int] = [:]
        for (number, fact) in reading.facts.enumerated() {
            let tokens = fact.tokens
            switch tokens.count {
            case 2: stated[tokens[1]] = number
            case 3: rules.append(([tokens[0]], tokens[2], number))
            default: rules.append(([tokens[0], tokens[2]], tokens[4], number))
            }
        }
        (self.rules, self.stated) = (rules, stated)
        for (proposition, fact) in stated { proofs[proposition] = (1, [fact]) }
        prove()
        refute()
    }

    /// Applies all rules together, as long as something new follows.
    private mutating func prove() {
        while true {
            var new: [Int32: (depth: Int, facts: [Int])] = [:]
            for rule in rules where proofs[rule.conclusion] == nil {
                let premises = rule.premises.compactMap { proofs[$0] }
                guard premises.count == rule.premises.count else { continue }
                new[rule.conclusion] = (
                    1 + (premises.map(\.depth).max() ?? 0), [rule.fact] + premises.flatMap(\.facts)
                )
            }
            guard !new.isEmpty else { return }
            proofs.merge(new) { old, _ in old }
        }
    }

    private mutating func refute() {
        let named = Set(rules.flatMap { $0.premises + [$0.conclusion] })
        var open = named.filter { proofs[$0] == nil }
        let concluding = Dictionary(grouping: rules, by: \.conclusion)
        var depth = 1
        while !open.isEmpty {
            let new = open.filter { proposition in
                (concluding[proposition] ?? []).allSatisfy { $0.premises.contains { refutations[$0] != nil } }
            }
            guard !new.isEmpty else { return }
            for proposition in new { refutations[proposition] = depth }
            open.subtract(new)
            depth += 1
        }
    }

    /// Depth of the refutation of what does not hold: 1 where no rule concludes it, else 1 more than it takes to find a
    /// premise that does not hold in each rule; nil for what holds, and for what follows from itself alone.
    func refutation(of proposition: Int32) -> Int? {
        let isNamed = proofs[proposition] != nil || rules.contains { $0.conclusion == proposition }
        return isNamed ? refutations[proposition] : 1
    }

    /// The facts by which something follows by one rule from an assumption and what is stated; nil when it does not.
    func rule(from assumed: Int32, to conclusion: Int32) -> [Int]? {
        for rule in rules where rule.conclusion == conclusion && rule.premises.contains(assumed) {
            let others = rule.premises.filter { $0 != assumed }.map { stated[$0] }
            if !others.contains(nil) { return [rule.fact] + others.compactMap { $0 } }
        }
        return nil
    }
}
