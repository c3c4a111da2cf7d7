import AssayCore

/// Multi-query associative recall: key-value pairs among noise, then keys whose values are asked for.
///
/// `<s> recall n n k v n k v ... n n ? k v ? k v`. After MQAR (Arora et al., "Zoology", 2023; HazyResearch/zoology), with
/// its flaws mended: the length stays fixed while the number of pairs varies, facts lie uniformly over the context
/// instead of near their questions, noise comes from symbols of its own and from the item's counters.
public struct AssociativeRecall: RecallTask {
    /// The generator's name.
    public static let name = "associative-recall"
    /// The parameters.
    public static let parameters = [
        TaskParameter("pairs", 16, 2...64, "key-value pairs in the context: the load"),
        TaskParameter("queries", 8, 1...64, "questions in a sequence, each about another pair"),
        TaskParameter.length(128), TaskParameter.symbols, TaskParameter.gap,
    ]
    static let kind = TaskKind(
        name: name, family: .retrieval,
        summary: "value of a key among key-value pairs and noise, by load and by distance",
        parameters: parameters, make: { try AssociativeRecall($0) })

    let pairs: Int
    let queries: Int
    let frame: RetrievalFrame
    static let token = Vocabulary.recallTask
    var size: Int { pairs }

    /// The task of these parameter values.
    /// - Throws: ``AssayError`` naming the parameter that is unknown, out of range or contradicts the others.
    public init(_ given: [String: Int] = [:]) throws {
        let p = try ParameterValues(Self.name, Self.parameters, given)
        try p.require("queries", atMost: p["pairs"], because: "every question is about another pair")
        (pairs, queries) = (p["pairs"], p["queries"])
        frame = try RetrievalFrame(
            Self.name, version: 1, p, facts: pairs, sharing: "every pair has a key and a value of its own",
            room: 2 * pairs + 3 * queries, content: "\(pairs) pairs, \(queries) questions")
    }

    func trainingSize(_ random: inout CounterRandom) -> Int { random.difficulty(2...pairs) }

    func extent(of pairs: Int) -> (asked: Int, facts: Int, question: Int) { (pairs, 2 * pairs, 3) }

    func sheet(of pairs: Int, queries: Int, _ random: inout CounterRandom) -> FactSheet {
        let keys = frame.keys.distinct(pairs, &random)
        return .pairs(keys, frame.values.distinct(pairs, &random))
    }
}

extension AssociativeRecall {
    /// Guessing among the values not yet given as answers: the mean of 1 / (pairs - j) over the questions j.
    public var statedFloor: Double {
        RetrievalShortcuts.guessing(among: pairs, questions: queries)
    }

    /// Guess a remaining value, the last value, the nearest pair within a window, always the same value.
    public var baselines: [ShortcutBaseline] { RetrievalShortcuts.single(.pairs, values: frame.values) }

    /// Looks each key up by scanning backwards from its question.
    public func check(_ sequence: TaskSequence) -> [String] {
        frame.checkPairs(sequence, task: Vocabulary.recallTask)
    }

    /// The pairs, the questions, their answers and covariates.
    public func describe(_ sequence: TaskSequence) -> String {
        RetrievalReading(sequence.tokens, form: .pairs).describe(Self.name, sequence)
    }
}
