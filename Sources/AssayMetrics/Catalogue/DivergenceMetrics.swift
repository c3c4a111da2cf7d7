import AssayCore
import AssayStatistics

/// How far the parallel form of a model and a decoder, perhaps with a rounded or restored state, are apart on the same
/// tokens (N3).
extension MetricCatalogue {
    static let divergences: [MetricDefinition] = [
        MetricDefinition(
            "N3", "divergence-kl", "Prefill/decode KL", .lowerIsBetter, unit: "nats/token", claims: claims,
            formula: "mean over tokens of KL(parallel || decode)", source: source, margin: .absolute(1e-3),
            isGuardRail: true, needs: isDivergence
        ) { _ in
            .mean(range: nil) { share("klMean", $0, $1, isMean: true) }
        },
        MetricDefinition(
            "R1", "divergence-k3", "Rollout/train mismatch K3", .lowerIsBetter, unit: "nats/token", claims: claims,
            formula: "mean over tokens of KL(decode || parallel): the mean of K3 = e^r - r - 1, r = log p_train - log "
                + "p_rollout, over tokens drawn from the rollout",
            source: source, margin: .absolute(1e-3), isGuardRail: true, needs: isDivergence
        ) { _ in
            .mean(range: nil) { share("k3Mean", $0, $1, isMean: true) }
        },
        MetricDefinition(
            "N3", "divergence-logit-mean", "Mean prefill/decode logit difference", .lowerIsBetter, claims: claims,
            formula: "mean over tokens and vocabulary of |logit difference|", source: source, margin: .absolute(0.01),
            isGuardRail: true, needs: isDivergence
        ) { _ in
            .mean(range: nil) { share("logitDifferenceMean", $0, $1, isMean: true) }
        },
        MetricDefinition(
            "N3", "divergence-logit-p999", "Prefill/decode logit difference, 99.9 %", .lowerIsBetter, claims: claims,
            formula: "99.9th percentile over all tokens of the largest |logit difference| of a token, from counts in "
                + "bins of a quarter octave",
            source: source, margin: .absolute(0.1), isCompared: false, needs: isDivergence, direct: { percentile($0) }),
        MetricDefinition(
            "N3", "divergence-logit", "Prefill/decode logit difference", .lowerIsBetter, claims: claims,
            formula: "mean over sequences of the largest |logit difference|", source: source, margin: .absolute(0.1),
            isGuardRail: true, needs: isDivergence
        ) { _ in
            .mean(range: nil) { cell, place in
                guard let largest = cell.detail("logitDifferenceMax", place) else { return .lost(slot: 0) }
                return .counts(largest)
            }
        },
        MetricDefinition(
            "N3", "divergence-logit-max", "Largest prefill/decode logit difference", .lowerIsBetter, claims: claims,
            formula: "largest |logit difference| of all tokens", source: source, margin: .absolute(0.1),
            isCompared: false, needs: isDivergence,
            direct: { group in
                group.places.compactMap { group.cells[$0.cell].detail("logitDifferenceMax", $0.place) }.max()
            }),
        MetricDefinition(
            "N3", "divergence-flips", "Prefill/decode flips", .lowerIsBetter, unit: "per 1,000 tokens", claims: claims,
            formula: "tokens whose most likely next token differs, per 1,000", source: source, margin: .absolute(1),
            isGuardRail: true, needs: isDivergence
        ) { _ in
            .mean(proportion: .init(scale: 1_000)) { share("flips", $0, $1) }
        },
        MetricDefinition(
            "N3", "divergence-close-flips", "Prefill/decode flips of close calls", .lowerIsBetter, claims: claims,
            formula: "share of flips among tokens whose two best logits are less than 1 nat apart", source: source,
            margin: .accuracy, isCompared: false, needs: isDivergence
        ) { _ in
            .mean(proportion: .init()) { share("closeFlips", of: "closeTokens", $0, $1) }
        },
        MetricDefinition(
            "N3", "divergence-first", "Tokens before the first flip", .higherIsBetter, claims: claims,
            formula: "mean over sequences of (tokens before the first flip) / tokens; 1 without any", source: source,
            margin: .accuracy, isGuardRail: true, needs: isDivergence
        ) { _ in
            .mean { cell, place in
                guard let first = cell.detail("firstDivergence", place), let tokens = cell.detail("tokens", place),
                    tokens > 0, (0...tokens).contains(first)
                else { return .lost(slot: 0) }
                return .counts(first / tokens)
            }
        },
    ]

    private static let claims = ["C4", "C6", "C8"]
    private static let source = "metrics catalogue N3; alarm at 1e-3 nats as for rollout/train mismatch (NeMo-RL)"

    @Sendable private static func isDivergence(_ cell: PreparedCell) -> Bool {
        cell.data.condition.path == .divergence
    }

    /// The 99.9th percentile over the tokens of all sequences. Nil when a sequence has no counts: recorded by an older
    /// version, or without a grade.
    private static func percentile(_ group: CellGroup) -> Double? {
        var counts: [Int: Double] = [:]
        var zeros = 0.0
        for (cell, place) in group.places {
            guard let tokens = group.cells[cell].detail("tokens", place) else { return nil }
            zeros += tokens
            for (key, count) in group.cells[cell].items[place].response.detail {
                guard let bin = SizeBin.index(ofKey: key) else { continue }
                counts[bin, default: 0] += count
                zeros -= count
            }
        }
        return SizeBin.quantile(0.999, of: counts, zeros: zeros)
    }

    /// A count, or a mean over tokens, of a sequence against its tokens.
    private static func share(
        _ name: String, of tokenName: String = "tokens", _ cell: PreparedCell, _ place: Int, isMean: Bool = false
    ) -> Contribution {
        guard let value = cell.detail(name, place), let tokens = cell.detail(tokenName, place), tokens >= 0 else {
            return .lost(slot: 0)
        }
        guard isMean || (0...tokens).contains(value) else { return .lost(slot: 0) }
        return .counts(slot: 0, numerator: isMean ? value * tokens : value, denominator: tokens)
    }
}
