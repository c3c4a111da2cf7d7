import AssayCore

/// An instruction that says how to answer, at a distance from the question; with its two controls.
///
/// `<s> instruction n say part-2 n k v1 v2 n ... ? k v2`: every fact has several parts, and the instruction says which one is
/// to be named. `placement` is `far` (`distance` tokens before the answer), or one of the controls of Q15 of the metric
/// catalogue, `adjacent` (right before the question) and `none` (noise in its place: the part is drawn all the same, and
/// nothing tells it). Tasks that differ in placement and distance alone have the same facts, questions and answers, item by
/// item. An item has one question: the answer to a first one would give the instruction again.
public struct InstructionPersistence: RetrievalTask {
    /// The generator's name.
    public static let name = "instruction"
    /// The parameters.
    public static let parameters = [
        TaskParameter("facts", 6, 2...32, "facts in the context: the load"),
        TaskParameter("parts", 2, 2...4, "parts of a fact, one of which the instruction asks for"),
        TaskParameter(
            "placement", choices: ["far", "adjacent", "none"], "far",
            "where the instruction stands: far, adjacent to the question, or nowhere"),
        TaskParameter("distance", 64, 12...8000, "tokens from the instruction to the answer when it is far"),
        .length(128), TaskParameter("symbols", 32, 8...64, "different keys, and different parts of facts"), .gap,
    ]
    static let kind = TaskKind(
        name: name, family: .retrieval, summary: "following an instruction at a distance, with its two controls",
        parameters: parameters, make: { try InstructionPersistence($0) })

    private enum Placement: Int {
        case far, adjacent, none
    }

    let facts: Int
    let parts: Int
    let distance: Int
    private let placement: Placement
    private let form: RetrievalReading.Form
    let frame: RetrievalFrame

    /// The task of these parameter values.
    /// - Throws: ``AssayError`` naming the parameter that is unknown, out of range or contradicts the others.
    public init(_ given: [String: Int] = [:]) throws {
        let p = try ParameterValues(Self.name, Self.parameters, given)
        (facts, parts, distance) = (p["facts"], p["parts"], p["distance"])
        placement = Placement(rawValue: p["placement"]) ?? .far
        form = .init(values: Array(repeating: .values, count: parts))
        try p.require("symbols", atLeast: facts * parts, because: "\(facts) facts with \(parts) parts share none")
        frame = try RetrievalFrame(
            Self.name, version: 1, p, room: (1 + parts) * facts + Self.instructionWidth + 3,
            content: "\(facts) facts, the instruction, the question", paired: ["placement", "distance"])
        // Where there is no instruction far away, its distance means nothing.
        if placement == .far {
            try p.require(
                "distance", atMost: frame.length - 4, because: "the instruction stands in the sequence")
        }
    }

    private static let instructionWidth = 2

    /// One sequence with one question a cluster.
    public func cluster(_ stream: ItemStream, index: Int) -> [TaskSequence] {
        let (drawn, _) = draw(stream, .cluster, index) { _ in (facts, 0) }
        let place: Int? =
            switch placement {
            case .far: drawn.insertion(distance: distance)
            case .adjacent: drawn.context.tokens.count
            case .none: nil
            }
        return [write(drawn, instructionAt: place, cluster: index)]
    }

    /// A sequence with all facts half of the time, with fewer otherwise, and an instruction anywhere; after its question come
    /// others, each behind an instruction of its own, which holds from then on: an answer never tells what the next one is.
    public func trainingSequence(_ stream: ItemStream, index: Int) -> TaskSequence {
        var (drawn, random) = draw(stream, .training, index) { random in
            let facts = random.difficulty(2...facts)
            let room = frame.room(beside: Self.instructionWidth + 3 + (1 + parts) * facts)
            return (facts, random.difficulty(0...min(room / 5, 1023)))
        }
        let far = 3 + random.below(drawn.context.tokens.count - 1)
        return write(drawn, instructionAt: drawn.insertion(distance: far), cluster: index)
    }

    private struct Drawn {
        let keys: [Int32]
        let values: [[Int32]]
        let context: NoisyContext
        /// Which fact and which part each question is about.
        let asked: [(fact: Int, part: Int)]
        /// What stands in the place of an instruction that is not given.
        let silence: [Int32]

        /// Where an instruction goes, at least `distance` tokens before the first answer, so that no fact is cut in two.
        func insertion(distance: Int) -> Int {
            let place = max(2, context.tokens.count + 3 - distance)
            let width = 1 + values[0].count
            return context.starts.last { $0 < place && place < $0 + width } ?? place
        }
    }

    private func draw(
        _ stream: ItemStream, _ use: ItemSource.Use, _ index: Int,
        size: (inout CounterRandom) -> (facts: Int, more: Int)
    ) -> (Drawn, CounterRandom) {
        frame.source.draw(stream, use, index) { random in
            let (facts, more) = size(&random)
            let keys = frame.keys.distinct(facts, &random)
            let all = frame.values.distinct(facts * parts, &random)
            let values = (0..<facts).map { Array(all[$0 * parts..<($0 + 1) * parts]) }
            let room = frame.room(beside: Self.instructionWidth + 3 + 5 * more)
            let context = NoisyContext(
                task: Vocabulary.instructionTask, facts: zip(keys, values).map { [$0] + $1 },
                stretches: [.init(facts: facts, room: room)], gap: frame.gap, haystack: Haystack(.noise),
                random: &random)
            let asked = random.rounds(1 + more, of: facts).map { ($0, random.below(parts)) }
            let silence = [random.pick(.noise), random.pick(.noise)]
            let drawn = Drawn(keys: keys, values: values, context: context, asked: asked, silence: silence)
            return (drawn, ContentBits.fast(context.tokens))
        }
    }

    private func write(_ drawn: Drawn, instructionAt place: Int?, cluster: Int) -> TaskSequence {
        var tokens = drawn.context.tokens
        let instruction = [Vocabulary.say, Vocabulary.firstPart + Int32(drawn.asked[0].part)]
        tokens.insert(contentsOf: place == nil ? drawn.silence : instruction, at: place ?? 2)
        var builder = SequenceBuilder(tokens, length: length)
        for (number, (fact, part)) in drawn.asked.enumerated() {
            var given = place
            if number > 0 {
                given = builder.position
                builder.append([Vocabulary.say, Vocabulary.firstPart + Int32(part)])
            }
            builder.append([Vocabulary.query, drawn.keys[fact]])
            builder.answer(
                [drawn.values[fact][part]],
                .init(
                    facts: drawn.keys.count, distance: given.map { builder.position - $0 - 1 } ?? 0,
                    load: drawn.keys.count, position: InstructionPersistence.position(given, in: length)))
        }
        return builder.finish(cluster: cluster)
    }

    /// Where an instruction stands in a sequence, 0 ... 1; 0 when there is none.
    private static func position(_ place: Int?, in length: Int) -> Double {
        place.map { Double($0 - 2) / Double(length - 2) } ?? 0
    }
}

extension InstructionPersistence {
    /// Finding the fact and naming any of its parts, whatever the instruction.
    public var statedFloor: Double { 1 / Double(parts) }

    /// Name the first part of the right fact, or any part; guess any value, the last value, the first, always the same one.
    public var baselines: [ShortcutBaseline] {
        let values = frame.values
        func shortcut(
            _ name: String,
            _ answer: @escaping @Sendable ([RetrievalReading.Fact], Int32, inout CounterRandom) -> Int32?
        ) -> ShortcutBaseline {
            ShortcutBaseline(name: name, reading: { read($0.tokens).reading.facts }) {
                facts, sequence, question, random in
                let place = question.answer.lowerBound
                return answer(facts, sequence.tokens[place - 1], &random) == sequence.tokens[place] ? 1 : 0
            }
        }
        return [
            shortcut("first-part") { facts, key, _ in facts.first { $0.key == [key] }?.value[0] },
            shortcut("any-part") { facts, key, random in
                facts.first { $0.key == [key] }.map { random.pick($0.value) }
            },
            shortcut("guess-value") { facts, _, random in facts.isEmpty ? nil : random.pick(random.pick(facts).value) },
            shortcut("last-value") { facts, _, _ in facts.last?.value.last },
            shortcut("first-value") { facts, _, _ in facts.first?.value.first },
            // No fact is within the window.
            shortcut("local-window") { _, _, random in random.pick(values) },
        ]
    }

    /// The sequence without its instructions, and where each of its tokens stood.
    private func read(
        _ tokens: [Int32]
    ) -> (reading: RetrievalReading, places: [Int], instructions: [(place: Int, part: Int)]) {
        var kept: [Int32] = []
        var places: [Int] = []
        var instructions: [(place: Int, part: Int)] = []
        var at = 0
        while at < tokens.count {
            if tokens[at] == Vocabulary.say, at + 1 < tokens.count {
                instructions.append((at, Int(tokens[at + 1]) - Int(Vocabulary.firstPart)))
                at += 2
                continue
            }
            kept.append(tokens[at])
            places.append(at)
            at += 1
        }
        var whole = form
        whole.answers = 1
        return (RetrievalReading(kept, form: whole), places, instructions)
    }

    /// Takes the instructions out, looks the facts up, and follows the instruction that was given last before each question.
    public func check(_ sequence: TaskSequence) -> [String] {
        var check = SequenceCheck(sequence, length: length, task: Vocabulary.instructionTask)
        let (reading, places, instructions) = read(sequence.tokens)
        check.complain(reading.problems)
        check.require(
            instructions.allSatisfy { (0..<parts).contains($0.part) }, "an instruction names no part of the facts")
        let count = reading.facts.count
        let table = Dictionary(reading.facts.map { ($0.key, $0.value) }, uniquingKeysWith: { $1 })
        check.require(table.count == count, "a key occurs twice")
        check.require(Set(reading.facts.flatMap(\.value)).count == count * parts, "a value occurs twice")
        check.require(reading.asked.count == sequence.questions.count, "questions and records differ in number")
        let region = reading.region(gap: frame.gap)
        check.require(
            reading.facts.last.map { $0.start + $0.width <= region.upperBound } ?? true, "a fact lies in the gap")
        for (number, asked) in reading.asked.enumerated() {
            guard let values = table[asked.key], asked.answer.lowerBound < places.count else {
                check.complain(["question \(number): \(RetrievalReading.names(asked.key)) is not in the context"])
                continue
            }
            let answer = places[asked.answer.lowerBound]
            let given = instructions.last { $0.place < answer }
            // Without an instruction, any part may be the one.
            let said = sequence.tokens[answer]
            let gold =
                given.map { values.indices.contains($0.part) ? values[$0.part] : -1 }
                ?? values.first { $0 == said } ?? values[0]
            check.compare(
                number, sequence,
                with: .init(
                    answer: answer..<answer + 1, gold: [gold], facts: count,
                    distance: given.map { answer - $0.place - 1 } ?? 0, load: count,
                    position: InstructionPersistence.position(given?.place, in: length)))
        }
        return check.complaints
    }

    /// The instruction, the facts, the question, its answer and covariates.
    public func describe(_ sequence: TaskSequence) -> String {
        let (reading, _, instructions) = read(sequence.tokens)
        let given = instructions.map { "part \($0.part + 1) @\($0.place)" }
        return reading.describe(Self.name, sequence)
            + "\n  instructions: \(given.isEmpty ? "none" : given.joined(separator: ", "))"
    }
}
