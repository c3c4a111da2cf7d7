import AssayCore
import AssayMetrics
import AssayStore
import Foundation
import Testing

@testable import AssayPipeline

@Suite struct ProxyCardTests {
    private func report(_ target: String = "nll/successor", for use: String? = nil) throws -> ProxyCardReport {
        try ProxyCardReport(store: try Finished.tiny.get().store(), batches: [], target: target, for: use)
    }

    @Test func everyMetricAtEveryCheckpointGetsACard() throws {
        let cards = try report().cards
        let names = cards.map(\.validity.proxy)
        for name in [
            "nll/values", "nll/successor@6", "nll/successor (recurrent)", "loss", "loss@6", "success/tools (recurrent)",
        ] {
            #expect(names.contains(name), "\(name) in \(names)")
        }
        #expect(!names.contains("nll/successor") && Set(names).count == names.count)
        let first = try #require(cards.first { $0.validity.proxy == "nll/successor (recurrent)" })
        // Three arms of one seed; the recurrent form orders them as the parallel one does.
        #expect(first.validity.pairs == 3 && first.validity.clusters == 3 && first.validity.decisionAccuracy == 1)
        #expect(first.validity.use == .refuses("3 clusters, a ranking needs 6"))
        #expect(first.conditions.mixtures.count == 1 && first.conditions.parameters > 0 && first.conditions.tokens > 0)
        #expect(first.validated != nil)
        #expect(cards.first { $0.validity.proxy == "nll/values" }?.signalToNoise ?? 0 > 0)
    }

    @Test func formatsAgreeAndTheTableSaysWhatACardRestsOn() throws {
        let report = try report(for: "tiny")
        let rows = CSV.parse(try report.render(as: .csv))
        let text = try report.render(as: .json)
        let parsed = try #require(try JSONSerialization.jsonObject(with: Data(text.utf8)) as? [[String: Any]])
        #expect(rows.count == report.cards.count && parsed.count == rows.count)
        #expect(rows.allSatisfy { $0["target"] == "nll/successor" && $0["expired"] == "" })
        let table = try report.render(as: .table)
        #expect(table.contains("Target nll/successor") && table.contains("Batch tiny: 1 mixtures"))
        #expect(table.contains("refuses to rank"))
    }

    @Test func unknownTargetsAndBatchesAreRefused() {
        #expect { try report("nll/sucessor") } throws: { "\($0)".contains("Did you mean 'nll/successor'?") }
        #expect(throws: AssayError.self) { try report(for: "nowhere") }
    }

    @Test func entriesOfMetricsAndTasksComeFromOnePlace() throws {
        let metric = try Display.entry(named: "hop-decay")
        #expect(metric.contains("formula:") && metric.contains("traps:") && metric.contains("range:"))
        #expect(try Display.entry(named: "Q2").contains("hop-slope"))
        #expect(try Display.entry(named: "successor").contains("an item:"))
        #expect { try Display.entry(named: "hop-decy") } throws: { "\($0)".contains("Did you mean 'hop-decay'?") }
    }

    @Test func aDiffSaysHowSmallADifferenceCouldBeSeenAndHowManyCellsBroke() throws {
        let diff = try CheckpointDiff(
            store: try Finished.tiny.get().store(), baseline: "full@12", candidate: "full@0", batch: nil)
        let rows = CSV.parse(try diff.renderDetectability(as: .csv))
        #expect(rows.contains { $0["task"] == "successor" && $0["metric"] == "nll" && $0["clusters"] != "" })
        #expect(try diff.render(as: .table, onlyPrimary: true).contains("fragility index"))
    }
}
