import AssayCore

/// The word problem of a finite group: the product of all elements so far.
///
/// `<s> word g g g ... g </s>`, elements as tokens, the product of the prefix asked for at elements of the second half.
/// After Merrill, Petty and Sabharwal, "The Illusion of State in State-Space Models" (ICML 2024, arXiv 2404.08819;
/// jopetty/word-problem); in its form that is trained on words of one length and tested on longer ones it is that of
/// DeltaProduct (Siems et al., arXiv 2502.10297). Letters are drawn evenly from all elements, as published, or from a few
/// that generate the group.
public struct GroupWord: TaskGenerator, WordTask {
    /// The generator's name.
    public static let name = "group-word"
    /// The parameters.
    public static let parameters = [
        TaskParameter("group", choices: FiniteGroup.all.map(\.name), "S3", "whose elements are the letters"),
        TaskParameter(
            "letters", choices: ["all", "few"], "all", "which elements: all, or some that generate the group"),
        TaskParameter.wordLength(64), TaskParameter.placesAsked,
    ]
    static let kind = TaskKind(
        name: name, family: .stateTracking, summary: "product of the elements of a group so far, by group and length",
        parameters: parameters, make: { try GroupWord($0) })

    private static let widths = (first: 1, other: 1)
    let word: StateWord
    private let group: FiniteGroup
    private let letters: [Int]
    private let elements: SymbolRange

    /// The task of these parameter values.
    /// - Throws: ``AssayError`` naming the parameter that is unknown, out of range or contradicts the others.
    public init(_ given: [String: Int] = [:]) throws {
        let p = try ParameterValues(Self.name, Self.parameters, given)
        try StateWord.demand(p, widths: Self.widths)
        let group = FiniteGroup.all[p["group"]]
        let letters = p["letters"] == 0 ? Array(0..<group.order) : group.generators
        let elements = SymbolRange(offset: 0, count: group.order)
        (self.group, self.letters, self.elements) = (group, letters, elements)
        let values = Array(0..<group.order)
        word = StateWord(
            identity: TaskIdentity(generator: Self.name, version: 1, parameters: p.all), length: p["length"],
            questions: p["questions"], task: Vocabulary.groupTask,
            automaton: Automaton(
                states: group.order, start: 0, letters: letters.count, firstLetters: letters.count,
                next: values.flatMap { state in letters.map { group.table[state * group.order + $0] } },
                values: values, valueCount: group.order, views: [values]),
            widths: Self.widths, spell: { letter, _ in [elements[letters[letter]]] })
    }

    /// Moves points instead of multiplying in the table: every letter is spelled out as a permutation by its place in the
    /// lexicographic order, and the product is looked for by where the points have gone.
    public func check(_ sequence: TaskSequence) -> [String] {
        var check = SequenceCheck(sequence, length: length, task: Vocabulary.groupTask)
        let end = sequence.usedLength - 1
        let allowed = Set(letters.map { elements[$0] })
        guard end - 2 == word.letters, sequence.tokens[end] == Vocabulary.end,
            sequence.tokens[2..<end].allSatisfy(allowed.contains)
        else { return check.complaints + ["is not \(word.letters) letters of \(group.name) and </s>"] }
        var moved = MovedPoints(group)
        var following = sequence.questions.enumerated().makeIterator()
        var question = following.next()
        for place in 2..<end {
            moved.move(by: elements.index(of: sequence.tokens[place]))
            while let (number, asked) = question, asked.answer.lowerBound <= place + 1 {
                check.compare(number, sequence, with: word.expected(answer: place + 1, value: moved.element))
                question = following.next()
            }
        }
        check.require(question == nil, "asks after the end")
        check.requirePlaces(sequence, letters: word.letters, questions: word.questions, widths: Self.widths)
        return check.complaints
    }

    /// The elements, the questions and their answers.
    public func describe(_ sequence: TaskSequence) -> String {
        word.describe("\(Self.name) over \(group.name)", sequence) {
            elements.contains($0) ? "g\(elements.index(of: $0))" : Vocabulary.name(of: $0)
        }
    }
}

/// Where the points and the wheel of a group are after some elements; knows nothing of the group's table.
private struct MovedPoints {
    private let group: FiniteGroup
    private let isEvenOnly: Bool
    private var places: [Int]
    private var turn = 0

    init(_ group: FiniteGroup) {
        self.group = group
        let points = group.permutations[0].count
        places = Array(0..<points)
        isEvenOnly = points > 1 && group.permutations.count < (1...points).reduce(1, *)
    }

    mutating func move(by element: Int) {
        let permutation = spelled(element / group.wheel)
        places = places.map { permutation[$0] }
        turn = (turn + element) % group.wheel
    }

    /// The number of the element that moves the points so.
    var element: Int { rank(places) * group.wheel + turn }

    /// The permutation of a number, by its Lehmer code; among even ones, the two of a pair that end alike share a number.
    private func spelled(_ number: Int) -> [Int] {
        guard isEvenOnly else { return MovedPoints.permutation(rank: number, of: places.count) }
        let pair = MovedPoints.permutation(rank: 2 * number, of: places.count)
        return MovedPoints.inversions(pair) % 2 == 0
            ? pair : MovedPoints.permutation(rank: 2 * number + 1, of: places.count)
    }

    private func rank(_ permutation: [Int]) -> Int {
        var rank = 0
        for (place, value) in permutation.enumerated() {
            rank = rank * (permutation.count - place) + permutation[place...].filter { $0 < value }.count
        }
        return isEvenOnly ? rank / 2 : rank
    }

    private static func permutation(rank: Int, of count: Int) -> [Int] {
        var digits: [Int] = []
        var rest = rank
        for base in 1...count {
            digits.append(rest % base)
            rest /= base
        }
        var left = Array(0..<count)
        return digits.reversed().map { left.remove(at: $0) }
    }

    private static func inversions(_ permutation: [Int]) -> Int {
        permutation.indices.reduce(0) { sum, place in
            sum + permutation[place...].filter { $0 < permutation[place] }.count
        }
    }
}
