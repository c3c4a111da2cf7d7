import AssayCore
import AssayStatistics

/// How the error of a state of low precision grows with the tokens that it has seen (N2).
extension MetricCatalogue {
    static let stateErrors: [MetricDefinition] = [
        MetricDefinition(
            "N2", "state-error", "State error", .lowerIsBetter, claims: claims,
            formula: "mean over sequences of e(T), e(t) = |S_b(t) - S(t)|_F / |S(t)|_F after t tokens, mean over "
                + "heads; of the recurrences, in a model without any of the caches",
            source: source, margin: .absolute(0.01), isGuardRail: true, needs: isStateError
        ) { _ in
            .mean(range: nil) { value("stateError", $0, $1) }
        },
        MetricDefinition(
            "N2", "state-error-growth", "Growth of the state error", .lowerIsBetter, claims: claims,
            formula: "gamma: mean over sequences of the slope of log e(t) in log t over the last two octaves; 0 "
                + "forgets its errors, 0.5 adds them up at random, more drifts",
            source: source, margin: .absolute(0.1), isGuardRail: true, needs: isStateError
        ) { _ in
            .mean(range: nil, valueRange: -Double.infinity...Double.infinity) { value("stateGrowth", $0, $1) }
        },
        MetricDefinition(
            "N2", "cache-error", "Cache error", .lowerIsBetter, claims: claims,
            formula: "the same of the entries of the caches, each of which is rounded once", source: source,
            margin: .absolute(0.01), isCompared: false, needs: isStateError
        ) { _ in
            .mean(range: nil) { value("cacheError", $0, $1) }
        },
        MetricDefinition(
            "N2", "state-error-flips", "Flips by a rounded state", .lowerIsBetter, unit: "per 1,000 tokens",
            claims: claims, formula: "tokens whose most likely next token differs from the exact state's, per 1,000",
            source: source, margin: .absolute(1), isGuardRail: true, needs: isStateError
        ) { _ in
            .mean(proportion: .init(scale: 1_000)) { cell, place in
                guard let flips = cell.detail("flips", place), let tokens = cell.detail("tokens", place),
                    (0...tokens).contains(flips)
                else { return .lost(slot: 0) }
                return .counts(slot: 0, numerator: flips, denominator: tokens)
            }
        },
    ]

    private static let claims = ["C4"]
    private static let source = "metrics catalogue N2"

    @Sendable private static func isStateError(_ cell: PreparedCell) -> Bool {
        cell.data.condition.path == .stateError
    }

    /// A number of a sequence, where it has it: a model without caches has no error of them.
    private static func value(_ name: String, _ cell: PreparedCell, _ place: Int) -> Contribution {
        if let value = cell.detail(name, place) { return .counts(value) }
        return cell.items[place].response.status == .graded ? .none : .lost(slot: 0)
    }
}
