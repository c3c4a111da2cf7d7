import AssayCore

/// How the facts and questions of a task are told apart.
struct HopGrammar: Sendable {
    /// Tokens of the fact that begins here; nil when none does.
    let fact: @Sendable (ArraySlice<Int32>) -> Int?
    /// Tokens between `?` and the answer of the question that begins here; nil when none does.
    let ask: @Sendable (ArraySlice<Int32>) -> Int?
    /// An answer goes on to an end token, instead of being one token.
    var isGenerated = false
}

/// A sequence of facts among noise and questions as read from its tokens alone, by checkers, shortcuts and people.
struct HopReading {
    /// A fact.
    struct Fact {
        let tokens: [Int32]
        let start: Int
    }

    /// A question.
    struct Asked {
        /// The tokens between `?` and the answer.
        let ask: [Int32]
        let answer: Range<Int>
        /// The answer that stands in the tokens.
        let said: [Int32]
    }

    private(set) var facts: [Fact] = []
    private(set) var asked: [Asked] = []
    private(set) var noise = 0
    private(set) var problems: [String] = []
    /// Where the first question starts.
    private(set) var contextEnd = 0

    /// Reads tokens; what does not fit the grammar is a problem, never a crash.
    init(_ tokens: [Int32], _ grammar: HopGrammar) {
        var at = 2
        while at < tokens.count, tokens[at] != Vocabulary.query, tokens[at] != Vocabulary.padding {
            if SymbolRange.noise.contains(tokens[at]) {
                noise += 1
                at += 1
            } else if let width = grammar.fact(tokens[at...]), at + width <= tokens.count {
                facts.append(Fact(tokens: Array(tokens[at..<at + width]), start: at))
                at += width
            } else {
                problems.append("neither fact nor noise at \(at)")
                at += 1
            }
        }
        contextEnd = at
        while at < tokens.count, tokens[at] != Vocabulary.padding {
            guard tokens[at] == Vocabulary.query, let width = grammar.ask(tokens[(at + 1)...]),
                case let first = at + 1 + width, first < tokens.count,
                let last = grammar.isGenerated ? tokens[first...].firstIndex(of: Vocabulary.end) : first
            else {
                problems.append("no question at \(at)")
                return
            }
            asked.append(
                Asked(
                    ask: Array(tokens[at + 1..<first]), answer: first..<last + 1, said: Array(tokens[first...last])))
            at = last + 1
        }
    }

    /// Where facts can lie when the last `gap` tokens of the context are noise.
    func region(gap: Int) -> Range<Int> { 2..<max(2, contextEnd - gap) }

    /// The question whose answer a record asks for.
    func asked(_ question: Question) -> Asked? { asked.first { $0.answer == question.answer } }

    /// The numbers of the facts by a token of each, such as the one that a fact defines.
    func index(by key: (Fact) -> Int32) -> (numbers: [Int32: Int], isUnique: Bool) {
        let numbers = Dictionary(facts.enumerated().map { (key($1), $0) }, uniquingKeysWith: { first, _ in first })
        return (numbers, numbers.count == facts.count)
    }
}

/// What a checker made of the facts of a sequence.
struct HopSolver {
    /// What is wrong with the facts.
    let faults: [String]
    let load: Int
    /// Solves a question; nil when it has no answer.
    let solve: (HopReading.Asked) -> HopSolution?
}

/// What a checker found for a question.
struct HopSolution {
    let gold: [Int32]
    var grading: Grading = .exact
    var hops = 1
    /// The numbers of the facts that the answer rests on.
    let support: [Int]
}

extension HopTask {
    /// Solves every question from the facts as read, and compares.
    public func check(_ sequence: TaskSequence) -> [String] {
        var check = SequenceCheck(sequence, length: length, task: frame.task)
        let reading = HopReading(sequence.tokens, grammar)
        let solver = solver(reading)
        check.complain(reading.problems + solver.faults)
        check.require(reading.asked.count == sequence.questions.count, "questions and records differ in number")
        let region = reading.region(gap: frame.gap)
        check.require(
            reading.facts.last.map { $0.start + $0.tokens.count <= region.upperBound } ?? false,
            "there is no fact, or one in the gap")
        for (number, asked) in reading.asked.enumerated() {
            guard let solution = solver.solve(asked), solution.support.allSatisfy(reading.facts.indices.contains),
                let first = solution.support.map({ reading.facts[$0] }).min(by: { $0.start < $1.start })
            else {
                check.complain(["question \(number) has no answer, or one that is not right"])
                continue
            }
            check.compare(
                number, sequence,
                with: .init(
                    answer: asked.answer, gold: solution.gold, grading: solution.grading, hops: solution.hops,
                    facts: reading.facts.count, distance: asked.answer.lowerBound - first.start - 1,
                    load: solver.load,
                    position: NoisyContext.position(first.start, in: region, width: first.tokens.count)))
        }
        return check.complaints
    }

    /// The facts, the questions, their answers and covariates.
    public func describe(_ sequence: TaskSequence) -> String {
        let reading = HopReading(sequence.tokens, grammar)
        var lines = [
            "\(identity.generator): \(reading.facts.count) facts among \(reading.noise) tokens of noise",
            "  " + reading.facts.map { text(fact: $0.tokens) }.joined(separator: ", "),
        ]
        for (number, question) in sequence.questions.enumerated() {
            let item = question.item
            let gold = sequence.tokens[question.answer.clamped(to: sequence.tokens.indices)]
            lines.append(
                "  question \(number + 1): \(reading.asked(question).map { text(ask: $0.ask) } ?? "none") ?  answer: "
                    + gold.map { text(token: $0) }.joined(separator: " ")
                    + "  (hops \(item.hops), load \(item.load), distance \(item.distance)"
                    + (item.parent.map { "; single hop of question \($0.question + 1)" } ?? "") + ")")
        }
        return (lines + reading.problems.map { "  problem: \($0)" }).joined(separator: "\n")
    }

    /// Guess a candidate, say the last or the first one, always the same one, one that is stated within a window; and the
    /// task's own.
    public var baselines: [ShortcutBaseline] {
        func baseline(
            _ name: String, _ choose: @escaping @Sendable ([Int32], inout CounterRandom) -> Int32?
        ) -> ShortcutBaseline {
            ownBaseline(name) { asked, reading, random in
                let answers = candidates(asked, reading)
                return answers.isEmpty ? nil : choose(answers, &random)
            }
        }
        return [
            baseline("guess-answer") { answers, random in random.pick(answers) },
            baseline("last-answer") { answers, _ in answers.last },
            baseline("first-answer") { answers, _ in answers.first },
            baseline("constant-answer") { answers, _ in answers.min() },
            ownBaseline("local-window") { asked, reading, random in
                let answers = candidates(asked, reading)
                let near = asked.answer.lowerBound - 1 - ShortcutBaseline.window
                let visible = Set(reading.facts.filter { $0.start > near }.flatMap(\.tokens))
                return answers.first(where: visible.contains) ?? (answers.isEmpty ? nil : random.pick(answers))
            },
        ] + ownBaselines
    }

    /// A shortcut by what it says to a question: one token, followed by an end token where answers are generated.
    func ownBaseline(
        _ name: String,
        _ choose: @escaping @Sendable (HopReading.Asked, HopReading, inout CounterRandom) -> Int32?
    ) -> ShortcutBaseline {
        let grammar = grammar
        return ShortcutBaseline(name: name, reading: { HopReading($0.tokens, grammar) }) {
            reading, _, question, random in
            guard let asked = reading.asked(question), let said = choose(asked, reading, &random) else { return 0 }
            return asked.said == (grammar.isGenerated ? [said, Vocabulary.end] : [said]) ? 1 : 0
        }
    }
}

extension HopReading {
    /// The answers that were not said in an earlier answer: what a guesser has to choose from where none comes twice.
    func remaining(_ answers: [Int32], before asked: Asked) -> [Int32] {
        let said = Set(self.asked.filter { $0.answer.lowerBound < asked.answer.lowerBound }.flatMap(\.said))
        return answers.filter { !said.contains($0) }
    }
}
