import AssayCore
import Foundation

/// The needle family of RULER: needles with a key of two tokens in a haystack; all values of a key are asked for.
///
/// `<s> haystack w n w w a b v w ... ? a b v`, where w are the words of the haystack and a b the key. Single needle: `keys`
/// 1 in text; multi-key: more `keys`, whose others are distractors; multi-value: more `values`; multi-query: more `queries`. The
/// haystack is noise (one sentence again and again), needles (as many further needles as fit), or text (see
/// ``Haystack``). After `niah` of Hsieh et al., "RULER" (2024; NVIDIA/RULER).
///
/// Mended: needles are not marked, and text holds names and numbers of its own, so that the kind of a token does not give the
/// needle away; order and places differ from item to item; listing everything is punished, since several values are
/// graded by F1. A single needle in noise is refused: the only value there is, is the answer, whatever the question.
public struct NeedleHaystack: RetrievalTask {
    /// The generator's name.
    public static let name = "needle-haystack"
    /// The parameters.
    public static let parameters = [
        TaskParameter("keys", 4, 1...32, "keys of needles; those not asked for are distractors"),
        TaskParameter("values", 1, 1...8, "needles of every key, each with another value"),
        .queries(1, 32, about: "key"),
        TaskParameter(
            "haystack", choices: ["noise", "needles", "text"], "text", "what the needles lie in: noise, needles or text"
        ),
        .length(128), .symbols, .gap,
    ]
    static let kind = TaskKind(
        name: name, family: .retrieval, summary: "needles in noise, in needles or in text, as in RULER's family",
        parameters: parameters, make: { try NeedleHaystack($0) })

    let keyCount: Int
    let valueCount: Int
    let queries: Int
    private let isOfNeedles: Bool
    private let hay: Haystack
    private let form: RetrievalReading.Form
    let frame: RetrievalFrame

    /// The task of these parameter values.
    /// - Throws: ``AssayError`` naming the parameter that is unknown, out of range or contradicts the others.
    public init(_ given: [String: Int] = [:]) throws {
        let p = try ParameterValues(Self.name, Self.parameters, given)
        (keyCount, valueCount, queries) = (p["keys"], p["values"], p["queries"])
        let haystack = p["haystack"]
        try p.require("queries", atMost: keyCount, because: "every question is about another key")
        if haystack < 2 {
            try p.require(
                "keys", atLeast: 2, because: "outside text, a lone needle is found without reading the question")
        }
        let needles = keyCount * valueCount
        isOfNeedles = haystack == 1
        if keyCount == 1 {
            // Three values in the text besides the needle's, so that the place of a value does not give it away.
            try p.require(
                "length",
                atLeast: 2 + 6 * Haystack.nameEvery + 3 * needles + p["gap"] + Self.questionWidth(valueCount),
                because: "a lone key needs text around it, and a gap of \(p["gap"])")
        }
        frame = try RetrievalFrame(
            Self.name, version: 1, p, facts: needles, sharing: "\(needles) needles share no value",
            room: 3 * needles + queries * Self.questionWidth(valueCount),
            content: "\(needles) needles, \(queries) questions")
        hay = Haystack(
            haystack == 2 ? .text(keys: frame.keys, values: frame.values) : haystack == 0 ? .sentence : .noise)
        form = .init(
            keys: [.keys, .words], endsAnswer: valueCount > 1,
            fillers: haystack == 2 ? [.words, frame.keys, frame.values] : [.noise])
        try p.require(headroomOver: statedFloor, "length", remedy: "Raise 'length' or 'keys'")
    }

    /// Tokens of a question with its answer.
    private static func questionWidth(_ values: Int) -> Int { values == 1 ? 4 : 4 + values }

    /// Several values are generated freely up to their end token.
    public var generates: Bool { valueCount > 1 }

    /// One sequence a cluster.
    public func cluster(_ stream: ItemStream, index: Int) -> [TaskSequence] {
        [make(stream, .cluster, index) { _ in (keyCount, queries) }]
    }

    /// A sequence with all keys half of the time, with fewer otherwise; and with questions instead of hay, round after
    /// round over the keys.
    public func trainingSequence(_ stream: ItemStream, index: Int) -> TaskSequence {
        make(stream, .training, index) { random in
            let keys = random.difficulty(min(2, keyCount)...keyCount)
            let most = frame.questions(of: Self.questionWidth(valueCount), beside: 3 * keys * valueCount)
            return (keys, random.difficulty(min(queries, keys)...most))
        }
    }

    private func make(
        _ stream: ItemStream, _ use: ItemSource.Use, _ index: Int,
        size: (inout CounterRandom) -> (keys: Int, queries: Int)
    ) -> TaskSequence {
        frame.sequence(stream, use, index, task: Vocabulary.haystackTask) { random in
            let (asked, queries) = size(&random)
            let all = isOfNeedles ? keysInHaystack(beside: queries) : asked
            let keys = frame.twoPartKeys(all, &random)
            let values = drawValues(all, &random)
            // Needle i is of key i modulo the number of keys; the first keys are those that can be asked for.
            var order = Array(0..<all * valueCount)
            random.shuffle(&order)
            var places = [[Int]](repeating: [], count: all)
            for (place, needle) in order.enumerated() { places[needle % all].append(place) }
            let sheet = FactSheet(
                facts: order.map { keys[$0 % all] + [values[$0 % all][$0 / all]] },
                inquiries: (0..<asked).map { key in
                    let own = places[key].map { values[key][order[$0] / all] }
                    return .init(
                        prompt: [Vocabulary.query] + keys[key], gold: valueCount > 1 ? own + [Vocabulary.end] : own,
                        grading: valueCount > 1 ? .set : .exact, fact: places[key][0], offset: 2)
                },
                questionWidth: Self.questionWidth(valueCount), distinctFacts: order.count, load: order.count,
                haystack: hay)
            return (sheet, queries)
        }
    }

    /// Keys of a haystack of needles: as many as fit, if half of the keys stay free.
    private func keysInHaystack(beside queries: Int) -> Int {
        let most = frame.room(beside: queries * Self.questionWidth(valueCount)) / (3 * valueCount)
        return min(most, frame.keys.count * SymbolRange.words.count / 2)
    }

    /// The values of each key: all different where there are enough, else those of a key.
    private func drawValues(_ keys: Int, _ random: inout CounterRandom) -> [[Int32]] {
        guard keys * valueCount <= frame.values.count else {
            return (0..<keys).map { _ in frame.values.distinct(valueCount, &random) }
        }
        let all = frame.values.distinct(keys * valueCount, &random)
        return (0..<keys).map { Array(all[$0 * valueCount..<($0 + 1) * valueCount]) }
    }
}

extension NeedleHaystack {
    /// Keys in the context of an evaluation sequence.
    private var allKeys: Int { isOfNeedles ? keysInHaystack(beside: queries) : keyCount }

    /// Values in the text of an evaluation sequence, needles not counted.
    private var valuesInText: Int {
        Haystack.values(
            among: length - 2 - queries * Self.questionWidth(valueCount) - 3 * keyCount * valueCount)
    }

    /// Guessing among the values of the needles not yet given as answers, or listing them. A single key's needle hides among
    /// the values of the text, which stand evenly spaced: it may be any of them, or be the first, if it lies before the
    /// first of the text. Where symbols are too few for all needles, values coincide.
    public var statedFloor: Double {
        let (symbols, own) = (Double(frame.values.count), Double(valueCount))
        if keyCount == 1 {
            let others = Double(valuesInText)
            guard valueCount > 1 else {
                let spacing = Double(2 * Haystack.nameEvery)
                let places = Double(frame.room(beside: queries * Self.questionWidth(valueCount)) - 3 + 1)
                let first = spacing / places
                return max((1 + others / symbols) / (1 + others), first + (1 - first) / symbols)
            }
            let listed = (symbols - own) * (1 - pow(1 - 1 / symbols, others))
            return min(1, 1.03 * 2 * own / (2 * own + listed))
        }
        let needles = Double(allKeys * valueCount)
        let mean = (0..<queries).reduce(0.0) { sum, earlier in
            let said = Double(earlier * valueCount)
            if needles <= symbols {
                return sum + (valueCount > 1 ? 2 * own / (own + needles - said) : 1 / (needles - said))
            }
            let different = symbols * (1 - pow(1 - own / symbols, Double(allKeys)))
            return sum
                + (valueCount > 1 ? 1.03 * 2 * own / (own + different - said) : 1 / needles + 1 / (symbols - said))
        }
        return min(1, mean / Double(queries))
    }

    /// Those of recall; for a single key, those that take any value of the context for the needle's.
    public var baselines: [ShortcutBaseline] {
        guard keyCount == 1 else {
            return valueCount > 1
                ? RetrievalShortcuts.sets(form) : RetrievalShortcuts.single(form, values: frame.values)
        }
        let values = frame.values
        func shortcut(
            _ name: String, _ choose: @escaping @Sendable ([Int32], inout CounterRandom) -> [Int32]
        ) -> ShortcutBaseline {
            RetrievalShortcuts.reading(name, form) { reading, sequence, question, random in
                let said = choose(sequence.tokens[..<reading.contextEnd].filter(values.contains), &random)
                return RetrievalShortcuts.f1(said, sequence, question)
            }
        }
        let count = valueCount
        return [
            shortcut(count > 1 ? "list-all" : "guess-value") { count > 1 ? $0 : [$1.pick($0)] },
            shortcut("last-value") { said, _ in said.suffix(count) },
            shortcut("first-value") { said, _ in Array(said.prefix(count)) },
            shortcut("constant-value") { _, _ in (0..<count).map { values[$0] } },
            RetrievalShortcuts.reading("local-window", form) { reading, sequence, question, _ in
                let near = sequence.tokens[..<reading.contextEnd].suffix(ShortcutBaseline.window).filter(
                    values.contains)
                return RetrievalShortcuts.f1(near, sequence, question)
            },
        ]
    }

    /// Collects the values behind every occurrence of the asked key.
    public func check(_ sequence: TaskSequence) -> [String] {
        let tokens = sequence.tokens
        let reading = RetrievalReading(tokens, form: form)
        let count = reading.facts.count
        let groups = Dictionary(grouping: reading.facts, by: \.key)
        var check = frame.check(sequence, task: Vocabulary.haystackTask, reading, facts: count, load: count) { asked in
            let starts = (2..<max(2, reading.contextEnd - 2)).filter {
                tokens[$0] == asked.key[0] && tokens[$0 + 1] == asked.key[1] && frame.values.contains(tokens[$0 + 2])
            }
            return starts.first.map { first in
                let found = starts.map { tokens[$0 + 2] }
                var solution = Solution(
                    gold: valueCount > 1 ? found + [Vocabulary.end] : found, start: first, width: 3,
                    valuePosition: first + 2)
                solution.grading = valueCount > 1 ? .set : .exact
                return solution
            }
        }
        check.require(groups.values.allSatisfy { $0.count == valueCount }, "a key has not \(valueCount) values")
        check.require(
            groups.values.allSatisfy { Set($0.map(\.value)).count == valueCount }, "a key has a value twice")
        return check.complaints
    }

    /// The needles, the questions, their answers and covariates.
    public func describe(_ sequence: TaskSequence) -> String {
        RetrievalReading(sequence.tokens, form: form).describe(Self.name, sequence)
    }
}
