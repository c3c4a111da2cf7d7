import AssayCore
import AssayMetrics
import AssayReports
import AssayStore
import Foundation
import Testing

@testable import AssayPipeline

/// Proxies over arms of several families, as the command shows them.
@Suite struct ProxyEvidenceTests {
    private static let mixers = ["retnet", "lightning", "delta-net", "gla"]

    /// Six families of architectures, of which one has a pure arm and a hybrid.
    private func bench() throws -> Workbench {
        let bench = try Workbench()
        for mixer in Self.mixers {
            try bench.write("evals/architectures/\(mixer).yaml", TinyPlans.architecture("\(mixer) x2"))
        }
        let arms = Self.mixers.map { "  \($0): {architecture: \($0), recipe: tiny}\n" }.joined()
        try bench.edit("evals/batches/tiny.yaml", "conditions: [", arms.dropLast() + "\nconditions: [")
        try bench.edit(
            "evals/batches/tiny.yaml", "conditions: [parallel, recurrent, divergence]", "conditions: [parallel]")
        return bench
    }

    @Test func `several batches have cards of their own, by arm or by family`() throws {
        let bench = try bench()
        try bench.run()
        try bench.edit("evals/batches/tiny.yaml", "description: A batch for tests.", "name: other")
        try bench.edit("evals/recipes/tiny.yaml", "  successor: 1\n", "  successor: 2\n")
        try bench.run()
        let target = "nll/successor[hops=2]"
        let report = try ProxyCardReport(
            store: try bench.store(), batches: ["tiny", "other"], target: target, clustering: .family)
        #expect(Set(report.cards.compactMap(\.validity.within)) == ["tiny", "other"])
        #expect(report.cards.filter { $0.validity.proxy == "nll/recall" }.map(\.validity.clusters) == [7, 7])
        // Each batch's cards know its own mixture.
        let mixtures = report.cards.filter { $0.validity.proxy == "loss" }.map(\.conditions.mixtures)
        #expect(mixtures.count == 2 && mixtures[0] != mixtures[1])
        let arguments = [
            "proxies", "--batch", "tiny", "--batch", "other", "--target", target, "--cluster", "family", "--format",
            "csv",
        ]
        let rows = CSV.parse(try Command(arguments, in: bench.folder).wait().output)
        #expect(rows.count == report.cards.count && Set(rows.compactMap { $0["within"] }) == ["tiny", "other"])
        #expect(
            try Command(["proxies", "--target", target, "--cluster", "size"], in: bench.folder).wait().status == 64)
        #expect(
            try ProxyEvidence(
                store: try Finished.tiny.get().store(), batch: Finished.tiny.get().store().batch(named: "tiny")) == nil)
    }

    /// A batch of eight families whose runs agree at 2 and at 4 hops, or differ in them.
    private func results(differAt hops: Int?) throws -> MadeUpResults {
        let mixers = ["full", "retnet", "lightning", "delta-net", "gla", "kda", "mamba-2", "gated-delta-net"]
        let results = try MadeUpResults(arms: [])
        let chain = TaskRecord(
            name: "chain", generator: "made-up", version: 1, parameters: ["length": 32], stream: "evaluation/1",
            family: .multiHop, statedFloor: 0, measuredFloors: [:])
        try results.store.record(chain)
        try results.store.record(taskNames: ["chain": chain.identity], of: results.batch.identity)
        for (place, mixer) in mixers.enumerated() {
            try results.train(mixer, seed: 1, steps: [5, 10], mixer: mixer)
            for step in [5, 10] {
                func value(_ metric: String, _ slice: String, _ value: Double) -> MetricValue {
                    MetricValue(
                        metric: metric, task: "chain", condition: "parallel", slice: slice, value: value, n: 100,
                        clusters: 10, lost: 0)
                }
                let share = Double(place + 1) / Double(mixers.count)
                let checkpoint = try results.checkpoint(mixer, step: step)
                try results.store.record(
                    MeasurementRecord(
                        identity: ContentHash(of: "measured \(mixer) \(step)"), checkpoint: checkpoint.hash,
                        values: [2, 4, 8].map { (count: Int) in
                            value("hop-accuracy", "hops=\(count)", count == hops ? share * Double(step) / 10 : 0)
                        } + [value("accuracy", "all", share), value("nll", "all", place % 2 == 0 ? 1 : 2)]))
            }
        }
        return results
    }

    @Test func `the target is the accuracy on the most hops in which runs differ, and its past is a proxy`() throws {
        let results = try results(differAt: 4)
        let evidence = try #require(try ProxyEvidence(store: results.store, batch: results.batch))
        #expect(evidence.target == "hop-accuracy/chain[hops=4]")
        #expect(evidence.runs.map(\.family).count == 8 && Set(evidence.runs.map(\.family)).count == 8)
        #expect(evidence.runs.first { $0.arm == "gated-delta-net" }?.target == 1)
        let cards = Dictionary(uniqueKeysWithValues: evidence.proxies.map { ($0.card.validity.proxy, $0) })
        // What orders runs as the target does, what does so half of the time, and no other checkpoint of anything else.
        #expect(cards["hop-accuracy/chain[hops=4]@5"]?.card.validity.decisionAccuracy == 1)
        #expect(cards["accuracy/chain"]?.card.validity.decisionAccuracy == 1)
        #expect((cards["nll/chain"]?.card.validity.decisionAccuracy ?? 1) < 0.7)
        #expect(cards["accuracy/chain"]?.values.compactMap { $0 }.count == 8)
        #expect(cards["parameters"] != nil && cards["accuracy/chain@5"] == nil && cards[evidence.target] == nil)
    }

    @Test func `without hops that tell runs apart the whole task is the target`() throws {
        let results = try results(differAt: nil)
        #expect(try ProxyEvidence(store: results.store, batch: results.batch)?.target == "accuracy/chain")
    }
}
