import AssayCore

/// A retrieval sequence as read from its tokens alone, by checkers, shortcuts and people.
struct RetrievalReading {
    /// A key with one of its values.
    struct Fact {
        let key: [Int32]
        let value: [Int32]
        /// Where the fact begins.
        let start: Int
        /// Where the value stands.
        let valuePosition: Int

        /// Tokens of the fact.
        var width: Int { valuePosition + value.count - start }
    }

    /// A question.
    struct Asked {
        let key: [Int32]
        let answer: Range<Int>
    }

    /// The form of a task's sequences.
    struct Form: Sendable {
        /// What each fact begins with, if anything.
        var mark: Int32?
        /// What the tokens of a key are.
        var keys: [SymbolRange] = [.keys]
        /// What the tokens of a value are.
        var values: [SymbolRange] = [.values]
        /// Keys and values have any number of tokens up to that.
        var areMotifs = false
        /// Whether answers go on to an end token.
        var endsAnswer = false
        /// Tokens of an answer; nil: as many as a value has.
        var answers: Int?
        /// What a question may say instead of a key of one token.
        var synonyms: SymbolRange?
        /// Starts a question about the meaning of a word, if there are such.
        var statement: Int32?
        /// What lies between the facts.
        var fillers: [SymbolRange] = [.noise]

        /// `key value`, one token of answer.
        static let pairs = Form()
        /// `key value`, the answer goes on to an end token.
        static let sets = Form(endsAnswer: true)
        /// `# key value`, one token of answer.
        static let needles = Form(mark: Vocabulary.needleMark)

        /// Where the key ends that begins at a place, if there is one.
        func keyEnd(_ tokens: [Int32], at start: Int) -> Int? { end(of: keys, tokens, start) }

        /// Where the value ends that begins at a place, if there is one.
        func valueEnd(_ tokens: [Int32], at start: Int) -> Int? { end(of: values, tokens, start) }

        private func end(of fields: [SymbolRange], _ tokens: [Int32], _ start: Int) -> Int? {
            if areMotifs {
                var end = start
                while end < tokens.count, fields[0].contains(tokens[end]) { end += 1 }
                return end > start && end - start <= fields.count ? end : nil
            }
            guard start + fields.count <= tokens.count else { return nil }
            for (offset, field) in fields.enumerated() where !field.contains(tokens[start + offset]) { return nil }
            return start + fields.count
        }

        /// Where what is asked for ends, after the mark of a question at a place.
        func askedEnd(_ tokens: [Int32], at mark: Int) -> Int? {
            guard mark + 1 < tokens.count else { return nil }
            let isSynonym = synonyms?.contains(tokens[mark + 1]) ?? false
            guard tokens[mark] == Vocabulary.query || tokens[mark] == statement else { return nil }
            return isSynonym ? mark + 2 : keyEnd(tokens, at: mark + 1)
        }

        func isFiller(_ token: Int32) -> Bool { fillers.contains { $0.contains(token) } }
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
            // Questions of different widths are filled up with noise after them.
            if form.areMotifs, form.isFiller(tokens[at]) {
                at += 1
                continue
            }
            guard let keyEnd = form.askedEnd(tokens, at: at) else {
                problems.append("no question at \(at)")
                return
            }
            var end = keyEnd + (form.answers ?? form.values.count)
            if form.endsAnswer {
                end = keyEnd + 1
                while end <= tokens.count, tokens[end - 1] != Vocabulary.end { end += 1 }
            }
            guard end <= tokens.count else {
                problems.append("the answer at \(keyEnd) never ends")
                return
            }
            let isStatement = tokens[at] == form.statement
            asked.append(Asked(key: Array(tokens[(isStatement ? at : at + 1)..<keyEnd]), answer: keyEnd..<end))
            at = end
        }
    }

    private mutating func readContext(_ tokens: [Int32], _ form: Form) -> Int {
        var at = 2
        while at < tokens.count, tokens[at] != Vocabulary.query, tokens[at] != Vocabulary.padding,
            form.statement == nil || tokens[at] != form.statement
        {
            let keyStart = at + (form.mark == nil ? 0 : 1)
            if form.mark == nil || tokens[at] == form.mark, let keyEnd = form.keyEnd(tokens, at: keyStart),
                let end = form.valueEnd(tokens, at: keyEnd)
            {
                facts.append(
                    Fact(
                        key: Array(tokens[keyStart..<keyEnd]), value: Array(tokens[keyEnd..<end]), start: at,
                        valuePosition: keyEnd))
                at = end
                continue
            }
            if form.isFiller(tokens[at]) {
                noise += 1
            } else {
                problems.append("neither fact nor noise at \(at)")
            }
            at += 1
        }
        return at
    }

    /// A sequence of another form, to be read by its task.
    init() {}

    /// Where facts can lie, in a sequence of another form.
    var region = 2..<2

    /// Adds a fact.
    mutating func add(_ fact: Fact) { facts.append(fact) }

    /// Adds a question.
    mutating func add(_ question: Asked) { asked.append(question) }

    /// Adds a problem.
    mutating func complain(_ problem: String) { problems.append(problem) }

    /// Where facts can lie when the last `gap` tokens of the context are noise.
    func region(gap: Int) -> Range<Int> { 2..<max(2, contextEnd - gap) }

    /// The facts whose value was not said in an earlier answer: what a guesser has to choose from.
    func remaining(_ tokens: [Int32], before answer: Range<Int>) -> [Fact] {
        let earlier = asked.filter { $0.answer.lowerBound < answer.lowerBound }.map { tokens[$0.answer] }
        let (whole, parts) = (Set(earlier.map { Array($0.prefix { $0 != Vocabulary.end }) }), Set(earlier.joined()))
        return facts.filter { $0.value.count == 1 ? !parts.contains($0.value[0]) : !whole.contains($0.value) }
    }

    /// `k3 = v17` for every fact.
    var factText: String {
        facts.map { "\(RetrievalReading.names($0.key)) = \(RetrievalReading.names($0.value)) @\($0.start)" }
            .joined(separator: ", ")
    }

    /// A symbol by its role.
    static func name(_ token: Int32) -> String {
        if SymbolRange.keys.contains(token) { return "k\(SymbolRange.keys.index(of: token))" }
        if SymbolRange.values.contains(token) { return "v\(SymbolRange.values.index(of: token))" }
        if SymbolRange.noise.contains(token) { return "n\(SymbolRange.noise.index(of: token))" }
        if SymbolRange.words.contains(token) { return "w\(SymbolRange.words.index(of: token))" }
        return Vocabulary.name(of: token)
    }

    /// Symbols by their roles.
    static func names(_ tokens: some Sequence<Int32>) -> String { tokens.map(name).joined(separator: " ") }

    /// The whole sequence for a person.
    func describe(_ title: String, _ sequence: TaskSequence) -> String {
        let lines = ["\(title): \(facts.count) facts among \(noise) tokens of noise", "  facts: \(factText)"]
        let keys = asked.map { RetrievalReading.names($0.key) }
        return
            (lines + RetrievalReading.questionLines(sequence) { $0 < keys.count ? "\(keys[$0]) ?" : "? ?" }
            + problems.map { "  problem: \($0)" }).joined(separator: "\n")
    }

    /// A line for each question: what is asked, the answer and the covariates.
    static func questionLines(_ sequence: TaskSequence, asking: (Int) -> String) -> [String] {
        sequence.questions.enumerated().map { number, question in
            let inside = question.answer.clamped(to: sequence.tokens.indices)
            let gold = question.hiddenGold.map { [$0] } ?? Array(sequence.tokens[inside])
            return "  question \(number + 1): \(asking(number))  answer: \(names(gold))  "
                + "(hops \(question.item.hops), load \(question.item.load), distance \(question.item.distance), "
                + "depth \(Int((question.item.position * 100).rounded())) %)"
        }
    }
}
