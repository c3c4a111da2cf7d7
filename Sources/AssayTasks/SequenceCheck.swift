import AssayCore

/// What holds for the sequences of every task; collects what does not.
struct SequenceCheck {
    /// What is wrong, one sentence each.
    private(set) var complaints: [String] = []

    /// Checks length, padding, vocabulary, the order of the questions and the records that the tokens alone determine.
    init(_ sequence: TaskSequence, length: Int, task: Int32) {
        let tokens = sequence.tokens
        require(tokens.count == length, "has \(tokens.count) tokens, not \(length)")
        require(tokens.prefix(2) == [Vocabulary.start, task], "does not start with <s> \(Vocabulary.name(of: task))")
        require(tokens.allSatisfy { $0 >= 0 && $0 < Int32(Vocabulary.count) }, "has tokens outside the vocabulary")
        let used = sequence.usedLength
        require(!tokens.prefix(used).contains(Vocabulary.padding), "has padding before its end")
        require(!sequence.questions.isEmpty, "asks nothing")
        let bits = ContentBits.ofSequence(tokens)
        var last = 2
        for (number, question) in sequence.questions.enumerated() {
            let answer = question.answer
            let isPlaced = answer.lowerBound >= last && answer.upperBound <= used && !answer.isEmpty
            require(isPlaced, "question \(number): answer at \(answer) is out of place")
            require(
                question.hiddenGold == nil || answer.count == 1,
                "question \(number): a hidden answer has one token")
            last = max(last, answer.upperBound)
            let item = question.item
            require(item.length == used, "question \(number): recorded length \(item.length), used \(used)")
            require(item.id.question == number, "question \(number) has the identity of question \(item.id.question)")
            require((0...1).contains(item.position), "question \(number): position \(item.position)")
            require(
                item.contentBits
                    == ContentBits.ofItem(sequence: bits, answer: answer, hiddenGold: question.hiddenGold),
                "question \(number): the content hash is not that of the tokens")
        }
    }

    /// Complains unless a condition holds.
    mutating func require(_ condition: Bool, _ complaint: @autoclosure () -> String) {
        if !condition { complaints.append(complaint()) }
    }

    /// Adds complaints.
    mutating func complain(_ more: [String]) { complaints += more }

    /// Compares a question's gold answer and covariates with what a checker derived.
    mutating func compare(_ number: Int, _ sequence: TaskSequence, with expected: Expected) {
        guard number < sequence.questions.count else { return complaints.append("question \(number) is not recorded") }
        let question = sequence.questions[number]
        let item = question.item
        require(
            question.answer == expected.answer,
            "question \(number): answer at \(question.answer), should be at \(expected.answer)")
        let inRange = expected.answer.upperBound <= sequence.tokens.count && expected.answer.lowerBound >= 0
        let said = question.hiddenGold.map { [$0] } ?? (inRange ? Array(sequence.tokens[expected.answer]) : [])
        require(
            (question.hiddenGold != nil) == expected.isHidden,
            "question \(number): the answer must \(expected.isHidden ? "not " : "")stand in the tokens")
        require(
            question.overwritten == expected.overwritten,
            "question \(number): overwritten values \(Vocabulary.text(question.overwritten)), "
                + "should be \(Vocabulary.text(expected.overwritten))")
        require(
            said == expected.gold,
            "question \(number): answer \(Vocabulary.text(said)), should be \(Vocabulary.text(expected.gold))")
        require(question.grading == expected.grading, "question \(number): wrong grading")
        let recorded = [item.hops, item.facts, item.distance, item.load]
        let derived = [expected.hops, expected.facts, expected.distance, expected.load]
        require(
            recorded == derived,
            "question \(number): hops, facts, distance, load recorded as \(recorded), should be \(derived)")
        require(
            abs(item.position - expected.position) < 1e-9,
            "question \(number): position recorded as \(item.position), should be \(expected.position)")
    }

    /// What a checker derived for a question.
    struct Expected {
        var answer: Range<Int>
        var gold: [Int32]
        /// The answer does not stand in the tokens.
        var isHidden = false
        /// Answers that were right before.
        var overwritten: [Int32] = []
        var grading: Grading = .exact
        var hops = 1
        var facts: Int
        var distance: Int
        var load: Int
        var position: Double
    }
}
