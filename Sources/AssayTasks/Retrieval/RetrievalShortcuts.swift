import AssayCore

/// The shortcuts of the retrieval tasks.
enum RetrievalShortcuts {
    /// For one answer, of one token or several.
    static func single(_ form: RetrievalReading.Form, values: SymbolRange) -> [ShortcutBaseline] {
        single(values: values) { RetrievalReading($0, form: form) }
    }

    /// For one answer, in sequences that are read in their own way.
    static func single(
        values: SymbolRange, reading read: @escaping @Sendable ([Int32]) -> RetrievalReading
    ) -> [ShortcutBaseline] {
        [
            reading("guess-value", read) { reading, sequence, question, random in
                let candidates = reading.remaining(sequence.tokens, before: question.answer)
                guard !candidates.isEmpty else { return 0 }
                return isRight(random.pick(candidates).value, sequence, question)
            },
            reading("last-value", read) { reading, sequence, question, _ in
                reading.facts.last.map { isRight($0.value, sequence, question) } ?? 0
            },
            reading("first-value", read) { reading, sequence, question, _ in
                reading.facts.first.map { isRight($0.value, sequence, question) } ?? 0
            },
            reading("local-window", read) { reading, sequence, question, random in
                let near = question.answer.lowerBound - 1 - ShortcutBaseline.window
                let asked = reading.asked.first { $0.answer.lowerBound == question.answer.lowerBound }?.key
                if let fact = reading.facts.first(where: { $0.key == asked && $0.start > near }) {
                    return isRight(fact.value, sequence, question)
                }
                return isRight(gold(sequence, question).map { _ in random.pick(values) }, sequence, question)
            },
            ShortcutBaseline(name: "constant-value") { sequence, question, _ in
                isRight(gold(sequence, question).map { _ in values[0] }, sequence, question)
            },
        ]
    }

    /// For sets of values: F1.
    static func sets(_ form: RetrievalReading.Form = .sets) -> [ShortcutBaseline] {
        [
            reading("list-all", form) { reading, sequence, question, _ in
                f1(reading.facts.flatMap(\.value), sequence, question)
            },
            reading("list-remaining", form) { reading, sequence, question, _ in
                f1(reading.remaining(sequence.tokens, before: question.answer).flatMap(\.value), sequence, question)
            },
            reading("guess-values", form) { reading, sequence, question, random in
                var candidates = reading.remaining(sequence.tokens, before: question.answer).flatMap(\.value)
                random.shuffle(&candidates)
                return f1(Array(candidates.prefix(question.answer.count - 1)), sequence, question)
            },
            reading("last-values", form) { reading, sequence, question, _ in
                f1(reading.facts.suffix(question.answer.count - 1).flatMap(\.value), sequence, question)
            },
            reading("local-window", form) { reading, sequence, question, _ in
                let near = question.answer.lowerBound - 1 - ShortcutBaseline.window
                return f1(reading.facts.filter { $0.start > near }.flatMap(\.value), sequence, question)
            },
        ]
    }

    /// A shortcut that reads the sequence first.
    static func reading(
        _ name: String, _ form: RetrievalReading.Form,
        _ score: @escaping @Sendable (RetrievalReading, TaskSequence, Question, inout CounterRandom) -> Double
    ) -> ShortcutBaseline {
        reading(name, { RetrievalReading($0, form: form) }, score)
    }

    /// A shortcut that reads the sequence first, in its own way.
    private static func reading(
        _ name: String, _ read: @escaping @Sendable ([Int32]) -> RetrievalReading,
        _ score: @escaping @Sendable (RetrievalReading, TaskSequence, Question, inout CounterRandom) -> Double
    ) -> ShortcutBaseline {
        ShortcutBaseline(name: name, reading: { read($0.tokens) }, score: score)
    }

    /// 1 when an answer is the gold answer.
    static func isRight(_ value: [Int32], _ sequence: TaskSequence, _ question: Question) -> Double {
        gold(sequence, question) == value ? 1 : 0
    }

    /// F1 of a set of values.
    static func f1(_ values: [Int32], _ sequence: TaskSequence, _ question: Question) -> Double {
        SetScore(generated: values, gold: sequence.tokens[question.answer]).f1
    }

    /// The mean over questions j of 1 / (choices - j): guessing among what was not said before.
    static func guessing(among choices: Int, questions: Int) -> Double {
        (0..<questions).reduce(0) { $0 + 1 / Double(choices - $1) } / Double(questions)
    }

    private static func gold(_ sequence: TaskSequence, _ question: Question) -> [Int32] {
        sequence.gold(question).filter { $0 != Vocabulary.end }
    }
}

extension CounterRandom {
    /// A symbol of a range.
    mutating func pick(_ range: SymbolRange) -> Int32 { range[below(range.count)] }
}
