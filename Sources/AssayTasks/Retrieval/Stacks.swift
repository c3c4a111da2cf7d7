import AssayCore

/// Several independent stacks: pushes and pops in any order, then pops whose element is asked for.
///
/// `<s> stacks push k1 v3 n push k2 v5 pop k1 v3 ... n n pop k2 v5`. After Kimi Linear (2025, section 5.1), where 64 stacks take
/// pushes and pops and every pop asks for the top. Not stated there: vocabulary, number of questions, the mix. Here every stack has
/// the same number of pushes and of pops, in an order drawn evenly from all that never pop an empty stack, interleaved with
/// the others; only the pops behind a gap are questions, because those before it may be answered from within a window.
public struct Stacks: RetrievalTask {
    /// The generator's name.
    public static let name = "stacks"
    /// The parameters.
    public static let parameters = [
        TaskParameter("stacks", 8, 1...64, "independent stacks"),
        TaskParameter("pushes", 4, 3...8, "pushes of every stack"),
        TaskParameter(
            "pops", 2, 1...6, "pops of every stack before the questions; the load is what is left on all stacks"),
        .queries(4, 64, about: "stack"), .length(192), .symbols, .gap,
    ]
    static let kind = TaskKind(
        name: name, family: .retrieval, summary: "top elements of independent stacks after pushes and pops",
        parameters: parameters, make: { try Stacks($0) })

    let stacks: Int
    let queries: Int
    private let pushes: Int
    private let pops: Int
    let frame: RetrievalFrame
    private let programs: [[Bool]]

    /// The task of these parameter values.
    /// - Throws: ``AssayError`` naming the parameter that is unknown, out of range or contradicts the others.
    public init(_ given: [String: Int] = [:]) throws {
        let p = try ParameterValues(Self.name, Self.parameters, given)
        (stacks, pushes, pops, queries) = (p["stacks"], p["pushes"], p["pops"], p["queries"])
        try p.require("pops", atMost: pushes - 1, because: "something must be left to ask for")
        try p.require("queries", atMost: stacks, because: "every question is about another stack")
        try p.require("symbols", atLeast: stacks, because: "every stack has a symbol of its own")
        let operations = stacks * (pushes + pops)
        frame = try RetrievalFrame(
            Self.name, version: 1, p, room: 3 * operations + 3 * queries,
            content: "\(operations) operations, \(queries) questions")
        programs = Self.programs(pushes: pushes, pops: pops)
    }

    /// All orders of pushes (true) and pops that never pop an empty stack.
    static func programs(pushes: Int, pops: Int, height: Int = 0) -> [[Bool]] {
        if pushes == 0, pops == 0 { return [[]] }
        var all: [[Bool]] = []
        if pushes > 0 { all += programs(pushes: pushes - 1, pops: pops, height: height + 1).map { [true] + $0 } }
        if pops > 0, height > 0 {
            all += programs(pushes: pushes, pops: pops - 1, height: height - 1).map { [false] + $0 }
        }
        return all
    }

    /// One sequence a cluster.
    public func cluster(_ stream: ItemStream, index: Int) -> [TaskSequence] {
        [make(stream, .cluster, index) { _ in (stacks, queries) }]
    }

    /// A sequence with all stacks half of the time, with fewer otherwise; half of the time the stacks are popped until
    /// nothing is left or the room is used up.
    public func trainingSequence(_ stream: ItemStream, index: Int) -> TaskSequence {
        make(stream, .training, index) { random in
            let stacks = random.difficulty(min(2, stacks)...stacks)
            let fitting = frame.questions(of: 3, beside: 3 * stacks * (pushes + pops))
            return (stacks, random.difficulty(min(queries, stacks)...min(fitting, stacks * (pushes - pops))))
        }
    }

    private func make(
        _ stream: ItemStream, _ use: ItemSource.Use, _ index: Int,
        size: (inout CounterRandom) -> (stacks: Int, queries: Int)
    ) -> TaskSequence {
        var (drawn, random) = frame.source.draw(stream, use, index) { random in
            let (stacks, queries) = size(&random)
            let names = frame.keys.distinct(stacks, &random)
            let (operations, left) = run(names, &random)
            let stretch = NoisyContext.Stretch(facts: operations.count, room: frame.room(beside: 3 * queries))
            let context = NoisyContext(
                task: Vocabulary.stacksTask, facts: operations, stretches: [stretch], gap: frame.gap,
                haystack: Haystack(.noise), random: &random)
            return (
                (names: names, left: left, operations: operations, queries: queries, context: context),
                ContentBits.fast(context.tokens)
            )
        }
        var left = drawn.left
        var builder = SequenceBuilder(drawn.context.tokens, length: length)
        for stack in random.rounds(drawn.queries, of: left.count) {
            builder.append([Vocabulary.pop, drawn.names[stack]])
            let push = left[stack].removeLast()
            builder.answer(
                [drawn.operations[push][2]],
                .init(
                    facts: left.count * pushes, distance: builder.position - drawn.context.starts[push] - 2,
                    load: left.count * (pushes - pops), position: drawn.context.position(of: push)))
        }
        return builder.finish(cluster: index)
    }

    /// Interleaves a program for every stack.
    /// - Returns: the operations, and for every stack the pushes whose elements are left, bottom first.
    private func run(_ names: [Int32], _ random: inout CounterRandom) -> (operations: [[Int32]], left: [[Int]]) {
        let chosen = names.map { _ in random.pick(programs) }
        let elements = random.rounds(names.count * pushes, of: frame.values.count).map { frame.values[$0] }
        var owners = (0..<names.count * (pushes + pops)).map { $0 % names.count }
        random.shuffle(&owners)
        var steps = [Int](repeating: 0, count: names.count)
        var left = [[Int]](repeating: [], count: names.count)
        var operations: [[Int32]] = []
        var pushed = 0
        for stack in owners {
            if chosen[stack][steps[stack]] {
                left[stack].append(operations.count)
                operations.append([Vocabulary.push, names[stack], elements[pushed]])
                pushed += 1
            } else {
                let top = left[stack].removeLast()
                operations.append([Vocabulary.pop, names[stack], operations[top][2]])
            }
            steps[stack] += 1
        }
        return (operations, left)
    }
}

extension Stacks {
    /// Ignoring pops and always naming the k-th last element pushed onto the stack, for the best k; besides, an element that
    /// was pushed onto another stack is the same by chance where symbols are too few.
    public var statedFloor: Double {
        var tops = [Int](repeating: 0, count: pushes)
        for program in programs {
            var (left, pushed) = ([Int](), 0)
            for isPush in program {
                if isPush {
                    left.append(pushed)
                    pushed += 1
                } else {
                    left.removeLast()
                }
            }
            tops[pushes - 1 - left[left.count - 1]] += 1
        }
        let best = Double(tops.max() ?? 0) / Double(programs.count)
        let isRepeated = stacks * pushes > frame.values.count
        return isRepeated ? best + (1 - best) / Double(frame.values.count) : best
    }

    /// The last element pushed onto the stack, the one before it, and so on; any element of the stack, any element at all, the
    /// stack's element within a window.
    public var baselines: [ShortcutBaseline] {
        func shortcut(
            _ name: String, _ answer: @escaping @Sendable ([Operation], [Operation], inout CounterRandom) -> Int32?
        ) -> ShortcutBaseline {
            ShortcutBaseline(name: name, reading: { Self.read($0.tokens[...]).operations.filter(\.isPush) }) {
                all, sequence, question, random in
                let (end, tokens) = (question.answer.lowerBound, sequence.tokens)
                let pushed = all.filter { $0.start < end - 2 }
                let own = pushed.filter { $0.stack == tokens[end - 1] }
                return answer(own, pushed, &random) == tokens[end] ? 1 : 0
            }
        }
        let values = frame.values
        return (1...pushes).map { back in
            shortcut("pushed-\(back)-before") { own, _, _ in own.count < back ? nil : own[own.count - back].element }
        } + [
            shortcut("guess-of-stack") { own, _, random in own.isEmpty ? nil : random.pick(own).element },
            shortcut("guess-element") { _, all, random in all.isEmpty ? nil : random.pick(all).element },
            shortcut("local-window") { _, _, random in random.pick(values) },
        ]
    }

    /// An operation as read from the tokens.
    struct Operation {
        let isPush: Bool
        let stack: Int32
        let element: Int32
        let start: Int
    }

    /// The operations of a sequence, where the last noise ends, and what fits nothing.
    static func read(_ tokens: ArraySlice<Int32>) -> (operations: [Operation], tail: Int, problems: [String]) {
        var operations: [Operation] = []
        var problems: [String] = []
        var (at, tail) = (2, 2)
        while at < tokens.endIndex, tokens[at] != Vocabulary.padding {
            if SymbolRange.noise.contains(tokens[at]) {
                at += 1
                tail = at
                continue
            }
            guard at + 2 < tokens.endIndex, tokens[at] == Vocabulary.push || tokens[at] == Vocabulary.pop,
                SymbolRange.keys.contains(tokens[at + 1]), SymbolRange.values.contains(tokens[at + 2])
            else {
                problems.append("neither operation nor noise at \(at)")
                at += 1
                continue
            }
            operations.append(
                Operation(
                    isPush: tokens[at] == Vocabulary.push, stack: tokens[at + 1], element: tokens[at + 2], start: at))
            at += 3
        }
        return (operations, tail, problems)
    }

    /// Finds the push of each pop by going back and counting the pops in between, as one matches brackets.
    public func check(_ sequence: TaskSequence) -> [String] {
        var check = SequenceCheck(sequence, length: length, task: Vocabulary.stacksTask)
        let (operations, tail, problems) = Self.read(sequence.tokens[...])
        check.complain(problems)
        let told = operations.filter { $0.start < tail }
        let region = 2..<max(2, tail - frame.gap)
        check.require(told.last.map { $0.start + 3 <= region.upperBound } ?? false, "an operation lies in the gap")
        let counts = Dictionary(grouping: told, by: \.stack).values.map { own in own.filter(\.isPush).count }
        check.require(counts.allSatisfy { $0 == pushes }, "stacks have \(counts) pushes, not \(pushes)")
        let facts = told.filter(\.isPush).count
        var number = 0
        for (place, operation) in operations.enumerated() where !operation.isPush {
            var depth = 0
            let push = operations[..<place].last { earlier in
                guard earlier.stack == operation.stack else { return false }
                depth += earlier.isPush ? -1 : 1
                return depth < 0
            }
            guard let push, push.element == operation.element else {
                check.complain(["the pop at \(operation.start) does not give the top"])
                continue
            }
            guard operation.start >= tail else { continue }
            let answer = operation.start + 2
            check.compare(
                number, sequence,
                with: .init(
                    answer: answer..<answer + 1, gold: [push.element], facts: facts,
                    distance: answer - push.start - 2, load: 2 * facts - told.count,
                    position: NoisyContext.position(push.start, in: region, width: 3)))
            number += 1
        }
        check.require(number == sequence.questions.count, "questions and records differ in number")
        return check.complaints
    }

    /// The operations, the questions, their answers and covariates.
    public func describe(_ sequence: TaskSequence) -> String {
        let (operations, tail, problems) = Self.read(sequence.tokens[...])
        let told = operations.filter { $0.start < tail }.map {
            "\($0.isPush ? "push" : "pop") \(RetrievalReading.names([$0.stack, $0.element]))"
        }
        let asked = operations.filter { $0.start >= tail }.map { "pop \(RetrievalReading.name($0.stack)) ?" }
        let lines = RetrievalReading.questionLines(sequence) { $0 < asked.count ? asked[$0] : "? ?" }
        return
            (["\(Self.name): \(told.count) operations: \(told.joined(separator: ", "))"] + lines
            + problems.map { "  problem: \($0)" }).joined(separator: "\n")
    }
}
