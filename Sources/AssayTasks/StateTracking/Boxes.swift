import AssayCore

/// Entity tracking: what is in a box after things were put, moved and removed?
///
/// `<s> boxes puts i b n puts j c n moves b d n removes c ... ? d i`: a box holds one thing or none; `moves b d` moves
/// whatever is in b to d, without naming it. Some things are put first, then as many put as removed, in turn, among moves,
/// three of four operations. After Kim and Schuster, "Entity Tracking in Language Models" (ACL 2023, arXiv 2305.02363;
/// sebschu/entity-tracking-lms), with one thing a box, so that the answer is one token, and boxes that are filled at the end.
///
/// Hops are the statements on which the content of the asked box depends: 1 where it was put there and never moved, so that
/// it can be copied (the untouched boxes of the published task, to be reported apart), 1 more for each move. The number
/// of operations is a parameter: train with few, ask with many.
public struct Boxes: TaskGenerator, HopTask {
    /// The generator's name.
    public static let name = "boxes"
    /// The parameters.
    public static let parameters = [
        TaskParameter("boxes", 9, 3...32, "boxes, each with one thing or none"),
        TaskParameter("items", 6, 2...31, "things in boxes at the start and at the end"),
        TaskParameter("operations", 24, 1...1024, "operations after the first things are put"),
        TaskParameter("questions", 3, 1...16, "questions in an evaluation sequence, each about another box"),
        TaskParameter.length(192), TaskParameter.symbols, TaskParameter.gap,
    ]
    static let kind = TaskKind(
        name: name, family: .stateTracking, summary: "content of a box after puts, moves and removals, by operations",
        parameters: parameters, make: { try Boxes($0) })

    let frame: HopFrame
    private let boxes: SymbolRange
    private let items: Int
    private let operations: Int
    private let things: SymbolRange
    /// The content of boxes where nothing was moved, and the best guess for the others: see ``newest(in:of:butNot:)``.
    public private(set) var statedFloor = 0.0

    /// The task of these parameter values.
    /// - Throws: ``AssayError`` naming the parameter that is unknown, out of range or contradicts the others.
    public init(_ given: [String: Int] = [:]) throws {
        let p = try ParameterValues(Self.name, Self.parameters, given)
        (items, operations) = (p["items"], p["operations"])
        try p.require("boxes", atLeast: items + 1, because: "one of the boxes must be empty to move something into")
        try p.require("questions", atMost: items - 1, because: "every question is about another filled box")
        try p.require("symbols", atLeast: items + 1, because: "every thing has a symbol of its own")
        boxes = SymbolRange(offset: 0, count: p["boxes"])
        things = SymbolRange(offset: 64, count: p["symbols"])
        frame = try HopFrame(
            Self.name, p, task: Vocabulary.boxesTask, hops: 1, facts: 3 * (items + operations),
            questions: p["questions"],
            question: 3, content: "\(items) things and \(operations) operations")
        statedFloor = drawnFloor()
        try p.require(headroomOver: statedFloor, "operations", remedy: "Raise 'operations'")
    }

    /// State tracking.
    public var family: TaskFamily { .stateTracking }

    /// Statements, and what is where after them.
    struct World: HopWorld {
        /// By box: what is in it, and the statements that brought it there.
        let contents: [Int: (thing: Int32, path: [Int])]
        let boxes: SymbolRange
        let facts: [[Int32]]
        var load: Int { boxes.count }
    }

    /// Operations that put or remove, in turn, of so many: an even number, so that as many things are left.
    private static func exchanges(_ operations: Int) -> Int { operations / 8 * 2 }

    private func world(items: Int, operations: Int, _ random: inout CounterRandom) -> World {
        var contents: [Int: (thing: Int32, path: [Int])] = [:]
        var facts: [[Int32]] = []
        var free = random.distinct(things.count, below: things.count)
        // Boxes in two parts, empty ones before filled ones, so that either kind is drawn at once.
        var order = Array(0..<boxes.count)
        var empty = boxes.count
        func put() {
            let place = random.below(empty)
            let thing = free.remove(at: random.below(free.count))
            contents[order[place]] = (things[thing], [facts.count])
            facts.append([Vocabulary.puts, things[thing], boxes[order[place]]])
            empty -= 1
            order.swapAt(place, empty)
        }
        for _ in 0..<items { put() }
        let exchanges = Boxes.exchanges(operations)
        var isExchange = (0..<operations).map { $0 < exchanges }
        random.shuffle(&isExchange)
        var isMissing = false
        for operation in isExchange {
            if operation, isMissing {
                put()
                isMissing = false
                continue
            }
            let source = empty + random.below(boxes.count - empty)
            let box = order[source]
            guard let content = contents.removeValue(forKey: box) else { continue }
            if operation {
                free.append(things.index(of: content.thing))
                facts.append([Vocabulary.removes, boxes[box]])
                order.swapAt(source, empty)
                empty += 1
                isMissing = true
            } else {
                let goal = random.below(empty)
                contents[order[goal]] = (content.thing, content.path + [facts.count])
                facts.append([Vocabulary.moves, boxes[box], boxes[order[goal]]])
                order.swapAt(source, goal)
            }
        }
        return World(contents: contents, boxes: boxes, facts: facts)
    }

    func evaluationWorld(_ random: inout CounterRandom) -> World {
        world(items: items, operations: operations, &random)
    }

    /// All operations half of the time, fewer otherwise: half of those at most an eighth.
    func trainingWorld(hops: Int, _ random: inout CounterRandom) -> World {
        switch random.below(4) {
        case 0: world(items: items, operations: random.below(operations + 1), &random)
        case 1: world(items: items, operations: random.below(operations / 8 + 1), &random)
        default: evaluationWorld(&random)
        }
    }

    func mainQuestions(about world: World, _ random: inout CounterRandom) -> [HopQuestion] {
        let filled = world.contents.keys.sorted()
        return random.distinct(frame.questions, below: filled.count).map { question(filled[$0], world) }
    }

    func trainingQuestion(about world: World, hops: Int, _ random: inout CounterRandom) -> HopQuestion {
        question(random.pick(world.contents.keys.sorted()), world)
    }

    private func question(_ box: Int, _ world: World) -> HopQuestion {
        guard let (thing, path) = world.contents[box] else { preconditionFailure("box \(box) is empty") }
        return HopQuestion(ask: [boxes[box]], gold: [thing], hops: path.count, support: path)
    }
}

extension Boxes {
    /// The floor: what ``newest(in:of:butNot:)`` scores in fixed draws, an answer in place after each question.
    private func drawnFloor() -> Double {
        let draws = max(200, 80_000 / (items + operations))
        return FixedDraws.bound("boxes/floor", draws: draws) { random in
            let world = evaluationWorld(&random)
            let questions = mainQuestions(about: world, &random)
            var (said, right) = (Set<Int32>(), 0)
            for question in questions {
                if Boxes.newest(in: world.facts, of: question.ask[0], butNot: said) == question.gold[0] { right += 1 }
                said.insert(question.gold[0])
            }
            return (Double(right), questions.count)
        }
    }

    /// What is in a box, for someone who follows no move: the thing that was put there last and never moved; or else the one
    /// put last of those that can be there: neither moved for the first time after the box was filled, nor taken out of the
    /// box that it was put into, nor still in it, nor an answer that was given.
    static func newest(in facts: [[Int32]], of box: Int32, butNot said: Set<Int32>) -> Int32? {
        guard let filled = facts.lastIndex(where: { $0.count == 3 && $0[2] == box }) else { return nil }
        if facts[filled][0] == Vocabulary.puts { return facts[filled][1] }
        // The first statement, of those already seen from the end, that takes something out of a box.
        var leaving: [Int32: Int] = [:]
        for (number, fact) in facts.enumerated().reversed() {
            guard fact[0] == Vocabulary.puts else {
                leaving[fact[1]] = number
                continue
            }
            guard let left = leaving[fact[2]], left <= filled, facts[left][0] == Vocabulary.moves else { continue }
            if number < filled, !said.contains(fact[1]) { return fact[1] }
        }
        return nil
    }

    var grammar: HopGrammar {
        let (boxes, things) = (boxes, things)
        let forms: [Int32: [SymbolRange]] = [
            Vocabulary.puts: [things, boxes], Vocabulary.moves: [boxes, boxes], Vocabulary.removes: [boxes],
        ]
        return HopGrammar(
            fact: { tokens in
                guard let form = tokens.first.flatMap({ forms[$0] }), tokens.count > form.count,
                    zip(form, tokens.dropFirst()).allSatisfy({ $0.contains($1) })
                else { return nil }
                return 1 + form.count
            },
            ask: { $0.first.map(boxes.contains) == true ? 1 : nil })
    }

    /// Goes back from the end to the statement that brought something into the box, and on from the box that it came from.
    func solver(_ reading: HopReading) -> HopSolver {
        let facts = reading.facts
        func solve(_ asked: HopReading.Asked) -> HopSolution? {
            var box = asked.ask[0]
            var support: [Int] = []
            for number in facts.indices.reversed() where facts[number].tokens.contains(box) {
                let tokens = facts[number].tokens
                guard tokens[0] != Vocabulary.removes, tokens[2] == box else { return nil }
                support.append(number)
                if tokens[0] == Vocabulary.puts {
                    return HopSolution(gold: [tokens[1]], hops: support.count, support: support)
                }
                box = tokens[1]
            }
            return nil
        }
        return HopSolver(faults: faults(facts), load: boxes.count, solve: solve)
    }

    /// Operations that cannot be done.
    private func faults(_ facts: [HopReading.Fact]) -> [String] {
        var filled: Set<Int32> = []
        var faults: [String] = []
        for tokens in facts.map(\.tokens) {
            let goal = tokens[0] == Vocabulary.removes ? nil : tokens[2]
            let source = tokens[0] == Vocabulary.puts ? nil : tokens[1]
            if let goal, !filled.insert(goal).inserted { faults.append("something is put into a filled box") }
            if let source, filled.remove(source) == nil { faults.append("nothing is in a box to take it out of") }
        }
        return faults
    }

    /// The things that were put and are not yet answers.
    func candidates(_ asked: HopReading.Asked, _ reading: HopReading) -> [Int32] {
        let put = reading.facts.filter { $0.tokens[0] == Vocabulary.puts }.map { $0.tokens[1] }
        return reading.remaining(Array(Set(put)).sorted(), before: asked)
    }

    /// Say what was put first into the box (what it held at the start), and what was put last; else guess. Or else say the
    /// newest thing that can be there.
    var ownBaselines: [ShortcutBaseline] {
        func baseline(
            _ name: String, _ statement: @escaping @Sendable ([HopReading.Fact], Int32) -> HopReading.Fact?
        ) -> ShortcutBaseline {
            ownBaseline(name) { asked, reading, random in
                let bringing = reading.facts.filter { $0.tokens.count == 3 && $0.tokens[2] == asked.ask[0] }
                if let fact = statement(bringing, asked.ask[0]), fact.tokens[0] == Vocabulary.puts {
                    return fact.tokens[1]
                }
                let left = candidates(asked, reading)
                return left.isEmpty ? nil : random.pick(left)
            }
        }
        return [
            baseline("first-statement") { bringing, _ in bringing.first },
            baseline("last-statement") { bringing, _ in bringing.last },
            ownBaseline("newest-thing") { asked, reading, _ in
                let said = reading.asked.filter { $0.answer.lowerBound < asked.answer.lowerBound }.flatMap(\.said)
                return Boxes.newest(in: reading.facts.map(\.tokens), of: asked.ask[0], butNot: Set(said))
            },
        ]
    }

    func text(token: Int32) -> String {
        if boxes.contains(token) { return "b\(boxes.index(of: token))" }
        return things.contains(token) ? "i\(things.index(of: token))" : RetrievalReading.name(token)
    }

    func text(fact: [Int32]) -> String {
        let names = fact.dropFirst().map { text(token: $0) }
        switch fact[0] {
        case Vocabulary.puts: return "put \(names[0]) into \(names[1])"
        case Vocabulary.moves: return "move \(names[0]) to \(names[1])"
        default: return "empty \(names[0])"
        }
    }

    func text(ask: [Int32]) -> String { "what is in \(text(token: ask[0]))" }
}
