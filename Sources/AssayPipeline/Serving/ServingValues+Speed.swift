import AssayCore
import AssayMetrics
import AssayModels
import AssayReports
import AssayServing

extension ServingValues {
    // MARK: - V3

    static func speculation(
        _ target: WeightedModel, draft: WeightedModel, prompts: [[Int32]], _ plan: ServingPlan.Speculation,
        progress: (String) throws -> Void
    ) throws -> (counted: [MetricValue], timed: [MetricValue]) {
        var (counted, timed): ([MetricValue], [MetricValue]) = ([], [])
        for length in plan.lengths {
            for mode in plan.modes {
                try progress("gamma \(length), \(mode.rawValue)")
                let measured = try SpeculationMeasurement(
                    target: target, draft: draft, prompts: prompts, count: plan.tokens, draftLength: length,
                    mode: mode, passes: plan.passes)
                func value(
                    _ key: String, _ value: Double, _ interval: ClosedRange<Double>? = nil, condition: String? = nil
                ) -> MetricValue {
                    .served(
                        key, task: "speculation", condition: condition ?? mode.rawValue, slice: "gamma=\(length)",
                        value, interval: interval, n: measured.counts.rounds)
                }
                // What is accepted does not depend on how tokens are taken back.
                if mode == plan.modes.first {
                    counted += [
                        value("accepted-length", measured.acceptedLength, condition: "greedy"),
                        value("draft-acceptance", measured.counts.acceptance, condition: "greedy"),
                        value("token-acceptance", measured.counts.tokenAcceptance, condition: "greedy"),
                    ]
                }
                counted.append(value("rollback-bytes", measured.rollbackBytes))
                timed += [
                    value("verify-ratio", measured.verifyRatio), value("draft-ratio", measured.draftRatio),
                    value("rollback-ratio", measured.rollbackRatio),
                    value("speculative-speedup", measured.speedup, measured.speedupInterval),
                    value("speculative-speedup-predicted", measured.predictedSpeedup),
                ]
            }
        }
        return (counted, timed)
    }

    // MARK: - V4

    static func crossover(
        _ model: WeightedModel, control: WeightedModel, _ plan: ServingPlan.Crossover,
        progress: (String) throws -> Void
    ) throws -> [MetricValue] {
        var values: [MetricValue] = []
        for phase in plan.phases {
            let theory =
                phase == .prefill
                ? TheoreticalCrossover.prefill(model.model, against: control.model)
                : TheoreticalCrossover.decode(model.model, against: control.model)
            values.append(
                .served(
                    "crossover-theory", task: "crossover", condition: "operations", slice: phase.rawValue,
                    theory.map(Double.init), n: 1,
                    note: theory == nil ? "not up to \(Figure.grouped(TheoreticalCrossover.limit)) tokens" : nil))
            for load in plan.loads {
                let measured = try CrossoverMeasurement(
                    model, against: control, phase: phase, load: load, plan.settings,
                    progress: { try progress("\(phase.rawValue), \(load.rawValue), length \($0)") })
                values += crossover(measured, phase, load, theory: theory, plan.settings)
                values += times(measured, model.model, phase, load)
            }
        }
        return values
    }

    private static func crossover(
        _ measured: CrossoverMeasurement, _ phase: ServingPhase, _ load: ServingLoad, theory: Int?,
        _ settings: CrossoverSettings
    ) -> [MetricValue] {
        let crossover = measured.sweep.crossover()
        let (first, last) = (settings.lengths[0], settings.lengths[settings.lengths.count - 1])
        // Beyond what was tested there is no number, only the side on which it lies.
        let note: String? =
            switch crossover.length {
            case 0: "faster at every length, from \(Figure.grouped(first)) on"
            case .infinity: "not faster at the longest, \(Figure.grouped(last))"
            default: nil
            }
        func value(_ key: String, _ scale: Double) -> MetricValue {
            let isOpen = crossover.length == 0 || crossover.length == .infinity
            let interval = crossover.interval.map { ($0.lowerBound * scale)...($0.upperBound * scale) }
            return .served(
                key, task: "crossover", condition: load.rawValue, slice: phase.rawValue,
                isOpen ? nil : crossover.length * scale, interval: interval, n: settings.repeats, note: note)
        }
        return [value("crossover-length", 1)] + (theory.map { [value("crossover-slippage", 1 / Double($0))] } ?? [])
    }

    /// Times at every length, and what they make of the cost model's operations and bytes.
    private static func times(
        _ measured: CrossoverMeasurement, _ model: LanguageModel, _ phase: ServingPhase, _ load: ServingLoad
    ) -> [MetricValue] {
        zip(measured.sweep.points, measured.batches).flatMap { point, batch in
            let seconds = point.medianSeconds
            func value(
                _ key: String, _ value: Double, interval: ClosedRange<Double>? = nil, note: String? = nil
            ) -> MetricValue {
                .served(
                    key, task: "crossover", condition: load.rawValue,
                    slice: "\(phase.rawValue),length=\(point.length)", value, interval: interval,
                    n: point.model.count, note: note)
            }
            let cost = model.cost(context: point.length)
            let operations =
                phase == .prefill ? cost.prefillFLOPs + cost.headFLOPs / Double(point.length) : cost.decodeFLOPs
            var values = [
                value("token-time", seconds * 1e6, note: "batch \(batch.model)"),
                value(
                    "token-time-ratio", point.medianRatio, interval: point.ratioInterval,
                    note: "batches \(batch.model) and \(batch.control)"),
                value("token-rate", operations / seconds / 1e9),
            ]
            if phase == .decode { values.append(value("state-rate", cost.stateBytes / seconds / 1e9)) }
            return values
        }
    }
}
