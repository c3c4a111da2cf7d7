import AssayCore
import AssayReinforcement
import AssayStatistics
import AssayStore

/// What came of a run of reinforcement learning, from the store.
public struct ReinforcementResult: Sendable {
    /// The run.
    public let run: ReinforcementRunner.Run
    /// Its record.
    public let record: PolicyRunRecord
    /// Its steps.
    public let log: [ReinforcementStep]
    /// What the log comes to.
    public let summary: ReinforcementSummary
    /// Greedy success on the held-out episodes, before and after; nil where the run left no weights.
    public let success: PairedComparison?
    /// Greedy success before.
    public let start: Double

    /// Reads a run; nil while it has not ended.
    init?(_ run: ReinforcementRunner.Run, store: Store) throws {
        guard let record = try store.policyRun(run.plan.identity) else { return nil }
        self.run = run
        self.record = record
        log = try store.policySteps(ofRun: run.plan.identity).map { step in
            var values = ReinforcementStep()
            for field in ReinforcementStep.fields { values[keyPath: field.path] = step.figures[field.name] ?? .nan }
            values.step = Double(step.step)
            return values
        }
        summary = ReinforcementSummary(log, window: run.arm.recipe.collapse.window)
        let episodes = try store.policyEpisodes(ofRun: run.plan.identity)
        start = episodes.reduce(0) { $0 + $1.start } / Double(max(episodes.count, 1))
        let trained = episodes.compactMap(\.trained)
        guard trained.count == episodes.count, !episodes.isEmpty else {
            success = nil
            return
        }
        success = PairedComparison.clusters(
            baseline: ClusterSums(width: 2, values: episodes.flatMap { [$0.start, 1] }),
            candidate: ClusterSums(width: 2, values: trained.flatMap { [$0, 1] })
        ) { $0[0] / $0[1] }
    }

    /// The gain of greedy success; a run that left no weights lost what it had.
    var gain: Double { success?.estimate ?? -start }

    /// Whether greedy success rose.
    var isBetter: Bool { gain > 0 }

    /// Whether it rose beyond chance, at 95 %.
    var isClearlyBetter: Bool { (success?.interval(level: 0.95)?.low ?? -1) > 0 }
}

/// The runs of an arm with one precision of rollouts, one a seed.
struct ReinforcementGroup {
    let arm: String
    let precision: String
    let results: [ReinforcementResult]

    /// Groups in the order of their runs.
    static func all(_ results: [ReinforcementResult]) -> [ReinforcementGroup] {
        var groups: [ReinforcementGroup] = []
        for result in results {
            let (arm, precision) = (result.run.arm.name, result.run.precision.name)
            let known = groups.firstIndex { $0.arm == arm && $0.precision == precision }
            if let known {
                groups[known] = ReinforcementGroup(
                    arm: arm, precision: precision, results: groups[known].results + [result])
            } else {
                groups.append(ReinforcementGroup(arm: arm, precision: precision, results: [result]))
            }
        }
        return groups
    }

    /// The mean of a figure over the seeds that have it.
    func mean(_ figure: (ReinforcementResult) -> Double) -> Double {
        let values = results.map(figure).filter { !$0.isNaN }
        return values.isEmpty ? .nan : values.reduce(0, +) / Double(values.count)
    }

    /// The greatest or least of a figure over the seeds.
    func extreme(_ figure: (ReinforcementResult) -> Double, _ pick: (Double, Double) -> Double) -> Double {
        results.map(figure).filter { !$0.isNaN }.reduce(.nan) { $0.isNaN ? $1 : pick($0, $1) }
    }

    /// Greedy success before and after over the seeds, the seed as the unit.
    var gain: PairedComparison {
        PairedComparison.seeds(baseline: results.map(\.start), candidate: results.map { $0.start + $0.gain })
    }

    /// The variance over the seeds of the reward at the end (R5).
    var endVariance: Double {
        let ends = results.map(\.summary.endReward).filter { !$0.isNaN }
        guard ends.count > 1 else { return .nan }
        let mean = ends.reduce(0, +) / Double(ends.count)
        return ends.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(ends.count - 1)
    }
}
