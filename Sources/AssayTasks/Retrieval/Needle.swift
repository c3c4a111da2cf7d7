import AssayCore

/// One needle among hard distractors: other needles of the same form, and noise; asked for at the end.
///
/// `<s> needle n # k v n n # k v n ... ? k v`. After the multi-key needles of RULER (`niah_multikey`). Which of the
/// needles is asked for is drawn at the end, so depth is uniform and nothing marks the needle but its key.
public struct Needle: RecallTask {
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
    let queries = 1
    let frame: RetrievalFrame
    static let token = Vocabulary.needleTask
    var size: Int { needles }

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

    func trainingSize(_ random: inout CounterRandom) -> Int { random.difficulty(2...needles) }

    func extent(of needles: Int) -> (asked: Int, facts: Int, question: Int) { (needles, 3 * needles, 3) }

    func sheet(of needles: Int, queries: Int, _ random: inout CounterRandom) -> FactSheet {
        let keys = frame.keys.distinct(needles, &random)
        return .pairs(keys, frame.values.distinct(needles, &random), mark: [Vocabulary.needleMark])
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
