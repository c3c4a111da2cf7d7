import AssayCore

/// Looking a number up in a phone book: names of two tokens, numbers of several digits.
///
/// `<s> phone-book k3 w8 v1 v4 v4 v0 k9 w2 v7 ... ? k3 w8 v1 v4 v4 v0`. After Jelassi et al., "Repeat After Me" (2024;
/// sjelassi/transformers_ssm_copy), where a book of names and numbers is read and one number asked for. First names and
/// surnames are shared, digits are ten: nothing but the whole name leads to the number.
public struct PhoneBook: RecallTask {
    /// The generator's name.
    public static let name = "phone-book"
    /// The parameters.
    public static let parameters = [
        TaskParameter("entries", 8, 2...512, "names with their numbers: the load"),
        TaskParameter("digits", 4, 1...8, "digits of a number"),
        .queries(3, 64, about: "name"), .length(128), .symbols, .gap,
    ]
    static let kind = TaskKind(
        name: name, family: .retrieval, summary: "numbers of several digits by names of two tokens",
        parameters: parameters, make: { try PhoneBook($0) })

    private static let digit = SymbolRange(offset: 64, count: 10)
    let entries: Int
    let queries: Int
    private let digits: Int
    private let form: RetrievalReading.Form
    let frame: RetrievalFrame
    static let token = Vocabulary.phoneBookTask
    var size: Int { entries }

    /// The task of these parameter values.
    /// - Throws: ``AssayError`` naming the parameter that is unknown, out of range or contradicts the others.
    public init(_ given: [String: Int] = [:]) throws {
        let p = try ParameterValues(Self.name, Self.parameters, given)
        (entries, digits, queries) = (p["entries"], p["digits"], p["queries"])
        try p.require("queries", atMost: entries, because: "every question is about another name")
        try p.require(
            "digits", atLeast: entries <= 10 ? 1 : entries <= 100 ? 2 : 3,
            because: "\(entries) numbers are all different")
        try p.require("symbols", atLeast: (2 * entries + 47) / 48, because: "half of the names must be free")
        form = .init(keys: [.keys, .words], values: Array(repeating: Self.digit, count: digits))
        frame = try RetrievalFrame(
            Self.name, version: 1, p, room: (2 + digits) * entries + (3 + digits) * queries,
            content: "\(entries) entries of \(2 + digits) tokens, \(queries) questions")
    }

    func trainingSize(_ random: inout CounterRandom) -> Int { random.difficulty(2...entries) }

    func extent(of entries: Int) -> (asked: Int, facts: Int, question: Int) {
        (entries, (2 + digits) * entries, 3 + digits)
    }

    func sheet(of entries: Int, queries: Int, _ random: inout CounterRandom) -> FactSheet {
        let names = frame.twoPartKeys(entries, &random)
        let numbers = numbers(entries, &random)
        return FactSheet(
            facts: zip(names, numbers).map { $0 + $1 },
            inquiries: names.indices.map {
                .init(prompt: [Vocabulary.query] + names[$0], gold: numbers[$0], fact: $0, offset: 2)
            },
            questionWidth: 3 + digits, distinctFacts: entries, load: entries)
    }

    /// Different numbers.
    private func numbers(_ count: Int, _ random: inout CounterRandom) -> [[Int32]] {
        var taken: Set<[Int32]> = []
        return (0..<count).map { _ in
            while true {
                let number = (0..<digits).map { _ in random.pick(Self.digit) }
                if taken.insert(number).inserted { return number }
            }
        }
    }
}

extension PhoneBook {
    /// Guessing among the numbers not yet given as answers.
    public var statedFloor: Double { RetrievalShortcuts.guessing(among: entries, questions: queries) }

    /// Guess a number of the book, the last, the first, the nearest entry within a window, always the same digit.
    public var baselines: [ShortcutBaseline] { RetrievalShortcuts.single(form, values: Self.digit) }

    /// Looks each name up in a table of all entries.
    public func check(_ sequence: TaskSequence) -> [String] {
        let reading = RetrievalReading(sequence.tokens, form: form)
        let count = reading.facts.count
        let book = Dictionary(reading.facts.map { ($0.key, $0) }, uniquingKeysWith: { $1 })
        var check = frame.check(sequence, task: Vocabulary.phoneBookTask, reading, facts: count, load: count) {
            book[$0.key].map { Solution($0) }
        }
        check.require(book.count == count, "a name occurs twice")
        check.require(Set(reading.facts.map(\.value)).count == count, "a number occurs twice")
        return check.complaints
    }

    /// The entries, the questions, their answers and covariates.
    public func describe(_ sequence: TaskSequence) -> String {
        RetrievalReading(sequence.tokens, form: form).describe(Self.name, sequence)
    }
}
