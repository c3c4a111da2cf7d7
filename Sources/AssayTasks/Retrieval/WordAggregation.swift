import AssayCore
import Foundation

/// The most frequent words of a long list.
///
/// `<s> common s4 n s9 s4 n s2 s4 ... ? s4 s7 </s>`: words in random order, some of them more often than the others; the answer is
/// the set of those, in place in order of first appearance.
///
/// * `common-words`: `common` words come `often` times, `others` come `seldom` times. After `cwe` of Hsieh et al., "RULER"
///   (2024; NVIDIA/RULER).
/// * `frequent-words`: of `tokens` tokens, the word of rank k has the share k^-alpha / zeta(alpha); rank 1 is noise, the
///   next `common` ranks are asked for. After RULER's `fwe`.
///
/// Mended: the order is drawn for every item (there, one permutation for all items of a length), and listing every word is
/// punished, since the grade is F1.
public struct WordAggregation: TaskGenerator {
    /// The laws of how often words come.
    enum Law: String, Sendable {
        case common = "common-words"
        case zeta = "frequent-words"
    }

    /// The parameters of `common-words`.
    public static let commonParameters = [
        TaskParameter("common", 3, 1...10, "words that come often, all of them asked for"),
        TaskParameter("often", 6, 2...60, "times that each of those comes"),
        TaskParameter("others", 9, 2...100, "words that come seldom"),
        TaskParameter("seldom", 2, 1...59, "times that each of those comes"),
        .length(128), .gap,
    ]
    /// The parameters of `frequent-words`.
    public static let zetaParameters = [
        TaskParameter("common", 3, 1...6, "words that are asked for: those most frequent after the noise"),
        TaskParameter("alpha", 200, 120...300, "hundredths of the exponent of the law of frequencies"),
        TaskParameter("vocabulary", 20, 3...100, "different words at most, noise included"),
        TaskParameter("tokens", 128, 16...8000, "tokens that the frequencies are shares of"),
        .length(160), .gap,
    ]
    static let kinds = [
        TaskKind(
            name: Law.common.rawValue, family: .retrieval, summary: "the words that come often in a list, scored by F1",
            parameters: commonParameters, make: { try WordAggregation(.common, $0) }),
        TaskKind(
            name: Law.zeta.rawValue, family: .retrieval,
            summary: "the most frequent words under a power law of frequencies, scored by F1",
            parameters: zetaParameters, make: { try WordAggregation(.zeta, $0) }),
    ]

    /// Everything that identifies the items.
    public let identity: TaskIdentity
    /// Tokens of every sequence.
    public let length: Int
    let law: Law
    /// How many words are asked for.
    let asked: Int
    /// How often each word comes, those asked for first.
    let counts: [Int]
    private let gap: Int
    private let task: Int32
    private let source: ItemSource
    private let words = SymbolRange(offset: 0, count: 128)

    /// The task of these parameter values.
    /// - Throws: ``AssayError`` naming the parameter that is unknown, out of range or contradicts the others.
    init(_ law: Law, _ given: [String: Int] = [:]) throws {
        let p = try ParameterValues(law.rawValue, law == .common ? Self.commonParameters : Self.zetaParameters, given)
        self.law = law
        (asked, length, gap) = (p["common"], p["length"], p["gap"])
        switch law {
        case .common:
            task = Vocabulary.commonTask
            try p.require("seldom", atMost: p["often"] - 1, because: "the common words come \(p["often"]) times")
            counts =
                Array(repeating: p["often"], count: asked) + Array(repeating: p["seldom"], count: p["others"])
        case .zeta:
            task = Vocabulary.frequentTask
            counts = Self.zetaCounts(
                tokens: p["tokens"], alpha: Double(p["alpha"]) / 100, vocabulary: p["vocabulary"])
            try p.require("vocabulary", atLeast: asked + 2, because: "a word must be left that is not asked for")
            guard counts.count > asked, counts[asked - 1] > counts[asked] else {
                throw AssayError.badInput(
                    "task '\(law.rawValue)': parameter 'tokens' is \(p["tokens"]): too few for the word of rank "
                        + "\(asked + 1) to be more frequent than the next, or for a next one",
                    remedy: "Raise 'tokens', or lower 'common' or 'alpha'")
            }
        }
        let facts = counts.reduce(0, +)
        try p.require(
            "length", atLeast: 2 + facts + p["gap"] + asked + 2,
            because: "\(facts) words, a gap of \(p["gap"]) and the question need the room")
        identity = TaskIdentity(generator: law.rawValue, version: 1, parameters: p.all)
        source = ItemSource(identity)
        try p.require(
            headroomOver: statedFloor, "common",
            remedy: "Lower 'common', or raise '\(law == .common ? "others" : "vocabulary")'")
    }

    /// How often the words of rank 2, 3, ... come: the whole part of tokens k^-alpha / zeta(alpha), those that come at all.
    static func zetaCounts(tokens: Int, alpha: Double, vocabulary: Int) -> [Int] {
        // Euler and Maclaurin: the sum up to n - 1, half of the n-th term, the integral from n, and the first correction.
        let n = 1000.0
        let head = (1..<1000).reversed().reduce(0.0) { $0 + pow(Double($1), -alpha) }
        let zeta = head + pow(n, -alpha) / 2 + pow(n, 1 - alpha) / (alpha - 1) + alpha * pow(n, -alpha - 1) / 12
        return (2...vocabulary).map { Int(Double(tokens) * pow(Double($0), -alpha) / zeta + 1e-9) }.filter { $0 > 0 }
    }

    /// Retrieval.
    public var family: TaskFamily { .retrieval }
    /// The set is generated freely up to its end token.
    public var generates: Bool { true }

    /// One sequence with one list and one question a cluster.
    public func cluster(_ stream: ItemStream, index: Int) -> [TaskSequence] {
        [make(stream, .cluster, index) { _ in (counts, 1) }]
    }

    /// Lists with all words half of the time, with fewer of those not asked for otherwise; as many lists, one after the
    /// other with a question after each, as fit half of the time.
    public func trainingSequence(_ stream: ItemStream, index: Int) -> TaskSequence {
        make(stream, .training, index) { random in
            let shown = random.difficulty(asked + 1...counts.count)
            let own = Array(counts.prefix(shown))
            let fitting = (length - 2) / (own.reduce(0, +) + gap + asked + 2)
            return (own, random.difficulty(1...min(fitting, words.count / own.count)))
        }
    }

    private struct Episode {
        /// The words in order of appearance, and where each begins.
        let list: [Int32]
        let context: NoisyContext
        let gold: [Int32]
    }

    private func make(
        _ stream: ItemStream, _ use: ItemSource.Use, _ index: Int,
        size: (inout CounterRandom) -> (counts: [Int], lists: Int)
    ) -> TaskSequence {
        let (drawn, _) = source.draw(stream, use, index) { random in
            let (counts, lists) = size(&random)
            // Every list has words of its own.
            let all = words.distinct(counts.count * lists, &random)
            let room = (length - 2) / lists - gap - asked - 2
            let episodes = (0..<lists).map { list in
                episode(Array(all[list * counts.count..<(list + 1) * counts.count]), counts, room, &random)
            }
            return (episodes, ContentBits.fast(episodes.flatMap(\.context.tokens)))
        }
        var builder = SequenceBuilder([Vocabulary.start, task], length: length)
        for episode in drawn {
            let start = builder.position
            builder.append(Array(episode.context.tokens.dropFirst(2)))
            builder.append(Vocabulary.query)
            let first = episode.list.firstIndex(of: episode.gold[0]) ?? 0
            builder.answer(
                episode.gold + [Vocabulary.end], grading: .set,
                .init(
                    facts: episode.list.count, distance: builder.position - (start - 2 + episode.context.starts[first]),
                    load: Set(episode.list).count, position: episode.context.position(of: first)))
        }
        return builder.finish(cluster: index)
    }

    private func episode(_ words: [Int32], _ counts: [Int], _ room: Int, _ random: inout CounterRandom) -> Episode {
        var list = zip(words, counts).flatMap { Array(repeating: $0, count: $1) }
        random.shuffle(&list)
        let context = NoisyContext(
            task: task, facts: list.count, width: 1, room: room, gap: gap, random: &random
        ) { $1.append(list[$0]) }
        var left = Set(words.prefix(asked))
        return Episode(list: list, context: context, gold: list.filter { left.remove($0) != nil })
    }
}

extension WordAggregation {
    /// Listing every word: F1 of 2 a / (a + w). Or naming those that came last: how many of the last a different words are
    /// right has no simple sum, so their share is that of fixed draws, and three standard errors.
    public var statedFloor: Double {
        let listing = 2 * Double(asked) / Double(asked + counts.count)
        var list = counts.enumerated().flatMap { Array(repeating: $0, count: $1) }
        let naming = FixedDraws.bound("\(law.rawValue)/floor", draws: max(200, 100_000 / list.count)) { random in
            random.shuffle(&list)
            let right = WordAggregation.firstDifferent(asked, of: list).filter { $0 < asked }.count
            return (Double(right) / Double(asked), 1)
        }
        return max(listing, naming)
    }

    /// The first different elements.
    private static func firstDifferent<T: Hashable>(_ count: Int, of list: some Sequence<T>) -> [T] {
        var seen: [T] = []
        for element in list where !seen.contains(element) {
            seen.append(element)
            if seen.count == count { break }
        }
        return seen
    }

    /// List every word, guess a set, the words that came last, those that came first, the words within a window.
    public var baselines: [ShortcutBaseline] {
        let (asked, words) = (asked, words)
        func shortcut(
            _ name: String, _ answer: @escaping @Sendable ([Int32], inout CounterRandom) -> [Int32]
        ) -> ShortcutBaseline {
            ShortcutBaseline(name: name) { sequence, question, random in
                let list = sequence.tokens[..<question.answer.lowerBound].filter(words.contains)
                return RetrievalShortcuts.f1(answer(list, &random), sequence, question)
            }
        }
        return [
            shortcut("list-all") { list, _ in list },
            shortcut("guess-words") { list, random in
                var different = Set(list).sorted()
                random.shuffle(&different)
                return Array(different.prefix(asked))
            },
            shortcut("last-words") { list, _ in WordAggregation.firstDifferent(asked, of: list.reversed()) },
            shortcut("first-words") { list, _ in WordAggregation.firstDifferent(asked, of: list) },
            // Nothing but noise is within the window.
            shortcut("local-window") { _, random in (0..<asked).map { _ in random.pick(words) } },
        ]
    }

    /// Counts the words of each list and takes those that come more often than the next.
    public func check(_ sequence: TaskSequence) -> [String] {
        var check = SequenceCheck(sequence, length: length, task: task)
        let tokens = sequence.tokens
        var (start, number) = (2, 0)
        while start < tokens.count, tokens[start] != Vocabulary.padding {
            guard let query = tokens[start...].firstIndex(of: Vocabulary.query),
                let end = tokens[query...].firstIndex(of: Vocabulary.end)
            else { return check.complaints + ["no question and answer after \(start)"] }
            let context = tokens[start..<query]
            check.require(
                context.allSatisfy { words.contains($0) || SymbolRange.noise.contains($0) },
                "list \(number) has neither words nor noise in it")
            let list = context.filter(words.contains)
            let counts = Dictionary(list.map { ($0, 1) }, uniquingKeysWith: +)
            let ranked = counts.values.sorted(by: >)
            let region = start..<max(start, query - gap)
            guard ranked.count > asked, ranked[asked - 1] > ranked[asked] else {
                return check.complaints + ["list \(number) has no \(asked) words that come most often"]
            }
            let gold = WordAggregation.firstDifferent(asked, of: list.filter { counts[$0, default: 0] > ranked[asked] })
            let first = context.firstIndex(of: gold[0]) ?? start
            check.require(
                (context.lastIndex(where: words.contains) ?? start) < region.upperBound, "a word lies in the gap")
            check.compare(
                number, sequence,
                with: .init(
                    answer: query + 1..<end + 1, gold: gold + [Vocabulary.end], grading: .set, facts: list.count,
                    distance: query + 1 - first, load: ranked.count,
                    position: NoisyContext.position(first, in: region, width: 1)))
            (start, number) = (end + 1, number + 1)
        }
        check.require(number == sequence.questions.count, "questions and records differ in number")
        return check.complaints
    }

    /// How often each word comes, the question and its answer.
    public func describe(_ sequence: TaskSequence) -> String {
        let end = sequence.tokens.firstIndex(of: Vocabulary.query) ?? sequence.tokens.count
        let counts = Dictionary(sequence.tokens[..<end].filter(words.contains).map { ($0, 1) }, uniquingKeysWith: +)
        let ranked = counts.sorted { ($1.value, $0.key) < ($0.value, $1.key) }
        let text = ranked.map { "\(RetrievalReading.name($0.key)) x\($0.value)" }.joined(separator: ", ")
        return
            (["\(law.rawValue): first list: \(text)"]
            + RetrievalReading.questionLines(sequence) { "the \(asked) most frequent of list \($0 + 1)" })
            .joined(separator: "\n")
    }
}
