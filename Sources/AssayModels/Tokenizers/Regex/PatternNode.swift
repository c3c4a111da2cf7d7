/// A regular expression as a tree.
indirect enum PatternNode {
    /// How often a repetition takes what it could take.
    enum Greed {
        case greedy, lazy, possessive
    }

    /// What holds at a place without taking text.
    enum Assertion: Hashable {
        case lineStart, lineEnd, textStart, textEnd, wordBoundary, noWordBoundary
    }

    case set(ScalarSet)
    case sequence([PatternNode])
    case alternatives([PatternNode])
    case repeated(PatternNode, minimum: Int, maximum: Int?, Greed)
    case lookahead(PatternNode, isNegative: Bool)
    /// One scalar before the place.
    case lookbehind(ScalarSet, isNegative: Bool)
    case atomic(PatternNode)
    case assertion(Assertion)

    /// Whether it can match without taking text.
    var canBeEmpty: Bool {
        switch self {
        case .set: false
        case .sequence(let parts): parts.allSatisfy(\.canBeEmpty)
        case .alternatives(let parts): parts.contains(where: \.canBeEmpty)
        case .repeated(let part, let minimum, _, _): minimum == 0 || part.canBeEmpty
        case .atomic(let part): part.canBeEmpty
        case .lookahead, .lookbehind, .assertion: true
        }
    }
}

/// Why a regular expression cannot be used, as a sentence without a full stop.
struct PatternFault: Error {
    let problem: String

    init(_ problem: String) { self.problem = problem }
}
