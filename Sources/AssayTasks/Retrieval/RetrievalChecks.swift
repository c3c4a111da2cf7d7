import AssayCore

/// What a checker found the answer to a question to be.
struct Solution {
    var gold: [Int32]
    var overwritten: [Int32] = []
    var grading: Grading = .exact
    var hops = 1
    /// Where the fact begins that distance and position are those of; nil when the answer is not in the context.
    var start: Int?
    /// Tokens of that fact, and where its answer stands.
    var width = 0
    var valuePosition = 0

    /// The answer that a fact gives.
    init(_ fact: RetrievalReading.Fact, gold: [Int32]? = nil, grading: Grading = .exact, hops: Int = 1) {
        self.gold = gold ?? fact.value
        self.grading = grading
        self.hops = hops
        (start, width, valuePosition) = (fact.start, fact.width, fact.valuePosition)
    }

    /// An answer that was found by scanning.
    init(gold: [Int32], start: Int? = nil, width: Int = 0, valuePosition: Int = 0) {
        self.gold = gold
        (self.start, self.width, self.valuePosition) = (start, width, valuePosition)
    }
}

extension RetrievalFrame {
    /// Compares the questions of a sequence with what a solver finds in its tokens.
    /// - Parameters:
    ///   - facts: facts, each counted once.
    ///   - load: what the state has to hold.
    ///   - solve: the answer to a question, nil when there is none.
    func check(
        _ sequence: TaskSequence, task: Int32, _ reading: RetrievalReading, facts: Int, load: Int,
        solve: (RetrievalReading.Asked) -> Solution?
    ) -> SequenceCheck {
        var check = SequenceCheck(sequence, length: length, task: task)
        check.complain(reading.problems)
        check.require(reading.asked.count == sequence.questions.count, "questions and records differ in number")
        let region = reading.region(gap: gap)
        check.require(
            reading.facts.last.map { $0.start + $0.width <= region.upperBound } ?? true, "a fact lies in the gap")
        for (number, asked) in reading.asked.enumerated() {
            guard let found = solve(asked) else {
                check.complain(["question \(number): \(RetrievalReading.names(asked.key)) is not in the context"])
                continue
            }
            check.compare(
                number, sequence,
                with: .init(
                    answer: asked.answer, gold: found.gold, overwritten: found.overwritten, grading: found.grading,
                    hops: found.hops, facts: facts,
                    distance: found.start == nil ? 0 : asked.answer.lowerBound - found.valuePosition, load: load,
                    position: found.start.map { NoisyContext.position($0, in: region, width: found.width) } ?? 0))
        }
        return check
    }

    /// Looks each key of a sequence of key-value pairs up by scanning backwards from its question.
    /// - Parameter repeats: whether a pair may be told again.
    func checkPairs(_ sequence: TaskSequence, task: Int32, repeats: Bool = false) -> [String] {
        let tokens = sequence.tokens
        let reading = RetrievalReading(tokens, form: .pairs)
        let pairs = Dictionary(grouping: reading.facts, by: \.key).mapValues { Set($0.map(\.value)) }
        var check = check(sequence, task: task, reading, facts: pairs.count, load: pairs.count) { asked in
            stride(from: reading.contextEnd - 2, through: 2, by: -1).first {
                tokens[$0] == asked.key[0] && values.contains(tokens[$0 + 1])
            }.map { Solution(gold: [tokens[$0 + 1]], start: $0, width: 2, valuePosition: $0 + 1) }
        }
        check.require(repeats || pairs.count == reading.facts.count, "a key occurs twice")
        check.require(pairs.values.allSatisfy { $0.count == 1 }, "a key has two values")
        check.require(Set(pairs.values).count == pairs.count, "a value occurs twice")
        return check.complaints
    }
}
