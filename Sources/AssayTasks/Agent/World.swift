import AssayCore

/// What a world says to a well-formed call.
enum WorldAnswer: Sendable, Hashable {
    /// The call was legal: what is observed, from `:` to the request to act.
    case observed([Int32])
    /// The call was not legal, for a reason.
    case refused(Int32)

    /// An observation of some tokens.
    static func shows(_ tokens: [Int32]) -> WorldAnswer {
        .observed([Vocabulary.observation] + tokens + [Vocabulary.act])
    }
}

/// The true state of a world of tools: what legal calls do to it, and what an expert would do. A value: a copy is a fork.
///
/// ``Episode`` runs it: it reads the calls, counts them, and makes tools fail and people break in.
protocol World: Sendable {
    /// What the model reads before its first action: the goal and what is known.
    var prompt: [Int32] { get }
    /// The tools, `submit` included.
    var tools: [ToolSignature] { get }
    /// Whether the goal is reached, the last action included.
    var isSolved: Bool { get }
    /// Whether nothing can be done any more.
    var isOver: Bool { get }
    /// The calls that are legal now.
    var legalActions: [[Int32]] { get }
    /// What the optimal planner does now; anything when the world is over.
    var expertAction: [Int32] { get }
    /// Actions that the optimal plan still has.
    var remainingSteps: Int { get }
    /// What an expert could do that knows the rules, but has read nothing save the last observation.
    var memorylessActions: [[Int32]] { get }
    /// The fingerprint of the true state.
    var bits: UInt64 { get }
    /// The fingerprint of all that is hidden and shown, the same from the start to the end.
    var drawnBits: UInt64 { get }
    /// Facts that the episode has.
    var facts: Int { get }
    /// What has to be held.
    var load: Int { get }
    /// Tokens of the optimal play from the start, the prompt included.
    var optimalLength: Int { get }
    /// What else is counted, for the details of the response.
    var counts: [String: Double] { get }

    /// Carries out a well-formed call: the tool and its arguments, without an end token.
    mutating func apply(_ words: ArraySlice<Int32>) -> WorldAnswer
    /// An action that the expert would not take, from which it finds back.
    func wrongAction(_ random: inout CounterRandom) -> [Int32]
    /// The record of the episode's item, but for the identity.
    func covariates() -> EpisodeCovariates
}

/// The covariates of an episode.
struct EpisodeCovariates: Sendable, Hashable {
    /// Dependent calls.
    var hops: Int
    /// Tokens of the optimal play.
    var length: Int
    /// Tokens between the last action and what it needs.
    var distance: Int
    /// Where that stands, 0 ... 1.
    var position: Double
}

extension World {
    var memorylessActions: [[Int32]] { legalActions }
    var counts: [String: Double] { [:] }

    /// Longest call in tokens, its end token included.
    var longestCall: Int { 2 + (tools.map(\.arguments.count).max() ?? 0) }

    /// Reads them off the expert's play.
    func covariates() -> EpisodeCovariates {
        var world = self
        var tokens = prompt
        var last = (distance: 0, position: 0.0)
        while !world.isOver {
            let action = world.expertAction
            let fact = WorldText.fact(of: action, in: tokens)
            last = (tokens.count - fact, Double(fact) / Double(tokens.count))
            tokens += action
            if case .observed(let said) = world.apply(action.dropLast()), !world.isOver { tokens += said }
        }
        return EpisodeCovariates(
            hops: remainingSteps, length: tokens.count, distance: last.distance, position: last.position)
    }

    /// A call of the right tool without its arguments, of the wrong one, or with an argument that is not right; or one of
    /// `slips`: legal calls that lead away.
    func wrongCall(_ random: inout CounterRandom, slips: [[Int32]]) -> [Int32] {
        let right = expertAction
        let malformed = [right[0], right[0], Vocabulary.end]
        let call: [Int32]
        switch random.below(4) {
        case 0:
            call = right.count > 2 ? [right[0], Vocabulary.end] : [Vocabulary.end]
        case 1:
            let others = tools.map(\.token).filter { $0 != right[0] && $0 != Vocabulary.submit }
            call = [random.pick(others)] + right.dropFirst(min(2, right.count - 1))
        default:
            return slips.isEmpty ? malformed : random.pick(slips)
        }
        // What is left of the arguments may be just what the other tool takes.
        return ToolSignature.fault(call.dropLast(), of: tools) == nil ? malformed : call
    }
}

/// What actions have in common as text.
enum WorldText {
    /// Where the earliest of an action's arguments was first seen; 0 without any.
    static func fact(of action: [Int32], in tokens: [Int32]) -> Int {
        action.dropFirst().dropLast().compactMap { tokens.firstIndex(of: $0) }.min() ?? 0
    }
}
