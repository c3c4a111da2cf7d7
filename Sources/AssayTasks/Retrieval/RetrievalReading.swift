import AssayCore

/// A retrieval sequence as read from its tokens alone, by checkers, shortcuts and people.
struct RetrievalReading {
    /// A key with one of its values.
    struct Fact {
        let key: Int32
        let value: Int32
        /// Where the fact begins.
        let start: Int
        /// Where the value stands.
        let valuePosition: Int
    }

    /// A question.
    struct Asked {
        let key: Int32
        let answer: Range<Int>
    }

    /// The form of a task's sequences.
    enum Form {
        /// `key value`, one token of answer.
        case pairs
        /// `key value`, the answer goes on to an end token.
        case sets
        /// `# key value`, one token of answer.
        case needles
    }

    private(set) var facts: [Fact] = []
    private(set) var asked: [Asked] = []
    private(set) var noise = 0
    private(set) var problems: [String] = []
    /// Where the first question starts.
    private(set) var contextEnd = 0

    /// Reads tokens; what does not fit the form is a problem, never a crash.
    init(_ tokens: [Int32], form: Form) {
        var at = readContext(tokens, form)
        contextEnd = at
        while at < tokens.count, tokens[at] != Vocabulary.padding {
            guard tokens[at] == Vocabulary.query, at + 2 < tokens.count, SymbolRange.keys.contains(tokens[at + 1])
            else {
                problems.append("no question at \(at)")
                return
            }
            var end = at + 3
            if form == .sets {
                while end <= tokens.count, tokens[end - 1] != Vocabulary.end { end += 1 }
                guard end <= tokens.count else {
                    problems.append("the answer at \(at + 2) never ends")
                    return
                }
            }
            asked.append(Asked(key: tokens[at + 1], answer: at + 2..<end))
            at = end
        }
    }

    private mutating func readContext(_ tokens: [Int32], _ form: Form) -> Int {
        var at = 2
        let width = form == .needles ? 3 : 2
        while at < tokens.count, tokens[at] != Vocabulary.query, tokens[at] != Vocabulary.padding {
            if SymbolRange.noise.contains(tokens[at]) {
                noise += 1
                at += 1
                continue
            }
            let keyAt = at + width - 2
            guard keyAt + 1 < tokens.count, width == 2 || tokens[at] == Vocabulary.needleMark,
                SymbolRange.keys.contains(tokens[keyAt]), SymbolRange.values.contains(tokens[keyAt + 1])
            else {
                problems.append("neither fact nor noise at \(at)")
                at += 1
                continue
            }
            facts.append(Fact(key: tokens[keyAt], value: tokens[keyAt + 1], start: at, valuePosition: keyAt + 1))
            at += width
        }
        return at
    }

    /// Where facts can lie when the last `gap` tokens of the context are noise.
    func region(gap: Int) -> Range<Int> { 2..<max(2, contextEnd - gap) }

    /// The facts whose value was not said in an earlier answer: what a guesser has to choose from.
    func remaining(_ tokens: [Int32], before answer: Range<Int>) -> [Fact] {
        let said = Set(asked.filter { $0.answer.lowerBound < answer.lowerBound }.flatMap { tokens[$0.answer] })
        return facts.filter { !said.contains($0.value) }
    }

    /// `k3 = v17` for every fact.
    var factText: String {
        facts.map { "\(RetrievalReading.name($0.key)) = \(RetrievalReading.name($0.value)) @\($0.start)" }
            .joined(separator: ", ")
    }

    /// A symbol by its role.
    static func name(_ token: Int32) -> String {
        if SymbolRange.keys.contains(token) { return "k\(SymbolRange.keys.index(of: token))" }
        if SymbolRange.values.contains(token) { return "v\(SymbolRange.values.index(of: token))" }
        if SymbolRange.noise.contains(token) { return "n\(SymbolRange.noise.index(of: token))" }
        return Vocabulary.name(of: token)
    }

    /// The whole sequence for a person.
    func describe(_ title: String, _ sequence: TaskSequence) -> String {
        var lines = ["\(title): \(facts.count) facts among \(noise) tokens of noise", "  facts: \(factText)"]
        for (number, question) in sequence.questions.enumerated() {
            let key = number < asked.count ? RetrievalReading.name(asked[number].key) : "?"
            let inside = question.answer.clamped(to: sequence.tokens.indices)
            let gold = sequence.tokens[inside].map(RetrievalReading.name).joined(separator: " ")
            lines.append(
                "  question \(number + 1): \(key) ?  answer: \(gold)  "
                    + "(hops \(question.item.hops), load \(question.item.load), distance \(question.item.distance), "
                    + "depth \(Int((question.item.position * 100).rounded())) %)")
        }
        return (lines + problems.map { "  problem: \($0)" }).joined(separator: "\n")
    }
}
