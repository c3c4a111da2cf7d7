import AssayCore

/// One needle among hard distractors: other needles of the same form, and noise; asked for at the end.
///
/// `<s> needle n # k v n n # k v n ... ? k v`. After the multi-key needles of RULER (`niah_multikey`). Which of the
/// needles is asked for is drawn at the end, so depth is uniform and nothing marks the needle but its key.
public struct Needle: TaskGenerator {
    /// The generator's name.
    public static let name = "needle"
    /// The parameters.
    public static let parameters = [
        TaskParameter("distractors", 7, 1...63, "needles of the same form with other keys"),
        TaskParameter.length(128), TaskParameter.symbols, TaskParameter.gap,
    ]
    static let kind = TaskKind(
        name: name, family: .retrieval, summary: "one needle among distractors of the same form and noise, by depth",
        parameters: parameters, make: { try Needle($0) })

    let needles: Int
    private let frame: RetrievalFrame

    /// The task of these parameter values.
    /// - Throws: ``AssayError`` naming the parameter that is unknown, out of range or contradicts the others.
    public init(_ given: [String: Int] = [:]) throws {
        let p = try ParameterValues(Self.name, Self.parameters, given)
        let needles = p["distractors"] + 1
        self.needles = needles
        frame = try RetrievalFrame(
            Self.name, version: 1, p, facts: needles, sharing: "every needle has a key and a value of its own",
            room: 3 * needles + 3, content: "\(needles) needles, the question")
    }

    /// Everything that identifies the items.
    public var identity: TaskIdentity { frame.identity }
    /// Tokens of every sequence.
    public var length: Int { frame.length }
    /// Retrieval.
    public var family: TaskFamily { .retrieval }
    /// One token is asked for; nothing is generated freely.
    public var generates: Bool { false }

    /// One sequence with one question a cluster.
    public func cluster(_ stream: ItemStream, index: Int) -> [TaskSequence] {
        [make(stream, .cluster, index) { _ in (needles, 1) }]
    }

    /// A sequence with all needles half of the time, with fewer otherwise; and with questions instead of noise, round
    /// after round over the needles, half of the time as many as fit.
    public func trainingSequence(_ stream: ItemStream, index: Int) -> TaskSequence {
        make(stream, .training, index) { random in
            let needles = random.difficulty(2...needles)
            return (needles, random.difficulty(1...frame.questions(of: 3, beside: 3 * needles)))
        }
    }

    private func make(
        _ stream: ItemStream, _ use: ItemSource.Use, _ index: Int,
        size: (inout CounterRandom) -> (needles: Int, queries: Int)
    ) -> TaskSequence {
        frame.sequence(stream, use, index, task: Vocabulary.needleTask) { random in
            let (needles, queries) = size(&random)
            let keys = frame.keys.distinct(needles, &random)
            return (.pairs(keys, frame.values.distinct(needles, &random), mark: [Vocabulary.needleMark]), queries)
        }
    }
}

extension Needle {
    /// Guessing among the values of the needles.
    public var statedFloor: Double { 1 / Double(needles) }

    /// Guess a value, the last value, the first, the nearest needle within a window, always the same value.
    public var baselines: [ShortcutBaseline] { RetrievalShortcuts.single(.needles, values: frame.values) }

    /// Looks the key up among the marked facts, read from the end.
    public func check(_ sequence: TaskSequence) -> [String] {
        let reading = RetrievalReading(sequence.tokens, form: .needles)
        let count = reading.facts.count
        var check = frame.check(sequence, task: Vocabulary.needleTask, reading, facts: count, load: count) { asked in
            reading.facts.last { $0.key == asked.key }.map { Solution($0) }
        }
        check.require(Set(reading.facts.map(\.key)).count == count, "a key occurs twice")
        check.require(Set(reading.facts.map(\.value)).count == count, "a value occurs twice")
        return check.complaints
    }

    /// The needles, the question, its answer and covariates.
    public func describe(_ sequence: TaskSequence) -> String {
        RetrievalReading(sequence.tokens, form: .needles).describe(Self.name, sequence)
    }
}
