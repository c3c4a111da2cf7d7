import AssayCore

/// Recall of the latest value of keys that are written several times.
///
/// `<s> updates k1 v n k2 v k1 v n ... ? k1 v`: every key is written `writes` times, interleaved with the others, each time
/// with another value; the answer is the last one. After the forgetting form of MQAR (HazyResearch/zoology
/// `forgetting_mqar.py`) with its flaw mended that an update can repeat the old value. An answer with an overwritten value
/// is stale, and counted apart from other mistakes (Q7b of the metric catalogue): a state that adds up remembers it, one
/// that replaces does not.
public struct UpdatedRecall: RecallTask {
    /// The generator's name.
    public static let name = "updated-recall"
    /// The parameters.
    public static let parameters = [
        TaskParameter("keys", 8, 2...32, "different keys in the context: the load"),
        TaskParameter("writes", 3, 2...16, "values that every key is given one after the other"),
        TaskParameter("queries", 4, 1...32, "questions in a sequence, each about another key"),
        TaskParameter.length(96), TaskParameter.symbols, TaskParameter.gap,
    ]
    static let kind = TaskKind(
        name: name, family: .retrieval, summary: "latest value of a key that is rewritten, with stale answers counted",
        parameters: parameters, make: { try UpdatedRecall($0) })

    let keyCount: Int
    let writes: Int
    let queries: Int
    let frame: RetrievalFrame
    static let token = Vocabulary.updateTask
    var size: (keys: Int, writes: Int) { (keyCount, writes) }

    /// The task of these parameter values.
    /// - Throws: ``AssayError`` naming the parameter that is unknown, out of range or contradicts the others.
    public init(_ given: [String: Int] = [:]) throws {
        let p = try ParameterValues(Self.name, Self.parameters, given)
        try p.require("queries", atMost: p["keys"], because: "every question is about another key")
        (keyCount, writes, queries) = (p["keys"], p["writes"], p["queries"])
        frame = try RetrievalFrame(
            Self.name, version: 1, p, facts: keyCount * writes,
            sharing: "\(keyCount) keys written \(writes) times share no value",
            room: 2 * keyCount * writes + 3 * queries, content: "\(keyCount * writes) facts, \(queries) questions")
    }

    func trainingSize(_ random: inout CounterRandom) -> (keys: Int, writes: Int) {
        (random.difficulty(2...keyCount), random.difficulty(1...writes))
    }

    func extent(of size: (keys: Int, writes: Int)) -> (asked: Int, facts: Int, question: Int) {
        (size.keys, 2 * size.keys * size.writes, 3)
    }

    func sheet(of size: (keys: Int, writes: Int), queries: Int, _ random: inout CounterRandom) -> FactSheet {
        let keys = frame.keys.distinct(size.keys, &random)
        let values = frame.values.distinct(size.keys * size.writes, &random)
        return .interleaved(keys: keys, values: values, questionWidth: 3, load: size.keys, &random) {
            key, own, values in
            .init(
                prompt: [Vocabulary.query, key], gold: [values[size.writes - 1]], overwritten: values.dropLast(),
                fact: own[size.writes - 1], offset: 1)
        }
    }
}

extension UpdatedRecall {
    /// Guessing among the latest values not yet given as answers: the mean of 1 / (keys - j) over the questions j.
    public var statedFloor: Double {
        RetrievalShortcuts.guessing(among: keyCount, questions: queries)
    }

    /// Guess a latest value that is left, any value, the last of the context, the key's first value, the nearest fact within
    /// a window, always the same value.
    public var baselines: [ShortcutBaseline] {
        [
            RetrievalShortcuts.reading("guess-latest", .pairs) { reading, sequence, question, random in
                let left = reading.remaining(sequence.tokens, before: question.answer)
                let latest = left.indices.filter { place in !left[(place + 1)...].contains { $0.key == left[place].key }
                }
                // A key that was asked for before is left with its overwritten values only.
                let said = Set(
                    reading.asked.filter { $0.answer.lowerBound < question.answer.lowerBound }.map(\.key))
                let candidates = latest.filter { !said.contains(left[$0].key) }
                guard !candidates.isEmpty else { return 0 }
                return RetrievalShortcuts.isRight(left[random.pick(candidates)].value, sequence, question)
            },
            RetrievalShortcuts.reading("first-of-key", .pairs) { reading, sequence, question, _ in
                let asked = sequence.tokens[question.answer.lowerBound - 1]
                let first = reading.facts.first { $0.key == [asked] }
                return first.map { RetrievalShortcuts.isRight($0.value, sequence, question) } ?? 0
            },
        ] + RetrievalShortcuts.single(.pairs, values: frame.values)
    }

    /// Writes all facts into a table, one after the other, and looks the keys up in what remains.
    public func check(_ sequence: TaskSequence) -> [String] {
        let reading = RetrievalReading(sequence.tokens, form: .pairs)
        var table: [[Int32]: RetrievalReading.Fact] = [:]
        var overwritten: [[Int32]: [Int32]] = [:]
        for fact in reading.facts {
            if let old = table.updateValue(fact, forKey: fact.key) { overwritten[fact.key, default: []] += old.value }
        }
        var check = frame.check(
            sequence, task: Vocabulary.updateTask, reading, facts: reading.facts.count, load: table.count
        ) { asked in
            table[asked.key].map { latest in
                var solution = Solution(latest)
                solution.overwritten = overwritten[asked.key] ?? []
                return solution
            }
        }
        check.require(Set(reading.facts.map(\.value)).count == reading.facts.count, "a value occurs twice")
        let times = Set(table.keys.map { overwritten[$0]?.count ?? 0 })
        check.require(times.count == 1, "keys are written differently often")
        return check.complaints
    }

    /// The facts, the questions, their answers and covariates.
    public func describe(_ sequence: TaskSequence) -> String {
        RetrievalReading(sequence.tokens, form: .pairs).describe(Self.name, sequence)
    }
}
