import AssayCore
import AssayMetrics
import AssayStatistics
import AssayStore
import Foundation
import Testing

@testable import AssayPipeline

/// X1 and X2 over recorded runs.
@Suite struct EfficiencyTests {
    /// Runs of two arms at several budgets; hybrid needs half the tokens for the same loss.
    private func runs(budgets: [Int] = [100, 300, 1_000, 3_000], seeds: [UInt64] = [1, 2, 3]) throws -> MadeUpResults {
        let made = try MadeUpResults(arms: [])
        for (place, tokens) in budgets.enumerated() {
            let batch = BatchRecord(
                identity: ContentHash(of: "b\(tokens)"), name: "b\(tokens)", control: "full", definition: "{}")
            for (arm, gain) in [("full", 1.0), ("hybrid", 2.0)] {
                for seed in seeds {
                    let noise = 0.004 * Double((place * 5 + Int(seed) * 3) % 7) - 0.012
                    let loss = 1.5 + 20 * pow(gain * Double(tokens), -0.5) + noise
                    try made.train(
                        arm, seed: seed, steps: [1], in: batch, run: "\(arm) \(tokens) \(seed)", tokens: tokens,
                        loss: { _ in loss })
                    try made.store.record(
                        MeasurementRecord(
                            identity: ContentHash(of: "m \(arm) \(tokens) \(seed)"),
                            checkpoint: ContentHash(of: "weights \(arm) \(tokens) \(seed) 1"),
                            values: [
                                MetricValue(
                                    metric: "accuracy", task: "recall", condition: "parallel", slice: "all",
                                    value: 1 - 2 * pow(gain * Double(tokens), -0.5) - noise / 8, n: 10, clusters: 5,
                                    lost: 0
                                )
                            ]), batch: batch.identity)
                }
            }
        }
        return made
    }

    @Test func aTwofoldGainIsFoundInLossAndInAScore() throws {
        let made = try runs()
        let loss = try EfficiencyReport(store: made.store, arm: "hybrid", control: "full", quantity: "loss")
        #expect(loss.budget == 3_000 && abs(loss.gain.gain.value - 2) < 0.4, "\(loss.gain.gain)")
        #expect((loss.gain.gain.low ?? 0) > 1 && (loss.gain.slope.low ?? 1) < 0 && (loss.gain.slope.high ?? -1) > 0)
        let score = try EfficiencyReport(
            store: made.store, arm: "hybrid", control: "full", quantity: "accuracy/recall", budget: 1_000)
        #expect(abs(score.gain.gain.value - 2) < 0.6, "\(score.gain.gain)")
        let text = try loss.render(as: .table)
        #expect(
            text.contains("Compute-equivalent gain of hybrid")
                && text.contains("whether it survives scale is not decided"))
        let row = try #require(CSV.parse(try loss.render(as: .csv)).first)
        #expect(row["gain"].flatMap(Double.init) == loss.gain.gain.value && row["unit"] == "tokens")
        let flops = try EfficiencyReport(
            store: made.store, arm: "hybrid", control: "full", quantity: "loss", unit: .flops)
        #expect(flops.budget > 1e6)
    }

    @Test func tooFewBudgetsOrSeedsAreRefused() throws {
        for made in [try runs(budgets: [100, 300, 1_000]), try runs(seeds: [1, 2])] {
            let error = try #require(throws: AssayError.self) {
                try EfficiencyReport(store: made.store, arm: "hybrid", control: "full", quantity: "loss")
            }
            #expect("\(error)".contains("A fit needs 4 different budgets of 3 seeds"), "\(error)")
        }
        let made = try runs()
        #expect { try EfficiencyReport(store: made.store, arm: "hybird", control: "full", quantity: "loss") } throws: {
            "\($0)".contains("Did you mean 'hybrid'?")
        }
        #expect {
            try EfficiencyReport(store: made.store, arm: "hybrid", control: "full", quantity: "accuracy/recal")
        } throws: { "\($0)".contains("Did you mean 'accuracy/recall'?") }
    }

    @Test func aPublicScoreThatHidesALossIsSaidToUnderstateIt() throws {
        let made = try MadeUpResults(seeds: [1, 2, 3, 4])
        for (arm, loss) in [("full", 0.0), ("hybrid", 0.3)] {
            for seed in 1...4 as ClosedRange<UInt64> {
                let noise = Double((Int(seed) * 3) % 4) / 100
                try made.store.record(
                    MeasurementRecord(
                        identity: ContentHash(of: "m \(arm) \(seed)"),
                        checkpoint: made.checkpoint(arm, seed: seed).hash,
                        values: [("easy", 0.9 + noise), ("hard", 0.8 - loss - noise)].map { task, value in
                            MetricValue(
                                metric: "accuracy", task: task, condition: "parallel", slice: "all", value: value,
                                n: 10,
                                clusters: 5, lost: 0)
                        }), batch: made.batch.identity)
            }
        }
        func report(_ easy: [String], _ hard: [String]) throws -> UnderstatementReport {
            try UnderstatementReport(
                store: made.store, baseline: "full", candidate: "hybrid", easy: easy, hard: hard, batch: nil)
        }
        let found = try report(["accuracy/easy"], ["accuracy/hard"])
        #expect(abs(found.understatement.publicLoss) < 1e-9 && found.understatement.hardLoss < -10)
        #expect(try found.render(as: .table).contains("U' below zero"))
        #expect(CSV.parse(try found.render(as: .csv)).first?["seeds"] == "4")
        #expect { try report(["accuracy/eassy"], ["accuracy/hard"]) } throws: {
            "\($0)".contains("Did you mean 'accuracy/easy'?")
        }
        #expect(throws: AssayError.self) { try report(["accuracy/easy", "loss"], ["accuracy/nothing"]) }
    }
}
