import AssayCore
import AssayReinforcement
import AssayReports
import AssayStatistics
import AssayStore
import Foundation

/// What came of a study of reinforcement learning.
public struct ReinforcementReport: Sendable {
    /// The runs that have ended, in the order of the study.
    public let results: [ReinforcementResult]
    /// The runs of the study.
    public let planned: Int

    private let groups: [ReinforcementGroup]

    /// Reads the results of a study.
    public init(_ runner: ReinforcementRunner) throws {
        results = try runner.runs().compactMap { try ReinforcementResult($0, store: runner.store) }
        planned = runner.study.runCount
        groups = ReinforcementGroup.all(results)
    }

    /// The report for people or for programs: programs get the runs, people every table.
    public func render(as format: TableFormat) throws -> String {
        switch format {
        case .table: sections.map { "\($0)\n\($1.text())" }.joined(separator: "\n") + footer
        case .markdown: sections.map { "## \($0)\n\n\($1.markdown)" }.joined(separator: "\n") + footer
        case .csv: try runTable.text(.csv)
        case .json: try runTable.text(.json)
        }
    }

    private var sections: [(String, TextTable)] {
        [
            ("Greedy success on held-out episodes, before and after", successTable),
            ("Mismatch of rollouts and updates (R1, R2)", mismatchTable),
            ("Course of the runs (R3-R6), mean over the seeds", courseTable), ("Claimed and measured", claimTable),
        ]
    }

    private var footer: String {
        results.count == planned ? "" : "\n\(planned - results.count) of \(planned) runs have not ended.\n"
    }

    // MARK: - Tables

    private var successTable: TextTable {
        var table = TextTable([
            .init("arm"), .init("rollouts"), .init("seed", .right), .init("before", .right), .init("after", .right),
            .init("gain", .right), .init("95 % interval", .right), .init("end"),
        ])
        for group in groups {
            for result in group.results {
                table.append([
                    group.arm, group.precision, "\(result.run.seed)", Figure.value(result.start),
                    Figure.value(result.success?.candidate), Figure.difference(result.success?.estimate),
                    Self.interval(result.success), result.record.reason ?? "finished",
                ])
            }
            let gain = group.gain
            let collapsed = group.results.count { $0.record.reason != nil }
            let chance = ProportionInterval.exact(successes: collapsed, trials: group.results.count, level: 0.95)
            table.append([
                group.arm, group.precision, "mean", Figure.value(gain.baseline), Figure.value(gain.candidate),
                Figure.difference(gain.estimate), Self.interval(gain),
                "\(collapsed) of \(group.results.count) collapsed "
                    + "(\(Figure.value(chance.low)) ... \(Figure.value(chance.high)))",
            ])
        }
        return table
    }

    private var mismatchTable: TextTable {
        var table = TextTable([
            .init("arm"), .init("rollouts"), .init("K3", .right), .init("mean e^|r|", .right),
            .init("largest |r|", .right), .init("least Pearson", .right), .init("least ESS", .right),
            .init("rollout chi^2", .right), .init("w > 2", .right), .init("w < 0.5", .right), .init("vetoes", .right),
        ])
        for group in groups {
            func over(_ path: KeyPath<ReinforcementStep, Double>) -> Double {
                group.mean { result in
                    let values = result.log.map { $0[keyPath: path] }.filter { !$0.isNaN }
                    return values.isEmpty ? .nan : values.reduce(0, +) / Double(values.count)
                }
            }
            let vetoes = group.results.flatMap(\.log).reduce(0.0) { $0 + $1.mismatch.vetoes }
            table.append([
                group.arm, group.precision, String(format: "%.2e", group.mean(\.summary.k3)),
                String(format: "%.5f", group.mean(\.summary.multiplicativeError)),
                Figure.value(group.extreme(\.summary.largestLogRatio, max)),
                String(format: "%.6f", group.extreme(\.summary.lowestPearson, min)),
                String(format: "%.4f", group.extreme(\.summary.lowestEffectiveSampleSize, min)),
                Figure.value(over(\.mismatch.sequenceChiSquare)), Figure.value(over(\.mismatch.above2)),
                Figure.value(over(\.mismatch.below05)), "\(Int(vetoes))",
            ])
        }
        return table
    }

    private var courseTable: TextTable {
        var table = TextTable([
            .init("arm"), .init("rollouts"), .init("reward", .right), .init("its variance", .right),
            .init("area, steps", .right), .init("area, tokens", .right), .init("area, seconds", .right),
            .init("entropy slope", .right), .init("low entropy", .right), .init("ceiling", .right),
            .init("spikes/1000", .right), .init("largest", .right), .init("dead groups", .right),
        ])
        for group in groups {
            let change = group.mean(\.summary.endReward) - group.mean(\.summary.startReward)
            table.append([
                group.arm, group.precision,
                "\(Figure.value(group.mean(\.summary.startReward))) \(Figure.difference(change))",
                Figure.value(group.endVariance), Figure.value(area(group, \.step)),
                Figure.value(area(group, \.tokens)), Figure.value(area(group, \.seconds)),
                Figure.value(group.mean(\.summary.entropySlope)), Figure.value(group.mean(\.summary.lowEntropyShare)),
                Figure.value(group.mean(\.summary.rewardCeiling)), Figure.value(group.mean(\.summary.spikesPer1000)),
                Figure.value(group.extreme(\.summary.largestSpike, max)),
                Figure.value(group.mean(\.summary.deadGroups)),
            ])
        }
        return table
    }

    /// The mean reward up to where the shortest of all runs ended, so that runs are held against each other at equal cost.
    private func area(_ group: ReinforcementGroup, _ axis: KeyPath<ReinforcementStep, Double>) -> Double {
        let limit = results.compactMap { $0.log.last?[keyPath: axis] }.min() ?? 0
        return group.mean { ReinforcementSummary.area($0.log, along: axis, to: limit) }
    }

    private var claimTable: TextTable {
        var table = TextTable([.init("arm"), .init("claimed"), .init("measured"), .init("holds")])
        var arms: [String] = []
        for group in groups where !arms.contains(group.arm) { arms.append(group.arm) }
        for arm in arms {
            for claim in ReinforcementClaim.all(groups.filter { $0.arm == arm }) {
                table.append([arm, claim.claimed, claim.measured, claim.holds.map { $0 ? "yes" : "no" } ?? "undecided"])
            }
        }
        return table
    }

    private static func interval(_ comparison: PairedComparison?) -> String {
        guard let interval = comparison?.interval(level: 0.95) else { return "-" }
        return "\(Figure.difference(interval.low)) ... \(Figure.difference(interval.high))"
    }

    // MARK: - Files

    /// A row for each run.
    public var runTable: FieldTable {
        var table = FieldTable(columns: [
            "arm", "rollouts", "seed", "run", "start", "checkpoint", "steps", "reason", "success_before",
            "success_after", "gain", "gain_low", "gain_high", "reward_start", "reward_end", "k3", "lowest_pearson",
            "multiplicative_error", "largest_log_ratio", "lowest_effective_sample_size", "entropy_slope",
            "low_entropy_share", "reward_ceiling", "gradient_spikes_per_1000", "largest_gradient_over_median",
            "dead_groups",
        ])
        for result in results {
            let (summary, interval) = (result.summary, result.success?.interval(level: 0.95))
            let figures = [
                summary.startReward, summary.endReward, summary.k3, summary.lowestPearson, summary.multiplicativeError,
                summary.largestLogRatio, summary.lowestEffectiveSampleSize, summary.entropySlope,
                summary.lowEntropyShare, summary.rewardCeiling, summary.spikesPer1000, summary.largestSpike,
                summary.deadGroups,
            ]
            let place: [Field] = [
                .text(result.run.arm.name), .text(result.run.precision.name), .unsigned(result.run.seed),
                .text(result.record.identity.hexadecimal), .text(result.record.start.hexadecimal),
                .optional(result.record.checkpoint?.hexadecimal), .integer(result.record.step),
                .optional(result.record.reason),
            ]
            let success: [Field] = [
                .number(result.start), .optional(result.success?.candidate), .optional(result.success?.estimate),
                .optional(interval?.low), .optional(interval?.high),
            ]
            table.rows.append(place + success + figures.map(Field.number))
        }
        return table
    }

    /// A row for each step of each run.
    public var stepTable: FieldTable {
        var table = FieldTable(columns: ["arm", "rollouts", "seed"] + ReinforcementStep.fields.map(\.name))
        for result in results {
            let place: [Field] = [
                .text(result.run.arm.name), .text(result.run.precision.name), .unsigned(result.run.seed),
            ]
            table.rows += result.log.map { place + $0.values.map(Field.number) }
        }
        return table
    }

    /// Writes both tables as CSV into a folder.
    public func writeFiles(to folder: URL) throws {
        for (name, table) in [("policy-runs.csv", runTable), ("policy-steps.csv", stepTable)] {
            let output = try FileOutput(folder.appendingPathComponent(name))
            try output.write(table.text(.csv))
            try output.finish()
        }
    }
}
