import AssayCore

/// Facts among noise: the part of a retrieval sequence before its first question.
struct NoisyContext {
    /// The tokens, from the start token to the end of the gap.
    private(set) var tokens: [Int32]
    /// Where each fact begins, in the order of the facts.
    private(set) var starts: [Int] = []
    /// Where facts can lie.
    let region: Range<Int>
    /// Tokens of a fact.
    let width: Int

    /// Lays `facts` units of `width` tokens out over a region of `room` tokens, so that every arrangement is equally
    /// likely, and then `gap` tokens of noise.
    init(
        task: Int32, facts: Int, width: Int, room: Int, gap: Int, random: inout CounterRandom,
        write: (Int, inout [Int32]) -> Void
    ) {
        tokens = [Vocabulary.start, task]
        tokens.reserveCapacity(2 + room + gap)
        starts.reserveCapacity(facts)
        self.width = width
        region = 2..<2 + room
        var units = room - facts * (width - 1)
        var left = facts
        while units > 0 {
            if random.below(units) < left {
                starts.append(tokens.count)
                write(facts - left, &tokens)
                left -= 1
            } else {
                tokens.append(SymbolRange.noise[random.below(SymbolRange.noise.count)])
            }
            units -= 1
        }
        for _ in 0..<gap { tokens.append(SymbolRange.noise[random.below(SymbolRange.noise.count)]) }
    }

    /// Where a fact lies, 0 (first possible place) ... 1 (last).
    func position(of fact: Int) -> Double { NoisyContext.position(starts[fact], in: region, width: width) }

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
}

extension ShortcutBaseline {
    /// Tokens that the local-window shortcut can see. Facts are never that near, so a window this small is worthless.
    static let window = 8
}
