import AssayCore

/// A word of letters that drive an automaton, and questions for its value along the way: what the state-tracking tasks
/// without brackets have in common.
///
/// `<s> task x1 x2 ... xn </s>`. The value after a letter is asked for at that letter and never stands in the tokens, or
/// every answer would follow from the one before. An evaluation sequence asks at places spread evenly over the second
/// half of the word, the last one included; a training sequence asks after every letter, as is done with the word problem
/// (jopetty/word-problem). Facts are the letters of the word, the same for every question; load is the number of values
/// that the state can have; distance is that of the first letter, on which every value depends.
struct StateWord: Sendable {
    let identity: TaskIdentity
    let length: Int
    /// The second token.
    let task: Int32
    let automaton: any StateMachine
    /// The tokens of a letter; the first letter of a word can have fewer than the others.
    let spell: @Sendable (_ letter: Int, _ isFirst: Bool) -> [Int32]
    /// Tokens of a letter, and of the first.
    let widths: (first: Int, other: Int)
    /// Letters of a word.
    let letters: Int
    let questions: Int
    /// The tokens of the values.
    let values: SymbolRange
    /// The floor: see ``StateMachine/floor(hidden:seen:)``.
    let floor: Double
    private let source: ItemSource

    init(
        identity: TaskIdentity, length: Int, questions: Int, task: Int32, automaton: any StateMachine,
        widths: (first: Int, other: Int), spell: @escaping @Sendable (Int, Bool) -> [Int32]
    ) {
        self.identity = identity
        self.length = length
        self.questions = questions
        self.task = task
        self.automaton = automaton
        self.widths = widths
        self.spell = spell
        letters = StateWord.letters(in: length, widths: widths)
        values = SymbolRange(offset: 0, count: automaton.valueCount)
        source = ItemSource(identity)
        let seen = ShortcutBaseline.window / widths.other
        let places = StateWord.places(letters: letters, questions: questions)
        floor = places.reduce(0) { $0 + automaton.floor(hidden: $1 - seen, seen: seen) } / Double(places.count)
    }

    /// Letters that fit beside `<s>`, the task and `</s>`.
    static func letters(in length: Int, widths: (first: Int, other: Int)) -> Int {
        (length - 3 - widths.first) / widths.other + 1
    }

    /// After which letters an evaluation sequence asks: evenly over the second half, up to the last.
    static func places(letters: Int, questions: Int) -> [Int] {
        let half = letters / 2
        return (0..<questions).map { letters - $0 * half / questions }.reversed()
    }

    /// Refuses lengths whose second half a local window could see through, and more questions than it has places.
    static func demand(_ p: ParameterValues, widths: (first: Int, other: Int)) throws {
        // The first place asked for is half of the letters away, less one.
        let fewest = 2 * (ShortcutBaseline.window / widths.other + 1)
        try p.require(
            "length", atLeast: 3 + widths.first + (fewest - 1) * widths.other,
            because:
                "questions in the second half must be out of reach of a window of \(ShortcutBaseline.window) tokens")
        let letters = letters(in: p["length"], widths: widths)
        try p.require("questions", atMost: letters / 2, because: "they stand in the second half of \(letters) letters")
    }

    /// One sequence a cluster.
    func cluster(_ stream: ItemStream, index: Int) -> [TaskSequence] {
        [make(stream, .cluster, index, StateWord.places(letters: letters, questions: questions))]
    }

    /// A whole word that is asked after every letter: each prefix is a shorter word.
    func trainingSequence(_ stream: ItemStream, index: Int) -> TaskSequence {
        make(stream, .training, index, Array(1...SequenceBuilder.questions(of: 1, in: letters)))
    }

    private func make(_ stream: ItemStream, _ use: ItemSource.Use, _ index: Int, _ places: [Int]) -> TaskSequence {
        let (word, _) = source.draw(stream, use, index) { random -> (context: [Int], bits: UInt64) in
            let word = (0..<letters).map { automaton.letter(isFirst: $0 == 0, &random) }
            return (word, ContentBits.fast(word.lazy.map { Int32($0) }))
        }
        var builder = SequenceBuilder([Vocabulary.start, task], length: length)
        var state = automaton.start
        var asked = places[...]
        for (place, letter) in word.enumerated() {
            builder.append(spell(letter, place == 0))
            state = automaton.step(state, letter)
            guard asked.first == place + 1 else { continue }
            asked.removeFirst()
            builder.ask(values[automaton.value(state)], covariates(answer: builder.position))
        }
        builder.append(Vocabulary.end)
        return builder.finish(cluster: index)
    }

    private func covariates(answer: Int) -> SequenceBuilder.Covariates {
        .init(facts: letters, distance: answer - 2, load: automaton.valueCount, position: 0)
    }

    /// What a checker that derived the value after the letter that ends before `answer` expects.
    func expected(answer: Int, value: Int) -> SequenceCheck.Expected {
        .init(
            answer: answer..<answer + 1, gold: [values[value]], isHidden: true, facts: letters, distance: answer - 2,
            load: automaton.valueCount, position: 0)
    }
}

/// A task whose sequences are words.
protocol WordTask: TaskGenerator {
    /// The words.
    var word: StateWord { get }
}

extension WordTask {
    /// Everything that identifies the items.
    public var identity: TaskIdentity { word.identity }
    /// Tokens of every sequence.
    public var length: Int { word.length }
    /// State tracking.
    public var family: TaskFamily { .stateTracking }
    /// One token is asked for; nothing is generated freely.
    public var generates: Bool { false }
    /// The best guess from the last letters, see ``StateMachine/floor(hidden:seen:)``.
    public var statedFloor: Double { word.floor }
    /// Guess, say the last letter, say the value of the start, follow the last letters.
    public var baselines: [ShortcutBaseline] { word.baselines }

    /// One sequence a cluster.
    public func cluster(_ stream: ItemStream, index: Int) -> [TaskSequence] { word.cluster(stream, index: index) }

    /// A sequence that is asked after every letter.
    public func trainingSequence(_ stream: ItemStream, index: Int) -> TaskSequence {
        word.trainingSequence(stream, index: index)
    }
}

extension StateWord {
    /// A letter's number from its tokens; nil when they are none.
    func letter(_ tokens: ArraySlice<Int32>, isFirst: Bool) -> Int? {
        (0..<(isFirst ? automaton.firstLetters : automaton.letters)).first { spell($0, isFirst) == Array(tokens) }
    }

    /// Guess a value, say the last letter again, always the value of the start, follow the last letters from the likeliest
    /// state before them.
    var baselines: [ShortcutBaseline] {
        let seen = ShortcutBaseline.window / widths.other
        let likeliest = Dictionary(
            uniqueKeysWithValues: StateWord.places(letters: letters, questions: questions).map {
                ($0, automaton.likeliest(after: $0 - seen))
            })
        @Sendable func isRight(_ value: Int32, _ question: Question) -> Double { question.hiddenGold == value ? 1 : 0 }
        return [
            ShortcutBaseline(name: "guess-value") { _, question, random in
                isRight(values[random.below(values.count)], question)
            },
            ShortcutBaseline(name: "last-letter") { sequence, question, _ in
                isRight(sequence.tokens[question.answer.lowerBound - 1], question)
            },
            ShortcutBaseline(name: "start-value") { _, question, _ in
                isRight(values[automaton.value(automaton.start)], question)
            },
            ShortcutBaseline(name: "local-window") { sequence, question, _ in
                let end = question.answer.lowerBound
                let place = (end - 2 - widths.first) / widths.other + 1
                var state = likeliest[place] ?? automaton.start
                for back in (0..<min(seen, place)).reversed() {
                    let last = end - back * widths.other
                    let width = back == place - 1 ? widths.first : widths.other
                    guard let letter = letter(sequence.tokens[last - width..<last], isFirst: back == place - 1) else {
                        return 0
                    }
                    state = automaton.step(state, letter)
                }
                return isRight(values[automaton.value(state)], question)
            },
        ]
    }

    /// The word and the values asked for, for a person.
    func describe(_ title: String, _ sequence: TaskSequence, name: (Int32) -> String) -> String {
        let tokens = sequence.tokens.prefix(sequence.usedLength)
        var lines = [
            "\(title): the value of a growing word of \(letters) letters",
            "  word: " + tokens.dropFirst(2).map { name($0) }.joined(separator: " "),
        ]
        for (number, question) in sequence.questions.enumerated() {
            let gold = sequence.gold(question).map(name).joined(separator: " ")
            lines.append(
                "  question \(number + 1): after token \(question.answer.lowerBound - 1)?  answer: \(gold)  "
                    + "(load \(question.item.load), distance \(question.item.distance))")
        }
        return lines.joined(separator: "\n")
    }
}
