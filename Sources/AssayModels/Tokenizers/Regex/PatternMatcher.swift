import AssayCore

/// Runs a program over a text in UTF-8, with an explicit stack of the places to go back to.
struct PatternMatcher {
    /// A place to go back to.
    private struct Choice {
        enum Kind { case place, greedy, lazy }
        var kind: Kind
        /// The instruction to go on at, or the lazy loop itself.
        var instruction: Int
        var position: Int
        /// For a greedy loop the first position that it may give back to; for a lazy one how many more it may take.
        var bound: Int
    }

    private let instructions: UnsafeBufferPointer<PatternProgram.Instruction>
    private let words: ScalarTable.View
    private let text: UnsafeBufferPointer<UInt8>
    private var choices: [Choice] = []
    private var stepsLeft: Int

    /// A matcher for valid UTF-8; the program and the text must outlive it.
    init(
        _ instructions: UnsafeBufferPointer<PatternProgram.Instruction>, words: ScalarTable.View,
        text: UnsafeBufferPointer<UInt8>
    ) {
        self.instructions = instructions
        self.words = words
        self.text = text
        // Room for every quadratic pattern; what needs more is exponential or nearly so.
        let count = min(text.count, 10_000_000)
        stepsLeft = 1_000_000 + 40 * count * count
    }

    /// The end of the match that begins at a position.
    /// - Throws: ``PatternFault`` when the pattern needs more steps than a sound one can.
    mutating func match(at start: Int) throws(PatternFault) -> Int? {
        try run(from: 0, at: start)
    }

    private mutating func run(from first: Int, at start: Int) throws(PatternFault) -> Int? {
        let base = choices.count
        var instruction = first
        var position = start
        while true {
            stepsLeft -= 1
            guard stepsLeft > 0 else { throw PatternFault("it needs too many steps on this text") }
            let current = instructions[instruction]
            var holds: Bool
            switch current.operation {
            case .accept:
                choices.removeLast(choices.count - base)
                return position
            case .set:
                let (scalar, width) = scalar(at: position)
                holds = width > 0 && current.table.contains(scalar)
                position &+= width
                instruction &+= 1
            case .greedyLoop, .possessiveLoop:
                holds = takeLoop(current, &position, next: instruction + 1)
                instruction += 1
            case .lazyLoop:
                holds = skip(current.table, current.minimum, &position)
                if holds, current.maximum > current.minimum {
                    let bound = current.maximum - current.minimum
                    choices.append(Choice(kind: .lazy, instruction: instruction, position: position, bound: bound))
                }
                instruction += 1
            case .split:
                choices.append(Choice(kind: .place, instruction: current.second, position: position, bound: 0))
                instruction = current.first
                holds = true
            case .jump:
                instruction = current.first
                holds = true
            case .lookahead, .negativeLookahead, .atomic:
                let end = try run(from: instruction + 1, at: position)
                holds = (end != nil) != (current.operation == .negativeLookahead)
                if current.operation == .atomic, let end { position = end }
                instruction = current.first
            default:
                holds = self.holds(current, at: position)
                instruction += 1
            }
            if !holds {
                guard goBack(&instruction, &position, base: base) else { return nil }
            }
        }
    }

    /// Takes the scalars of a loop; false when there are too few.
    @inline(__always)
    private mutating func takeLoop(
        _ loop: PatternProgram.Instruction, _ position: inout Int, next: Int
    ) -> Bool {
        guard skip(loop.table, loop.minimum, &position) else { return false }
        let bound = position
        var left = loop.maximum &- loop.minimum
        while left > 0 {
            let (scalar, width) = scalar(at: position)
            guard width > 0, loop.table.contains(scalar) else { break }
            position &+= width
            left &-= 1
        }
        // Nothing after it can fail: nothing to go back to.
        if position > bound, loop.operation == .greedyLoop, instructions[next].operation != .accept {
            choices.append(Choice(kind: .greedy, instruction: next, position: position, bound: bound))
        }
        return true
    }

    /// Takes exactly so many scalars of a set.
    @inline(__always)
    private func skip(_ table: ScalarTable.View, _ count: Int, _ position: inout Int) -> Bool {
        var left = count
        while left > 0 {
            let (scalar, width) = scalar(at: position)
            guard width > 0, table.contains(scalar) else { return false }
            position &+= width
            left &-= 1
        }
        return true
    }

    private mutating func goBack(_ instruction: inout Int, _ position: inout Int, base: Int) -> Bool {
        guard choices.count > base, var choice = choices.popLast() else { return false }
        instruction = choice.instruction
        position = choice.position
        switch choice.kind {
        case .place: return true
        case .greedy:
            position = before(position)
            if position > choice.bound {
                choice.position = position
                choices.append(choice)
            }
            return true
        case .lazy:
            guard skip(instructions[instruction].table, 1, &position) else {
                return goBack(&instruction, &position, base: base)
            }
            if choice.bound > 1 {
                choice.position = position
                choice.bound -= 1
                choices.append(choice)
            }
            instruction += 1
            return true
        }
    }

    private func holds(_ current: PatternProgram.Instruction, at position: Int) -> Bool {
        switch current.operation {
        case .lineStart: position == 0 || text[position - 1] == UInt8(ascii: "\n")
        case .lineEnd: position == text.count || text[position] == UInt8(ascii: "\n")
        case .textStart: position == 0
        case .textEnd: position == text.count
        case .wordBoundary: isWord(at: position) != isWord(before: position)
        case .noWordBoundary: isWord(at: position) == isWord(before: position)
        case .lookbehind: position > 0 && current.table.contains(scalar(at: before(position)).0)
        case .negativeLookbehind: position == 0 || !current.table.contains(scalar(at: before(position)).0)
        default: false
        }
    }

    private func isWord(at position: Int) -> Bool {
        position < text.count && words.contains(scalar(at: position).0)
    }

    private func isWord(before position: Int) -> Bool {
        position > 0 && words.contains(scalar(at: before(position)).0)
    }

    // MARK: UTF-8

    /// The scalar that begins at a position, and its bytes; 0 bytes at the end.
    @inline(__always)
    private func scalar(at position: Int) -> (UInt32, Int) {
        guard position < text.count else { return (0, 0) }
        let first = UInt32(text[position])
        if first < 0x80 { return (first, 1) }
        let second = UInt32(text[position &+ 1] & 0x3F)
        if first < 0xE0 { return ((first & 0x1F) << 6 | second, 2) }
        let third = UInt32(text[position &+ 2] & 0x3F)
        if first < 0xF0 { return ((first & 0x0F) << 12 | second << 6 | third, 3) }
        return ((first & 0x07) << 18 | second << 12 | third << 6 | UInt32(text[position &+ 3] & 0x3F), 4)
    }

    private func before(_ position: Int) -> Int {
        var position = position - 1
        while text[position] & 0xC0 == 0x80 { position -= 1 }
        return position
    }
}
