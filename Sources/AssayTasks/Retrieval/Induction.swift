import AssayCore

/// Induction on random repeats: a random text, then the same text again.
///
/// `<s> induction r1 ... rm r1 ... rm`, with questions at the same places of both halves: in the first, the next token can only
/// be guessed (0 hops); in the second, it follows where the current one stood before (1 hop). L(first half) - L(second
/// half), the architecture-free induction score of Olsson et al., "In-context Learning and Induction Heads" (2022; Q12 of
/// the metric catalogue), is the difference of the mean NLL of the two slices by hops. Tokens are drawn in rounds over the
/// symbols: none comes twice before all have come.
public struct Induction: TaskGenerator {
    /// The generator's name.
    public static let name = "induction"
    /// The parameters.
    public static let parameters = [
        TaskParameter("questions", 8, 1...500, "places of the text that are asked for, each in both halves"),
        TaskParameter("length", 66, 16...8192, "tokens of every sequence: two, and the text twice"), .symbols,
    ]
    static let kind = TaskKind(
        name: name, family: .retrieval, summary: "next token of a random text, the first time and the second",
        parameters: parameters, make: { try Induction($0) })

    /// Everything that identifies the items.
    public let identity: TaskIdentity
    /// Tokens of every sequence.
    public let length: Int
    let questions: Int
    /// Tokens of the text.
    let count: Int
    private let symbols: SymbolRange
    private let source: ItemSource

    /// The task of these parameter values.
    /// - Throws: ``AssayError`` naming the parameter that is unknown, out of range or contradicts the others.
    public init(_ given: [String: Int] = [:]) throws {
        let p = try ParameterValues(Self.name, Self.parameters, given)
        try p.require(
            "length", atLeast: 2 * (ShortcutBaseline.window + 3), because: "no repeat may lie within a local window")
        (length, questions, count) = (p["length"], p["questions"], p["length"] / 2 - 1)
        try p.require("questions", atMost: count - 1, because: "the text has so many tokens after its first")
        identity = TaskIdentity(generator: Self.name, version: 1, parameters: p.all)
        symbols = SymbolRange(offset: 64, count: p["symbols"])
        source = ItemSource(identity)
    }

    /// Retrieval.
    public var family: TaskFamily { .retrieval }
    /// One token is asked for; nothing is generated freely.
    public var generates: Bool { false }

    /// One sequence a cluster.
    public func cluster(_ stream: ItemStream, index: Int) -> [TaskSequence] {
        var (text, random) = draw(stream, .cluster, index) { _ in count }
        let offsets = Set(random.distinct(questions, below: count - 1).map { $0 + 1 })
        return [write(text, cluster: index, tokens: 2 * count) { offsets.contains($0 % count) }]
    }

    /// A sequence with the whole text half of the time; with a shorter one otherwise, which comes again as often as fits.
    /// Every token is asked for but those that begin the text.
    public func trainingSequence(_ stream: ItemStream, index: Int) -> TaskSequence {
        let (text, _) = draw(stream, .training, index) { $0.difficulty(ShortcutBaseline.window + 2...count) }
        let asked = min(length - 2, 1024)
        return write(text, cluster: index, tokens: length - 2) { $0 % text.count != 0 && $0 < asked }
    }

    private func draw(
        _ stream: ItemStream, _ use: ItemSource.Use, _ index: Int, size: (inout CounterRandom) -> Int
    ) -> (context: [Int32], random: CounterRandom) {
        source.draw(stream, use, index) { random in
            let count = size(&random)
            let text = random.rounds(count, of: symbols.count).map { symbols[$0] }
            return (text, ContentBits.fast(text))
        }
    }

    /// Writes the text again and again, with questions where `isAsked` says.
    private func write(_ text: [Int32], cluster: Int, tokens: Int, isAsked: (Int) -> Bool) -> TaskSequence {
        var builder = SequenceBuilder([Vocabulary.start, Vocabulary.inductionTask], length: length)
        for place in 0..<tokens {
            let token = text[place % text.count]
            guard isAsked(place) else {
                builder.append(token)
                continue
            }
            let isRepeat = place >= text.count
            builder.answer(
                [token],
                .init(
                    hops: isRepeat ? 1 : 0, facts: text.count, distance: isRepeat ? text.count : 0, load: text.count,
                    position: Double(place % text.count) / Double(text.count - 1)))
        }
        return builder.finish(cluster: cluster)
    }
}

extension Induction {
    /// The mean over both halves of guessing among the tokens that a round has left: in the first half, the symbols that did not
    /// come yet; in the second, the tokens of the text that did not come again.
    public var statedFloor: Double {
        let sum = (1..<count).reduce(0.0) { sum, place in
            let round = min(symbols.count, count - place / symbols.count * symbols.count)
            let gone = place % symbols.count
            return sum + 1 / Double(symbols.count - gone) + 1 / Double(round - gone)
        }
        return sum / Double(2 * (count - 1))
    }

    /// Guess a token that is left, the current token again, the first of the text, what followed the current token within
    /// a window, always the same token.
    public var baselines: [ShortcutBaseline] {
        let (count, symbols) = (count, symbols)
        func shortcut(
            _ name: String, _ answer: @escaping @Sendable ([Int32], inout CounterRandom) -> Int32
        ) -> ShortcutBaseline {
            ShortcutBaseline(name: name) { sequence, question, random in
                let before = Array(sequence.tokens[2..<question.answer.lowerBound])
                return answer(before, &random) == sequence.tokens[question.answer.lowerBound] ? 1 : 0
            }
        }
        return [
            shortcut("guess-remaining") { before, random in
                let all = (0..<symbols.count).map { symbols[$0] }
                let place = before.count % count
                let round = place / symbols.count * symbols.count
                let choices = before.count < count ? all : Array(before[round..<min(count, round + symbols.count)])
                let said = Set(before.suffix(place - round))
                return random.pick(choices.filter { !said.contains($0) })
            },
            shortcut("say-again") { before, _ in before[before.count - 1] },
            shortcut("first-token") { before, _ in before[0] },
            shortcut("local-window") { before, random in
                let seen = before.suffix(ShortcutBaseline.window)
                let earlier = seen.dropLast().lastIndex(of: before[before.count - 1])
                return earlier.map { before[$0 + 1] } ?? random.pick(symbols)
            },
            shortcut("constant-token") { _, _ in symbols[0] },
        ]
    }

    /// Finds the period of the tokens, and reads every answer one period earlier.
    public func check(_ sequence: TaskSequence) -> [String] {
        var check = SequenceCheck(sequence, length: length, task: Vocabulary.inductionTask)
        let tokens = sequence.tokens
        let text = Array(tokens[min(2, tokens.count)..<max(min(2, tokens.count), sequence.usedLength)])
        check.require(text.allSatisfy(symbols.contains), "has tokens that are no symbols of the text")
        let period = (ShortcutBaseline.window + 2..<max(ShortcutBaseline.window + 3, text.count / 2 + 1)).first {
            period in
            zip(text, text.dropFirst(period)).allSatisfy { $0 == $1 }
        }
        guard let period, period <= text.count / 2 else { return check.complaints + ["the text does not repeat"] }
        for (number, question) in sequence.questions.enumerated() {
            let place = question.answer.lowerBound - 2
            guard text.indices.contains(place), place % period != 0 else {
                check.complain(["question \(number) is asked where nothing can be known"])
                continue
            }
            let isRepeat = place >= period
            check.compare(
                number, sequence,
                with: .init(
                    answer: place + 2..<place + 3, gold: [isRepeat ? text[place - period] : text[place + period]],
                    hops: isRepeat ? 1 : 0, facts: period, distance: isRepeat ? period : 0, load: period,
                    position: Double(place % period) / Double(period - 1)))
        }
        let places = sequence.questions.map { $0.answer.lowerBound - 2 }
        let all = text.indices.filter { $0 % period != 0 && $0 < 1024 }
        let (first, second) = (places.filter { $0 < period }, places.filter { $0 >= period }.map { $0 - period })
        check.require(
            places == all || first == second && first.count == questions, "asks at the places \(places)")
        return check.complaints
    }

    /// The text, the questions and their answers.
    public func describe(_ sequence: TaskSequence) -> String {
        let tokens = sequence.tokens
        let lines = RetrievalReading.questionLines(sequence) { number in
            let before = sequence.questions[number].answer.lowerBound - 1
            return "after " + (tokens.indices.contains(before) ? RetrievalReading.name(tokens[before]) : "?")
        }
        return (["\(Self.name): \(RetrievalReading.names(tokens.prefix(sequence.usedLength).dropFirst(2)))"] + lines)
            .joined(separator: "\n")
    }
}
