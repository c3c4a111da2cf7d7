import AssayCore

/// A `successor` sequence as read from its tokens alone.
struct SuccessorReading {
    private(set) var successor: [Int32: Int32] = [:]
    private(set) var edgeStart: [Int32: Int] = [:]
    /// Edges in the order in which they are written.
    private(set) var edges: [(from: Int32, to: Int32)] = []
    private(set) var asked: [(hops: Int, start: Int32, answer: Range<Int>)] = []
    private(set) var problems: [String] = []

    /// Reads tokens; what does not fit the form is a problem, never a crash.
    init(_ tokens: [Int32], nodes: SymbolRange) {
        var at = 2
        while at + 2 < tokens.count, nodes.contains(tokens[at]) {
            let (from, to) = (tokens[at], tokens[at + 1])
            if !nodes.contains(to) || tokens[at + 2] != Vocabulary.separator { problems.append("no edge at \(at)") }
            if successor[from] != nil { problems.append("two edges leave \(SuccessorReading.name(from))") }
            successor[from] = to
            edgeStart[from] = at
            edges.append((from, to))
            at += 3
        }
        for _ in 0..<Successor.gap {
            if at >= tokens.count || tokens[at] != Vocabulary.separator { problems.append("no gap at \(at)") }
            at += 1
        }
        while at < tokens.count, tokens[at] != Vocabulary.padding {
            let rung = Int(tokens[at]) - Int(Vocabulary.firstHop)
            guard (0..<Vocabulary.hopTokenCount).contains(rung), at + 2 < tokens.count, nodes.contains(tokens[at + 1])
            else {
                problems.append("no question at \(at)")
                return
            }
            asked.append((1 << rung, tokens[at + 1], at + 2..<at + 3))
            at += 3
        }
    }

    /// The map of `hops` successors by repeated squaring: k hops are two times k / 2 hops.
    func power(_ hops: Int) -> [Int32: Int32] {
        guard hops > 1 else { return successor }
        let half = power(hops / 2)
        return half.compactMapValues { half[$0] }
    }

    /// Whether the edges are one cycle through all nodes.
    var isOneCycle: Bool {
        guard let first = edges.first?.from else { return false }
        var seen: Set<Int32> = []
        var node = first
        while seen.insert(node).inserted {
            guard let next = successor[node] else { return false }
            node = next
        }
        return node == first && seen.count == edges.count
    }

    /// A node for a person.
    static func name(_ token: Int32) -> String {
        SymbolRange.keys.contains(token) ? "n\(SymbolRange.keys.index(of: token))" : Vocabulary.name(of: token)
    }
}

extension Successor {
    /// Guessing a node after all that a reader of single edges can exclude: not the start, its neighbours, nor an answer
    /// already given for the same hops: 1 / (facts - 3 - j) for the j-th question of a rung; for single hops (the twins
    /// ask nothing else) 1 / (facts - 1 - j). The larger of the two means is stated.
    public var statedFloor: Double {
        func mean(_ count: Int, outOf candidates: Int) -> Double {
            (0..<count).reduce(0) { $0 + 1 / Double(max(1, candidates - $1)) } / Double(count)
        }
        guard ladder.count > 1 else { return mean(questions, outOf: facts - 1) }
        let perRung = (questions + ladder.count - 1) / ladder.count
        return max(mean(perRung, outOf: facts - 3), mean(questions, outOf: facts - 1))
    }

    /// Guess a node, guess after excluding neighbours and given answers, the last edge's target, always the same node,
    /// the nearest edge within a window.
    public var baselines: [ShortcutBaseline] {
        let nodes = nodes
        func baseline(
            _ name: String,
            _ choose: @escaping @Sendable (SuccessorReading, TaskSequence, Question, inout CounterRandom) -> Int32?
        ) -> ShortcutBaseline {
            ShortcutBaseline(name: name, reading: { SuccessorReading($0.tokens, nodes: nodes) }) {
                reading, sequence, question, random in
                let node = choose(reading, sequence, question, &random)
                return sequence.tokens[question.answer.lowerBound] == node ? 1 : 0
            }
        }
        /// Any node but the one that is asked about.
        @Sendable func guess(_ reading: SuccessorReading, but start: Int32, _ random: inout CounterRandom) -> Int32 {
            random.pick(reading.edges.map(\.from).filter { $0 != start })
        }
        return [
            baseline("guess-node") { reading, sequence, question, random in
                guess(reading, but: sequence.tokens[question.answer.lowerBound - 1], &random)
            },
            baseline("exclude-neighbours") { reading, sequence, question, random in
                let candidates = Successor.candidates(reading, sequence, question)
                return candidates.isEmpty ? nil : random.pick(candidates)
            },
            baseline("last-target") { reading, _, _, _ in reading.edges.last?.to },
            baseline("local-window") { reading, sequence, question, random in
                let start = sequence.tokens[question.answer.lowerBound - 1]
                let near = question.answer.lowerBound - 1 - ShortcutBaseline.window
                let visible = reading.edges.filter { (reading.edgeStart[$0.from] ?? 0) > near }
                if question.item.hops == 1, let edge = visible.first(where: { $0.from == start }) { return edge.to }
                return guess(reading, but: start, &random)
            },
            baseline("constant-node") { _, _, _, _ in nodes[0] },
        ]
    }

    /// The nodes that a reader of single edges cannot exclude. A single hop is the task itself, so nothing is looked up.
    private static func candidates(
        _ reading: SuccessorReading, _ sequence: TaskSequence, _ question: Question
    ) -> [Int32] {
        guard let asked = reading.asked.first(where: { $0.answer == question.answer }) else { return [] }
        var excluded: Set<Int32> = [asked.start]
        if asked.hops > 1 {
            for edge in reading.edges where edge.from == asked.start { excluded.insert(edge.to) }
            for edge in reading.edges where edge.to == asked.start { excluded.insert(edge.from) }
        }
        for other in reading.asked
        where other.hops == asked.hops && other.start != asked.start
            && other.answer.lowerBound < asked.answer.lowerBound
        {
            excluded.insert(sequence.tokens[other.answer.lowerBound])
        }
        return reading.edges.map(\.from).filter { !excluded.contains($0) }
    }

    /// Raises the successor map to the power asked for, by squaring, and compares.
    public func check(_ sequence: TaskSequence) -> [String] {
        var check = SequenceCheck(sequence, length: length, task: Vocabulary.successorTask)
        let reading = SuccessorReading(sequence.tokens, nodes: nodes)
        check.complain(reading.problems)
        check.require(reading.isOneCycle, "the edges are not one cycle")
        check.require(reading.asked.count == sequence.questions.count, "questions and records differ in number")
        for (number, asked) in reading.asked.enumerated() {
            check.require(ladder.contains(asked.hops), "question \(number): \(asked.hops) hops are not on the ladder")
            guard let answer = reading.power(asked.hops)[asked.start], reading.isOneCycle else {
                check.complain(["question \(number) has no answer"])
                continue
            }
            var earliest = Int.max
            var node = asked.start
            for _ in 0..<asked.hops {
                earliest = min(earliest, reading.edgeStart[node] ?? Int.max)
                node = reading.successor[node] ?? node
            }
            check.compare(
                number, sequence,
                with: .init(
                    answer: asked.answer, gold: [answer], hops: asked.hops, facts: reading.edges.count,
                    distance: asked.answer.lowerBound - earliest - 1, load: reading.edges.count,
                    position: Double((earliest - 2) / 3) / Double(max(1, reading.edges.count - 1))))
        }
        return check.complaints
    }

    /// The cycle, the questions with their paths, answers and covariates.
    public func describe(_ sequence: TaskSequence) -> String {
        let reading = SuccessorReading(sequence.tokens, nodes: nodes)
        let edges = reading.edges.map { "\(SuccessorReading.name($0.from)) -> \(SuccessorReading.name($0.to))" }
        var lines = ["\(Self.name): \(reading.edges.count) edges of a cycle", "  " + edges.joined(separator: ", ")]
        for (number, asked) in reading.asked.enumerated() where number < sequence.questions.count {
            var path = [asked.start]
            for _ in 0..<asked.hops { path.append(reading.successor[path[path.count - 1]] ?? Vocabulary.padding) }
            let item = sequence.questions[number].item
            let gold = sequence.tokens[asked.answer].map(SuccessorReading.name).joined(separator: " ")
            lines.append(
                "  question \(number + 1): \(asked.hops) hops from \(SuccessorReading.name(asked.start)) ?  "
                    + "answer: \(gold)  (\(path.map(SuccessorReading.name).joined(separator: " -> ")); "
                    + "distance \(item.distance)"
                    + (item.parent.map { "; single hop of question \($0.question + 1)" } ?? "") + ")")
        }
        return (lines + reading.problems.map { "  problem: \($0)" }).joined(separator: "\n")
    }
}
