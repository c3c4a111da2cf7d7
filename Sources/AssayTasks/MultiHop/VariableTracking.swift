import AssayCore

/// Variable tracking: which variables have a value, when values are handed on along chains of assignments?
///
/// `<s> variables let a v n let b w let c a ... ? v a c </s>`: `let c a` gives variable c the value of variable a. After
/// RULER's `vt`, with its flaws mended: there are always two or more chains, so listing every name does not pay, and the
/// grade is F1. Chains advance level by level (all heads in random order, then all second links, ...), so the place of
/// an assignment tells how deep it is, and never to which chain it belongs.
public struct VariableTracking: TaskGenerator {
    /// The generator's name.
    public static let name = "variable-tracking"
    /// The parameters.
    public static let parameters = [
        TaskParameter("chains", 4, 2...16, "chains of assignments, each with a value of its own"),
        TaskParameter("hops", 3, 1...16, "links of a chain after its head: hops + 1 variables have the value"),
        TaskParameter.length(96), TaskParameter.symbols, TaskParameter.gap,
    ]
    static let kind = TaskKind(
        name: name, family: .multiHop, summary: "all variables with a value along chains of assignments, scored by F1",
        parameters: parameters, make: { try VariableTracking($0) })

    /// Everything that identifies the items.
    public let identity: TaskIdentity
    /// Tokens of every sequence.
    public let length: Int
    let chains: Int
    let hops: Int
    let gap: Int
    private let variables: SymbolRange
    private let values: SymbolRange
    private let source: ItemSource

    /// The task of these parameter values.
    /// - Throws: ``AssayError`` naming the parameter that is unknown, out of range or contradicts the others.
    public init(_ given: [String: Int] = [:]) throws {
        let p = try ParameterValues(Self.name, Self.parameters, given)
        let facts = p["chains"] * (p["hops"] + 1)
        try p.require("symbols", atLeast: facts, because: "\(facts) variables need names of their own")
        try p.require(
            "length", atLeast: 2 + 3 * facts + p["gap"] + 2 + p["hops"] + 2,
            because: "\(facts) assignments, a gap of \(p["gap"]) and the question need the room")
        identity = TaskIdentity(generator: Self.name, version: 1, parameters: p.all)
        (length, chains, hops, gap) = (p["length"], p["chains"], p["hops"], p["gap"])
        variables = SymbolRange(offset: 0, count: p["symbols"])
        values = SymbolRange(offset: 64, count: p["symbols"])
        source = ItemSource(identity)
    }

    /// Multi-hop reasoning.
    public var family: TaskFamily { .multiHop }
    /// The set is generated freely up to its end token.
    public var generates: Bool { true }

    /// One sequence with one question a cluster.
    public func cluster(_ stream: ItemStream, index: Int) -> [TaskSequence] {
        [make(stream, .cluster, index) { _ in (chains, hops, 1) }]
    }

    /// A sequence with all chains and hops half of the time, with fewer otherwise; and with questions instead of noise,
    /// round after round over the chains, half of the time as many as fit.
    public func trainingSequence(_ stream: ItemStream, index: Int) -> TaskSequence {
        make(stream, .training, index) { random in
            let (chains, hops) = (random.difficulty(2...chains), random.difficulty(1...hops))
            let room = length - 2 - gap - 3 * chains * (hops + 1)
            let most = SequenceBuilder.questions(of: hops + 4, in: room)
            return (chains, hops, random.difficulty(1...most))
        }
    }

    private struct Drawn {
        let chains: Int
        let hops: Int
        let queries: Int
        /// The variables of each chain, from its head.
        let names: [[Int32]]
        let values: [Int32]
        /// The chain of each assignment, in order of appearance.
        let owners: [Int]
        let context: NoisyContext
    }

    private func make(
        _ stream: ItemStream, _ use: ItemSource.Use, _ index: Int,
        size: (inout CounterRandom) -> (chains: Int, hops: Int, queries: Int)
    ) -> TaskSequence {
        var (drawn, random) = source.draw(stream, use, index) { random in
            let drawn = draw(size(&random), &random)
            return (drawn, ContentBits.fast(drawn.context.tokens))
        }
        let facts = drawn.owners.count
        var builder = SequenceBuilder(drawn.context.tokens, length: length)
        for chain in random.rounds(drawn.queries, of: drawn.chains) {
            builder.append(Vocabulary.query)
            builder.append(drawn.values[chain])
            let head = drawn.owners.firstIndex(of: chain) ?? 0
            builder.answer(
                drawn.names[chain] + [Vocabulary.end], grading: .set,
                .init(
                    hops: drawn.hops, facts: facts, distance: builder.position - drawn.context.starts[head] - 1,
                    load: facts, position: drawn.context.position(of: head)))
        }
        return builder.finish(cluster: index)
    }

    private func draw(
        _ size: (chains: Int, hops: Int, queries: Int), _ random: inout CounterRandom
    ) -> Drawn {
        let (chains, hops, queries) = size
        let facts = chains * (hops + 1)
        let flat = variables.distinct(facts, &random)
        let names = (0..<chains).map { Array(flat[$0 * (hops + 1)..<($0 + 1) * (hops + 1)]) }
        let drawnValues = values.distinct(chains, &random)
        var owners: [Int] = []
        owners.reserveCapacity(facts)
        var level = Array(0..<chains)
        for _ in 0...hops {
            random.shuffle(&level)
            owners += level
        }
        let context = NoisyContext(
            task: Vocabulary.variableTask, facts: facts, width: 3, room: length - 2 - gap - queries * (hops + 4),
            gap: gap,
            random: &random
        ) { fact, tokens in
            let (chain, depth) = (owners[fact], fact / chains)
            tokens.append(Vocabulary.assign)
            tokens.append(names[chain][depth])
            tokens.append(depth == 0 ? drawnValues[chain] : names[chain][depth - 1])
        }
        return Drawn(
            chains: chains, hops: hops, queries: queries, names: names, values: drawnValues, owners: owners,
            context: context)
    }
}
