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
}
