import AssayCore

/// A conversation of many turns that comes back to what was said in early ones.
///
/// Every turn has `turn` tokens: `user n n n k v assistant n` tells a fact, `user n n n ? k assistant v` asks for one, and
/// small talk is noise. Facts are told in turns of the first half, questions asked in turns of the second, each about
/// another fact. Turns are equally long, so that the recorded distance in tokens is that in turns, times `turn`, and two.
public struct Conversation: TaskGenerator {
    /// The generator's name.
    public static let name = "conversation"
    /// The parameters.
    public static let parameters = [
        TaskParameter("facts", 8, 2...64, "facts that the user tells: the load"),
        .queries(4, 64, about: "fact"),
        TaskParameter("turn", 8, 8...256, "tokens of a turn of user and assistant"),
        TaskParameter("length", 256, 32...8192, "tokens of every sequence: as many turns as fit"), .symbols,
    ]
    static let kind = TaskKind(
        name: name, family: .retrieval, summary: "facts of early turns, asked for in late turns of a conversation",
        parameters: parameters, make: { try Conversation($0) })

    /// Everything that identifies the items.
    public let identity: TaskIdentity
    /// Tokens of every sequence.
    public let length: Int
    let facts: Int
    let queries: Int
    let width: Int
    /// Turns of the first and of the second half.
    let turns: (first: Int, second: Int)
    private let keys: SymbolRange
    private let values: SymbolRange
    private let source: ItemSource

    /// The task of these parameter values.
    /// - Throws: ``AssayError`` naming the parameter that is unknown, out of range or contradicts the others.
    public init(_ given: [String: Int] = [:]) throws {
        let p = try ParameterValues(Self.name, Self.parameters, given)
        (facts, queries, width, length) = (p["facts"], p["queries"], p["turn"], p["length"])
        try p.require("queries", atMost: facts, because: "every question is about another fact")
        try p.require("symbols", atLeast: facts, because: "every fact has a key and a value of its own")
        try p.require(
            "length", atLeast: 2 + width * max(2 * facts, 2 * queries - 1),
            because: "\(facts) turns tell facts in the first half, \(queries) turns ask in the second")
        let all = (length - 2) / width
        turns = (all / 2, all - all / 2)
        identity = TaskIdentity(generator: Self.name, version: 1, parameters: p.all)
        keys = SymbolRange(offset: 0, count: p["symbols"])
        values = SymbolRange(offset: 64, count: p["symbols"])
        source = ItemSource(identity)
    }

    /// Retrieval.
    public var family: TaskFamily { .retrieval }
    /// One token is asked for; nothing is generated freely.
    public var generates: Bool { false }

    /// One conversation a cluster.
    public func cluster(_ stream: ItemStream, index: Int) -> [TaskSequence] {
        [make(stream, .cluster, index) { _ in (facts, queries) }]
    }

    /// A conversation with all facts half of the time, with fewer otherwise; half of the time every turn of the second half
    /// asks, round after round over the facts.
    public func trainingSequence(_ stream: ItemStream, index: Int) -> TaskSequence {
        make(stream, .training, index) { random in
            let facts = random.difficulty(2...facts)
            return (facts, random.difficulty(min(queries, facts)...min(turns.second, 1024)))
        }
    }

    private struct Drawn {
        let keys: [Int32]
        let values: [Int32]
        /// The turns that tell the facts.
        let told: [Int]
        let queries: Int
    }

    private func make(
        _ stream: ItemStream, _ use: ItemSource.Use, _ index: Int,
        size: (inout CounterRandom) -> (facts: Int, queries: Int)
    ) -> TaskSequence {
        var (drawn, random) = source.draw(stream, use, index) { random in
            let (facts, queries) = size(&random)
            let drawn = Drawn(
                keys: keys.distinct(facts, &random), values: values.distinct(facts, &random),
                told: random.distinct(facts, below: turns.first), queries: queries)
            return (drawn, ContentBits.fast(drawn.keys + drawn.values + drawn.told.map(Int32.init)))
        }
        let facts = drawn.keys.count
        var tellers = [Int?](repeating: nil, count: turns.first)
        for (fact, turn) in drawn.told.enumerated() { tellers[turn] = fact }
        var asking = [Bool](repeating: false, count: turns.second)
        for turn in random.distinct(drawn.queries, below: turns.second) { asking[turn] = true }
        var asked = random.rounds(drawn.queries, of: facts).makeIterator()

        var builder = SequenceBuilder([Vocabulary.start, Vocabulary.conversationTask], length: length)
        for turn in 0..<turns.first + turns.second {
            if turn < turns.first, let fact = tellers[turn] {
                talk(&builder, &random, width - 5, [drawn.keys[fact], drawn.values[fact]])
                builder.append(random.pick(.noise))
            } else if turn >= turns.first, asking[turn - turns.first], let fact = asked.next() {
                talk(&builder, &random, width - 5, [Vocabulary.query, drawn.keys[fact]])
                builder.answer(
                    [drawn.values[fact]],
                    .init(
                        facts: facts, distance: (turn - drawn.told[fact]) * width + 2, load: facts,
                        position: place(of: drawn.told[fact])))
            } else {
                talk(&builder, &random, width - 3, [])
                builder.append(random.pick(.noise))
            }
        }
        return builder.finish(cluster: index)
    }

    /// What the user says, and the mark of the assistant.
    private func talk(
        _ builder: inout SequenceBuilder, _ random: inout CounterRandom, _ noise: Int, _ words: [Int32]
    ) {
        builder.append(Vocabulary.user)
        for _ in 0..<noise { builder.append(random.pick(.noise)) }
        builder.append(words)
        builder.append(Vocabulary.assistant)
    }

    /// A turn of the first half as a place between 0 and 1.
    private func place(of turn: Int) -> Double { turns.first > 1 ? Double(turn) / Double(turns.first - 1) : 0 }
}

extension Conversation {
    /// Guessing among the values not yet given as answers.
    public var statedFloor: Double { RetrievalShortcuts.guessing(among: facts, questions: queries) }

    /// Guess a value, the last told, the first, the nearest fact within a window, always the same value.
    public var baselines: [ShortcutBaseline] { RetrievalShortcuts.single(values: values, reading: read) }

    /// Turn by turn: what each has after its noise and before the assistant.
    @Sendable private func read(_ tokens: [Int32]) -> RetrievalReading {
        var reading = RetrievalReading()
        var at = 2
        while at + width <= tokens.count, tokens[at] != Vocabulary.padding {
            let turn = tokens[at..<at + width]
            let (key, value, last) = (at + width - 4, at + width - 3, at + width - 1)
            if keys.contains(tokens[key]), values.contains(tokens[value]) {
                reading.add(.init(key: [tokens[key]], value: [tokens[value]], start: key, valuePosition: value))
            } else if tokens[key] == Vocabulary.query, keys.contains(tokens[value]) {
                reading.add(.init(key: [tokens[value]], answer: last..<last + 1))
            }
            let said = turn.dropFirst().prefix { SymbolRange.noise.contains($0) }.count
            let isTalk = said == width - 3 && tokens[at + width - 2] == Vocabulary.assistant
            let isMeant = said == width - 5 && tokens[at + width - 2] == Vocabulary.assistant
            let endsWell =
                SymbolRange.noise.contains(tokens[last])
                || tokens[key] == Vocabulary.query && values.contains(tokens[last])
            if tokens[at] != Vocabulary.user || !isTalk && !isMeant || !endsWell {
                reading.complain("no turn at \(at)")
            }
            at += width
        }
        return reading
    }

    /// Goes back from every question, token by token, to where the key stands without a question mark before it.
    public func check(_ sequence: TaskSequence) -> [String] {
        var check = SequenceCheck(sequence, length: length, task: Vocabulary.conversationTask)
        let tokens = sequence.tokens
        let reading = read(tokens)
        check.complain(reading.problems)
        let all = (sequence.usedLength - 2) / width
        check.require(all == turns.first + turns.second, "has \(all) turns, not \(turns.first + turns.second)")
        let count = reading.facts.count
        check.require(Set(reading.facts.map(\.key)).count == count, "a key is told twice")
        check.require(Set(reading.facts.map(\.value)).count == count, "a value is told twice")
        let half = 2 + turns.first * width
        check.require(reading.facts.allSatisfy { $0.start < half }, "a fact is told in the second half")
        check.require(reading.asked.allSatisfy { $0.answer.lowerBound >= half }, "the first half asks")
        check.require(reading.asked.count == sequence.questions.count, "questions and records differ in number")
        for (number, asked) in reading.asked.enumerated() {
            let answer = asked.answer.lowerBound
            let found = stride(from: answer - 3, through: 3, by: -1).first {
                tokens[$0] == asked.key[0] && tokens[$0 - 1] != Vocabulary.query
            }
            guard let found else {
                check.complain(["question \(number): \(RetrievalReading.names(asked.key)) was not told"])
                continue
            }
            check.compare(
                number, sequence,
                with: .init(
                    answer: asked.answer, gold: [tokens[found + 1]], facts: count, distance: answer - found - 1,
                    load: count, position: place(of: (found - 2) / width)))
        }
        return check.complaints
    }

    /// The facts with their turns, the questions with theirs, and the answers.
    public func describe(_ sequence: TaskSequence) -> String {
        let reading = read(sequence.tokens)
        let told = reading.facts.map {
            "turn \(($0.start - 2) / width + 1): \(RetrievalReading.names($0.key + $0.value))"
        }
        let lines = RetrievalReading.questionLines(sequence) { number in
            guard number < reading.asked.count else { return "?" }
            let asked = reading.asked[number]
            return "turn \((asked.answer.lowerBound - 2) / width + 1): \(RetrievalReading.names(asked.key)) ?"
        }
        return
            (["\(Self.name): \(turns.first + turns.second) turns", "  told: \(told.joined(separator: ", "))"] + lines
            + reading.problems.map { "  problem: \($0)" }).joined(separator: "\n")
    }
}
