import Foundation

/// What a finding was tested with says of it.
public enum ReplicationVerdict: String, Sendable, Codable, CaseIterable {
    /// The finding holds here, beyond chance.
    case replicated
    /// It does not hold here, beyond chance.
    case notReplicated = "not-replicated"
    /// The data do not tell.
    case undecided

    /// As printed in tables.
    public var title: String {
        switch self {
        case .replicated: "REPLICATED"
        case .notReplicated: "NOT REPLICATED"
        case .undecided: "UNDECIDED"
        }
    }
}

/// What a finding says of a figure.
public enum ReplicationBound: Sendable, Hashable {
    /// It is above a number.
    case above(Double)
    /// It is below a number.
    case below(Double)
    /// It is nearer to zero than a number.
    case within(Double)

    /// Whether every value of an interval agrees.
    func holds(for interval: (low: Double, high: Double)) -> Bool {
        switch self {
        case .above(let bound): interval.low > bound
        case .below(let bound): interval.high < bound
        case .within(let bound): interval.low > -bound && interval.high < bound
        }
    }

    /// Whether no value of an interval agrees.
    func fails(for interval: (low: Double, high: Double)) -> Bool {
        switch self {
        case .above(let bound): interval.high <= bound
        case .below(let bound): interval.low >= bound
        case .within(let bound): interval.low >= bound || interval.high <= -bound
        }
    }
}

/// The rule that turns figures into the verdict on a finding.
///
/// A finding is the conjunction of its checks. REPLICATED: the 95 % interval of every check agrees with it (an
/// intersection-union test, so each is tested at 5 %). NOT REPLICATED: an interval at 1 - 5 % / checks disagrees with it
/// entirely. UNDECIDED: everything else.
public enum ReplicationRule {
    /// Chance of error of a verdict.
    public static let alpha = 0.05

    /// The verdict on one check out of `checks` of a finding.
    /// - Returns: the verdict, and why when it is undecided.
    public static func decide(
        _ contrast: Contrast, _ bound: ReplicationBound, checks: Int
    ) -> (verdict: ReplicationVerdict, reason: String?) {
        guard contrast.value.isFinite else { return (.undecided, "not defined on these items") }
        guard let interval = contrast.interval(level: 1 - alpha),
            let wide = contrast.interval(level: 1 - alpha / Double(max(checks, 1)))
        else {
            return (.undecided, contrast.isBounded ? "no spread to judge by" : "what was lost could have said anything")
        }
        if bound.holds(for: interval) { return (.replicated, nil) }
        if bound.fails(for: wide) { return (.notReplicated, nil) }
        if bound.fails(for: interval) {
            return (.undecided, "against it, but not beyond chance among \(checks) checks")
        }
        return (.undecided, "the interval spans the bound")
    }

    /// The verdict on a finding from those on its checks.
    public static func conjunction(_ verdicts: [ReplicationVerdict]) -> ReplicationVerdict {
        if verdicts.contains(.notReplicated) { return .notReplicated }
        return verdicts.allSatisfy { $0 == .replicated } && !verdicts.isEmpty ? .replicated : .undecided
    }
}
