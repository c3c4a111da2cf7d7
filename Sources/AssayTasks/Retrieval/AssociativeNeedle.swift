import AssayCore

/// A needle that the question does not name: it says a synonym of the needle's key, and training teaches which words are
/// synonyms.
///
/// `<s> associative n # k3 v n # k5 v n ... ? w8 v`, where w8 means the same as k3. After Modarressi et al., "NoLiMa" (ICML
/// 2025), where question and needle share no word and a fact of the world links them. The table of synonyms is fixed: it
/// does not vary with seed, stream or item, and it is never in the context of an evaluation item. Training sequences state
/// it (`same k3 w8`, `same w8 k3`) beside questions by key and by synonym.
///
/// A cluster is the main sequence and its twin: the same haystack and needles, asked for by their keys. The main questions
/// have two hops (word to synonym, key to value), the twins one.
public struct AssociativeNeedle: RetrievalTask {
    /// The generator's name.
    public static let name = "associative-needle"
    /// The parameters.
    public static let parameters = [
        TaskParameter("needles", 6, 2...48, "needles, one or more of them asked for: the load"),
        .queries(2, 48, about: "needle"), .length(128),
        TaskParameter("symbols", 16, 8...48, "words with a synonym each, and different values"), .gap,
    ]
    static let kind = TaskKind(
        name: name, family: .retrieval, summary: "a needle asked for by a learned synonym, with its literal twin",
        parameters: parameters, make: { try AssociativeNeedle($0) })

    private static let form = RetrievalReading.Form(
        mark: Vocabulary.needleMark, synonyms: .words, statement: Vocabulary.same)
    let needles: Int
    let queries: Int
    let frame: RetrievalFrame

    /// The task of these parameter values.
    /// - Throws: ``AssayError`` naming the parameter that is unknown, out of range or contradicts the others.
    public init(_ given: [String: Int] = [:]) throws {
        let p = try ParameterValues(Self.name, Self.parameters, given)
        (needles, queries) = (p["needles"], p["queries"])
        try p.require("queries", atMost: needles, because: "every question is about another needle")
        frame = try RetrievalFrame(
            Self.name, version: 1, p, facts: needles, sharing: "every needle has a key and a value of its own",
            room: 3 * needles + 3 * queries, content: "\(needles) needles, \(queries) questions")
    }

    /// The synonym of a key: an affine map of its number, with the first factor of 5, 7, 11 that is prime to the count.
    func synonym(of key: Int32) -> Int32 {
        SymbolRange.words[(factor * frame.keys.index(of: key) + 3) % frame.keys.count]
    }

    private var factor: Int { [5, 7, 11].first { frame.keys.count % $0 != 0 } ?? 1 }

    /// The sequence with questions by synonym, then its twin with questions by key.
    public func cluster(_ stream: ItemStream, index: Int) -> [TaskSequence] {
        [false, true].map { isTwin in
            frame.sequence(stream, .cluster, index, task: Vocabulary.associativeTask, isTwin: isTwin) { random in
                var sheet = sheet(of: needles, &random)
                if !isTwin { sheet.inquiries = sheet.inquiries.map(associative) }
                return (sheet, queries)
            }
        }
    }

    /// A sequence with all needles half of the time, with fewer otherwise; instead of noise, questions by key and by synonym
    /// and statements of the table, mixed.
    public func trainingSequence(_ stream: ItemStream, index: Int) -> TaskSequence {
        frame.sequence(stream, .training, index, task: Vocabulary.associativeTask) { random in
            let count = random.difficulty(2...needles)
            var sheet = sheet(of: count, &random)
            let words = frame.keys.distinct(count, &random)
            sheet.inquiries += sheet.inquiries.map(associative)
            sheet.inquiries += words.map { key in
                let pair = [key, synonym(of: key)]
                let (said, asked) = random.next() & 1 == 0 ? (pair[0], pair[1]) : (pair[1], pair[0])
                return FactSheet.Inquiry(prompt: [Vocabulary.same, said], gold: [asked])
            }
            return (sheet, random.difficulty(queries...frame.questions(of: 3, beside: 3 * count)))
        }
    }

    private func sheet(of needles: Int, _ random: inout CounterRandom) -> FactSheet {
        let keys = frame.keys.distinct(needles, &random)
        return .pairs(keys, frame.values.distinct(needles, &random), mark: [Vocabulary.needleMark])
    }

    /// The same question by the synonym of its key.
    private func associative(_ inquiry: FactSheet.Inquiry) -> FactSheet.Inquiry {
        var copy = inquiry
        copy.prompt[1] = synonym(of: inquiry.prompt[1])
        copy.hops = 2
        return copy
    }
}

extension AssociativeNeedle {
    /// Guessing among the values of the needles not yet given as answers.
    public var statedFloor: Double { RetrievalShortcuts.guessing(among: needles, questions: queries) }

    /// Guess a value, the last value, the first, the nearest needle within a window, always the same value.
    public var baselines: [ShortcutBaseline] { RetrievalShortcuts.single(Self.form, values: frame.values) }

    /// Asks of every needle whether its key is, or by trying means, the word asked for.
    public func check(_ sequence: TaskSequence) -> [String] {
        let reading = RetrievalReading(sequence.tokens, form: Self.form)
        let count = reading.facts.count
        // The table read backwards.
        let meanings = Dictionary(
            uniqueKeysWithValues: (0..<frame.keys.count).map { number in
                (synonym(of: frame.keys[number]), frame.keys[number])
            })
        var check = frame.check(sequence, task: Vocabulary.associativeTask, reading, facts: count, load: count) {
            asked in
            let word = asked.key[asked.key.count - 1]
            if asked.key[0] == Vocabulary.same {
                let other = meanings[word] ?? meanings.first { $0.value == word }?.key
                return other.map { Solution(gold: [$0]) }
            }
            let key = meanings[word] ?? word
            return reading.facts.last { $0.key == [key] }.map { Solution($0, hops: key == word ? 1 : 2) }
        }
        check.require(Set(reading.facts.map(\.key)).count == count, "a key occurs twice")
        check.require(Set(reading.facts.map(\.value)).count == count, "a value occurs twice")
        return check.complaints
    }

    /// The needles, the questions, their answers and covariates, and the synonyms of the needles' keys.
    public func describe(_ sequence: TaskSequence) -> String {
        let reading = RetrievalReading(sequence.tokens, form: Self.form)
        let table = reading.facts.map(\.key[0]).filter(frame.keys.contains).map {
            "\(RetrievalReading.name($0)) ~ \(RetrievalReading.name(synonym(of: $0)))"
        }
        return reading.describe(Self.name, sequence) + "\n  synonyms: \(table.joined(separator: ", "))"
    }
}
