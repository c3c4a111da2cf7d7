import AssayCore

/// A `variable-tracking` sequence as read from its tokens alone.
struct VariableReading {
    /// An assignment: a variable, and the value or variable that it is given.
    struct Assignment {
        let variable: Int32
        let given: Int32
        let start: Int
        var isHead: Bool { SymbolRange.values.contains(given) }
    }

    private(set) var assignments: [Assignment] = []
    private(set) var asked: [(value: Int32, answer: Range<Int>)] = []
    private(set) var noise = 0
    private(set) var contextEnd = 0
    private(set) var problems: [String] = []

    /// Reads tokens; what does not fit the form is a problem, never a crash.
    init(_ tokens: [Int32]) {
        var at = 2
        while at < tokens.count, tokens[at] != Vocabulary.query, tokens[at] != Vocabulary.padding {
            if SymbolRange.noise.contains(tokens[at]) {
                noise += 1
                at += 1
                continue
            }
            guard tokens[at] == Vocabulary.assign, at + 2 < tokens.count, SymbolRange.keys.contains(tokens[at + 1]),
                SymbolRange.keys.contains(tokens[at + 2]) || SymbolRange.values.contains(tokens[at + 2])
            else {
                problems.append("neither assignment nor noise at \(at)")
                at += 1
                continue
            }
            assignments.append(Assignment(variable: tokens[at + 1], given: tokens[at + 2], start: at))
            at += 3
        }
        contextEnd = at
        while at < tokens.count, tokens[at] != Vocabulary.padding {
            guard tokens[at] == Vocabulary.query, at + 2 < tokens.count, SymbolRange.values.contains(tokens[at + 1]),
                let end = tokens[(at + 2)...].firstIndex(of: Vocabulary.end)
            else {
                problems.append("no question at \(at)")
                return
            }
            asked.append((tokens[at + 1], at + 2..<end + 1))
            at = end + 1
        }
    }

    /// The value of every variable, found from the last assignment backwards: each variable's source is followed to a
    /// value.
    func value(of variable: Int32) -> Int32? {
        var wanted = variable
        for assignment in assignments.reversed() where assignment.variable == wanted {
            if assignment.isHead { return assignment.given }
            wanted = assignment.given
        }
        return nil
    }

    /// A symbol by its role.
    static func name(_ token: Int32) -> String {
        SymbolRange.keys.contains(token)
            ? "x\(SymbolRange.keys.index(of: token))" : RetrievalReading.name(token)
    }
}

extension VariableTracking {
    /// The better of two shortcuts that follow no link. Naming only the variable that is given the value itself: recall
    /// 1 / (hops + 1), precision 1, F1 = 2 / (hops + 2). Listing it and every variable that is not a head: with
    /// h = hops + 1 variables sought and 1 + chains * hops listed, F1 = 2 h / (h + 1 + chains * hops).
    public var statedFloor: Double {
        max(2 / Double(hops + 2), 2 * Double(hops + 1) / Double(hops + 2 + chains * hops))
    }

    /// List everything, everything but other heads, the head alone, the head and a guess a level, the last variables.
    public var baselines: [ShortcutBaseline] {
        func baseline(
            _ name: String, _ list: @escaping @Sendable (VariableReading, Int32, inout CounterRandom) -> [Int32]
        ) -> ShortcutBaseline {
            ShortcutBaseline(name: name, reading: { VariableReading($0.tokens) }) {
                reading, sequence, question, random in
                let value = sequence.tokens[question.answer.lowerBound - 1]
                let listed = list(reading, value, &random)
                return SetScore(generated: listed, gold: sequence.tokens[question.answer]).f1
            }
        }
        let (chains, hops) = (chains, hops)
        return [
            baseline("list-all") { reading, _, _ in reading.assignments.map(\.variable) },
            baseline("list-links") { reading, value, _ in
                reading.assignments.filter { !$0.isHead || $0.given == value }.map(\.variable)
            },
            baseline("head-only") { reading, value, _ in
                reading.assignments.filter { $0.given == value }.map(\.variable)
            },
            baseline("head-and-guess") { reading, value, random in
                var listed = reading.assignments.filter { $0.given == value }.map(\.variable)
                for level in stride(from: chains, to: reading.assignments.count, by: chains) {
                    listed.append(reading.assignments[level + random.below(chains)].variable)
                }
                return listed
            },
            baseline("last-variables") { reading, _, _ in reading.assignments.suffix(hops + 1).map(\.variable) },
            baseline("local-window") { reading, value, _ in
                let last = reading.contextEnd + 1 - ShortcutBaseline.window
                return reading.assignments.filter { $0.start > last }.map(\.variable)
            },
        ]
    }

    /// Follows every variable back to its value and collects those that have the value asked for.
    public func check(_ sequence: TaskSequence) -> [String] {
        var check = SequenceCheck(sequence, length: length, task: Vocabulary.variableTask)
        let reading = VariableReading(sequence.tokens)
        check.complain(reading.problems)
        check.require(reading.asked.count == sequence.questions.count, "questions and records differ in number")
        let names = reading.assignments.map(\.variable)
        check.require(Set(names).count == names.count, "a variable is assigned twice")
        let values = names.map { reading.value(of: $0) }
        check.require(!values.contains(nil), "a variable has no value")
        check.require(Set(values).count > 1, "there is only one chain")
        let region = 2..<max(2, reading.contextEnd - gap)
        check.require((reading.assignments.last?.start ?? 0) + 3 <= region.upperBound, "an assignment lies in the gap")
        for (number, asked) in reading.asked.enumerated() {
            let own = reading.assignments.indices.filter { values[$0] == asked.value }
            guard let first = own.first else {
                check.complain(["question \(number): no variable has the value"])
                continue
            }
            let start = reading.assignments[first].start
            check.compare(
                number, sequence,
                with: .init(
                    answer: asked.answer, gold: own.map { names[$0] } + [Vocabulary.end], grading: .set,
                    hops: own.count - 1, facts: names.count, distance: asked.answer.lowerBound - start - 1,
                    load: names.count, position: NoisyContext.position(start, in: region, width: 3)))
        }
        return check.complaints
    }

    /// The assignments, the question, its answer and covariates.
    public func describe(_ sequence: TaskSequence) -> String {
        let reading = VariableReading(sequence.tokens)
        let facts = reading.assignments.map {
            "\(VariableReading.name($0.variable)) = \(VariableReading.name($0.given))"
        }
        var lines = [
            "\(Self.name): \(facts.count) assignments among \(reading.noise) tokens of noise",
            "  " + facts.joined(separator: ", "),
        ]
        for (number, asked) in reading.asked.enumerated() where number < sequence.questions.count {
            let item = sequence.questions[number].item
            let gold = sequence.tokens[asked.answer].map(VariableReading.name).joined(separator: " ")
            lines.append(
                "  question \(number + 1): which variables are \(VariableReading.name(asked.value)) ?  answer: \(gold)  "
                    + "(hops \(item.hops), load \(item.load), distance \(item.distance))")
        }
        return (lines + reading.problems.map { "  problem: \($0)" }).joined(separator: "\n")
    }
}
