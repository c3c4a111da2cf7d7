import AssayCore

/// Associative recall with keys and values of one to three tokens.
///
/// `<s> fuzzy k4 v1 v7 n k4 k2 v3 ... ? k4 k2 v3 </s>`: keys are runs of key symbols, values runs of value symbols; a key can be the
/// beginning or the end of another. After the fuzzy in-context recall of MAD (Poli et al., 2024; athms/mad-lab). There, only
/// the longest keys are tested; here, keys of every length, and noise after the answer fills questions up to one width.
public struct FuzzyRecall: RecallTask {
    /// The generator's name.
    public static let name = "fuzzy-recall"
    /// The parameters.
    public static let parameters = [
        TaskParameter("pairs", 8, 2...64, "keys with their values: the load"),
        TaskParameter("motif", 3, 1...4, "most tokens of a key, and of a value"),
        .queries(4, 64, about: "key"), .length(128),
        TaskParameter("symbols", 16, 8...64, "different tokens of keys, and of values"), .gap,
    ]
    static let kind = TaskKind(
        name: name, family: .retrieval, summary: "values of keys that are motifs of several tokens",
        parameters: parameters, make: { try FuzzyRecall($0) })

    let pairs: Int
    let queries: Int
    private let motif: Int
    private let form: RetrievalReading.Form
    let frame: RetrievalFrame
    static let token = Vocabulary.fuzzyTask
    var size: Int { pairs }

    /// The task of these parameter values.
    /// - Throws: ``AssayError`` naming the parameter that is unknown, out of range or contradicts the others.
    public init(_ given: [String: Int] = [:]) throws {
        let p = try ParameterValues(Self.name, Self.parameters, given)
        (pairs, queries, motif) = (p["pairs"], p["queries"], p["motif"])
        try p.require("queries", atMost: pairs, because: "every question is about another key")
        // Half of the shortest motifs may be taken and drawing still ends soon.
        try p.require("symbols", atLeast: motif == 1 ? pairs : 8, because: "\(pairs) keys and values are all different")
        form = .init(
            keys: Array(repeating: .keys, count: motif), values: Array(repeating: .values, count: motif),
            areMotifs: true, endsAnswer: true)
        frame = try RetrievalFrame(
            Self.name, version: 1, p, room: 2 * motif * pairs + (2 * motif + 2) * queries,
            content: "\(pairs) pairs of \(2 * motif) tokens, \(queries) questions")
    }

    func trainingSize(_ random: inout CounterRandom) -> Int { random.difficulty(2...pairs) }

    func extent(of pairs: Int) -> (asked: Int, facts: Int, question: Int) {
        (pairs, 2 * motif * pairs, 2 * motif + 2)
    }

    func sheet(of pairs: Int, queries: Int, _ random: inout CounterRandom) -> FactSheet {
        let keys = motifs(pairs, of: frame.keys, &random)
        let values = motifs(pairs, of: frame.values, &random)
        return FactSheet(
            facts: zip(keys, values).map { $0 + $1 },
            inquiries: keys.indices.map { fact in
                let missing = 2 * motif - keys[fact].count - values[fact].count
                let noise = (0..<missing).map { _ in random.pick(.noise) }
                return .init(
                    prompt: [Vocabulary.query] + keys[fact], gold: values[fact] + [Vocabulary.end],
                    filler: noise, fact: fact, offset: keys[fact].count)
            },
            questionWidth: 2 * motif + 2, distinctFacts: pairs, load: pairs)
    }

    /// Different motifs, each of one to ``motif`` tokens that do not repeat.
    private func motifs(_ count: Int, of symbols: SymbolRange, _ random: inout CounterRandom) -> [[Int32]] {
        var motifs: [[Int32]] = []
        while motifs.count < count {
            let motif = symbols.distinct(1 + random.below(motif), &random)
            if !motifs.contains(motif) { motifs.append(motif) }
        }
        return motifs
    }
}

extension FuzzyRecall {
    /// Guessing among the values not yet given as answers.
    public var statedFloor: Double { RetrievalShortcuts.guessing(among: pairs, questions: queries) }

    /// Guess a value, the last value, the first, the nearest pair within a window, always the same tokens.
    public var baselines: [ShortcutBaseline] { RetrievalShortcuts.single(form, values: frame.values) }

    /// Looks for the whole key of each question, with no key symbol on either side, from the end of the context.
    public func check(_ sequence: TaskSequence) -> [String] {
        let tokens = sequence.tokens
        let reading = RetrievalReading(tokens, form: form)
        let count = reading.facts.count
        var check = frame.check(sequence, task: Vocabulary.fuzzyTask, reading, facts: count, load: count) { asked in
            let width = asked.key.count
            let found = stride(from: reading.contextEnd - width - 1, through: 2, by: -1).first { start in
                tokens[start..<start + width].elementsEqual(asked.key)
                    && !SymbolRange.keys.contains(tokens[start - 1])
                    && SymbolRange.values.contains(tokens[start + width])
            }
            return found.map { start in
                let value = tokens[(start + width)...].prefix { SymbolRange.values.contains($0) }
                return Solution(
                    gold: value + [Vocabulary.end], start: start, width: width + value.count,
                    valuePosition: start + width)
            }
        }
        check.require(Set(reading.facts.map(\.key)).count == count, "a key occurs twice")
        check.require(Set(reading.facts.map(\.value)).count == count, "a value occurs twice")
        return check.complaints
    }

    /// The facts, the questions, their answers and covariates.
    public func describe(_ sequence: TaskSequence) -> String {
        RetrievalReading(sequence.tokens, form: form).describe(Self.name, sequence)
    }
}
