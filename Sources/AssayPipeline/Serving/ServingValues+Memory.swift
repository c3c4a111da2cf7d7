import AssayCore
import AssayMetrics
import AssayModels
import AssayReports
import AssayServing

/// Turns measurements of serving into values of metrics.
enum ServingValues {
    // MARK: - V1

    static func cache(
        _ model: LanguageModel, control: LanguageModel, _ plan: ServingPlan.Cache
    ) -> [MetricValue] {
        var values: [MetricValue] = []
        for formats in plan.formats {
            func value(_ key: String, _ slice: String, _ value: Double?, _ note: String? = nil) -> MetricValue {
                .served(key, task: "cache", condition: formats.name, slice: slice, value, n: 1, note: note)
            }
            for length in plan.lengths {
                let branches = model.cacheBytes(tokens: length, formats)
                values.append(value("cache-bytes", "length=\(length)", Double(branches.reduce(0, +))))
                for layer in model.architecture.layers.indices {
                    let bytes = branches[2 * layer] + branches[2 * layer + 1]
                    values.append(value("cache-bytes", "length=\(length),layer=\(layer)", Double(bytes)))
                }
            }
            let breakEven = MemoryBreakEven.length(model, against: control, formats)
            values.append(
                value(
                    "memory-break-even", "all", breakEven.map(Double.init),
                    breakEven == nil ? "not up to \(Figure.grouped(MemoryBreakEven.limit)) tokens" : nil))
        }
        return values
    }

    static func heldMemory(_ side: WeightedModel, _ plan: ServingPlan.Cache) -> [MetricValue] {
        let held = HeldMemory.bytesPerSequence(side, length: plan.heldLength)
        return [
            .served(
                "cache-bytes-held", task: "cache", condition: StateFormat.float32.rawValue,
                slice: "length=\(plan.heldLength)", held, n: 1, note: held == nil ? "the system does not tell" : nil)
        ]
    }

    // MARK: - V2

    static func trace(
        _ model: LanguageModel, _ trace: ConversationTrace, _ plan: ServingPlan.Trace
    ) -> [MetricValue] {
        let served = ServedModel(
            model, cache: plan.formats.cache, state: plan.formats.state, longest: trace.longest)
        var values: [MetricValue] = []
        for capacity in plan.capacities {
            for policy in plan.policies {
                let simulation = CacheSimulation(
                    trace, PrefixCacheSettings(block: plan.block, capacity: capacity, policy: policy), model: served)
                let condition =
                    policy.name + (capacity.map { " \(Figure.value(Double($0) / Double(1 << 20))) MiB" } ?? "")
                values += figures(simulation.all, condition, "all")
                for kind in RequestClass.allCases {
                    if let part = simulation.classes[kind] {
                        values += figures(part, condition, "class=\(kind.rawValue)")
                    }
                }
            }
        }
        return values
    }

    private static func figures(_ figures: CacheFigures, _ condition: String, _ slice: String) -> [MetricValue] {
        let all: [(String, Double)] = [
            ("token-hit-rate", figures.tokenHitRate), ("cache-hit-rate", figures.cacheHitRate),
            ("state-miss-recompute", figures.stateMissFraction),
            ("recompute-flops", figures.recomputedFLOPs / Double(figures.inputTokens)),
            ("saved-flops-per-byte", figures.savedPerByte), ("ttft-p50", figures.firstToken(quantile: 0.5)),
            ("ttft-p95", figures.firstToken(quantile: 0.95)), ("cached-bytes", figures.meanBytes),
        ]
        return all.map { .served($0, task: "trace", condition: condition, slice: slice, $1, n: figures.requests) }
    }
}
