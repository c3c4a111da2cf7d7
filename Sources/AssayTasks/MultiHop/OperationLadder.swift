import AssayCore

/// Operation ladders: variables that are defined from other variables by operations, in shuffled order; one value is asked for.
///
/// `<s> ladder let a 3 n let c b * 2 n let b a + 4 ... ? c 4`: numbers modulo a prime. After the symbolic form of GSM-infinite
/// (Zhou et al., 2025, arXiv 2502.05252), with numbers kept small by the modulus and every step one operation on an earlier
/// variable and a number: hops are the depth of the definition. Since factors are never 0, every operation can be undone, so
/// that each value is equally likely for anyone who does not know the number at the end of the definitions. The single hops
/// assume what they need: `? c if b 2` asks for c when b is 2.
public struct OperationLadder: TaskGenerator, ChainTask {
    /// The generator's name.
    public static let name = "operation-ladder"
    /// The parameters.
    public static let parameters = [
        TaskParameter.chainFacts(16), TaskParameter.hops(3), TaskParameter.chainQuestions(4), TaskParameter.prime,
        TaskParameter.operators, TaskParameter.length(160), TaskParameter.symbols, TaskParameter.gap,
    ]
    static let kind = TaskKind(
        name: name, family: .multiHop, summary: "value of a variable defined by operations on others, by depth",
        parameters: parameters, make: { try OperationLadder($0) })

    let frame: HopFrame
    let facts: Int
    private let operators: Int
    private let variables: SymbolRange
    private let arithmetic: PrimeField

    /// The task of these parameter values.
    /// - Throws: ``AssayError`` naming the parameter that is unknown, out of range or contradicts the others.
    public init(_ given: [String: Int] = [:]) throws {
        let p = try ParameterValues(Self.name, Self.parameters, given)
        try Chains.demand(p)
        try p.require("symbols", atLeast: p["facts"], because: "every variable has a name of its own")
        (facts, operators) = (p["facts"], p["operators"])
        variables = SymbolRange(offset: 0, count: p["symbols"])
        arithmetic = PrimeField(p)
        frame = try HopFrame(
            Self.name, p, task: Vocabulary.ladderTask, hops: p["hops"],
            facts: p["hops"] == 1 ? 3 * p["facts"] : 5 * p["facts"], questions: p["questions"],
            question: p["hops"] == 1 ? 3 : 6,
            content: "\(p["facts"]) definitions")
    }

    /// Definitions, chain by chain.
    struct World: HopWorld {
        let chains: Chains
        let names: [[Int32]]
        let values: [[Int]]
        let facts: [[Int32]]
        var load: Int { facts.count }
    }

    func world(facts: Int, depth: Int, _ random: inout CounterRandom) -> World {
        let chains = Chains(facts: facts, depth: depth, &random)
        let drawn = variables.distinct(facts, &random)
        let names = chains.lengths.indices.map { Array(drawn[$0 * depth..<$0 * depth + chains.lengths[$0]]) }
        var steps: [[(sign: Int, number: Int)]] = []
        let values = chains.lengths.map { length in
            var values = [random.below(arithmetic.modulus)]
            var own = [(sign: 0, number: values[0])]
            for _ in 1..<length {
                let sign = random.below(operators)
                let number = sign < 2 ? random.below(arithmetic.modulus) : 1 + random.below(arithmetic.modulus - 1)
                own.append((sign, number))
                values.append(arithmetic.apply(sign, values[values.count - 1], number))
            }
            steps.append(own)
            return values
        }
        let written = chains.facts { chain, link in
            let (sign, number) = steps[chain][link]
            let operation =
                link == 0 ? [] : [names[chain][link - 1], Vocabulary.firstOperator + Int32(sign)]
            return [Vocabulary.assign, names[chain][link]] + operation + [arithmetic.numbers[number]]
        }
        return World(chains: chains, names: names, values: values, facts: written)
    }

    func mainQuestions(about world: World, _ random: inout CounterRandom) -> [HopQuestion] {
        let asked = random.distinct(frame.questions, below: world.chains.full)
        return zip(asked, frame.balancedHops(frame.questions, &random)).map { value($0, hops: $1, world) }
    }

    func trainingQuestion(about world: World, hops: Int, _ random: inout CounterRandom) -> HopQuestion {
        if hops == 1, world.chains.depth > 1, random.next() & 1 == 0 {
            let (chain, first) = world.chains.stretch(2, &random)
            return step(chain, first + 1, random.below(arithmetic.modulus), world)
        }
        return value(world.chains.stretch(hops, &random).chain, hops: hops, world)
    }

    private func value(_ chain: Int, hops: Int, _ world: World) -> HopQuestion {
        let base = HopQuestion(
            ask: [world.names[chain][0]], gold: [arithmetic.numbers[world.values[chain][0]]],
            support: [world.chains.places[chain][0]])
        guard hops > 1 else { return base }
        return HopQuestion(
            ask: [world.names[chain][hops - 1]], gold: [arithmetic.numbers[world.values[chain][hops - 1]]], hops: hops,
            support: world.chains.support(chain, 0..<hops),
            steps: [base] + (1..<hops).map { step(chain, $0, world.values[chain][$0 - 1], world) })
    }

    /// What a variable is when the one that it is defined from has a value.
    private func step(_ chain: Int, _ link: Int, _ assumed: Int, _ world: World) -> HopQuestion {
        let place = world.chains.places[chain][link]
        let fact = world.facts[place]
        let value = arithmetic.apply(
            Int(fact[3] - Vocabulary.firstOperator), assumed, arithmetic.numbers.index(of: fact[4]))
        return HopQuestion(
            ask: [
                world.names[chain][link], Vocabulary.assuming, world.names[chain][link - 1],
                arithmetic.numbers[assumed],
            ],
            gold: [arithmetic.numbers[value]], support: [place])
    }
}

extension OperationLadder {
    /// One in the number of numbers, and the number stated last where a single hop asks for just that one.
    public var statedFloor: Double { lastFactFloor(guess: 1 / Double(arithmetic.modulus)) }

    var grammar: HopGrammar {
        let numbers = arithmetic.numbers
        return HopGrammar(
            fact: { tokens in
                let fact = Array(tokens.prefix(5))
                guard fact.count >= 3, fact[0] == Vocabulary.assign, SymbolRange.keys.contains(fact[1]) else {
                    return nil
                }
                if numbers.contains(fact[2]) { return 3 }
                let isOperation =
                    fact.count == 5 && SymbolRange.keys.contains(fact[2]) && PrimeField.isOperator(fact[3])
                    && numbers.contains(fact[4])
                return isOperation ? 5 : nil
            },
            ask: { tokens in
                let ask = Array(tokens.prefix(4))
                guard let variable = ask.first, SymbolRange.keys.contains(variable) else { return nil }
                guard ask.count == 4, ask[1] == Vocabulary.assuming else { return 1 }
                return SymbolRange.keys.contains(ask[2]) && numbers.contains(ask[3]) ? 4 : nil
            })
    }

    /// Goes from the variable asked for back to its number, and keeps what all operations on the way make of an x there: a x
    /// plus b.
    func solver(_ reading: HopReading) -> HopSolver {
        let field = arithmetic
        let (definitions, isUnique) = reading.index { $0.tokens[1] }
        func solve(_ asked: HopReading.Asked) -> HopSolution? {
            var (factor, sum) = (1, 0)
            var support: [Int] = []
            var variable = asked.ask[0]
            while let fact = definitions[variable], support.count <= reading.facts.count {
                let tokens = reading.facts[fact].tokens
                support.append(fact)
                if tokens.count == 3 {
                    let value = factor * field.numbers.index(of: tokens[2]) + sum
                    return HopSolution(
                        gold: [field.numbers[value % field.modulus]], hops: support.count, support: support)
                }
                let number = field.numbers.index(of: tokens[4])
                switch tokens[3] - Vocabulary.firstOperator {
                case 0: sum += factor * number
                case 1: sum += factor * (field.modulus - number)
                default: factor *= number
                }
                (factor, sum) = (factor % field.modulus, sum % field.modulus)
                variable = tokens[2]
                if asked.ask.count == 4 {
                    guard variable == asked.ask[2] else { return nil }
                    let value = factor * field.numbers.index(of: asked.ask[3]) + sum
                    return HopSolution(gold: [field.numbers[value % field.modulus]], support: support)
                }
            }
            return nil
        }
        return HopSolver(
            faults: isUnique ? [] : ["a variable is defined twice"], load: reading.facts.count, solve: solve)
    }

    func candidates(_ asked: HopReading.Asked, _ reading: HopReading) -> [Int32] {
        (0..<arithmetic.modulus).map { arithmetic.numbers[$0] }
    }

    /// Say the number in the definition, of a variable that needs others as well; say the number stated last.
    var ownBaselines: [ShortcutBaseline] {
        let numbers = arithmetic.numbers
        return [
            ownBaseline("last-number") { _, reading, _ in reading.facts.last?.tokens.last },
            ownBaseline("own-number") { asked, reading, random in
                let definition = reading.facts.first { $0.tokens[1] == asked.ask[0] }
                return definition?.tokens.count == 5 && asked.ask.count == 1
                    ? definition?.tokens[4] : numbers[random.below(numbers.count)]
            },
        ]
    }

    func text(token: Int32) -> String {
        if arithmetic.numbers.contains(token) { return "\(arithmetic.numbers.index(of: token))" }
        return VariableReading.name(token)
    }

    func text(fact: [Int32]) -> String {
        text(token: fact[1]) + " = " + fact.dropFirst(2).map { text(token: $0) }.joined(separator: " ")
    }

    func text(ask: [Int32]) -> String {
        ask.count == 1
            ? text(token: ask[0])
            : "\(text(token: ask[0])) if \(text(token: ask[2])) = \(text(token: ask[3]))"
    }
}
