/// A regular expression as instructions for a backtracking matcher.
final class PatternProgram: @unchecked Sendable {
    /// One instruction; plain memory, so that a matcher counts no references.
    struct Instruction {
        enum Operation: UInt8 {
            /// Takes one scalar of the set.
            case set
            /// Takes between `minimum` and `maximum` scalars of the set, as many as it can, giving back as needed.
            case greedyLoop
            /// Takes as few as it can.
            case lazyLoop
            /// Takes as many as it can and gives none back.
            case possessiveLoop
            /// Goes on at `first`, and at `second` when that fails.
            case split
            /// Goes on at `first`.
            case jump
            /// The program from the next instruction to its `accept` must match here; then goes on at `first`.
            case lookahead
            /// It must not match here.
            case negativeLookahead
            /// It must match here, and its text is taken.
            case atomic
            /// The scalar before must be in the set.
            case lookbehind
            /// There must be none before, or one that is not in the set.
            case negativeLookbehind
            case lineStart, lineEnd, textStart, textEnd, wordBoundary, noWordBoundary
            /// The end of the program, or of a part in a look-ahead.
            case accept
        }

        var operation: Operation
        var table: ScalarTable.View
        var minimum = 0
        var maximum = Int.max
        var first = 0
        var second = 0
    }

    private static let instructionLimit = 20_000

    private(set) var instructions: [Instruction] = []
    /// Keeps the tables of the instructions alive.
    private var tables: [ScalarSet: ScalarTable] = [:]
    /// The scalars of words, for boundaries.
    static let words = ScalarTable(UnicodeProperties.word)

    /// Compiles a tree.
    init(_ node: PatternNode) throws(PatternFault) {
        try emit(node)
        try append(.accept)
    }

    private func table(_ set: ScalarSet) -> ScalarTable.View {
        if let known = tables[set] { return known.view }
        let table = ScalarTable(set)
        tables[set] = table
        return table.view
    }

    @discardableResult
    private func append(
        _ operation: Instruction.Operation, _ set: ScalarSet = .none, minimum: Int = 0, maximum: Int? = nil
    ) throws(PatternFault) -> Int {
        guard instructions.count < PatternProgram.instructionLimit else { throw PatternFault("it is too long") }
        instructions.append(
            Instruction(operation: operation, table: table(set), minimum: minimum, maximum: maximum ?? Int.max))
        return instructions.count - 1
    }

    private func emit(_ node: PatternNode) throws(PatternFault) {
        switch node {
        case .set(let set): try append(.set, set)
        case .sequence(let parts): for part in parts { try emit(part) }
        case .alternatives(let parts): try emitAlternatives(parts)
        case .repeated(.set(let set), let minimum, let maximum, let greed):
            let operation: Instruction.Operation =
                switch greed {
                case .greedy: .greedyLoop
                case .lazy: .lazyLoop
                case .possessive: .possessiveLoop
                }
            try append(operation, set, minimum: minimum, maximum: maximum)
        case .repeated(let part, let minimum, let maximum, .possessive):
            try emit(.atomic(.repeated(part, minimum: minimum, maximum: maximum, .greedy)))
        case .repeated(let part, let minimum, let maximum, let greed):
            try emitRepetition(of: part, minimum: minimum, maximum: maximum, isLazy: greed == .lazy)
        case .lookahead(let part, let isNegative): try emitPart(part, isNegative ? .negativeLookahead : .lookahead)
        case .atomic(let part): try emitPart(part, .atomic)
        case .lookbehind(let set, let isNegative): try append(isNegative ? .negativeLookbehind : .lookbehind, set)
        case .assertion(let assertion):
            switch assertion {
            case .lineStart: try append(.lineStart)
            case .lineEnd: try append(.lineEnd)
            case .textStart: try append(.textStart)
            case .textEnd: try append(.textEnd)
            case .wordBoundary: try append(.wordBoundary)
            case .noWordBoundary: try append(.noWordBoundary)
            }
        }
    }

    private func emitAlternatives(_ parts: [PatternNode]) throws(PatternFault) {
        var jumps: [Int] = []
        for part in parts.dropLast() {
            let split = try append(.split)
            instructions[split].first = split + 1
            try emit(part)
            jumps.append(try append(.jump))
            instructions[split].second = instructions.count
        }
        if let last = parts.last { try emit(last) }
        for jump in jumps { instructions[jump].first = instructions.count }
    }

    private func emitRepetition(
        of part: PatternNode, minimum: Int, maximum: Int?, isLazy: Bool
    ) throws(PatternFault) {
        for _ in 0..<minimum { try emit(part) }
        var splits: [Int] = []
        if let maximum {
            for _ in minimum..<max(minimum, maximum) {
                splits.append(try append(.split))
                try emit(part)
            }
        } else {
            let split = try append(.split)
            splits.append(split)
            try emit(part)
            instructions[try append(.jump)].first = split
        }
        for split in splits {
            let (body, end) = (split + 1, instructions.count)
            (instructions[split].first, instructions[split].second) = isLazy ? (end, body) : (body, end)
        }
    }

    private func emitPart(_ part: PatternNode, _ operation: Instruction.Operation) throws(PatternFault) {
        let start = try append(operation)
        try emit(part)
        try append(.accept)
        instructions[start].first = instructions.count
    }
}
