import AssayCore
import AssayModels
import AssayReports
import AssayServing
import AssayTasks
import Foundation

/// Serving measurements of architecture files, without training them: times and bytes do not depend on the weights.
public enum ServingTables {
    /// The model of an architecture file with the weights that training would start from.
    static func model(_ name: String, evals: URL) throws -> WeightedModel {
        let folder = evals.appendingPathComponent("architectures", isDirectory: true)
        let url =
            name.hasSuffix(".yaml") ? URL(fileURLWithPath: name) : folder.appendingPathComponent("\(name).yaml")
        guard FileManager.default.fileExists(atPath: url.path) else {
            throw AssayError.badInput(
                "there is no '\(name)' among the architectures", at: folder.relativePath,
                remedy: Suggestion.remedy(for: name, among: ConfigurationLibrary.names(in: folder)))
        }
        let architecture = try ArchitectureConfiguration.read(url).architecture(vocabulary: Vocabulary.count)
        let model = try LanguageModel(architecture)
        return WeightedModel(model: model, weights: model.initialWeights(seed: 1))
    }

    // MARK: - Times

    /// How an architecture is timed.
    public struct Timing {
        /// What is timed.
        public var phase = ServingPhase.decode
        /// At which batch.
        public var load = ServingLoad.single
        /// Lengths, repeats, memory.
        public var settings = CrossoverSettings()

        /// The defaults.
        public init() {}
    }

    /// The time of a token over the length of the context.
    public static func times(
        _ name: String, _ timing: Timing, evals: URL, progress: (String) -> Void
    ) throws -> String {
        let side = try model(name, evals: evals)
        let settings = timing.settings
        let profile = LengthProfile(
            side, phase: timing.phase, lengths: settings.lengths, batch: 1, repeats: settings.repeats,
            steps: settings.steps, progress: { progress("\(name), length \($0)") })
        var table = TextTable([
            .init("length", .right), .init("us/token", .right), .init("95 % interval", .right),
            .init("GFLOP/s", .right), .init("state", .right),
        ])
        for point in profile.points {
            let cost = side.model.cost(context: point.length)
            let operations = timing.phase == .prefill ? cost.prefillFLOPs : cost.decodeFLOPs
            table.append([
                Figure.grouped(point.length), Figure.value(point.median * 1e6), interval(point.interval, scale: 1e6),
                Figure.value(operations / point.median / 1e9), Listing.bytes(cost.stateBytes),
            ])
        }
        return "\(name), \(timing.phase.rawValue), one sequence, one thread\n" + table.text()
            + "A token at the longest length takes \(Figure.value(profile.growth)) times what it takes at the shortest.\n"
    }

    /// The times of an architecture and of another in turns, and where the first becomes faster for good.
    public static func crossover(
        _ name: String, against control: String, _ timing: Timing, evals: URL, progress: (String) -> Void
    ) throws -> String {
        let (side, other) = (try model(name, evals: evals), try model(control, evals: evals))
        let measured = CrossoverMeasurement(
            side, against: other, phase: timing.phase, load: timing.load, timing.settings,
            progress: { progress("length \($0)") })
        var table = TextTable([
            .init("length", .right), .init("batch", .right), .init("us/token \(name)", .right),
            .init("batch", .right), .init("us/token \(control)", .right), .init("ratio", .right),
            .init("95 % interval", .right),
        ])
        for (point, batch) in zip(measured.sweep.points, measured.batches) {
            table.append([
                Figure.grouped(point.length), "\(batch.model)", Figure.value(point.medianSeconds * 1e6),
                "\(batch.control)", Figure.value(point.medianSeconds / point.medianRatio * 1e6),
                Figure.value(point.medianRatio), interval(point.ratioInterval, scale: 1),
            ])
        }
        let found = measured.sweep.crossover()
        let theory =
            timing.phase == .prefill
            ? TheoreticalCrossover.prefill(side.model, against: other.model)
            : TheoreticalCrossover.decode(side.model, against: other.model)
        let lengths =
            switch found.length {
            case 0: "at or below the shortest length"
            case .infinity: "beyond the longest length"
            default: "at \(Figure.value(found.length)) tokens " + interval(found.interval, scale: 1)
            }
        return "\(name) against \(control), \(timing.phase.rawValue), \(timing.load.rawValue), one thread\n"
            + table.text() + "Measured crossover \(lengths); by operations "
            + (theory.map { "at \(Figure.grouped($0)) tokens" } ?? "never") + ".\n"
    }

    private static func interval(_ interval: ClosedRange<Double>?, scale: Double) -> String {
        interval.map { "[\(Figure.value($0.lowerBound * scale)), \(Figure.value($0.upperBound * scale))]" } ?? "-"
    }

    // MARK: - Traces

    /// What the requests of a trace are like.
    public static func description(of trace: ConversationTrace) -> String {
        var table = TextTable([
            .init("class"), .init("requests", .right), .init("input tokens", .right), .init("median input", .right),
            .init("median new", .right),
        ])
        func row(_ title: String, _ requests: [TraceRequest]) {
            func median(_ values: [Int]) -> String {
                values.isEmpty ? "-" : Figure.grouped(values.sorted()[values.count / 2])
            }
            table.append([
                title, Figure.grouped(requests.count), Figure.grouped(requests.reduce(0) { $0 + $1.inputCount }),
                median(requests.map(\.inputCount)),
                median(requests.map { $0.inputCount - ($0.turnEnds.dropLast().last ?? 0) }),
            ])
        }
        row("all", trace.requests)
        for kind in RequestClass.allCases {
            let requests = trace.requests.filter { $0.kind == kind }
            if !requests.isEmpty { row(kind.rawValue, requests) }
        }
        return table.text()
    }

    /// A prefix cache under a trace, for some architectures.
    public static func prefixCache(
        _ names: [String], _ trace: ConversationTrace, _ plan: ServingPlan.Trace, byClass: Bool, evals: URL
    ) throws -> String {
        var table = TextTable([
            .init("architecture"), .init("snapshots"), .init("MiB", .right), .init("class"),
            .init("token hits", .right), .init("key-value hits", .right), .init("recomputed", .right),
            .init("MFLOP p50", .right), .init("MFLOP p95", .right), .init("held", .right),
        ])
        for name in names {
            let side = try model(name, evals: evals)
            let served = ServedModel(
                side.model, cache: plan.formats.cache, state: plan.formats.state, longest: trace.longest)
            for capacity in plan.capacities {
                for policy in plan.policies {
                    let simulation = CacheSimulation(
                        trace, PrefixCacheSettings(block: plan.block, capacity: capacity, policy: policy),
                        model: served)
                    var rows = [("all", simulation.all)]
                    if byClass {
                        rows += RequestClass.allCases.compactMap { kind in
                            simulation.classes[kind].map { (kind.rawValue, $0) }
                        }
                    }
                    for (title, figures) in rows {
                        table.append([
                            name, policy.name,
                            capacity.map { Figure.value(Double($0) / Double(1 << 20)) } ?? "no limit",
                            title, Figure.value(figures.tokenHitRate), Figure.value(figures.cacheHitRate),
                            Figure.value(figures.stateMissFraction),
                            Figure.value(figures.firstToken(quantile: 0.5) / 1e6),
                            Figure.value(figures.firstToken(quantile: 0.95) / 1e6), Listing.bytes(figures.meanBytes),
                        ])
                    }
                }
            }
        }
        return table.text()
    }

    /// The requests of a trace as CSV: when, why, how many tokens of which texts.
    public static func csv(_ trace: ConversationTrace) -> String {
        var text = "request,session,seconds,class,input_tokens,output_tokens,turn_ends,input\n"
        for (index, request) in trace.requests.enumerated() {
            let ends = request.turnEnds.map(String.init).joined(separator: " ")
            let spans = request.input.map { "\($0.text):\($0.start)+\($0.count)" }.joined(separator: " ")
            text += "\(index),\(request.session),\(request.time),\(request.kind.rawValue),\(request.inputCount),"
            text += "\(request.output.count),\(ends),\(spans) > \(request.output.text)\n"
        }
        return text
    }
}
