import AssayCore

/// Recall with the question before the context or after it, and the context read once or twice.
///
/// `<s> reread k v n k v ... ? k = v`; with `order` question-first `<s> reread ? k  k v n k v ... = v`; with 2 `passes` the
/// context, noise included, comes twice. After Arora et al., "Just Read Twice" (2024): G_order = acc[question first] -
/// acc[question last], G_twice = acc[2 passes] - acc[1 pass] (Q17 of the metric catalogue). Tasks that differ in order and
/// passes alone have the same context, question and answer, item by item; `length` holds two passes, and with one the rest
/// is padding.
public struct RereadRecall: RetrievalTask {
    /// The generator's name.
    public static let name = "reread-recall"
    /// The parameters.
    public static let parameters = [
        TaskParameter("pairs", 12, 2...64, "key-value pairs in the context: the load"),
        TaskParameter(
            "order", choices: ["question-last", "question-first"], "question-last",
            "whether the question comes after the context or before it"),
        TaskParameter("passes", 1, 1...2, "how often the context comes"),
        .length(128), .symbols, .gap,
    ]
    static let kind = TaskKind(
        name: name, family: .retrieval, summary: "recall with the question first or last, the context once or twice",
        parameters: parameters, make: { try RereadRecall($0) })

    let pairs: Int
    let asksFirst: Bool
    let passes: Int
    let frame: RetrievalFrame

    /// The task of these parameter values.
    /// - Throws: ``AssayError`` naming the parameter that is unknown, out of range or contradicts the others.
    public init(_ given: [String: Int] = [:]) throws {
        let p = try ParameterValues(Self.name, Self.parameters, given)
        (pairs, asksFirst, passes) = (p["pairs"], p["order"] == 1, p["passes"])
        try p.require("symbols", atLeast: pairs, because: "every pair has a key and a value of its own")
        frame = try RetrievalFrame(
            Self.name, version: 1, p, room: 4 * pairs + 4, content: "\(pairs) pairs twice, the question",
            paired: ["order", "passes"])
    }

    /// One sequence with one question a cluster.
    public func cluster(_ stream: ItemStream, index: Int) -> [TaskSequence] {
        [make(stream, .cluster, index) { _ in (pairs, 1) }]
    }

    /// A sequence with all pairs half of the time, with fewer otherwise; after the answer come further questions instead of
    /// noise, in the usual order, round after round over the pairs.
    public func trainingSequence(_ stream: ItemStream, index: Int) -> TaskSequence {
        make(stream, .training, index) { random in
            let facts = random.difficulty(2...pairs)
            return (facts, random.difficulty(1...frame.questions(of: 4, beside: 4 * facts)))
        }
    }

    private func make(
        _ stream: ItemStream, _ use: ItemSource.Use, _ index: Int,
        size: (inout CounterRandom) -> (pairs: Int, queries: Int)
    ) -> TaskSequence {
        let (drawn, _) = frame.source.draw(stream, use, index) { random in
            let (facts, queries) = size(&random)
            let keys = frame.keys.distinct(facts, &random)
            let values = frame.values.distinct(facts, &random)
            let context = NoisyContext(
                task: Vocabulary.rereadTask, facts: zip(keys, values).map { [$0, $1] },
                stretches: [.init(facts: facts, room: frame.room(beside: 4 * queries) / 2)], gap: frame.gap,
                haystack: Haystack(.noise), random: &random)
            let asked = random.rounds(queries, of: facts)
            return ((keys: keys, values: values, context: context, asked: asked), ContentBits.fast(context.tokens))
        }
        let (context, region) = (drawn.context, drawn.context.region)
        let first = [Vocabulary.query, drawn.keys[drawn.asked[0]]]
        var builder = SequenceBuilder(Array(context.tokens[..<2]) + (asksFirst ? first : []), length: length)
        for _ in 0..<passes { builder.append(Array(context.tokens[region])) }
        // Where the region of the last pass is, against where it was drawn.
        let shift = builder.position - region.upperBound
        builder.append(Array(context.tokens[region.upperBound...]))
        for (number, fact) in drawn.asked.enumerated() {
            if number > 0 || !asksFirst { builder.append([Vocabulary.query, drawn.keys[fact]]) }
            builder.append(Vocabulary.equals)
            builder.answer(
                [drawn.values[fact]],
                .init(
                    facts: drawn.keys.count, distance: builder.position - shift - context.starts[fact] - 1,
                    load: drawn.keys.count, position: context.position(of: fact)))
        }
        return builder.finish(cluster: index)
    }
}

extension RereadRecall {
    /// Guessing among the values.
    public var statedFloor: Double { 1 / Double(pairs) }

    /// Guess a value, the last value, the first, the nearest pair within a window, always the same value.
    public var baselines: [ShortcutBaseline] {
        RetrievalShortcuts.single(values: frame.values) { read($0) }
    }

    /// The pairs of the last pass, and the questions.
    private func read(_ tokens: [Int32]) -> RetrievalReading {
        var reading = RetrievalReading()
        var at = 2
        var waiting: Int32?
        if asksFirst, tokens.count > 3, tokens[2] == Vocabulary.query {
            waiting = tokens[3]
            at = 4
        }
        let start = at
        let end = tokens[min(at, tokens.count)...].firstIndex { $0 == Vocabulary.query || $0 == Vocabulary.equals }
        guard let end, (end - frame.gap - start) % passes == 0, end - frame.gap >= start else {
            reading.complain("has no context of \(passes) passes")
            return reading
        }
        let width = (end - frame.gap - start) / passes
        if passes == 2, !tokens[start..<start + width].elementsEqual(tokens[start + width..<start + 2 * width]) {
            reading.complain("the second pass is not the first")
        }
        reading.region = end - frame.gap - width..<end - frame.gap
        at = end - frame.gap - width
        while at < end {
            if SymbolRange.noise.contains(tokens[at]) {
                at += 1
            } else if at + 1 < reading.region.upperBound, frame.keys.contains(tokens[at]),
                frame.values.contains(tokens[at + 1])
            {
                reading.add(.init(key: [tokens[at]], value: [tokens[at + 1]], start: at, valuePosition: at + 1))
                at += 2
            } else {
                reading.complain("neither pair nor noise at \(at)")
                at += 1
            }
        }
        while at < tokens.count, tokens[at] != Vocabulary.padding {
            if waiting == nil, tokens[at] == Vocabulary.query, at + 1 < tokens.count {
                waiting = tokens[at + 1]
                at += 2
            }
            guard let key = waiting, at + 1 < tokens.count, tokens[at] == Vocabulary.equals else {
                reading.complain("no question at \(at)")
                return reading
            }
            reading.add(.init(key: [key], answer: at + 1..<at + 2))
            waiting = nil
            at += 2
        }
        return reading
    }

    /// Looks each key up among the pairs of the last pass, from its end.
    public func check(_ sequence: TaskSequence) -> [String] {
        var check = SequenceCheck(sequence, length: length, task: Vocabulary.rereadTask)
        let reading = read(sequence.tokens)
        check.complain(reading.problems)
        let count = reading.facts.count
        check.require(Set(reading.facts.map(\.key)).count == count, "a key occurs twice")
        check.require(Set(reading.facts.map(\.value)).count == count, "a value occurs twice")
        check.require(reading.asked.count == sequence.questions.count, "questions and records differ in number")
        for (number, asked) in reading.asked.enumerated() {
            guard let fact = reading.facts.last(where: { $0.key == asked.key }) else {
                check.complain(["question \(number): \(RetrievalReading.names(asked.key)) is not in the context"])
                continue
            }
            check.compare(
                number, sequence,
                with: .init(
                    answer: asked.answer, gold: fact.value, facts: count,
                    distance: asked.answer.lowerBound - fact.valuePosition, load: count,
                    position: NoisyContext.position(fact.start, in: reading.region, width: 2)))
        }
        return check.complaints
    }

    /// The pairs, the question, its answer and covariates.
    public func describe(_ sequence: TaskSequence) -> String {
        read(sequence.tokens).describe(
            "\(Self.name), question \(asksFirst ? "first" : "last"), \(passes) \(passes == 1 ? "pass" : "passes")",
            sequence)
    }
}
