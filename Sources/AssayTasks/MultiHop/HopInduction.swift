import AssayCore

/// k-hop induction: the letter that k leaps back lead to, each to the place after the last earlier occurrence.
///
/// `<s> hop-induction k a c b a ... </s>`. From place i a hop goes to j + 1, where j is the last place before i with the
/// letter of i; the label of i is the letter after k hops. No two neighbours are equal. After Sanford, Hsu and Telgarsky,
/// "Transformers, parallel computation, and logarithmic depth" (ICML 2024, arXiv 2402.09268; chsanford/
/// hop-induction-heads), where the label is asked for at every place from which k hops lead somewhere: training asks so,
/// evaluation at places spread evenly over those. Labels never stand in the tokens. k is the same for all questions of a
/// task; tasks of the same length and different k make a curve.
///
/// Over few letters a hop is short (alphabet - 1 places on average), so that a window answers many single hops: the task
/// asks how many compositions a depth can do, not how far it reaches. A larger alphabet sends hops farther.
///
/// A cluster is the main sequence and its twins: the same letters with k = 1, asked at the places of the main questions'
/// paths; each twin item names its multi-hop parent.
public struct HopInduction: TaskGenerator {
    /// The generator's name.
    public static let name = "hop-induction"
    /// The parameters.
    public static let parameters = [
        TaskParameter("hops", 2, 1...16, "hops of every question"),
        TaskParameter("alphabet", 4, 3...26, "different letters"),
        TaskParameter("questions", 8, 1...256, "questions in an evaluation sequence; training asks everywhere"),
        TaskParameter("length", 100, 16...8192, "tokens of every sequence, which the letters fill"),
    ]
    static let kind = TaskKind(
        name: name, family: .multiHop, summary: "letter after k leaps back to earlier occurrences, by hops",
        parameters: parameters, make: { try HopInduction($0) })

    /// Everything that identifies the items.
    public let identity: TaskIdentity
    /// Tokens of every sequence.
    public let length: Int
    let hops: Int
    let questions: Int
    let alphabet: SymbolRange
    /// Letters of an evaluation sequence.
    let letters: Int
    private let source: ItemSource

    /// Where the letters begin.
    static let firstLetter = 3
    /// The token that announces k hops.
    static func announcement(_ hops: Int) -> Int32 { SymbolRange.values[hops] }

    /// The task of these parameter values.
    /// - Throws: ``AssayError`` naming the parameter that is unknown, out of range or contradicts the others.
    public init(_ given: [String: Int] = [:]) throws {
        let p = try ParameterValues(Self.name, Self.parameters, given)
        (length, hops, questions) = (p["length"], p["hops"], p["questions"])
        alphabet = SymbolRange(offset: 0, count: p["alphabet"])
        letters = p["length"] - Self.firstLetter - 1
        let fewest = Self.letters(hops: hops, alphabet: p["alphabet"], questions: questions)
        try p.require(
            "length", atLeast: fewest + Self.firstLetter + 1,
            because: "\(hops) hops over \(p["alphabet"]) letters, and \(questions) questions, need the room")
        identity = TaskIdentity(generator: Self.name, version: 1, parameters: p.all)
        source = ItemSource(identity)
    }

    /// Letters among which enough places are far enough from the start: a hop goes back by alphabet - 1 on average.
    private static func letters(hops: Int, alphabet: Int, questions: Int) -> Int {
        hops * (alphabet - 1) + 2 * alphabet + 2 * questions
    }

    /// Multi-hop reasoning.
    public var family: TaskFamily { .multiHop }
    /// One token is asked for; nothing is generated freely.
    public var generates: Bool { false }

    /// The main sequence, then the twins that ask for the single hops of its paths.
    public func cluster(_ stream: ItemStream, index: Int) -> [TaskSequence] {
        let (paths, _) = draw(stream, .cluster, index) { _ in (hops, letters, questions) }
        let asked = Self.spread(paths.places(after: hops), questions)
        let main = write(paths, hops, asked.map { ($0, nil) }, cluster: index, sequence: 0)
        guard hops > 1 else { return [main] }
        var twins: [[(place: Int, parent: ItemID?)]] = []
        for (number, place) in asked.enumerated() {
            let parent = ItemID(cluster: index, sequence: 0, question: number)
            for hop in 0..<hops {
                guard let step = paths.place(place, after: hop) else { continue }
                let twin = twins.firstIndex { $0.count < questions && !$0.contains { $0.place == step } }
                if let twin { twins[twin].append((step, parent)) } else { twins.append([(step, parent)]) }
            }
        }
        return [main]
            + twins.enumerated().map { number, twin in
                write(paths, 1, twin.sorted { $0.place < $1.place }, cluster: index, sequence: number + 1)
            }
    }

    /// A sequence that is asked at every place, of all letters half of the time, of fewer otherwise; half of the sequences
    /// for single hops only, half of the rest for one or two, and so on: longer paths are learned from shorter ones.
    public func trainingSequence(_ stream: ItemStream, index: Int) -> TaskSequence {
        var asked = 1
        let (paths, _) = draw(stream, .training, index) { random in
            asked = 1 + random.below(random.rung(of: hops))
            let fewest = Self.letters(hops: asked, alphabet: alphabet.count, questions: 1)
            return (asked, random.difficulty(min(fewest, letters)...letters), 1)
        }
        let places = Self.spread(paths.places(after: asked), 1024)
        return write(paths, asked, places.map { ($0, nil) }, cluster: index, sequence: 0)
    }

    /// At most `count` of some places, spread evenly, the last one included.
    static func spread(_ places: [Int], _ count: Int) -> [Int] {
        let taken = min(count, places.count)
        return (0..<taken).map { places[($0 + 1) * places.count / taken - 1] }
    }

    private func draw(
        _ stream: ItemStream, _ use: ItemSource.Use, _ index: Int,
        _ size: (inout CounterRandom) -> (hops: Int, letters: Int, questions: Int)
    ) -> (context: InductionPaths, random: CounterRandom) {
        source.draw(stream, use, index) { random in
            let (hops, count, questions) = size(&random)
            while true {
                let paths = InductionPaths(count, of: alphabet.count, &random)
                guard paths.places(after: hops).count >= questions else { continue }
                return (paths, ContentBits.fast(paths.letters.lazy.map { Int32($0) }))
            }
        }
    }

    private func write(
        _ paths: InductionPaths, _ hops: Int, _ asked: [(place: Int, parent: ItemID?)], cluster: Int, sequence: Int
    ) -> TaskSequence {
        let facts = paths.letters.count
        var builder = SequenceBuilder(
            [Vocabulary.start, Vocabulary.hopInductionTask, Self.announcement(hops)], length: length)
        var following = asked[...]
        for (place, letter) in paths.letters.enumerated() {
            builder.append(alphabet[letter])
            guard let (_, parent) = following.first, following.first?.place == place else { continue }
            following.removeFirst()
            guard let end = paths.place(place, after: hops) else {
                preconditionFailure("no \(hops) hops from \(place)")
            }
            builder.ask(
                alphabet[paths.letters[end]],
                .init(
                    hops: hops, facts: facts, distance: place - end, load: alphabet.count,
                    position: Double(end) / Double(facts - 1), parent: parent))
        }
        builder.append(Vocabulary.end)
        return builder.finish(cluster: cluster, sequence: sequence)
    }
}

/// Letters, and where a hop leads from each.
struct InductionPaths {
    let letters: [Int]
    /// The place that a hop leads to; -1 where the letter occurs for the first time.
    private let next: [Int]

    /// Draws letters, each different from the one before, evenly.
    init(_ count: Int, of alphabet: Int, _ random: inout CounterRandom) {
        var letters: [Int] = []
        letters.reserveCapacity(count)
        var next: [Int] = []
        next.reserveCapacity(count)
        var last = [Int](repeating: -1, count: alphabet)
        for place in 0..<count {
            var letter = random.below(place == 0 ? alphabet : alphabet - 1)
            if place > 0, letter >= letters[place - 1] { letter += 1 }
            letters.append(letter)
            next.append(last[letter] < 0 ? -1 : last[letter] + 1)
            last[letter] = place
        }
        self.letters = letters
        self.next = next
    }

    /// Where some hops lead from a place; nil where they end before.
    func place(_ place: Int, after hops: Int) -> Int? {
        var at = place
        for _ in 0..<hops {
            at = next[at]
            if at < 0 { return nil }
        }
        return at
    }

    /// The places from which some hops lead somewhere.
    func places(after hops: Int) -> [Int] { letters.indices.filter { place($0, after: hops) != nil } }
}

extension CounterRandom {
    /// The most hops of a training sequence: 1 half of the time, 2 half of the rest, then 4, 8, ..., and the whole number
    /// of hops for what is left.
    mutating func rung(of hops: Int) -> Int { min(hops, 1 << min(next().trailingZeroBitCount, 30)) }
}
