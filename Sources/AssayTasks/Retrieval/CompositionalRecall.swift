import AssayCore

/// Associative recall with keys of two parts, neither of which determines the value.
///
/// `<s> composed a1 b2 v n a3 b1 v ... ? a1 b1 v`: each first part stands with each second part once, each time with
/// another value. After the compositional form of MQAR (HazyResearch/zoology `compositional_mqar.py`), which puts
/// sqrt(N) x sqrt(N) parts on a grid; here the grid can have any sides (Q7c of the metric catalogue).
public struct CompositionalRecall: RecallTask {
    /// The generator's name.
    public static let name = "compositional-recall"
    /// The parameters.
    public static let parameters = [
        TaskParameter("first-parts", 4, 2...16, "different first parts of keys"),
        TaskParameter("second-parts", 4, 2...16, "different second parts of keys; the load is the product"),
        .queries(4, 64, about: "key"), .length(128), .symbols, .gap,
    ]
    static let kind = TaskKind(
        name: name, family: .retrieval, summary: "value of a two-part key, neither part of which determines it",
        parameters: parameters, make: { try CompositionalRecall($0) })

    private static let form = RetrievalReading.Form(keys: [.keys, .words])
    let sides: (first: Int, second: Int)
    let queries: Int
    let frame: RetrievalFrame
    static let token = Vocabulary.compositionalTask
    var size: (first: Int, second: Int) { sides }

    /// The task of these parameter values.
    /// - Throws: ``AssayError`` naming the parameter that is unknown, out of range or contradicts the others.
    public init(_ given: [String: Int] = [:]) throws {
        let p = try ParameterValues(Self.name, Self.parameters, given)
        sides = (p["first-parts"], p["second-parts"])
        queries = p["queries"]
        let facts = sides.first * sides.second
        try p.require("queries", atMost: facts, because: "every question is about another key")
        frame = try RetrievalFrame(
            Self.name, version: 1, p, facts: facts, sharing: "\(facts) keys share no value",
            room: 3 * facts + 4 * queries, content: "\(facts) facts, \(queries) questions")
    }

    func trainingSize(_ random: inout CounterRandom) -> (first: Int, second: Int) {
        (random.difficulty(2...sides.first), random.difficulty(2...sides.second))
    }

    func extent(of sides: (first: Int, second: Int)) -> (asked: Int, facts: Int, question: Int) {
        (sides.first * sides.second, 3 * sides.first * sides.second, 4)
    }

    func sheet(of sides: (first: Int, second: Int), queries: Int, _ random: inout CounterRandom) -> FactSheet {
        let (first, second) = sides
        let (heads, tails) = (frame.keys.distinct(first, &random), SymbolRange.words.distinct(second, &random))
        let values = frame.values.distinct(first * second, &random)
        let keys = random.distinct(first * second, below: first * second).map {
            [heads[$0 / second], tails[$0 % second]]
        }
        return FactSheet(
            facts: zip(keys, values).map { $0 + [$1] },
            inquiries: keys.indices.map {
                .init(prompt: [Vocabulary.query] + keys[$0], gold: [values[$0]], fact: $0, offset: 2)
            },
            questionWidth: 4, distinctFacts: keys.count, load: keys.count)
    }
}

extension CompositionalRecall {
    /// Guessing among the values of one part of the key that were not yet given as answers. Of j answers given before, x are
    /// among the other s - 1 keys with that part with the probability of the hypergeometric law; then the guess is right
    /// with probability 1 / (s - x). The part with the fewer keys counts.
    public var statedFloor: Double {
        let (side, others) = (min(sides.first, sides.second), sides.first * sides.second - 1)
        func ways(_ n: Int, _ k: Int) -> Double {
            k < 0 || k > n ? 0 : (0..<k).reduce(1) { $0 * Double(n - $1) / Double($1 + 1) }
        }
        let sum = (0..<queries).reduce(0.0) { sum, earlier in
            (0..<side).reduce(sum) { sum, x in
                let share = ways(side - 1, x) * ways(others - side + 1, earlier - x) / ways(others, earlier)
                return sum + share / Double(side - x)
            }
        }
        return sum / Double(queries)
    }

    /// Guess among the values of the first part, of the second part, among all, the last value, the first, the nearest fact
    /// within a window, always the same value.
    public var baselines: [ShortcutBaseline] {
        ["first-part", "second-part"].enumerated().map { part, name in
            RetrievalShortcuts.reading(name, Self.form) { reading, sequence, question, random in
                let asked = sequence.tokens[question.answer.lowerBound - 2 + part]
                let own = reading.remaining(sequence.tokens, before: question.answer).filter { $0.key[part] == asked }
                guard !own.isEmpty else { return 0 }
                return RetrievalShortcuts.isRight(random.pick(own).value, sequence, question)
            }
        } + RetrievalShortcuts.single(Self.form, values: frame.values)
    }

    /// Enters all facts into a grid and looks the keys up by row and column.
    public func check(_ sequence: TaskSequence) -> [String] {
        let reading = RetrievalReading(sequence.tokens, form: Self.form)
        let count = reading.facts.count
        var grid: [Int32: [Int32: RetrievalReading.Fact]] = [:]
        for fact in reading.facts { grid[fact.key[0], default: [:]][fact.key[1]] = fact }
        var check = frame.check(
            sequence, task: Vocabulary.compositionalTask, reading, facts: count, load: count
        ) { asked in grid[asked.key[0]]?[asked.key[1]].map { Solution($0) } }
        check.require(grid.values.reduce(0) { $0 + $1.count } == count, "a key occurs twice")
        check.require(Set(grid.values.map { Set($0.keys) }).count == 1, "the keys do not fill a grid")
        check.require(Set(reading.facts.map(\.value)).count == count, "a value occurs twice")
        return check.complaints
    }

    /// The facts, the questions, their answers and covariates.
    public func describe(_ sequence: TaskSequence) -> String {
        RetrievalReading(sequence.tokens, form: Self.form).describe(Self.name, sequence)
    }
}
