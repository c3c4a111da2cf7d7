import AssayCore

/// Facts among noise: the part of a retrieval sequence before its first question.
struct NoisyContext {
    /// The tokens, from the start token to the end of the gap.
    private(set) var tokens: [Int32]
    /// Where each fact begins, in the order of the facts.
    private(set) var starts: [Int] = []
    /// Where facts can lie.
    let region: Range<Int>
    private var widths: [Int] = []
    private var haystack: Haystack

    /// Lays `facts` units of `width` tokens out over a region of `room` tokens, so that every arrangement is equally
    /// likely, and then `gap` tokens of noise.
    init(
        task: Int32, facts: Int, width: Int, room: Int, gap: Int, random: inout CounterRandom,
        write: (Int, inout [Int32]) -> Void
    ) {
        self.init(task: task, room: room, gap: gap, haystack: Haystack(.noise))
        lay(facts, tokens: facts * width, room: room, random: &random, write: write)
        fill(gap, random: &random)
    }

    /// Lays facts out over stretches that follow each other, every arrangement within a stretch equally likely, and then
    /// `gap` tokens of hay.
    /// - Parameters:
    ///   - facts: the tokens of each fact, in order of appearance.
    ///   - stretches: how many facts lie in each stretch, and its tokens.
    init(
        task: Int32, facts: [[Int32]], stretches: [Stretch], gap: Int, haystack: Haystack, random: inout CounterRandom
    ) {
        self.init(task: task, room: stretches.reduce(0) { $0 + $1.room }, gap: gap, haystack: haystack)
        var first = 0
        for stretch in stretches {
            let own = facts[first..<first + stretch.facts]
            lay(stretch.facts, tokens: own.reduce(0) { $0 + $1.count }, room: stretch.room, random: &random) {
                $1.append(contentsOf: own[own.startIndex + $0])
            }
            first += stretch.facts
        }
        fill(gap, random: &random)
    }

    /// A part of the region with facts of its own.
    struct Stretch {
        let facts: Int
        let room: Int
    }

    private init(task: Int32, room: Int, gap: Int, haystack: Haystack) {
        tokens = [Vocabulary.start, task]
        tokens.reserveCapacity(2 + room + gap)
        region = 2..<2 + room
        self.haystack = haystack
    }

    private mutating func lay(
        _ facts: Int, tokens total: Int, room: Int, random: inout CounterRandom,
        write: (Int, inout [Int32]) -> Void
    ) {
        var units = room - total + facts
        var left = facts
        while units > 0 {
            if random.below(units) < left {
                starts.append(tokens.count)
                write(facts - left, &tokens)
                widths.append(tokens.count - starts[starts.count - 1])
                left -= 1
            } else {
                tokens.append(haystack.next(&random))
            }
            units -= 1
        }
    }

    private mutating func fill(_ gap: Int, random: inout CounterRandom) {
        for _ in 0..<gap { tokens.append(haystack.next(&random)) }
    }

    /// Where a fact lies, 0 (first possible place) ... 1 (last).
    func position(of fact: Int) -> Double { NoisyContext.position(starts[fact], in: region, width: widths[fact]) }

    /// Where a fact lies that begins at `start`.
    static func position(_ start: Int, in region: Range<Int>, width: Int) -> Double {
        let span = region.count - width
        return span > 0 ? Double(start - region.lowerBound) / Double(span) : 0
    }
}

extension TaskParameter {
    /// Tokens of every sequence.
    static func length(_ value: Int) -> TaskParameter {
        TaskParameter("length", value, 16...8192, "tokens of every sequence; noise or padding fills what is not needed")
    }

    /// Noise between the facts and the first question.
    static let gap = TaskParameter(
        "gap", ShortcutBaseline.window, ShortcutBaseline.window...4096,
        "noise tokens between the last place for a fact and the first question")

    /// Different keys and values.
    static let symbols = TaskParameter(
        "symbols", 32, 8...64, "different keys, and different values; small models learn few symbols sooner")

    /// Questions in an evaluation sequence.
    static func queries(_ value: Int, _ most: Int, about what: String) -> TaskParameter {
        TaskParameter("queries", value, 1...most, "questions in a sequence, each about another \(what)")
    }
}

extension ShortcutBaseline {
    /// Tokens that the local-window shortcut can see. Facts are never that near, so a window this small is worthless.
    static let window = 8
}
