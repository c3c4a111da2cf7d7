import AssayCore

/// Modular counters: several counters are stepped and reset; what does the one just named stand at?
///
/// `<s> counters i0 i2 r1 i0 ... </s>`: `i0` adds 1 to counter 0 modulo m, `r1` sets counter 1 to 0. The value of the counter
/// that a letter names, after it, is asked for at letters of the second half. The counters are those of Weiss, Goldberg and
/// Yahav, "On the Practical Computational Power of Finite Precision RNNs" (ACL 2018, arXiv 1805.04908), taken modulo m so
/// that they stay finite. Rare resets ask a model to forget one counter and to keep the others.
public struct ModularCounter: TaskGenerator, WordTask {
    /// The generator's name.
    public static let name = "modular-counter"
    /// The parameters.
    public static let parameters = [
        TaskParameter("counters", 2, 1...8, "counters, one of which every letter names"),
        TaskParameter("modulus", 5, 2...10, "values of a counter"),
        TaskParameter("period", 32, 0...256, "one letter in so many is a reset; 0: none is"),
        TaskParameter.wordLength(64), TaskParameter.placesAsked,
    ]
    static let kind = TaskKind(
        name: name, family: .stateTracking, summary: "values of several counters that are stepped and reset, by length",
        parameters: parameters, make: { try ModularCounter($0) })

    private static let widths = (first: 1, other: 1)
    let word: StateWord
    private let bank: CounterBank

    /// The letter that steps counter c is number 2 c, the one that resets it 2 c + 1.
    private static let letters = SymbolRange.values

    /// The task of these parameter values.
    /// - Throws: ``AssayError`` naming the parameter that is unknown, out of range or contradicts the others.
    public init(_ given: [String: Int] = [:]) throws {
        let p = try ParameterValues(Self.name, Self.parameters, given)
        try StateWord.demand(p, widths: Self.widths)
        if p["period"] == 0 {
            try p.require("counters", atLeast: 2, because: "without resets, one counter counts the letters")
        } else {
            try p.require(
                "period", atLeast: ShortcutBaseline.window,
                because: "a reset must mostly be out of reach of a window of \(ShortcutBaseline.window) tokens")
        }
        let bank = CounterBank(counters: p["counters"], modulus: p["modulus"], period: p["period"])
        self.bank = bank
        word = StateWord(
            identity: TaskIdentity(generator: Self.name, version: 1, parameters: p.all), length: p["length"],
            questions: p["questions"], task: Vocabulary.counterTask, automaton: bank, widths: Self.widths,
            spell: { letter, _ in [Self.letters[letter]] })
    }

    /// Counts the steps since the last reset afresh for every question.
    public func check(_ sequence: TaskSequence) -> [String] {
        var check = SequenceCheck(sequence, length: length, task: Vocabulary.counterTask)
        let end = sequence.usedLength - 1
        let used = SymbolRange(offset: 64, count: 2 * bank.counters)
        guard end - 2 == word.letters, sequence.tokens[end] == Vocabulary.end,
            sequence.tokens[2..<end].allSatisfy(used.contains)
        else { return check.complaints + ["is not \(word.letters) steps and resets, and </s>"] }
        let hasResets = sequence.tokens[2..<end].contains { used.index(of: $0) % 2 == 1 }
        check.require(bank.period > 0 || !hasResets, "resets a counter")
        for (number, question) in sequence.questions.enumerated() {
            let place = min(max(question.answer.lowerBound, 3), end)
            let counter = used.index(of: sequence.tokens[place - 1]) / 2
            let past = sequence.tokens[2..<place]
            let since = past.lastIndex(of: used[2 * counter + 1]) ?? 1
            let steps = past[(since + 1)...].filter { $0 == used[2 * counter] }.count
            check.compare(number, sequence, with: word.expected(answer: place, value: steps % bank.modulus))
        }
        check.requirePlaces(sequence, letters: word.letters, questions: word.questions, widths: Self.widths)
        return check.complaints
    }

    /// The steps and resets, the questions and their answers.
    public func describe(_ sequence: TaskSequence) -> String {
        word.describe(Self.name, sequence) { token in
            if Self.letters.contains(token) {
                let number = Self.letters.index(of: token)
                return "\(number % 2 == 0 ? "i" : "r")\(number / 2)"
            }
            return SymbolRange.keys.contains(token)
                ? "\(SymbolRange.keys.index(of: token))" : Vocabulary.name(of: token)
        }
    }
}

/// Some counters, and which of them was named last: a state in one number.
struct CounterBank: StateMachine {
    let counters: Int
    let modulus: Int
    /// One letter in so many is a reset; 0: none.
    let period: Int

    var start: Int { 0 }
    var letters: Int { 2 * counters }
    var firstLetters: Int { letters }
    var valueCount: Int { modulus }

    func letter(isFirst: Bool, _ random: inout CounterRandom) -> Int {
        let isReset = period > 0 && random.below(period) == 0
        return 2 * random.below(counters) + (isReset ? 1 : 0)
    }

    /// A state is `last + counters * (value 0 + modulus * (value 1 + ...))`.
    func step(_ state: Int, _ letter: Int) -> Int {
        let counter = letter / 2
        var unit = counters
        for _ in 0..<counter { unit *= modulus }
        let value = state / unit % modulus
        let new = letter % 2 == 1 ? 0 : (value + 1) % modulus
        return state - state % counters + counter + (new - value) * unit
    }

    func value(_ state: Int) -> Int {
        var rest = state / counters
        for _ in 0..<state % counters { rest /= modulus }
        return rest % modulus
    }

    func likeliest(after count: Int) -> Int { start }

    /// A reset of the named counter among the letters seen tells its value; otherwise it is the hidden letters' value and
    /// some steps, and the likeliest of those values is as good a guess as any.
    func floor(hidden: Int, seen: Int) -> Double {
        let reset = period > 0 ? 1 / Double(period) : 0
        let share = 1 / Double(counters)
        // The last letter names the counter for sure, the others with a chance of 1 in the number of counters.
        var unseen = 1 - reset
        for _ in 0..<max(0, min(seen, seen + hidden) - 1) { unseen *= 1 - reset * share }
        var values = [Double](repeating: 0, count: modulus)
        values[0] = 1
        for _ in 0..<max(hidden, 0) {
            let before = values
            for value in 0..<modulus {
                values[value] =
                    (1 - share) * before[value] + share * (1 - reset) * before[(value + modulus - 1) % modulus]
            }
            values[0] += share * reset
            if zip(before, values).allSatisfy({ abs($0 - $1) < 1e-15 }) { break }
        }
        return 1 - unseen + unseen * (values.max() ?? 0)
    }
}
