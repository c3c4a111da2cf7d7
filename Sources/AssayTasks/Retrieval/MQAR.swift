import AssayCore

/// Multi-query associative recall as published: key-value pairs, then the keys again, at places drawn from a power law.
///
/// `<s> mqar k1 v1 ... kN vN n n k3 n n n k1 n ...`: after a key that comes back, its value is asked for, without standing
/// in the tokens. The definition of Arora et al., "Zoology" (2023; HazyResearch/zoology `multiquery_ar.py`), with its
/// parameters: `input_seq_len` is `length` - 2, `num_kv_pairs` is `pairs`, `power_a` is `power` / 100. With
/// space = (L - 2 N) / 2 places for questions, place i = 1 ... space is drawn with probability ~ i^(power_a - 1), without
/// replacement; the j-th place drawn is that of the j-th pair.
///
/// Mended: noise comes from symbols of its own and from the item's counters (there, from all tokens, so that noise can equal a
/// key, and from a generator without a seed); keys and values are 64 each at most, not 4,096. Not mended, since it is
/// the definition: places near the facts are the likely ones, so that a window of 64 tokens sees most facts of the
/// published sizes. This is a test of how much a state holds; ``DistanceRecall`` is one of how far it reaches.
public struct MQAR: TaskGenerator {
    /// The generator's name.
    public static let name = "mqar"
    /// The parameters.
    public static let parameters = [
        TaskParameter("pairs", 4, 2...64, "key-value pairs, each asked for once: the load"),
        TaskParameter("power", 1, 1...200, "hundredths of the exponent power_a of the law of places"),
        TaskParameter(
            "random-non-queries", choices: ["no", "yes"], "yes",
            "whether noise fills the places without a question, or a separator"),
        TaskParameter("length", 66, 16...8192, "tokens of every sequence, an even number: zoology's length and two"),
        .symbols,
    ]
    static let kind = TaskKind(
        name: name, family: .retrieval, summary: "values of keys that come back, as in zoology's definition",
        parameters: parameters, make: { try MQAR($0) })

    /// Everything that identifies the items.
    public let identity: TaskIdentity
    /// Tokens of every sequence.
    public let length: Int
    let pairs: Int
    private let fillsWithNoise: Bool
    private let keys: SymbolRange
    private let values: SymbolRange
    private let places: WeightedDraw
    private let source: ItemSource

    /// The task of these parameter values.
    /// - Throws: ``AssayError`` naming the parameter that is unknown, out of range or contradicts the others.
    public init(_ given: [String: Int] = [:]) throws {
        let p = try ParameterValues(Self.name, Self.parameters, given)
        try p.require("symbols", atLeast: p["pairs"], because: "every pair has a key and a value of its own")
        try p.require(
            "length", atLeast: 2 + 4 * p["pairs"], because: "\(p["pairs"]) pairs and as many questions need the room")
        guard p["length"] % 2 == 0 else {
            throw AssayError.badInput(
                "task '\(Self.name)': parameter 'length' is \(p["length"]), not an even number",
                remedy: "Raise or lower 'length' by 1")
        }
        identity = TaskIdentity(generator: Self.name, version: 1, parameters: p.all)
        (length, pairs, fillsWithNoise) = (p["length"], p["pairs"], p["random-non-queries"] == 1)
        keys = SymbolRange(offset: 0, count: p["symbols"])
        values = SymbolRange(offset: 64, count: p["symbols"])
        places = WeightedDraw.power(Double(p["power"]) / 100 - 1, count: p["length"] / 2)
        source = ItemSource(identity)
        try p.require(headroomOver: statedFloor, "length", remedy: "Raise 'length' or 'pairs'")
    }

    /// Retrieval.
    public var family: TaskFamily { .retrieval }
    /// One token is asked for; nothing is generated freely.
    public var generates: Bool { false }

    /// One sequence a cluster.
    public func cluster(_ stream: ItemStream, index: Int) -> [TaskSequence] {
        [make(stream, .cluster, index) { _ in (pairs, pairs) }]
    }

    /// A sequence with all pairs half of the time, with fewer otherwise; half of the time with a question at every place,
    /// with fewer otherwise.
    public func trainingSequence(_ stream: ItemStream, index: Int) -> TaskSequence {
        make(stream, .training, index) { random in
            let facts = random.difficulty(2...pairs)
            return (facts, random.difficulty(facts...SequenceBuilder.questions(of: 2, in: length - 2 - 2 * facts)))
        }
    }

    private struct Drawn {
        let keys: [Int32]
        let values: [Int32]
        /// The pair that is asked for at each place, if any.
        let asked: [Int?]
    }

    private func make(
        _ stream: ItemStream, _ use: ItemSource.Use, _ index: Int,
        size: (inout CounterRandom) -> (pairs: Int, queries: Int)
    ) -> TaskSequence {
        var (drawn, random) = source.draw(stream, use, index) { random in
            let (facts, queries) = size(&random)
            let drawn = Drawn(
                keys: keys.distinct(facts, &random), values: values.distinct(facts, &random),
                asked: drawPlaces(facts, queries, &random))
            return (drawn, ContentBits.fast(drawn.keys + drawn.values + drawn.asked.map { Int32($0 ?? -1) }))
        }
        let facts = drawn.keys.count
        var builder = SequenceBuilder([Vocabulary.start, Vocabulary.mqarTask], length: length)
        for fact in 0..<facts { builder.append([drawn.keys[fact], drawn.values[fact]]) }
        for fact in drawn.asked {
            if let fact {
                builder.append(drawn.keys[fact])
                builder.ask(
                    drawn.values[fact],
                    .init(
                        facts: facts, distance: builder.position - (2 * fact + 3), load: facts,
                        position: Double(fact) / Double(facts - 1)))
            } else {
                builder.append(filler(&random))
            }
            builder.append(filler(&random))
        }
        return builder.finish(cluster: index)
    }

    private func filler(_ random: inout CounterRandom) -> Int32 {
        fillsWithNoise ? random.pick(.noise) : Vocabulary.separator
    }

    /// The pair asked for at each place after `facts` pairs.
    private func drawPlaces(_ facts: Int, _ queries: Int, _ random: inout CounterRandom) -> [Int?] {
        let space = (length - 2 - 2 * facts) / 2
        var asked = [Int?](repeating: nil, count: space)
        var left = places.prefix(space)
        for query in 0..<queries { asked[left.next(&random)] = query % facts }
        return asked
    }
}

extension MQAR {
    /// Guessing one of the values; or, where that is more, looking back over ``ShortcutBaseline/window`` tokens only, which
    /// near facts do not survive: the law of places has no simple sum, so its share is that of 4,000 fixed draws, and three
    /// standard errors.
    public var statedFloor: Double {
        var random = CounterRandom(domain: "\(Self.name)/floor", index: 0)
        var (near, count) = (0, 0)
        for _ in 0..<max(1, 4_000 / pairs) {
            for (place, pair) in drawPlaces(pairs, pairs, &random).enumerated() {
                guard let pair else { continue }
                count += 1
                // The key of the question stands at 2 pairs + 2 place, that of the pair at 2 pair.
                if 2 * (pairs + place - pair) < ShortcutBaseline.window { near += 1 }
            }
        }
        let share = Double(near) / Double(count)
        let seen = min(1, share + 3 * (share * (1 - share) / Double(count)).squareRoot())
        return max(1 / Double(pairs), seen + (1 - seen) / Double(values.count))
    }

    /// Guess a value, the last value, the first, the nearest pair within a window, always the same value.
    public var baselines: [ShortcutBaseline] {
        [
            shortcut("guess-value") { pairs, _, random in random.pick(pairs).value },
            shortcut("last-value") { pairs, _, _ in pairs[pairs.count - 1].value },
            shortcut("first-value") { pairs, _, _ in pairs[0].value },
            shortcut("local-window") { pairs, place, random in
                pairs.first { $0.start > place.at - ShortcutBaseline.window && $0.key == place.key }?.value
                    ?? random.pick(values)
            },
            shortcut("constant-value") { _, _, _ in values[0] },
        ]
    }

    private typealias Pair = (key: Int32, value: Int32, start: Int)

    private func shortcut(
        _ name: String, _ answer: @escaping @Sendable ([Pair], (key: Int32, at: Int), inout CounterRandom) -> Int32
    ) -> ShortcutBaseline {
        ShortcutBaseline(name: name, reading: { readPairs($0.tokens) }) { pairs, sequence, question, random in
            let at = question.answer.lowerBound - 1
            return answer(pairs, (sequence.tokens[at], at), &random) == question.hiddenGold ? 1 : 0
        }
    }

    private func readPairs(_ tokens: [Int32]) -> [Pair] {
        var pairs: [Pair] = []
        var at = 2
        while at + 1 < tokens.count, keys.contains(tokens[at]), values.contains(tokens[at + 1]) {
            pairs.append((tokens[at], tokens[at + 1], at))
            at += 2
        }
        return pairs
    }

    /// Walks back from every key that comes again to the place where it stands before a value.
    public func check(_ sequence: TaskSequence) -> [String] {
        var check = SequenceCheck(sequence, length: length, task: Vocabulary.mqarTask)
        let tokens = sequence.tokens
        let pairs = readPairs(tokens)
        let first = 2 + 2 * pairs.count
        check.require(pairs.count > 1 && Set(pairs.map(\.key)).count == pairs.count, "a key occurs twice as a fact")
        check.require(Set(pairs.map(\.value)).count == pairs.count, "a value occurs twice")
        var number = 0
        for at in first..<max(first, tokens.count) {
            let isFiller = fillsWithNoise ? SymbolRange.noise.contains(tokens[at]) : tokens[at] == Vocabulary.separator
            if isFiller { continue }
            let back = stride(from: at - 2 - (at - first) % 2, through: 2, by: -2).first {
                $0 < first && tokens[$0] == tokens[at]
            }
            guard (at - first) % 2 == 0, let back else {
                check.complain(["neither a question nor noise at \(at)"])
                continue
            }
            check.compare(
                number, sequence,
                with: .init(
                    answer: at + 1..<at + 2, gold: [tokens[back + 1]], isHidden: true, facts: pairs.count,
                    distance: at - back, load: pairs.count, position: Double(back - 2) / Double(first - 4)))
            number += 1
        }
        check.require(number == sequence.questions.count, "questions and records differ in number")
        return check.complaints
    }

    /// The pairs, the questions, their answers and covariates.
    public func describe(_ sequence: TaskSequence) -> String {
        let pairs = readPairs(sequence.tokens)
        let facts = pairs.map { RetrievalReading.names([$0.key, $0.value]) }.joined(separator: ", ")
        let lines = RetrievalReading.questionLines(sequence) { number in
            let at = sequence.questions[number].answer.lowerBound - 1
            return sequence.tokens.indices.contains(at) ? "\(RetrievalReading.name(sequence.tokens[at])) ?" : "?"
        }
        return (["\(Self.name): \(pairs.count) pairs: \(facts)"] + lines).joined(separator: "\n")
    }
}
