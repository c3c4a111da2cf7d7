import AssayCore

/// The shortcuts of the retrieval tasks.
enum RetrievalShortcuts {
    /// For one-token answers.
    static func single(_ form: RetrievalReading.Form, values: SymbolRange) -> [ShortcutBaseline] {
        [
            ShortcutBaseline(name: "guess-value") { sequence, question, random in
                let reading = RetrievalReading(sequence.tokens, form: form)
                let candidates = reading.remaining(sequence.tokens, before: question.answer)
                guard !candidates.isEmpty else { return 0 }
                return isRight(random.pick(candidates).value, sequence, question)
            },
            ShortcutBaseline(name: "last-value") { sequence, question, _ in
                let reading = RetrievalReading(sequence.tokens, form: form)
                guard let last = reading.facts.last else { return 0 }
                return isRight(last.value, sequence, question)
            },
            ShortcutBaseline(name: "first-value") { sequence, question, _ in
                let reading = RetrievalReading(sequence.tokens, form: form)
                guard let first = reading.facts.first else { return 0 }
                return isRight(first.value, sequence, question)
            },
            ShortcutBaseline(name: "local-window") { sequence, question, random in
                let reading = RetrievalReading(sequence.tokens, form: form)
                let asked = sequence.tokens[question.answer.lowerBound - 1]
                let near = question.answer.lowerBound - 1 - ShortcutBaseline.window
                if let fact = reading.facts.first(where: { $0.key == asked && $0.start > near }) {
                    return isRight(fact.value, sequence, question)
                }
                return isRight(values[random.below(values.count)], sequence, question)
            },
            ShortcutBaseline(name: "constant-value") { sequence, question, _ in
                isRight(values[0], sequence, question)
            },
        ]
    }

    private static func isRight(_ value: Int32, _ sequence: TaskSequence, _ question: Question) -> Double {
        sequence.tokens[question.answer.lowerBound] == value ? 1 : 0
    }

    /// For sets of values: F1.
    static func sets() -> [ShortcutBaseline] {
        [
            ShortcutBaseline(name: "list-all") { sequence, question, _ in
                let reading = RetrievalReading(sequence.tokens, form: .sets)
                return f1(reading.facts.map(\.value), sequence, question)
            },
            ShortcutBaseline(name: "list-remaining") { sequence, question, _ in
                let reading = RetrievalReading(sequence.tokens, form: .sets)
                return f1(reading.remaining(sequence.tokens, before: question.answer).map(\.value), sequence, question)
            },
            ShortcutBaseline(name: "guess-values") { sequence, question, random in
                let reading = RetrievalReading(sequence.tokens, form: .sets)
                var candidates = reading.remaining(sequence.tokens, before: question.answer).map(\.value)
                random.shuffle(&candidates)
                return f1(Array(candidates.prefix(question.answer.count - 1)), sequence, question)
            },
            ShortcutBaseline(name: "last-values") { sequence, question, _ in
                let reading = RetrievalReading(sequence.tokens, form: .sets)
                return f1(reading.facts.suffix(question.answer.count - 1).map(\.value), sequence, question)
            },
            ShortcutBaseline(name: "local-window") { sequence, question, _ in
                let reading = RetrievalReading(sequence.tokens, form: .sets)
                let near = question.answer.lowerBound - 1 - ShortcutBaseline.window
                return f1(reading.facts.filter { $0.start > near }.map(\.value), sequence, question)
            },
        ]
    }

    private static func f1(_ values: [Int32], _ sequence: TaskSequence, _ question: Question) -> Double {
        SetScore(generated: values, gold: sequence.tokens[question.answer]).f1
    }
}
