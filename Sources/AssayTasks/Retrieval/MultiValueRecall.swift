import AssayCore

/// Recall of all values of a key that occurs several times, interleaved with other keys.
///
/// `<s> values k1 v n k2 v k1 v n ... ? k1 v v v </s>`: the answer is the set of the key's values and an end token, in
/// place in order of appearance. After the multi-value needles of RULER and Q7 of the metric catalogue; unlike RULER's
/// score, listing everything is punished: the grade is the F1 of the generated set.
public struct MultiValueRecall: RecallTask {
    /// The generator's name.
    public static let name = "multi-value-recall"
    /// The parameters.
    public static let parameters = [
        TaskParameter("keys", 6, 2...32, "different keys in the context"),
        TaskParameter("values", 3, 1...16, "values of every key"),
        TaskParameter("queries", 2, 1...32, "questions in a sequence, each about another key"),
        TaskParameter.length(96), TaskParameter.symbols, TaskParameter.gap,
    ]
    static let kind = TaskKind(
        name: name, family: .retrieval, summary: "all values of a key that occurs several times, scored by F1",
        parameters: parameters, make: { try MultiValueRecall($0) })

    let keyCount: Int
    let valueCount: Int
    let queries: Int
    let frame: RetrievalFrame
    static let token = Vocabulary.multiValueTask
    var size: (keys: Int, values: Int) { (keyCount, valueCount) }

    /// The task of these parameter values.
    /// - Throws: ``AssayError`` naming the parameter that is unknown, out of range or contradicts the others.
    public init(_ given: [String: Int] = [:]) throws {
        let p = try ParameterValues(Self.name, Self.parameters, given)
        let facts = p["keys"] * p["values"]
        try p.require("queries", atMost: p["keys"], because: "every question is about another key")
        (keyCount, valueCount, queries) = (p["keys"], p["values"], p["queries"])
        frame = try RetrievalFrame(
            Self.name, version: 1, p, facts: facts,
            sharing: "\(keyCount) keys with \(valueCount) values each share no value",
            room: 2 * facts + queries * (3 + valueCount), content: "\(facts) facts, \(queries) questions")
    }

    /// The set is generated freely up to its end token.
    public var generates: Bool { true }

    func trainingSize(_ random: inout CounterRandom) -> (keys: Int, values: Int) {
        (random.difficulty(2...keyCount), random.difficulty(1...valueCount))
    }

    func extent(of size: (keys: Int, values: Int)) -> (asked: Int, facts: Int, question: Int) {
        (size.keys, 2 * size.keys * size.values, 3 + size.values)
    }

    func sheet(of size: (keys: Int, values: Int), queries: Int, _ random: inout CounterRandom) -> FactSheet {
        let facts = size.keys * size.values
        let keys = frame.keys.distinct(size.keys, &random)
        let values = frame.values.distinct(facts, &random)
        return .interleaved(
            keys: keys, values: values, questionWidth: 3 + size.values, load: facts, &random
        ) { key, own, values in
            .init(
                prompt: [Vocabulary.query, key], gold: values + [Vocabulary.end], grading: .set, fact: own[0],
                offset: 1)
        }
    }
}

extension MultiValueRecall {
    /// Listing every value not yet given as an answer: recall 1, precision 1 / (keys - j) for question j, so that F1 is
    /// 2 / (keys - j + 1); the mean over the questions.
    public var statedFloor: Double {
        (0..<queries).reduce(0) { $0 + 2 / Double(keyCount - $1 + 1) } / Double(queries)
    }

    /// List everything, list what is left, guess a set, the last values, the values within a window.
    public var baselines: [ShortcutBaseline] { RetrievalShortcuts.sets() }

    /// Groups the facts by key and compares.
    public func check(_ sequence: TaskSequence) -> [String] {
        let reading = RetrievalReading(sequence.tokens, form: .sets)
        let groups = Dictionary(grouping: reading.facts, by: \.key)
        var check = frame.check(
            sequence, task: Vocabulary.multiValueTask, reading, facts: reading.facts.count, load: reading.facts.count
        ) { asked in
            groups[asked.key].map {
                Solution($0[0], gold: $0.flatMap(\.value) + [Vocabulary.end], grading: .set)
            }
        }
        check.require(Set(groups.values.map(\.count)).count == 1, "keys have different numbers of values")
        check.require(Set(reading.facts.map(\.value)).count == reading.facts.count, "a value occurs twice")
        return check.complaints
    }

    /// The facts, the questions, their answers and covariates.
    public func describe(_ sequence: TaskSequence) -> String {
        RetrievalReading(sequence.tokens, form: .sets).describe(Self.name, sequence)
    }
}
