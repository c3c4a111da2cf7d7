import AssayCore

/// Stories with one, two and three supporting facts: people go to places, take things and send them to each other.
///
/// `<s> story goes p l n takes p o n sends p o q n goes q m ... ? where o m`. After tasks 1 to 3 of bAbI (Weston et al.,
/// 2015, arXiv 1502.05698), padded with noise and with people who have nothing to do with the question, as in BABILong.
/// One hop: where a person is (`where p`), where they were before (`was p`), who has a thing (`who o`); two: where a thing
/// is, which is where its holder is; three: where it was before. Mended: everyone goes somewhere in each round, in an order of
/// its own and to a place that nobody else goes to, so that neither place in the story nor frequency tells; things change
/// hands before the last two rounds only, so that they were where their holders were.
public struct Story: TaskGenerator, HopTask {
    /// The generator's name.
    public static let name = "story"
    /// The parameters.
    public static let parameters = [
        TaskParameter("people", 6, 3...24, "people, each of whom goes somewhere in every round"),
        TaskParameter("objects", 4, 1...24, "things, each of which ends with another holder"),
        TaskParameter("rounds", 3, 2...12, "times that everyone goes somewhere"),
        TaskParameter("sends", 1, 0...8, "times that every thing is sent on"),
        TaskParameter("questions", 3, 1...16, "questions in an evaluation sequence, each about another thing"),
        TaskParameter.length(192),
        TaskParameter("symbols", 8, 8...32, "different people, and different things; twice as many places"),
        TaskParameter.gap,
    ]
    static let kind = TaskKind(
        name: name, family: .multiHop, summary: "where people and things are and were, by supporting facts",
        parameters: parameters, make: { try Story($0) })

    static let people = SymbolRange(offset: 0, count: 32)
    static let objects = SymbolRange(offset: 32, count: 32)
    static let places = SymbolRange.values

    let frame: HopFrame
    private let size: Size
    private let symbols: Int

    private struct Size {
        var people: Int
        var objects: Int
        var rounds: Int
        var sends: Int
    }

    /// The task of these parameter values.
    /// - Throws: ``AssayError`` naming the parameter that is unknown, out of range or contradicts the others.
    public init(_ given: [String: Int] = [:]) throws {
        let p = try ParameterValues(Self.name, Self.parameters, given)
        try p.require("questions", atMost: p["objects"], because: "every question is about another thing")
        try p.require(
            "people", atLeast: max(p["objects"], p["questions"] + 2),
            because: "every thing has another holder, and guessing must stay guessing")
        try p.require("symbols", atLeast: p["people"], because: "every one of the people has a name")
        size = Size(people: p["people"], objects: p["objects"], rounds: p["rounds"], sends: p["sends"])
        symbols = p["symbols"]
        frame = try HopFrame(
            Self.name, p, task: Vocabulary.storyTask, hops: 3,
            facts: 3 * size.people * size.rounds + size.objects * (3 + 4 * size.sends), questions: p["questions"],
            question: 4, content: "the sentences")
    }

    /// Who ends with what and where.
    struct World: HopWorld {
        let people: [Int32]
        let objects: [Int32]
        /// The holder of each thing at the end.
        let holders: [Int]
        /// The last sentence about each thing.
        let handed: [Int]
        /// Where everyone went in the last round but one, and in the last; and the sentences that say so.
        let goals: [[Int32]]
        let moves: [[Int]]
        let facts: [[Int32]]
        var load: Int { people.count + objects.count }
    }

    private func world(_ size: Size, _ random: inout CounterRandom) -> World {
        let people = random.distinct(size.people, below: symbols).map { Self.people[$0] }
        let objects = random.distinct(size.objects, below: symbols).map { Self.objects[$0] }
        let holders = random.distinct(size.objects, below: size.people)
        let goals = self.goals(size, &random)
        var handing = sentences(of: holders, people, objects, size, &random)[...]
        var facts: [[Int32]] = []
        var moves: [[Int]] = []
        var going = (size.rounds - 2) * size.people
        for (round, places) in goals.enumerated() {
            var own = [Int](repeating: 0, count: size.people)
            for person in random.distinct(size.people, below: size.people) {
                // Before the last two rounds, sentences about things may come at any place; then all have come.
                while !handing.isEmpty, random.below(max(going, 0) + handing.count) < handing.count {
                    facts.append(handing.removeFirst().tokens)
                }
                own[person] = facts.count
                facts.append([Vocabulary.goes, people[person], places[person]])
                if round < size.rounds - 2 { going -= 1 }
            }
            moves.append(own)
        }
        let handed = objects.map { object in
            facts.lastIndex { $0[0] != Vocabulary.goes && $0[2] == object } ?? 0
        }
        return World(
            people: people, objects: objects, holders: holders, handed: handed, goals: goals.suffix(2),
            moves: moves.suffix(2), facts: facts)
    }

    /// Where everyone goes in each round: all to different places, and nobody to where they are.
    private func goals(_ size: Size, _ random: inout CounterRandom) -> [[Int32]] {
        var goals: [[Int32]] = []
        while goals.count < size.rounds {
            let places = random.distinct(size.people, below: 2 * symbols).map { Self.places[$0] }
            if let last = goals.last, zip(last, places).contains(where: ==) { continue }
            goals.append(places)
        }
        return goals
    }

    /// How things come to their holders: taken by someone, sent on some times; those of different things mixed.
    private func sentences(
        of holders: [Int], _ people: [Int32], _ objects: [Int32], _ size: Size, _ random: inout CounterRandom
    ) -> [(object: Int, tokens: [Int32])] {
        var own = objects.indices.map { object in
            var holder = holders[object]
            var sentences: [[Int32]] = []
            for _ in 0..<size.sends {
                let sender = (holder + 1 + random.below(size.people - 1)) % size.people
                sentences.append([Vocabulary.sends, people[sender], objects[object], people[holder]])
                holder = sender
            }
            return [[Vocabulary.takes, people[holder], objects[object]]] + sentences.reversed()
        }
        var order = objects.indices.flatMap { [Int](repeating: $0, count: 1 + size.sends) }
        random.shuffle(&order)
        return order.map { ($0, own[$0].removeFirst()) }
    }

    func evaluationWorld(_ random: inout CounterRandom) -> World { world(size, &random) }

    func trainingWorld(hops: Int, _ random: inout CounterRandom) -> World {
        guard random.next() & 1 == 0 else { return world(size, &random) }
        let objects = 1 + random.below(size.objects)
        let fewest = max(objects, 3)
        return world(
            Size(
                people: fewest + random.below(size.people - fewest + 1), objects: objects,
                rounds: 2 + random.below(size.rounds - 1), sends: random.below(size.sends + 1)), &random)
    }

    func mainQuestions(about world: World, _ random: inout CounterRandom) -> [HopQuestion] {
        let asked = random.distinct(frame.questions, below: world.objects.count)
        return zip(asked, frame.balancedHops(frame.questions, &random)).map { object, hops in
            if hops > 1 { return thing(object, hops: hops, world) }
            return random.next() & 1 == 0 ? who(object, world) : person(world.holders[object], back: 0, world)
        }
    }

    func trainingQuestion(about world: World, hops: Int, _ random: inout CounterRandom) -> HopQuestion {
        let object = random.below(world.objects.count)
        guard hops == 1 else { return thing(object, hops: hops, world) }
        if random.below(3) == 0 { return who(object, world) }
        return person(random.below(world.people.count), back: random.below(2), world)
    }

    private func who(_ object: Int, _ world: World) -> HopQuestion {
        HopQuestion(
            ask: [Vocabulary.whoHas, world.objects[object]], gold: [world.people[world.holders[object]]],
            support: [world.handed[object]])
    }

    private func person(_ person: Int, back: Int, _ world: World) -> HopQuestion {
        HopQuestion(
            ask: [back == 0 ? Vocabulary.whereIs : Vocabulary.whereWas, world.people[person]],
            gold: [world.goals[1 - back][person]], support: (1 - back..<2).map { world.moves[$0][person] })
    }

    private func thing(_ object: Int, hops: Int, _ world: World) -> HopQuestion {
        let holder = world.holders[object]
        let steps = [who(object, world)] + (0..<hops - 1).map { person(holder, back: $0, world) }
        return HopQuestion(
            ask: [hops == 2 ? Vocabulary.whereIs : Vocabulary.whereWas, world.objects[object]],
            gold: steps[hops - 1].gold, hops: hops, support: steps.flatMap(\.support), steps: steps)
    }
}

extension Story {
    /// Guessing among the people, or the places of a round, that are not yet answers: at most 1 / (people - j) for question
    /// j, when all before it asked for the same.
    public var statedFloor: Double {
        (0..<frame.questions).reduce(0) { $0 + 1 / Double(size.people - $1) } / Double(frame.questions)
    }

    var grammar: HopGrammar {
        let forms: [Int32: [SymbolRange]] = [
            Vocabulary.goes: [Self.people, Self.places], Vocabulary.takes: [Self.people, Self.objects],
            Vocabulary.sends: [Self.people, Self.objects, Self.people],
        ]
        return HopGrammar(
            fact: { tokens in
                guard let form = tokens.first.flatMap({ forms[$0] }), tokens.count > form.count,
                    zip(form, tokens.dropFirst()).allSatisfy({ $0.contains($1) })
                else { return nil }
                return 1 + form.count
            },
            ask: { tokens in
                guard let kind = tokens.first, let name = tokens.dropFirst().first else { return nil }
                switch kind {
                case Vocabulary.whoHas: return Self.objects.contains(name) ? 2 : nil
                case Vocabulary.whereIs, Vocabulary.whereWas: return SymbolRange.keys.contains(name) ? 2 : nil
                default: return nil
                }
            })
    }

    /// Reads the story backwards from its end for every question.
    func solver(_ reading: HopReading) -> HopSolver {
        let facts = reading.facts
        func holder(_ object: Int32) -> (person: Int32, fact: Int)? {
            facts.lastIndex { $0.tokens[0] != Vocabulary.goes && $0.tokens[2] == object }.map {
                (facts[$0].tokens[facts[$0].tokens[0] == Vocabulary.sends ? 3 : 1], $0)
            }
        }
        func solve(_ asked: HopReading.Asked) -> HopSolution? {
            let (kind, name) = (asked.ask[0], asked.ask[1])
            let isObject = Self.objects.contains(name)
            let held = isObject ? holder(name) : nil
            if isObject, held == nil { return nil }
            if kind == Vocabulary.whoHas { return held.map { HopSolution(gold: [$0.person], support: [$0.fact]) } }
            let person = held?.person ?? name
            let goings = facts.indices.filter {
                facts[$0].tokens[0] == Vocabulary.goes && facts[$0].tokens[1] == person
            }
            let needed = kind == Vocabulary.whereIs ? 1 : 2
            guard goings.count >= needed else { return nil }
            return HopSolution(
                gold: [facts[goings[goings.count - needed]].tokens[2]], hops: isObject ? 1 + needed : 1,
                support: goings.suffix(needed) + (held.map { [$0.fact] } ?? []))
        }
        return HopSolver(faults: faults(facts), load: named(facts), solve: solve)
    }

    /// Sentences that do not fit what was told before: of someone who sends what they do not have or goes where they are, and
    /// things that change hands too late.
    private func faults(_ facts: [HopReading.Fact]) -> [String] {
        var holders: [Int32: Int32] = [:]
        var places: [Int32: Int32] = [:]
        var faults: [String] = []
        var goings: [Int32: Int] = [:]
        for fact in facts.reversed() {
            let people = fact.tokens.filter(Self.people.contains)
            if fact.tokens[0] == Vocabulary.goes {
                goings[people[0], default: 0] += 1
            } else if people.contains(where: { goings[$0, default: 0] < 2 }) {
                faults.append("something changes hands in the last two rounds")
            }
        }
        for fact in facts {
            let tokens = fact.tokens
            switch tokens[0] {
            case Vocabulary.goes:
                if places[tokens[1]] == tokens[2] { faults.append("someone goes where they are") }
                places[tokens[1]] = tokens[2]
            case Vocabulary.takes:
                if holders[tokens[2]] != nil { faults.append("something is taken twice") }
                holders[tokens[2]] = tokens[1]
            default:
                if holders[tokens[2]] != tokens[1] { faults.append("someone sends what they do not have") }
                holders[tokens[2]] = tokens[3]
            }
        }
        return faults
    }

    /// People and things of a story.
    private func named(_ facts: [HopReading.Fact]) -> Int {
        Set(facts.flatMap(\.tokens).filter(SymbolRange.keys.contains)).count
    }

    /// The people, or the places to which everyone went last, or before; without what was said.
    func candidates(_ asked: HopReading.Asked, _ reading: HopReading) -> [Int32] {
        let goings = reading.facts.filter { $0.tokens[0] == Vocabulary.goes }
        let people = Set(goings.map { $0.tokens[1] }).count
        let back = asked.ask[0] == Vocabulary.whereWas ? people : 0
        let round = goings.dropLast(back).suffix(people)
        return reading.remaining(round.map { $0.tokens[asked.ask[0] == Vocabulary.whoHas ? 1 : 2] }, before: asked)
    }

    func text(token: Int32) -> String {
        if Self.people.contains(token) { return "p\(Self.people.index(of: token))" }
        if Self.objects.contains(token) { return "o\(Self.objects.index(of: token))" }
        return Self.places.contains(token) ? "l\(Self.places.index(of: token))" : RetrievalReading.name(token)
    }

    func text(fact: [Int32]) -> String {
        let names = fact.dropFirst().map { text(token: $0) }
        return "\(names[0]) \(Vocabulary.name(of: fact[0])) \(names.dropFirst().joined(separator: " to "))"
    }

    func text(ask: [Int32]) -> String {
        let verb = [Vocabulary.whoHas: "who has", Vocabulary.whereIs: "where is", Vocabulary.whereWas: "where was"]
        return "\(verb[ask[0]] ?? "?") \(text(token: ask[1]))"
    }
}
