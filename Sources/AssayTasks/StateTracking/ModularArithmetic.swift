import AssayCore

/// Arithmetic modulo 5 on a long expression.
///
/// Without brackets `<s> arithmetic 3 + 4 * 2 - 1 ... </s>`: products before sums, as usual; the value is asked for at
/// numbers of the second half, since every prefix that ends in a number is an expression of its own. With brackets
/// `<s> arithmetic ( 3 + ( 4 * 2 ) ) - 1 ... = 4`: a random tree, every operation but the outermost in brackets; no
/// prefix has a value then, so it is asked for once, at the end. After Delétang et al., "Neural Networks and the Chomsky
/// Hierarchy" (ICLR 2023, arXiv 2207.02098), in the setting of Grazzi et al. (ICLR 2025, arXiv 2411.12537), who ask at the
/// end in both forms.
public struct ModularArithmetic: TaskGenerator {
    /// The generator's name.
    public static let name = "modular-arithmetic"
    /// The parameters.
    public static let parameters = [
        TaskParameter("operators", 3, 1...3, "operators: + alone, + and -, or + - and *"),
        TaskParameter(
            "brackets", choices: ["no", "yes"], "no", "a random tree in brackets, asked for once at its end"),
        TaskParameter.wordLength(64), TaskParameter.placesAsked,
    ]
    static let kind = TaskKind(
        name: name, family: .stateTracking, summary: "value modulo 5 of an expression so far, by length",
        parameters: parameters, make: { try ModularArithmetic($0) })

    /// The modulus.
    static let modulus = 5
    private static let widths = (first: 1, other: 2)

    /// The form of the expressions.
    private enum Form: Sendable {
        case running(StateWord)
        case brackets(BracketExpressions)
    }

    private let form: Form

    /// The task of these parameter values.
    /// - Throws: ``AssayError`` naming the parameter that is unknown, out of range or contradicts the others.
    public init(_ given: [String: Int] = [:]) throws {
        let p = try ParameterValues(Self.name, Self.parameters, given)
        let identity = TaskIdentity(generator: Self.name, version: 1, parameters: p.all)
        if p["brackets"] == 1 {
            try p.require("questions", atMost: 1, because: "an expression in brackets has one value, at its end")
            form = .brackets(
                BracketExpressions(identity: identity, length: p["length"], operators: p["operators"]))
            return
        }
        try StateWord.demand(p, widths: Self.widths)
        form = .running(
            StateWord(
                identity: identity, length: p["length"], questions: p["questions"], task: Vocabulary.arithmeticTask,
                automaton: ModularArithmetic.automaton(operators: p["operators"]), widths: Self.widths,
                spell: { letter, isFirst in
                    let number = Arithmetic.number(letter % Self.modulus)
                    return isFirst ? [number] : [Vocabulary.firstOperator + Int32(letter / Self.modulus), number]
                }))
    }

    /// The automaton that reads operators with their numbers and knows the finished sum s and the open product p, state
    /// `5 s + p`; the value is s + p. Letter `5 o + n` is operator o with number n; a word begins like `+ n`.
    private static func automaton(operators: Int) -> Automaton {
        let m = modulus
        var next: [Int] = []
        for state in 0..<m * m {
            let (sum, product) = (state / m, state % m)
            for letter in 0..<operators * m {
                let number = letter % m
                switch letter / m {
                case 0: next.append((sum + product) % m * m + number)
                case 1: next.append((sum + product) % m * m + (m - number) % m)
                default: next.append(sum * m + product * number % m)
                }
            }
        }
        // Further letters make s + c p + d of the value, for some c and d; a d only renames.
        let factors = operators == 3 ? Array(0..<m) : [1]
        let views = factors.map { factor in (0..<m * m).map { ($0 / m + factor * ($0 % m)) % m } }
        return Automaton(
            states: m * m, start: 0, letters: operators * m, firstLetters: m, next: next,
            values: (0..<m * m).map { ($0 / m + $0 % m) % m }, valueCount: m, views: views)
    }

    /// Everything that identifies the items.
    public var identity: TaskIdentity {
        switch form {
        case .running(let word): word.identity
        case .brackets(let trees): trees.identity
        }
    }

    /// Tokens of every sequence.
    public var length: Int {
        switch form {
        case .running(let word): word.length
        case .brackets(let trees): trees.length
        }
    }

    /// State tracking.
    public var family: TaskFamily { .stateTracking }
    /// One token is asked for; nothing is generated freely.
    public var generates: Bool { false }

    /// A fifth, and what products, which are often 0, add to it.
    public var statedFloor: Double {
        switch form {
        case .running(let word): word.floor
        case .brackets(let trees): trees.floor
        }
    }

    /// Guess, say the last number, say 0, work out the last operations.
    public var baselines: [ShortcutBaseline] {
        switch form {
        case .running(let word): word.baselines
        case .brackets: BracketExpressions.baselines
        }
    }

    /// One sequence a cluster.
    public func cluster(_ stream: ItemStream, index: Int) -> [TaskSequence] {
        switch form {
        case .running(let word): word.cluster(stream, index: index)
        case .brackets(let trees): [trees.sequence(stream, .cluster, index)]
        }
    }

    /// Without brackets, a sequence that is asked after every number; with brackets, an expression of any size.
    public func trainingSequence(_ stream: ItemStream, index: Int) -> TaskSequence {
        switch form {
        case .running(let word): word.trainingSequence(stream, index: index)
        case .brackets(let trees): trees.sequence(stream, .training, index)
        }
    }

    /// Parses the expression from its start for every question.
    public func check(_ sequence: TaskSequence) -> [String] {
        var check = SequenceCheck(sequence, length: length, task: Vocabulary.arithmeticTask)
        switch form {
        case .running(let word):
            let end = sequence.usedLength - 1
            guard end == 2 + Self.widths.first + (word.letters - 1) * Self.widths.other,
                sequence.tokens[end] == Vocabulary.end
            else { return check.complaints + ["is not \(word.letters) numbers and </s>"] }
            for (number, question) in sequence.questions.enumerated() {
                let place = min(max(question.answer.lowerBound, 3), end)
                guard let value = Arithmetic.value(sequence.tokens[2..<place]) else {
                    return check.complaints + ["question \(number): no expression ends at \(place - 1)"]
                }
                check.compare(number, sequence, with: word.expected(answer: place, value: value))
            }
            check.require(Arithmetic.value(sequence.tokens[2..<end]) != nil, "is not an expression")
            check.requirePlaces(sequence, letters: word.letters, questions: word.questions, widths: Self.widths)
        case .brackets(let trees): trees.check(sequence, &check)
        }
        return check.complaints
    }

    /// The expression, the questions and their answers.
    public func describe(_ sequence: TaskSequence) -> String {
        switch form {
        case .running(let word): word.describe(Self.name, sequence, name: Arithmetic.name)
        case .brackets: BracketExpressions.describe(sequence)
        }
    }
}

/// Arithmetic modulo 5 on tokens.
enum Arithmetic {
    private static let numbers = SymbolRange(offset: 0, count: ModularArithmetic.modulus)

    /// The token of a number.
    static func number(_ value: Int) -> Int32 { numbers[value] }

    /// A token as a person writes it.
    static func name(_ token: Int32) -> String {
        numbers.contains(token) ? "\(numbers.index(of: token))" : Vocabulary.name(of: token)
    }

    /// The value of an expression by recursive descent, in whole numbers that are reduced as they grow; nil when it is none.
    static func value(_ tokens: ArraySlice<Int32>) -> Int? {
        var parser = Parser(tokens: tokens)
        guard let value = parser.sum(), parser.tokens.isEmpty else { return nil }
        return value
    }

    private struct Parser {
        var tokens: ArraySlice<Int32>
        private var depth = 0

        init(tokens: ArraySlice<Int32>) { self.tokens = tokens }

        mutating func sum() -> Int? {
            guard var total = product() else { return nil }
            while let token = tokens.first, token == Vocabulary.firstOperator || token == Vocabulary.firstOperator + 1 {
                tokens.removeFirst()
                guard let next = product() else { return nil }
                total += token == Vocabulary.firstOperator ? next : -next
            }
            return (total % 5 + 5) % 5
        }

        private mutating func product() -> Int? {
            guard var total = factor() else { return nil }
            while tokens.first == Vocabulary.firstOperator + 2 {
                tokens.removeFirst()
                guard let next = factor() else { return nil }
                total = total * next % 5
            }
            return total
        }

        private mutating func factor() -> Int? {
            guard let token = tokens.popFirst() else { return nil }
            if numbers.contains(token) { return numbers.index(of: token) }
            // Garbage must not nest deeper than the stack.
            guard token == Vocabulary.open, depth < 2048 else { return nil }
            depth += 1
            let value = sum()
            depth -= 1
            return tokens.popFirst() == Vocabulary.close ? value : nil
        }
    }
}
