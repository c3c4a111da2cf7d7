import AssayCore

/// Recall of all values of a key that occurs several times, interleaved with other keys.
///
/// `<s> values k1 v n k2 v k1 v n ... ? k1 v v v </s>`: the answer is the set of the key's values and an end token, in
/// place in order of appearance. After the multi-value needles of RULER and Q7 of the metric catalogue; unlike RULER's
/// score, listing everything is punished: the grade is the F1 of the generated set.
public struct MultiValueRecall: TaskGenerator {
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
    private let frame: RetrievalFrame

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

    /// Everything that identifies the items.
    public var identity: TaskIdentity { frame.identity }
    /// Tokens of every sequence.
    public var length: Int { frame.length }
    /// Retrieval.
    public var family: TaskFamily { .retrieval }
    /// The set is generated freely up to its end token.
    public var generates: Bool { true }

    /// One sequence a cluster.
    public func cluster(_ stream: ItemStream, index: Int) -> [TaskSequence] {
        [make(stream, .cluster, index) { _ in (keyCount, valueCount, queries) }]
    }

    /// A sequence with all keys and values half of the time, with fewer otherwise; and with questions instead of noise,
    /// round after round over the keys.
    public func trainingSequence(_ stream: ItemStream, index: Int) -> TaskSequence {
        make(stream, .training, index) { random in
            let (keys, values) = (random.difficulty(2...keyCount), random.difficulty(1...valueCount))
            let most = SequenceBuilder.questions(of: 3 + values, in: length - 2 - 2 * keys * values - frame.gap)
            return (keys, values, random.difficulty(min(queries, keys)...most))
        }
    }

    private struct Drawn {
        let keys: [Int32]
        /// The number of the key of each fact, in order of appearance.
        let owners: [Int]
        let values: [Int32]
        let queries: Int
        let context: NoisyContext
    }

    private func make(
        _ stream: ItemStream, _ use: ItemSource.Use, _ index: Int,
        size: (inout CounterRandom) -> (keys: Int, values: Int, queries: Int)
    ) -> TaskSequence {
        var (drawn, random) = frame.source.draw(stream, use, index) { random in
            let (keyCount, valueCount, queries) = size(&random)
            let facts = keyCount * valueCount
            let drawnKeys = frame.keys.distinct(keyCount, &random)
            let drawnValues = frame.values.distinct(facts, &random)
            var owners = (0..<facts).map { $0 % keyCount }
            random.shuffle(&owners)
            let context = NoisyContext(
                task: Vocabulary.multiValueTask, facts: facts, width: 2,
                room: length - 2 - frame.gap - queries * (3 + valueCount), gap: frame.gap, random: &random
            ) { fact, tokens in
                tokens.append(drawnKeys[owners[fact]])
                tokens.append(drawnValues[fact])
            }
            let drawn = Drawn(
                keys: drawnKeys, owners: owners, values: drawnValues, queries: queries, context: context)
            return (drawn, ContentBits.fast(context.tokens))
        }
        let facts = drawn.owners.count
        var builder = SequenceBuilder(drawn.context.tokens, length: length)
        for key in random.rounds(drawn.queries, of: drawn.keys.count) {
            builder.append(Vocabulary.query)
            builder.append(drawn.keys[key])
            let own = (0..<facts).filter { drawn.owners[$0] == key }
            builder.answer(
                own.map { drawn.values[$0] } + [Vocabulary.end], grading: .set,
                .init(
                    facts: facts, distance: builder.position - drawn.context.starts[own[0]] - 1, load: facts,
                    position: drawn.context.position(of: own[0])))
        }
        return builder.finish(cluster: index)
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
        var check = SequenceCheck(sequence, length: length, task: Vocabulary.multiValueTask)
        let reading = RetrievalReading(sequence.tokens, form: .sets)
        check.complain(reading.problems)
        check.require(reading.asked.count == sequence.questions.count, "questions and records differ in number")
        let groups = Dictionary(grouping: reading.facts, by: \.key)
        check.require(Set(groups.values.map(\.count)).count == 1, "keys have different numbers of values")
        check.require(Set(reading.facts.map(\.value)).count == reading.facts.count, "a value occurs twice")
        let region = reading.region(gap: frame.gap)
        check.require(
            (reading.facts.last?.valuePosition ?? 0) < region.upperBound, "a fact lies in the gap")
        for (number, asked) in reading.asked.enumerated() {
            guard let own = groups[asked.key], let first = own.map(\.start).min() else {
                check.complain(["question \(number): \(RetrievalReading.name(asked.key)) is not in the context"])
                continue
            }
            check.compare(
                number, sequence,
                with: .init(
                    answer: asked.answer, gold: own.map(\.value) + [Vocabulary.end], grading: .set,
                    facts: reading.facts.count, distance: asked.answer.lowerBound - first - 1,
                    load: reading.facts.count, position: NoisyContext.position(first, in: region, width: 2)))
        }
        return check.complaints
    }

    /// The facts, the questions, their answers and covariates.
    public func describe(_ sequence: TaskSequence) -> String {
        RetrievalReading(sequence.tokens, form: .sets).describe(Self.name, sequence)
    }
}
