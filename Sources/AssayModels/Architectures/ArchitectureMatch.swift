import AssayCore

/// In what an arm is made equal to its control, so that a difference between them has one cause less.
public enum MatchRule: Sendable, Hashable {
    /// Trainable numbers. The inner width of the feed-forwards may move; layers whose options state a width of their own
    /// keep it.
    case parameters
    /// Bytes of decode state after a number of tokens. The width of a head may move; mixers whose options state
    /// dimensions of their own keep them.
    case stateBytes(context: Int)

    /// The field of an architecture file that may move.
    public var field: String {
        switch self {
        case .parameters: "hidden"
        case .stateBytes: "head-dimension"
        }
    }

    /// What is made equal, for people.
    public var title: String {
        switch self {
        case .parameters: "parameters"
        case .stateBytes(let context): "state bytes after \(context) tokens"
        }
    }

    /// The quantity of a model.
    func quantity(_ model: LanguageModel) -> Double {
        switch self {
        case .parameters: Double(model.layout.parameterCount)
        case .stateBytes(let context): model.branches.reduce(0) { $0 + $1.mixer.cost(context: context).stateBytes }
        }
    }

    /// The width that may move.
    var path: WritableKeyPath<Architecture, Int> {
        switch self {
        case .parameters: \.hiddenWidth
        case .stateBytes: \.headDimension
        }
    }
}

/// How an architecture was made equal to its control, and how far it is off.
public struct ArchitectureMatch: Sendable, Hashable {
    /// In what.
    public var rule: MatchRule
    /// The width as the architecture states it.
    public var stated: Int
    /// The width that it was given.
    public var chosen: Int
    /// The control's quantity.
    public var wanted: Double
    /// What came out.
    public var reached: Double

    /// How far off, as a share of the control's quantity: positive for too much.
    public var excess: Double { reached / wanted - 1 }
}

extension Architecture {
    /// The architecture with the one width that ``MatchRule/field`` names chosen so that a quantity comes as near to the
    /// control's as it can.
    ///
    /// The inner width is a multiple of 8, whole vectors, unless that is more than half a percent off and another width
    /// is nearer. The width of a head is even, because rotary positions turn pairs.
    /// - Throws: ``AssayError`` when no width changes the quantity.
    public func matched(
        to control: LanguageModel, by rule: MatchRule
    ) throws -> (architecture: Architecture, match: ArchitectureMatch) {
        let wanted = rule.quantity(control)
        guard wanted > 0 else {
            throw AssayError.badInput(
                "architecture '\(name)': the control has no \(rule.title) to match", remedy: "Match parameters instead")
        }
        let chosen: Int
        switch rule {
        case .parameters:
            let coarse = nearest(wanted, rule, step: 8, count: 8_192)
            let isNear = quantity(coarse, rule).map { abs($0 / wanted - 1) <= 0.005 } ?? false
            chosen = isNear ? coarse : nearest(wanted, rule, step: 1, count: 65_536)
        case .stateBytes: chosen = try bestHead(wanted, rule)
        }
        var architecture = self
        architecture[keyPath: rule.path] = chosen
        let model = try LanguageModel(architecture)
        let stated = self[keyPath: rule.path]
        let match = ArchitectureMatch(
            rule: rule, stated: stated, chosen: chosen, wanted: wanted, reached: rule.quantity(model))
        // Some other width must make another number, or there was nothing to choose.
        guard
            [stated, chosen * 2, max(chosen / 2, 2)].contains(where: {
                quantity($0, rule).map { $0 != match.reached } ?? false
            })
        else {
            throw AssayError.badInput(
                "architecture '\(name)': its \(rule.title) do not depend on '\(rule.field)'",
                remedy: "Leave out the options that state a width of their own, or do not match this arm")
        }
        return (architecture, match)
    }

    private func quantity(_ width: Int, _ rule: MatchRule) -> Double? {
        var architecture = self
        architecture[keyPath: rule.path] = width
        return (try? LanguageModel(architecture)).map(rule.quantity)
    }

    /// The multiple of a step whose quantity is nearest, where the quantity grows with the width.
    private func nearest(_ wanted: Double, _ rule: MatchRule, step: Int, count: Int) -> Int {
        var (low, high) = (1, count)
        while low < high {
            let middle = (low + high) / 2
            if quantity(middle * step, rule) ?? 0 < wanted { low = middle + 1 } else { high = middle }
        }
        // The first that is not too small, or the one before it.
        let candidates = [low - 1, low].filter { $0 > 0 }.map { $0 * step }
        return candidates.min { distance($0, wanted, rule) < distance($1, wanted, rule) } ?? step
    }

    private func bestHead(_ wanted: Double, _ rule: MatchRule) throws -> Int {
        let widths = stride(from: 2, through: 1_024, by: 2).compactMap { width in
            quantity(width, rule).map { (width: width, distance: abs($0 - wanted)) }
        }
        guard let best = widths.min(by: { $0.distance < $1.distance }) else {
            _ = try LanguageModel(self)
            return headDimension
        }
        return best.width
    }

    private func distance(_ width: Int, _ wanted: Double, _ rule: MatchRule) -> Double {
        quantity(width, rule).map { abs($0 - wanted) } ?? .infinity
    }
}
