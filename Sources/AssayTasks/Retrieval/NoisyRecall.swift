import AssayCore

/// Associative recall from a stream of pairs that come again and again, with a share of noise between them.
///
/// `<s> noisy k1 v1 n k2 v2 k1 v1 n n ... ? k2 v2`: every key is told at least once, always with its value; of the
/// context's tokens, `noise` in a hundred are noise. After the noisy in-context recall of MAD (Poli et al., 2024;
/// athms/mad-lab, `noisy_in_context_recall`), where length adds repetitions and not keys; there, values are asked for at each
/// repetition, most of them after a few tokens; here at the end, behind a gap.
public struct NoisyRecall: RecallTask {
    /// The generator's name.
    public static let name = "noisy-recall"
    /// The parameters.
    public static let parameters = [
        TaskParameter("keys", 8, 2...64, "different keys: the load"),
        TaskParameter("noise", 40, 0...95, "noise tokens in a hundred tokens of the context"),
        .queries(4, 64, about: "key"), .length(128), .symbols, .gap,
    ]
    static let kind = TaskKind(
        name: name, family: .retrieval, summary: "value of a key that is told repeatedly, by the share of noise",
        parameters: parameters, make: { try NoisyRecall($0) })

    let keyCount: Int
    let noise: Int
    let queries: Int
    let frame: RetrievalFrame
    static let token = Vocabulary.noisyTask
    var size: Int { keyCount }

    /// The task of these parameter values.
    /// - Throws: ``AssayError`` naming the parameter that is unknown, out of range or contradicts the others.
    public init(_ given: [String: Int] = [:]) throws {
        let p = try ParameterValues(Self.name, Self.parameters, given)
        (keyCount, noise, queries) = (p["keys"], p["noise"], p["queries"])
        try p.require("queries", atMost: keyCount, because: "every question is about another key")
        let room = (200 * keyCount + 99 - noise) / (100 - noise)
        frame = try RetrievalFrame(
            Self.name, version: 1, p, facts: keyCount, sharing: "every key has a value of its own",
            room: room + 3 * queries, content: "\(keyCount) pairs with \(noise) % of noise, \(queries) questions")
    }

    func trainingSize(_ random: inout CounterRandom) -> Int { random.difficulty(2...keyCount) }

    func extent(of keys: Int) -> (asked: Int, facts: Int, question: Int) {
        (keys, (200 * keys + 99 - noise) / (100 - noise), 3)
    }

    func sheet(of count: Int, queries: Int, _ random: inout CounterRandom) -> FactSheet {
        let keys = frame.keys.distinct(count, &random)
        let values = frame.values.distinct(count, &random)
        let told = max(count, frame.room(beside: 3 * queries) * (100 - noise) / 200)
        var owners = (0..<told).map { $0 < count ? $0 : random.below(count) }
        random.shuffle(&owners)
        var latest = [Int](repeating: 0, count: count)
        for (fact, owner) in owners.enumerated() { latest[owner] = fact }
        return FactSheet(
            facts: owners.map { [keys[$0], values[$0]] },
            inquiries: (0..<count).map {
                .init(prompt: [Vocabulary.query, keys[$0]], gold: [values[$0]], fact: latest[$0], offset: 1)
            },
            questionWidth: 3, distinctFacts: count, load: count)
    }
}

extension NoisyRecall {
    /// Guessing among the values not yet given as answers.
    public var statedFloor: Double { RetrievalShortcuts.guessing(among: keyCount, questions: queries) }

    /// The most frequent value, guess a value, the last value, the first, the nearest pair within a window, always the same
    /// value.
    public var baselines: [ShortcutBaseline] {
        [
            RetrievalShortcuts.reading("most-frequent", .pairs) { reading, sequence, question, _ in
                let counts = Dictionary(grouping: reading.facts, by: \.value).mapValues(\.count)
                let most = counts.max { ($0.value, $1.key[0]) < ($1.value, $0.key[0]) }
                return most.map { RetrievalShortcuts.isRight($0.key, sequence, question) } ?? 0
            }
        ] + RetrievalShortcuts.single(.pairs, values: frame.values)
    }

    /// Looks each key up by scanning backwards from its question.
    public func check(_ sequence: TaskSequence) -> [String] {
        frame.checkPairs(sequence, task: Vocabulary.noisyTask, repeats: true)
    }

    /// The facts, the questions, their answers and covariates.
    public func describe(_ sequence: TaskSequence) -> String {
        RetrievalReading(sequence.tokens, form: .pairs).describe(Self.name, sequence)
    }
}
