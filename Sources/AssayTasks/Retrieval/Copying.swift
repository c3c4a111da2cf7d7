import AssayCore

/// Saying a text again: as it stands, with the noise between its tokens left out, or backwards.
///
/// `<s> copying n v3 v1 v4 n n ... ? v3 v1 v4`: every token of the answer is a question of its own, so that accuracy is that of
/// tokens and can be told by place. Tokens are drawn in rounds over the symbols: none comes twice before all have come.
///
/// * `copying`: the text in one piece. After Jelassi et al., "Repeat After Me" (2024; sjelassi/transformers_ssm_copy).
/// * `selective-copying`: the text with noise between its tokens. After MAD (Poli et al., 2024; athms/mad-lab
///   `selective_copying`), with its flaws mended: noise also follows the last token, and comes from the item's counters.
/// * `palindrome`: the text in one piece, asked for backwards. After Kimi Linear (2025, section 5.1); with a gap, so
///   that the first tokens are not within a local window, and no token of the answer given.
public struct Copying: RetrievalTask {
    /// The forms.
    enum Form: String, Sendable {
        case verbatim = "copying"
        case selective = "selective-copying"
        case palindrome
    }

    /// The parameters of every form.
    public static let parameters = [
        TaskParameter("tokens", 16, 2...1000, "tokens of the text: the load"),
        .length(128), .symbols, .gap,
    ]
    static let kinds = [
        kind(.verbatim, "a text said again token by token"),
        kind(.selective, "a text said again without the noise between its tokens"),
        kind(.palindrome, "a text said backwards"),
    ]

    private static func kind(_ form: Form, _ summary: String) -> TaskKind {
        TaskKind(
            name: form.rawValue, family: .retrieval, summary: summary, parameters: parameters,
            make: { try Copying(form, $0) })
    }

    let form: Form
    let count: Int
    private let task: Int32
    let frame: RetrievalFrame

    /// The task of these parameter values.
    /// - Throws: ``AssayError`` naming the parameter that is unknown, out of range or contradicts the others.
    init(_ form: Form, _ given: [String: Int] = [:]) throws {
        let p = try ParameterValues(form.rawValue, Self.parameters, given)
        self.form = form
        count = p["tokens"]
        task =
            switch form {
            case .verbatim: Vocabulary.copyingTask
            case .selective: Vocabulary.selectiveTask
            case .palindrome: Vocabulary.palindromeTask
            }
        frame = try RetrievalFrame(
            form.rawValue, version: 1, p, room: 2 * count + 1, content: "\(count) tokens, said twice")
    }

    /// One sequence a cluster.
    public func cluster(_ stream: ItemStream, index: Int) -> [TaskSequence] {
        [make(stream, .cluster, index) { _ in (count, 1) }]
    }

    /// A sequence with the whole text half of the time, with a shorter one otherwise; said again as often as fits half of
    /// the time, less often otherwise.
    public func trainingSequence(_ stream: ItemStream, index: Int) -> TaskSequence {
        make(stream, .training, index) { random in
            let count = random.difficulty(2...count)
            let most = min(frame.questions(of: count + 1, beside: count), 1024 / count)
            return (count, random.difficulty(1...most))
        }
    }

    private func make(
        _ stream: ItemStream, _ use: ItemSource.Use, _ index: Int,
        size: (inout CounterRandom) -> (tokens: Int, copies: Int)
    ) -> TaskSequence {
        let (drawn, _) = frame.source.draw(stream, use, index) { random in
            let (count, copies) = size(&random)
            let text = random.rounds(count, of: frame.values.count).map { frame.values[$0] }
            let facts = form == .selective ? text.map { [$0] } : [text]
            let stretch = NoisyContext.Stretch(
                facts: facts.count, room: frame.room(beside: copies * (count + 1)))
            let context = NoisyContext(
                task: task, facts: facts, stretches: [stretch], gap: frame.gap, haystack: Haystack(.noise),
                random: &random)
            return ((text: text, copies: copies, context: context), ContentBits.fast(context.tokens))
        }
        let (text, context) = (drawn.text, drawn.context)
        var builder = SequenceBuilder(context.tokens, length: length)
        for _ in 0..<drawn.copies {
            builder.append(Vocabulary.query)
            for step in text.indices {
                let number = form == .palindrome ? text.count - 1 - step : step
                let place = form == .selective ? context.starts[number] : context.starts[0] + number
                builder.answer(
                    [text[number]],
                    .init(
                        facts: text.count, distance: builder.position - place, load: text.count,
                        position: NoisyContext.position(place, in: context.region, width: 1)))
            }
        }
        return builder.finish(cluster: index)
    }
}

extension Copying {
    /// Guessing among the tokens of a round that were not said again yet: 1 / r when r are left.
    public var statedFloor: Double {
        let symbols = frame.values.count
        return (0..<count).reduce(0.0) { sum, place in
            let round = min(symbols, count - place / symbols * symbols)
            return sum + 1 / Double(round - place % symbols)
        } / Double(count)
    }

    /// Guess a token that is left, the last token of the text, the first, the token said last, the text within a window,
    /// always the same token.
    public var baselines: [ShortcutBaseline] {
        let (values, isBackwards) = (frame.values, form == .palindrome)
        func shortcut(
            _ name: String, _ answer: @escaping @Sendable ([Int32], [Int32], inout CounterRandom) -> Int32
        ) -> ShortcutBaseline {
            ShortcutBaseline(name: name) { sequence, question, random in
                let before = sequence.tokens[..<question.answer.lowerBound]
                guard let last = before.lastIndex(of: Vocabulary.query),
                    let end = before.firstIndex(of: Vocabulary.query)
                else { return 0 }
                let text = before[..<end].filter(values.contains)
                return answer(text, Array(before[(last + 1)...]), &random)
                    == sequence.tokens[question.answer.lowerBound]
                    ? 1 : 0
            }
        }
        return [
            shortcut("guess-remaining") { text, said, random in
                let place = isBackwards ? text.count - 1 - said.count : said.count
                let round = place / values.count * values.count
                let left = Set(text[round..<min(text.count, round + values.count)])
                    .subtracting(
                        said.suffix(isBackwards ? min(text.count, round + values.count) - 1 - place : place - round))
                return random.pick(left.sorted())
            },
            shortcut("last-token") { text, _, _ in text[text.count - 1] },
            shortcut("first-token") { text, _, _ in text[0] },
            shortcut("say-again") { text, said, random in said.last ?? random.pick(text) },
            // All of the text lies beyond the window: what was said is all that there is to see.
            shortcut("local-window") { _, said, random in
                let seen = said.suffix(ShortcutBaseline.window)
                return random.pick((0..<values.count).map { values[$0] }.filter { !seen.contains($0) })
            },
            shortcut("constant-token") { _, _, _ in values[0] },
        ]
    }

    /// Takes the noise away and compares what is left with what is said.
    public func check(_ sequence: TaskSequence) -> [String] {
        var check = SequenceCheck(sequence, length: length, task: task)
        let tokens = sequence.tokens
        let end = tokens.firstIndex(of: Vocabulary.query) ?? tokens.count
        let places = (min(2, end)..<end).filter { !SymbolRange.noise.contains(tokens[$0]) }
        check.require(
            places.allSatisfy { frame.values.contains(tokens[$0]) }, "has neither noise nor text in its context")
        let isWhole = places.isEmpty || places[places.count - 1] - places[0] == places.count - 1
        check.require(form == .selective || isWhole, "the text is not in one piece")
        let region = 2..<max(2, end - frame.gap)
        check.require(places.allSatisfy(region.contains), "the text reaches into the gap")
        let asked = form == .palindrome ? places.reversed() : places
        var number = 0
        var at = end
        while at < tokens.count, tokens[at] == Vocabulary.query, !places.isEmpty {
            for (step, place) in asked.enumerated() {
                let answer = at + 1 + step
                check.compare(
                    number, sequence,
                    with: .init(
                        answer: answer..<answer + 1, gold: [tokens[place]], facts: places.count,
                        distance: answer - place, load: places.count,
                        position: NoisyContext.position(place, in: region, width: 1)))
                number += 1
            }
            at += 1 + places.count
        }
        check.require(at >= tokens.count || tokens[at] == Vocabulary.padding, "something else follows at \(at)")
        check.require(number == sequence.questions.count, "questions and records differ in number")
        return check.complaints
    }

    /// The text and what is said.
    public func describe(_ sequence: TaskSequence) -> String {
        let end = sequence.tokens.firstIndex(of: Vocabulary.query) ?? sequence.tokens.count
        let text = sequence.tokens[..<end].dropFirst(2).filter { !SymbolRange.noise.contains($0) }
        let lines = RetrievalReading.questionLines(sequence) { "token \($0 + 1)" }
        return (["\(form.rawValue): \(text.count) tokens: \(RetrievalReading.names(text))"] + lines)
            .joined(separator: "\n")
    }
}
