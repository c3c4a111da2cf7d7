import AssayCore
import AssayStatistics

/// Metrics of serving a model (V1-V4). They are measured of the model itself, not of its answers: the task names what was
/// measured (`cache`, `trace`, `speculation`, `crossover`), the condition how it was set up.
extension MetricCatalogue {
    static let servingMeasurements: [MetricDefinition] = memory + prefixCache + speculation + crossover

    private static func served(
        _ id: String, _ key: String, _ title: String, _ direction: MetricDirection, unit: String = "",
        claims: [String], formula: String, source: String
    ) -> MetricDefinition {
        MetricDefinition(
            id, key, title, direction, unit: unit, claims: claims, formula: formula, source: source,
            margin: .relative, isCompared: false, needs: { _ in false })
    }

    private static let memory = [
        served(
            "V1", "cache-bytes", "Cache and state bytes", .lowerIsBetter, unit: "bytes", claims: ["C4", "C10"],
            formula: "bytes in use of all caches and states of one sequence after so many tokens; 2 H_kv d_h b a "
                + "token for keys and values, H d_k d_v b_s for a state",
            source: "layout of the decode state"),
        served(
            "V1", "cache-bytes-held", "Cache and state bytes held", .lowerIsBetter, unit: "bytes", claims: ["C10"],
            formula: "growth of the process's memory for a decoder of many sequences of that length / sequences",
            source: "measured"),
        served(
            "V1", "memory-break-even", "Memory break-even", .lowerIsBetter, unit: "tokens", claims: ["C10"],
            formula: "smallest length from which on the model holds no more bytes than the control",
            source: "T* = H d_k d_v b_s / (2 H_kv d_h b) for a fixed state against keys and values"),
    ]

    private static let marconi = "Marconi (arXiv 2411.19379)"

    private static let prefixCache = [
        served(
            "V2", "token-hit-rate", "Prefix-cache token hit rate", .higherIsBetter, claims: ["C5"],
            formula: "input tokens that skip prefill / input tokens; a hit ends where keys and values and a copy of "
                + "every recurrent state are there", source: marconi),
        served(
            "V2", "cache-hit-rate", "Key-value hit rate", .higherIsBetter, claims: ["C5"],
            formula: "input tokens whose keys and values are there / input tokens", source: marconi),
        served(
            "V2", "state-miss-recompute", "State-miss recompute fraction", .lowerIsBetter, claims: ["C5"],
            formula: "sum(key-value hit length - usable length) / sum(input tokens)",
            source: "Kimi K3 report 5.4; vLLM's hybrid cache"),
        served(
            "V2", "recompute-flops", "Recomputed operations", .lowerIsBetter, unit: "FLOP/token", claims: ["C5"],
            formula: "operations on tokens whose keys and values were there, for want of a state / input tokens",
            source: "cost model of the architecture"),
        served(
            "V2", "saved-flops-per-byte", "Operations saved per cached byte", .higherIsBetter, unit: "FLOP/byte",
            claims: ["C5"], formula: "operations saved by hits / bytes held after a request, in the mean",
            source: marconi + ", equation 1"),
        served(
            "V2", "ttft-p50", "Work to the first token, median", .lowerIsBetter, unit: "FLOP", claims: ["C5", "C10"],
            formula: "median over requests of the operations before the first token", source: marconi),
        served(
            "V2", "ttft-p95", "Work to the first token, 95th percentile", .lowerIsBetter, unit: "FLOP",
            claims: ["C5", "C10"], formula: "95th percentile over requests of the operations before the first token",
            source: marconi),
        served(
            "V2", "cached-bytes", "Bytes held by the prefix cache", .lowerIsBetter, unit: "bytes", claims: ["C5"],
            formula: "blocks and copies of states after a request, in the mean", source: marconi),
    ]

    private static let leviathan = "Leviathan et al., arXiv 2211.17192"

    private static let speculation = [
        served(
            "V3", "accepted-length", "Accepted length", .higherIsBetter, unit: "tokens", claims: ["C6"],
            formula: "tau: tokens that a verifying step yields, the target's own included", source: leviathan),
        served(
            "V3", "draft-acceptance", "Draft acceptance", .higherIsBetter, claims: ["C6"],
            formula: "drafted tokens that are accepted / drafted tokens", source: leviathan),
        served(
            "V3", "token-acceptance", "Acceptance of a token", .higherIsBetter, claims: ["C6"],
            formula: "alpha: accepted / (accepted + rejections), the chance after accepted ones", source: leviathan),
        served(
            "V3", "verify-ratio", "Verify ratio", .lowerIsBetter, claims: ["C6"],
            formula: "v = time of verifying gamma + 1 tokens / time of one decoding step", source: leviathan),
        served(
            "V3", "draft-ratio", "Draft ratio", .lowerIsBetter, claims: ["C6"],
            formula: "c = time of a step of the draft / time of a step of the target", source: leviathan),
        served(
            "V3", "rollback-bytes", "Rollback bytes", .lowerIsBetter, unit: "bytes", claims: ["C6"],
            formula: "bytes of state copied aside and back, a round's mean", source: "Kimi K3 report 5.4"),
        served(
            "V3", "rollback-ratio", "Rollback ratio", .lowerIsBetter, claims: ["C6"],
            formula: "time of rolling back, a round's mean / time of one decoding step", source: "Kimi K3 report 5.4"),
        served(
            "V3", "speculative-speedup", "Net speed-up of speculation", .higherIsBetter, claims: ["C6"],
            formula: "time of plain greedy decoding / time of speculative decoding of the same tokens",
            source: "measured, median over passes in turns"),
        served(
            "V3", "speculative-speedup-predicted", "Predicted speed-up of speculation", .higherIsBetter,
            claims: ["C6"], formula: "tau / (gamma c + v)", source: leviathan),
    ]

    private static let crossover = [
        served(
            "V4", "crossover-length", "Measured crossover length", .lowerIsBetter, unit: "tokens", claims: ["C10"],
            formula: "smallest length from which on the median of log(time / time of the control) is negative, "
                + "interpolated in log length", source: "measured in turns; bootstrap over repeats"),
        served(
            "V4", "crossover-theory", "Theoretical crossover length", .lowerIsBetter, unit: "tokens", claims: ["C10"],
            formula: "smallest length from which on the model takes fewer operations than the control",
            source: "cost model of the architecture"),
        served(
            "V4", "crossover-slippage", "Crossover slippage", .lowerIsBetter, claims: ["C10"],
            formula: "measured crossover length / theoretical crossover length",
            source: "metrics catalogue V4"),
        served(
            "V4", "token-time", "Time of a token", .lowerIsBetter, unit: "microseconds", claims: ["C10"],
            formula: "time of one thread / tokens, at a length of prefill or context", source: "measured, median"),
        served(
            "V4", "token-time-ratio", "Time of a token against the control", .lowerIsBetter, claims: ["C10"],
            formula: "median over repeats of time / time of the control beside it, at a length of prefill or context",
            source: "measured in turns; bootstrap over repeats"),
        served(
            "V4", "token-rate", "Rate of operations", .higherIsBetter, unit: "GFLOP/s", claims: ["C10"],
            formula: "operations of the cost model / time", source: "measured, median"),
        served(
            "V4", "state-rate", "Rate of state and cache traffic", .higherIsBetter, unit: "GB/s", claims: ["C10"],
            formula: "bytes of caches and states in use / time of a decoded token", source: "measured, median"),
    ]
}
