import AssayCore

/// Arithmetic trees: the value of a prefix expression modulo a prime.
///
/// `<s> tree ? + 3 * 2 5 = 1 ? ...`: after Mano (Allen-Zhu, "Physics of Language Models" part 4.1; facebookresearch/
/// PhysicsLM4), which has one number of operations an expression and the modulus 23. The operations of an expression are
/// fixed while its depth, the hops, varies. Mended: values are drawn from the root down, so that every value (but 0, for a
/// product) is equally likely; factors are never 0, so that no part of an expression gives the value away. The table of
/// operations is nowhere in a sequence: training teaches it. Noise between an expression and its `=` sets the
/// distance.
///
/// A cluster is the main sequence and its twins: the operations of its expressions one by one, on the values that they have;
/// each twin item names its multi-hop parent. Single operations are the table itself, which is the same in both streams; so
/// that no twin is, each begins with an expression of two operations on its stream's side of the hold-out, with its value
/// and not as a question: as every training sequence begins with one of several.
public struct ArithmeticTree: TaskGenerator {
    /// The generator's name.
    public static let name = "arithmetic-tree"
    /// The parameters.
    public static let parameters = [
        TaskParameter("operations", 6, 2...256, "operations of an expression: the load"),
        TaskParameter("hops", 6, 2...256, "greatest depth of an expression; depths are drawn evenly up to it"),
        TaskParameter("questions", 4, 1...32, "expressions in an evaluation sequence"),
        TaskParameter.prime, TaskParameter.operators,
        TaskParameter("gap", 0, 0...4096, "noise tokens between an expression and the question for its value"),
        TaskParameter("length", 80, 16...8192, "tokens of every sequence; padding fills what is not needed"),
    ]
    static let kind = TaskKind(
        name: name, family: .multiHop, summary: "value of a prefix expression modulo a prime, by depth at fixed size",
        parameters: parameters, make: { try ArithmeticTree($0) })

    /// Everything that identifies the items.
    public let identity: TaskIdentity
    /// Tokens of every sequence.
    public let length: Int
    let operations: Int
    let hops: Int
    let operators: Int
    let field: PrimeField
    let gap: Int
    private let questions: Int
    private let source: ItemSource

    /// The task of these parameter values.
    /// - Throws: ``AssayError`` naming the parameter that is unknown, out of range or contradicts the others.
    public init(_ given: [String: Int] = [:]) throws {
        let p = try ParameterValues(Self.name, Self.parameters, given)
        (operations, operators, questions) = (p["operations"], p["operators"], p["questions"])
        try p.require("hops", atMost: operations, because: "no expression is deeper than its \(operations) operations")
        try p.require(
            "hops", atLeast: ArithmeticTree.depths(operations).lowerBound,
            because: "\(operations) operations are at least so deep")
        try p.require(
            "length", atLeast: 2 + questions * Self.width(operations, gap: p["gap"]),
            because: "\(questions) expressions of \(operations) operations need the room")
        try p.require(
            "length", atLeast: 2 + Self.width(Self.lead, gap: p["gap"]) + Self.width(1, gap: p["gap"]),
            because: "the single operations stand after an expression of \(Self.lead)")
        identity = TaskIdentity(generator: Self.name, version: 2, parameters: p.all)
        (length, gap, hops) = (p["length"], p["gap"], p["hops"])
        field = PrimeField(p)
        source = ItemSource(identity)
    }

    /// Tokens of a question: its mark, the expression, noise, `=` and the value.
    private static func width(_ operations: Int, gap: Int) -> Int { 2 * operations + 4 + gap }

    /// Operations of the expression with which twins begin.
    static let lead = 2

    /// How deep an expression can be.
    static func depths(_ operations: Int) -> ClosedRange<Int> {
        Int.bitWidth - operations.leadingZeroBitCount...operations
    }

    /// Multi-hop reasoning.
    public var family: TaskFamily { .multiHop }
    /// One token is asked for; nothing is generated freely.
    public var generates: Bool { false }

    /// The main sequence, then the twins that ask for the single operations of its expressions.
    public func cluster(_ stream: ItemStream, index: Int) -> [TaskSequence] {
        let isHeldOut = if case .evaluation = stream { true } else { false }
        var random = source.random(stream, .cluster, index)
        let depths = ArithmeticTree.depths(operations).lowerBound...hops
        var drawn = random.rounds(questions, of: depths.count).map { depths.lowerBound + $0 }
        random.shuffle(&drawn)
        let trees = drawn.map { expression(operations, depth: $0, isHeldOut: isHeldOut, &random) }
        var steps: [(tree: PrefixTree, parent: ItemID?)] = []
        for (number, tree) in trees.enumerated() {
            let parent = ItemID(cluster: index, sequence: 0, question: number)
            steps += tree.steps.map { ($0, parent) }
        }
        random.shuffle(&steps)
        let most = SequenceBuilder.questions(
            of: Self.width(1, gap: gap), in: length - 2 - Self.width(Self.lead, gap: gap))
        var twins: [[(tree: PrefixTree, parent: ItemID?)]] = []
        for step in steps {
            let place = twins.firstIndex { twin in
                twin.count < most && !twin.contains { $0.tree.tokens(field) == step.tree.tokens(field) }
            }
            if let place { twins[place].append(step) } else { twins.append([step]) }
        }
        let main = write(trees.map { ($0, nil) }, cluster: index, sequence: 0, &random)
        return [main]
            + twins.enumerated().map { number, twin in
                let lead = expression(Self.lead, depth: Self.lead, isHeldOut: isHeldOut, &random)
                return write(twin, after: lead, cluster: index, sequence: number + 1, &random)
            }
    }

    /// A sequence filled with expressions, half of the time of any size up to the full one, otherwise of any size up to a
    /// smaller one: the first and half of the others of the largest. Since there is always one of several operations, which
    /// is on the training side, no sequence is that of a twin.
    public func trainingSequence(_ stream: ItemStream, index: Int) -> TaskSequence {
        var random = source.random(stream, .training, index)
        let most = random.difficulty(2...operations)
        var trees: [(tree: PrefixTree, parent: ItemID?)] = []
        var room = length - 2
        while trees.count < 1024 {
            let size = trees.isEmpty ? most : random.difficulty(1...most)
            room -= Self.width(size, gap: gap)
            guard room >= 0 else { break }
            let depths = ArithmeticTree.depths(size)
            let highest = min(hops, depths.upperBound)
            let depth = depths.lowerBound + random.below(highest - depths.lowerBound + 1)
            trees.append((expression(size, depth: depth, isHeldOut: false, &random), nil))
        }
        return write(trees, cluster: index, sequence: 0, &random)
    }

    /// An expression on one side of the hold-out. Those of one operation are on both: they are the table.
    private func expression(
        _ operations: Int, depth: Int, isHeldOut: Bool, _ random: inout CounterRandom
    ) -> PrefixTree {
        while true {
            let tree = PrefixTree(operations, depth: depth, operators: operators, field, &random)
            if operations == 1 || ItemSource.isHeldOut(ContentBits.fast(tree.tokens(field))) == isHeldOut {
                return tree
            }
        }
    }

    /// Writes expressions as questions, after one that is not asked for, if there is one.
    private func write(
        _ trees: [(tree: PrefixTree, parent: ItemID?)], after lead: PrefixTree? = nil, cluster: Int, sequence: Int,
        _ random: inout CounterRandom
    ) -> TaskSequence {
        var builder = SequenceBuilder([Vocabulary.start, Vocabulary.treeTask], length: length)
        func ask(_ tree: PrefixTree) {
            builder.append(Vocabulary.query)
            builder.append(tree.tokens(field))
            for _ in 0..<gap { builder.append(SymbolRange.noise[random.below(SymbolRange.noise.count)]) }
            builder.append(Vocabulary.equals)
        }
        if let lead {
            ask(lead)
            builder.append(field.numbers[lead.value])
        }
        for (tree, parent) in trees {
            let start = builder.position + 1
            ask(tree)
            builder.answer(
                [field.numbers[tree.value]],
                .init(
                    hops: tree.depth, facts: tree.operations, distance: builder.position - start - 1,
                    load: tree.operations, position: 0, parent: parent))
        }
        return builder.finish(cluster: cluster, sequence: sequence)
    }
}
