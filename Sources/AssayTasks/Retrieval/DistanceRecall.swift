import AssayCore

/// Associative recall at a distance that is set, while length and load stay fixed.
///
/// `<s> distance n k v n k v ... n n ? k v`: the value asked for stands `distance` to 2 `distance` - 1 tokens before its
/// answer. So that the distance alone does not give the answer away, `rivals` pairs stand at that distance, one of which
/// is asked for; the others lie anywhere else. ``MQAR`` at its published sizes probes mostly near facts.
public struct DistanceRecall: RetrievalTask {
    /// The generator's name.
    public static let name = "distance-recall"
    /// The parameters.
    public static let parameters = [
        TaskParameter(
            "distance", 32, 11...4096, "least tokens from the answer back to its fact; most are twice as many"),
        TaskParameter("rivals", 4, 2...32, "pairs at that distance, one of which is asked for"),
        TaskParameter("pairs", 16, 2...64, "key-value pairs in the context: the load"),
        .length(128), .symbols, .gap,
    ]
    static let kind = TaskKind(
        name: name, family: .retrieval, summary: "value of a key at a set distance, at fixed length and load",
        parameters: parameters, make: { try DistanceRecall($0) })

    let distance: Int
    let rivals: Int
    let pairs: Int
    let frame: RetrievalFrame
    /// Tokens before, at and after the distance.
    private let rooms: (before: Int, at: Int, after: Int)

    /// The task of these parameter values.
    /// - Throws: ``AssayError`` naming the parameter that is unknown, out of range or contradicts the others.
    public init(_ given: [String: Int] = [:]) throws {
        let p = try ParameterValues(Self.name, Self.parameters, given)
        (distance, rivals, pairs) = (p["distance"], p["rivals"], p["pairs"])
        try p.require("rivals", atMost: pairs, because: "they are among the pairs")
        try p.require("rivals", atMost: (distance + 1) / 2, because: "so many fit at a distance of \(distance)")
        try p.require("gap", atMost: distance - 3, because: "the fact asked for does not lie in the gap")
        frame = try RetrievalFrame(
            Self.name, version: 1, p, facts: pairs, sharing: "every pair has a key and a value of its own",
            room: 2 * pairs + 3, content: "\(pairs) pairs, the question")
        try p.require("length", atLeast: 2 * distance + 3, because: "the fact may lie \(2 * distance - 1) tokens back")
        rooms = (frame.length - 2 * distance - 3, distance + 1, distance - 3 - frame.gap)
        try p.require(
            "pairs", atMost: rivals + rooms.before / 2 + rooms.after / 2,
            because: "so many fit, \(rivals) of them at the distance")
    }

    /// One sequence with one question a cluster.
    public func cluster(_ stream: ItemStream, index: Int) -> [TaskSequence] {
        [
            frame.sequence(stream, .cluster, index, task: Vocabulary.distanceTask) { random in
                var sheet = sheet(of: pairs, &random)
                let slots = (before: rooms.before / 2, after: rooms.after / 2)
                let others = random.distinct(pairs - rivals, below: slots.before + slots.after)
                let before = others.filter { $0 < slots.before }.count
                sheet.stretches = [
                    .init(facts: before, room: rooms.before), .init(facts: rivals, room: rooms.at),
                    .init(facts: pairs - rivals - before, room: rooms.after),
                ]
                sheet.inquiries = Array(sheet.inquiries[before..<before + rivals])
                return (sheet, 1)
            }
        ]
    }

    /// A sequence with all pairs half of the time, with fewer otherwise, at any distance; and with questions instead of
    /// noise, round after round over the pairs.
    public func trainingSequence(_ stream: ItemStream, index: Int) -> TaskSequence {
        frame.sequence(stream, .training, index, task: Vocabulary.distanceTask) { random in
            let facts = random.difficulty(2...pairs)
            let most = frame.questions(of: 3, beside: 2 * facts)
            return (sheet(of: facts, &random), random.difficulty(1...most))
        }
    }

    private func sheet(of facts: Int, _ random: inout CounterRandom) -> FactSheet {
        let keys = frame.keys.distinct(facts, &random)
        return .pairs(keys, frame.values.distinct(facts, &random))
    }
}

extension DistanceRecall {
    /// Guessing among the pairs at the distance.
    public var statedFloor: Double { 1 / Double(rivals) }

    /// Guess a value at the distance, guess a value, the last value, the first, the nearest pair within a window, always the
    /// same value.
    public var baselines: [ShortcutBaseline] {
        [
            RetrievalShortcuts.reading("guess-at-distance", .pairs) { reading, sequence, question, random in
                let there = reading.facts.filter {
                    (distance..<2 * distance).contains(question.answer.lowerBound - $0.valuePosition)
                }
                guard !there.isEmpty else { return 0 }
                return RetrievalShortcuts.isRight(random.pick(there).value, sequence, question)
            }
        ] + RetrievalShortcuts.single(.pairs, values: frame.values)
    }

    /// Looks the key up by scanning backwards from its question.
    public func check(_ sequence: TaskSequence) -> [String] {
        frame.checkPairs(sequence, task: Vocabulary.distanceTask)
    }

    /// The pairs, the question, its answer and covariates.
    public func describe(_ sequence: TaskSequence) -> String {
        RetrievalReading(sequence.tokens, form: .pairs).describe(Self.name, sequence)
    }
}
