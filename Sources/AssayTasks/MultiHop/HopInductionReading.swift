import AssayCore

extension HopInduction {
    /// The chance of the best guess by someone who knows the letter of the place alone, of the hops asked for or of the
    /// single ones of the twins: see ``floor(hops:alphabet:)``. That holds far from the start; so near to it that not every
    /// place has so many hops, the letter comes back a little more often, as fixed draws say.
    public var statedFloor: Double {
        let near = FixedDraws.bound("\(Self.name)/floor", draws: max(200, 300_000 / length)) { random in
            let paths = InductionPaths(letters, of: alphabet.count, &random)
            let asked = Self.spread(paths.places(after: hops), questions)
            let same = asked.filter { place in
                paths.place(place, after: hops).map { paths.letters[$0] == paths.letters[place] } ?? false
            }
            return (Double(same.count), asked.count)
        }
        let far = max(Self.floor(hops: hops, alphabet: alphabet.count), Self.floor(hops: 1, alphabet: alphabet.count))
        return max(far, near)
    }

    /// The chance of the best guess of the label from the letter a of the place, far from the start.
    ///
    /// What stands before the last a is independent of what follows it, so that a label and the letter before it are a
    /// Markov chain over hops. From a pair (x, y) a hop walks back from x to the last y, and lands on the letter that was
    /// passed before it: x again with probability p = 2 / n among n letters (p = 1 / (n - 1) + (n - 2) / (n - 1) p / 2:
    /// straight on, or by another letter), else each of the others alike. Followed for "is a" and "is not a".
    static func floor(hops: Int, alphabet n: Int) -> Double {
        let back = 2 / Double(n)
        let other = (1 - back) / Double(n - 2)
        // The likelihood of pairs of a letter and the label after it: (a, other), (other, a), (other, other).
        var (fromA, toA, neither) = (1.0, 0.0, 0.0)
        for _ in 1..<hops {
            let (left, reached) = (toA, fromA * back + neither * other)
            (fromA, toA, neither) = (left, reached, 1 - left - reached)
        }
        return max(toA, (1 - toA) / Double(n - 1))
    }

    /// Guess a letter, say the letter of the place, guess another one, always the same letter.
    public var baselines: [ShortcutBaseline] {
        let alphabet = alphabet
        @Sendable func isRight(_ letter: Int32, _ question: Question) -> Double {
            question.hiddenGold == letter ? 1 : 0
        }
        return [
            ShortcutBaseline(name: "guess-letter") { _, question, random in
                isRight(alphabet[random.below(alphabet.count)], question)
            },
            ShortcutBaseline(name: "same-letter") { sequence, question, _ in
                isRight(sequence.tokens[question.answer.lowerBound - 1], question)
            },
            ShortcutBaseline(name: "other-letter") { sequence, question, random in
                let own = alphabet.index(of: sequence.tokens[question.answer.lowerBound - 1])
                let other = random.below(alphabet.count - 1)
                return isRight(alphabet[other >= own ? other + 1 : other], question)
            },
            ShortcutBaseline(name: "constant-letter") { _, question, _ in isRight(alphabet[0], question) },
        ]
    }

    /// Finds places that are far enough by counting the hops that each allows, and follows every path by scanning backwards.
    public func check(_ sequence: TaskSequence) -> [String] {
        var check = SequenceCheck(sequence, length: length, task: Vocabulary.hopInductionTask)
        let end = sequence.usedLength - 1
        let first = Self.firstLetter
        guard end > first + 1, sequence.tokens[end] == Vocabulary.end,
            sequence.tokens[first..<end].allSatisfy(alphabet.contains),
            let hops = (1...self.hops).first(where: { Self.announcement($0) == sequence.tokens[first - 1] })
        else { return check.complaints + ["is not a number of hops, letters and </s>"] }
        let letters = Array(sequence.tokens[first..<end])
        guard zip(letters, letters.dropFirst()).allSatisfy({ $0 != $1 }) else {
            return check.complaints + ["two neighbours are the same letter"]
        }
        for (number, question) in sequence.questions.enumerated() {
            let place = question.answer.lowerBound - first - 1
            guard letters.indices.contains(place), let goal = Self.scan(letters, from: place, hops: hops) else {
                check.complain(["question \(number): no \(hops) hops lead anywhere"])
                continue
            }
            check.compare(
                number, sequence,
                with: .init(
                    answer: place + first + 1..<place + first + 2, gold: [letters[goal]], isHidden: true, hops: hops,
                    facts: letters.count, distance: place - goal, load: alphabet.count,
                    position: Double(goal) / Double(letters.count - 1)))
        }
        let isTwin = hops == 1 && self.hops > 1 && sequence.questions.allSatisfy { $0.item.parent != nil }
        let places = sequence.questions.map { $0.answer.lowerBound - first - 1 }
        let possible = Self.places(letters, hops: hops)
        check.require(
            isTwin || places == Self.spread(possible, questions) || places == Self.spread(possible, 1024),
            "asks at the places \(places)")
        return check.complaints
    }

    /// Where hops lead, by looking for each last occurrence; nil when there is none.
    private static func scan(_ letters: [Int32], from place: Int, hops: Int) -> Int? {
        var at = place
        for _ in 0..<hops {
            guard let last = letters[..<at].lastIndex(of: letters[at]) else { return nil }
            at = last + 1
        }
        return at
    }

    /// The places that allow so many hops: a place allows one more than the place that its hop leads to.
    private static func places(_ letters: [Int32], hops: Int) -> [Int] {
        var allowed: [Int] = []
        for place in letters.indices {
            let last = letters[..<place].lastIndex(of: letters[place])
            allowed.append(last.map { 1 + allowed[$0 + 1] } ?? 0)
        }
        return allowed.indices.filter { allowed[$0] >= hops }
    }

    /// The letters, and the questions with their paths.
    public func describe(_ sequence: TaskSequence) -> String {
        let letters = Array(sequence.tokens.prefix(sequence.usedLength).dropFirst(Self.firstLetter).dropLast())
        func name(_ token: Int32) -> String {
            alphabet.contains(token)
                ? String(UnicodeScalar(UInt8(97 + alphabet.index(of: token)))) : Vocabulary.name(of: token)
        }
        var lines = [
            "\(Self.name): \(letters.count) letters",
            "  " + letters.enumerated().map { "\(name($1))\($0)" }.joined(separator: " "),
        ]
        for (number, question) in sequence.questions.enumerated() {
            let place = question.answer.lowerBound - Self.firstLetter - 1
            guard letters.indices.contains(place) else { continue }
            let path = (0...question.item.hops).compactMap { Self.scan(letters, from: place, hops: $0) }
            lines.append(
                "  question \(number + 1): \(question.item.hops) hops from place \(place) ?  answer: "
                    + sequence.gold(question).map(name).joined()
                    + "  (\(path.map { "\(name(letters[$0]))\($0)" }.joined(separator: " -> "))"
                    + (question.item.parent.map { "; single hop of question \($0.question + 1)" } ?? "") + ")")
        }
        return lines.joined(separator: "\n")
    }
}
