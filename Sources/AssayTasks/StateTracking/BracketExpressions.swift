import AssayCore

/// Expressions modulo 5 in brackets: a random binary tree over numbers, and a question for its value at the end.
struct BracketExpressions: Sendable {
    let identity: TaskIdentity
    let length: Int
    let operators: Int
    /// Numbers of an expression for evaluation.
    let numbers: Int
    /// See ``endsFloor(numbers:operators:)``.
    let floor: Double
    private let source: ItemSource

    init(identity: TaskIdentity, length: Int, operators: Int) {
        self.identity = identity
        self.length = length
        self.operators = operators
        numbers = (length + 1) / 4
        source = ItemSource(identity)
        floor = BracketExpressions.endsFloor(numbers: numbers, operators: operators)
    }

    /// A node of the tree.
    private indirect enum Node {
        case number(Int)
        case operation(Int, Node, Node)

        var value: Int {
            switch self {
            case .number(let value): value
            case .operation(let sign, let a, let b): BracketExpressions.apply(sign, a.value, b.value)
            }
        }

        func write(_ tokens: inout [Int32], isOutermost: Bool = true) {
            switch self {
            case .number(let value): tokens.append(Arithmetic.number(value))
            case .operation(let sign, let a, let b):
                if !isOutermost { tokens.append(Vocabulary.open) }
                a.write(&tokens, isOutermost: false)
                tokens.append(Vocabulary.firstOperator + Int32(sign))
                b.write(&tokens, isOutermost: false)
                if !isOutermost { tokens.append(Vocabulary.close) }
            }
        }
    }

    fileprivate static func apply(_ sign: Int, _ a: Int, _ b: Int) -> Int {
        let m = ModularArithmetic.modulus
        return switch sign {
        case 0: (a + b) % m
        case 1: (a - b + m) % m
        default: a * b % m
        }
    }

    private func tree(_ numbers: Int, _ random: inout CounterRandom) -> Node {
        guard numbers > 1 else { return .number(random.below(ModularArithmetic.modulus)) }
        let left = 1 + random.below(numbers - 1)
        let sign = random.below(operators)
        return .operation(sign, tree(left, &random), tree(numbers - left, &random))
    }

    /// A sequence with one expression: of full size for evaluation, half of the time smaller for training.
    func sequence(_ stream: ItemStream, _ use: ItemSource.Use, _ index: Int) -> TaskSequence {
        let (drawn, _) = source.draw(stream, use, index) { random -> (context: (Node, [Int32], Int), bits: UInt64) in
            let count = use == .training ? random.difficulty(2...numbers) : numbers
            let tree = tree(count, &random)
            var tokens = [Vocabulary.start, Vocabulary.arithmeticTask]
            tree.write(&tokens)
            return ((tree, tokens, count), ContentBits.fast(tokens))
        }
        var builder = SequenceBuilder(drawn.1 + [Vocabulary.equals], length: length)
        builder.answer(
            [Arithmetic.number(drawn.0.value)],
            .init(
                facts: drawn.2, distance: builder.position - 2, load: ModularArithmetic.modulus, position: 0))
        return builder.finish(cluster: index)
    }
}

extension BracketExpressions {
    /// The chance of the best guess by someone who knows the outermost operation and whichever of its sides has at most two
    /// numbers: more than a look at both ends of the expression can tell.
    private static func endsFloor(numbers: Int, operators: Int) -> Double {
        let m = ModularArithmetic.modulus
        // The distribution of values of a tree, by its numbers.
        var shares: [[Double]] = [[], [Double](repeating: 1 / Double(m), count: m)]
        func combined(_ sign: Int, _ a: [Double], _ b: [Double]) -> [Double] {
            var result = [Double](repeating: 0, count: m)
            for x in 0..<m { for y in 0..<m { result[apply(sign, x, y)] += a[x] * b[y] } }
            return result
        }
        func certain(_ value: Int) -> [Double] { (0..<m).map { $0 == value ? 1 : 0 } }
        for count in stride(from: 2, to: numbers, by: 1) {
            var sum = [Double](repeating: 0, count: m)
            for left in 1..<count {
                for sign in 0..<operators {
                    for (value, share) in combined(sign, shares[left], shares[count - left]).enumerated() {
                        sum[value] += share / Double((count - 1) * operators)
                    }
                }
            }
            shares.append(sum)
        }
        var floor = 0.0
        for left in 1..<numbers {
            for sign in 0..<operators {
                var best = 0.0
                let lefts = left <= 2 ? (0..<m).map { ($0, shares[left][$0]) } : [(-1, 1)]
                let rights = numbers - left <= 2 ? (0..<m).map { ($0, shares[numbers - left][$0]) } : [(-1, 1)]
                for (a, likelihoodA) in lefts {
                    for (b, likelihoodB) in rights {
                        let known = combined(
                            sign, a < 0 ? shares[left] : certain(a), b < 0 ? shares[numbers - left] : certain(b))
                        best += likelihoodA * likelihoodB * (known.max() ?? 0)
                    }
                }
                floor += best / Double((numbers - 1) * operators)
            }
        }
        return floor
    }

    /// Guess, say 0, say the last number, say 0 only after a factor of 0.
    static let baselines = [
        ShortcutBaseline(name: "guess-value") { sequence, question, random in
            isRight(random.below(ModularArithmetic.modulus), sequence, question)
        },
        ShortcutBaseline(name: "zero") { sequence, question, _ in isRight(0, sequence, question) },
        ShortcutBaseline(name: "last-number") { sequence, question, _ in
            let last = sequence.tokens[..<question.answer.lowerBound].last { $0 >= Vocabulary.firstSymbol }
            return sequence.tokens[question.answer.lowerBound] == last ? 1 : 0
        },
        ShortcutBaseline(name: "local-window") { sequence, question, random in
            let end = question.answer.lowerBound - 1
            let isZero =
                end > 4 && sequence.tokens[end - 1] == Arithmetic.number(0)
                && sequence.tokens[end - 2] == Vocabulary.firstOperator + 2
            return isRight(isZero ? 0 : random.below(ModularArithmetic.modulus), sequence, question)
        },
    ]

    private static func isRight(_ value: Int, _ sequence: TaskSequence, _ question: Question) -> Double {
        sequence.tokens[question.answer.lowerBound] == Arithmetic.number(value) ? 1 : 0
    }

    /// Compares with the value that a parser finds.
    func check(_ sequence: TaskSequence, _ check: inout SequenceCheck) {
        let tokens = sequence.tokens
        let used = sequence.usedLength
        guard used > 6, tokens[used - 2] == Vocabulary.equals, let value = Arithmetic.value(tokens[2..<used - 2]) else {
            return check.complain(["is not an expression, = and a value"])
        }
        let expression = tokens[2..<used - 2]
        let count = expression.filter { $0 >= Vocabulary.firstSymbol }.count
        let signs = expression.filter { $0 >= Vocabulary.firstOperator && $0 < Vocabulary.open }
        check.require((2...numbers).contains(count), "has \(count) numbers, not 2 to \(numbers)")
        check.require(
            signs.allSatisfy { $0 < Vocabulary.firstOperator + Int32(operators) }, "has an operator too many")
        check.require(expression.count == 4 * count - 5, "not every inner operation is in brackets")
        check.require(sequence.questions.count == 1, "asks \(sequence.questions.count) questions")
        check.compare(
            0, sequence,
            with: .init(
                answer: used - 1..<used, gold: [Arithmetic.number(value)], facts: count, distance: used - 3,
                load: ModularArithmetic.modulus, position: 0))
    }

    /// The expression and its value.
    static func describe(_ sequence: TaskSequence) -> String {
        let tokens = sequence.tokens.prefix(sequence.usedLength)
        let text = tokens.dropFirst(2).map { Arithmetic.name($0) }.joined(separator: " ")
        return "\(ModularArithmetic.name): an expression in brackets modulo 5\n  \(text)"
    }
}
