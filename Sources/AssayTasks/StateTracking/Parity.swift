import AssayCore

/// Parity: whether the ones so far are odd in number.
///
/// `<s> parity b b b ... b </s>`, the parity asked for at bits of the second half. After Grazzi et al., "Unlocking
/// State-Tracking in Linear RNNs Through Negative Eigenvalues" (ICLR 2025, arXiv 2411.12537; automl/
/// unlocking_state_tracking), who train on lengths up to 40 and test on 40 to 256; there the answer is asked for once, at
/// the end, here after every bit of a training word, each of which ends a shorter word.
public struct Parity: TaskGenerator, WordTask {
    /// The generator's name.
    public static let name = "parity"
    /// The parameters.
    public static let parameters = [TaskParameter.wordLength(64), TaskParameter.placesAsked]
    static let kind = TaskKind(
        name: name, family: .stateTracking, summary: "parity of the bits so far, by length",
        parameters: parameters, make: { try Parity($0) })

    private static let widths = (first: 1, other: 1)
    let word: StateWord
    private let bits = SymbolRange(offset: 0, count: 2)

    /// The task of these parameter values.
    /// - Throws: ``AssayError`` naming the parameter that is unknown, out of range or contradicts the others.
    public init(_ given: [String: Int] = [:]) throws {
        let p = try ParameterValues(Self.name, Self.parameters, given)
        try StateWord.demand(p, widths: Self.widths)
        let bits = bits
        word = StateWord(
            identity: TaskIdentity(generator: Self.name, version: 1, parameters: p.all), length: p["length"],
            questions: p["questions"], task: Vocabulary.parityTask,
            automaton: Automaton(
                states: 2, start: 0, letters: 2, firstLetters: 2, next: [0, 1, 1, 0], values: [0, 1], valueCount: 2,
                views: [[0, 1]]),
            widths: Self.widths, spell: { letter, _ in [bits[letter]] })
    }

    /// Counts the ones afresh for every question.
    public func check(_ sequence: TaskSequence) -> [String] {
        var check = SequenceCheck(sequence, length: length, task: Vocabulary.parityTask)
        let end = sequence.usedLength - 1
        guard end - 2 == word.letters, sequence.tokens[end] == Vocabulary.end,
            sequence.tokens[2..<end].allSatisfy(bits.contains)
        else { return check.complaints + ["is not \(word.letters) bits and </s>"] }
        for (number, question) in sequence.questions.enumerated() {
            let place = min(max(question.answer.lowerBound, 3), end)
            let ones = sequence.tokens[2..<place].filter { $0 == bits[1] }.count
            check.compare(number, sequence, with: word.expected(answer: place, value: ones % 2))
        }
        check.requirePlaces(sequence, letters: word.letters, questions: word.questions, widths: Self.widths)
        return check.complaints
    }

    /// The bits, the questions and their answers.
    public func describe(_ sequence: TaskSequence) -> String {
        word.describe(Self.name, sequence) { bits.contains($0) ? "\(bits.index(of: $0))" : Vocabulary.name(of: $0) }
    }
}

extension TaskParameter {
    /// Tokens of a sequence that holds one word.
    static func wordLength(_ value: Int) -> TaskParameter {
        TaskParameter("length", value, 16...8192, "tokens of every sequence, which the word fills")
    }

    /// Where an evaluation sequence asks.
    static let placesAsked = TaskParameter(
        "questions", 8, 1...512,
        "questions in an evaluation sequence, spread over the second half; training asks everywhere")
}

extension SequenceCheck {
    /// Complains unless the questions stand where an evaluation or a training sequence asks.
    mutating func requirePlaces(
        _ sequence: TaskSequence, letters: Int, questions: Int, widths: (first: Int, other: Int)
    ) {
        let places = sequence.questions.map { ($0.answer.lowerBound - 2 - widths.first) / widths.other + 1 }
        let all = Array(1...SequenceBuilder.questions(of: 1, in: letters))
        require(
            places == all || places == StateWord.places(letters: letters, questions: questions),
            "asks after the letters \(places)")
    }
}
