import AssayCore

/// An `arithmetic-tree` sequence as read from its tokens alone.
struct TreeReading {
    /// A question.
    struct Asked {
        let expression: ArraySlice<Int32>
        let noise: Int
        let answer: Int
    }

    private(set) var asked: [Asked] = []
    private(set) var problems: [String] = []

    /// Reads tokens; what does not fit the form is a problem, never a crash.
    init(_ tokens: [Int32]) {
        var at = 2
        while at < tokens.count, tokens[at] != Vocabulary.padding {
            guard tokens[at] == Vocabulary.query, let end = tokens[at...].firstIndex(of: Vocabulary.equals),
                end + 1 < tokens.count
            else {
                problems.append("no question at \(at)")
                return
            }
            let body = tokens[at + 1..<end]
            let noise = body.reversed().prefix(while: SymbolRange.noise.contains).count
            asked.append(Asked(expression: body.dropLast(noise), noise: noise, answer: end + 1))
            at = end + 2
        }
    }

    /// Value, depth and operations of a prefix expression, worked out from its end with a stack; nil when it is none.
    static func evaluate(_ expression: ArraySlice<Int32>, _ field: PrimeField) -> (value: Int, depth: Int)? {
        var stack: [(value: Int, depth: Int)] = []
        for token in expression.reversed() {
            if field.numbers.contains(token) {
                stack.append((field.numbers.index(of: token), 0))
                continue
            }
            guard PrimeField.isOperator(token), let a = stack.popLast(), let b = stack.popLast() else { return nil }
            let exact: Int
            switch token - Vocabulary.firstOperator {
            case 0: exact = a.value + b.value
            case 1: exact = a.value - b.value
            default: exact = a.value * b.value
            }
            stack.append(((exact % field.modulus + field.modulus) % field.modulus, 1 + max(a.depth, b.depth)))
        }
        return stack.count == 1 ? stack[0] : nil
    }
}

extension ArithmeticTree {
    /// The chance of the best guess by someone who knows the operation at the root, and one of its sides. Of a product, which
    /// is not 0: 1 / (p - 1). Of a sum: if both sides are products, neither of which is 0, the side b is known and the other
    /// one equally likely to be any number but 0 and what makes the sum 0; the sums that are left have (p - 1) / (p (p - 2))
    /// each.
    public var statedFloor: Double {
        let p = Double(field.modulus)
        return operators == 3 ? max(1 / (p - 1), (p - 1) / (p * (p - 2))) : 1 / p
    }

    /// Guess; guess but not 0; say the first or the last number; say what the last operation gives.
    public var baselines: [ShortcutBaseline] {
        let field = field
        func baseline(
            _ name: String, _ choose: @escaping @Sendable (ArraySlice<Int32>, inout CounterRandom) -> Int32?
        ) -> ShortcutBaseline {
            ShortcutBaseline(name: name, reading: { TreeReading($0.tokens) }) { reading, sequence, question, random in
                let asked = reading.asked.first { $0.answer == question.answer.lowerBound }
                // A single operation is the task itself, so nothing is worked out.
                guard let asked else { return 0 }
                let said =
                    question.item.hops == 1
                    ? field.numbers[random.below(field.modulus)] : choose(asked.expression, &random)
                return said == sequence.tokens[asked.answer] ? 1 : 0
            }
        }
        return [
            baseline("guess-number") { _, random in field.numbers[random.below(field.modulus)] },
            baseline("guess-not-zero") { _, random in field.numbers[1 + random.below(field.modulus - 1)] },
            baseline("first-number") { expression, _ in expression.first(where: field.numbers.contains) },
            baseline("last-number") { expression, _ in expression.last },
            baseline("local-window") { expression, _ in
                TreeReading.evaluate(expression.suffix(3), field).map { field.numbers[$0.value] } ?? expression.last
            },
        ]
    }

    /// How many expressions of a sequence come before its questions: one in a twin.
    private func leads(_ sequence: TaskSequence) -> Int {
        sequence.questions.contains { $0.item.parent != nil } ? 1 : 0
    }

    /// Works every expression out from its end.
    public func check(_ sequence: TaskSequence) -> [String] {
        var check = SequenceCheck(sequence, length: length, task: Vocabulary.treeTask)
        let reading = TreeReading(sequence.tokens)
        let leads = leads(sequence)
        check.complain(reading.problems)
        check.require(
            reading.asked.count == leads + sequence.questions.count, "questions and records differ in number")
        for (place, asked) in reading.asked.enumerated() {
            let number = place - leads
            guard let (value, depth) = TreeReading.evaluate(asked.expression, field) else {
                check.complain(["question \(number): is not an expression"])
                continue
            }
            let count = asked.expression.count / 2
            check.require(
                (1...operations).contains(count) && depth <= hops,
                "question \(number): \(count) operations, \(depth) deep")
            check.require(asked.noise == gap, "question \(number): \(asked.noise) tokens of noise, not \(gap)")
            check.require(
                asked.expression.allSatisfy {
                    !PrimeField.isOperator($0) || $0 < Vocabulary.firstOperator + Int32(operators)
                }, "question \(number): has an operator too many")
            guard number >= 0 else {
                check.require(
                    count == Self.lead && sequence.tokens[asked.answer] == field.numbers[value],
                    "begins with an expression of \(count) operations, or with a wrong value")
                continue
            }
            check.require(leads == 0 || count == 1, "question \(number): is no single operation")
            check.compare(
                number, sequence,
                with: .init(
                    answer: asked.answer..<asked.answer + 1, gold: [field.numbers[value]], hops: depth, facts: count,
                    distance: asked.answer - asked.expression.startIndex - 1, load: count, position: 0))
        }
        return check.complaints
    }

    /// The expressions, as written and in brackets, and their values.
    public func describe(_ sequence: TaskSequence) -> String {
        let reading = TreeReading(sequence.tokens)
        var lines = ["\(Self.name): \(reading.asked.count) prefix expressions modulo \(field.modulus)"]
        for (number, asked) in reading.asked.dropFirst(leads(sequence)).enumerated()
        where number < sequence.questions.count {
            let item = sequence.questions[number].item
            lines.append(
                "  question \(number + 1): \(asked.expression.map(name).joined(separator: " ")) = ?  answer: "
                    + "\(name(sequence.tokens[asked.answer]))  (\(bracketed(asked.expression) ?? "no expression"); hops "
                    + "\(item.hops), operations \(item.facts)"
                    + (item.parent.map { "; single hop of question \($0.question + 1)" } ?? "") + ")")
        }
        return (lines + reading.problems.map { "  problem: \($0)" }).joined(separator: "\n")
    }

    private func name(_ token: Int32) -> String {
        field.numbers.contains(token) ? "\(field.numbers.index(of: token))" : Vocabulary.name(of: token)
    }

    private func bracketed(_ expression: ArraySlice<Int32>) -> String? {
        var stack: [String] = []
        for token in expression.reversed() {
            guard PrimeField.isOperator(token) else {
                stack.append(name(token))
                continue
            }
            guard let a = stack.popLast(), let b = stack.popLast() else { return nil }
            stack.append("(\(a) \(name(token)) \(b))")
        }
        return stack.count == 1 ? stack[0] : nil
    }
}
