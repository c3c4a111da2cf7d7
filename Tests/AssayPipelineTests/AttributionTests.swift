import AssayCore
import AssayMetrics
import AssayStore
import Foundation
import Testing

@testable import AssayPipeline

/// Why a score moved.
@Suite struct AttributionTests {
    private func report(
        _ made: MadeUpResults, _ a: String = "full", _ b: String = "hybrid",
        _ conditions: (String?, String?) = (nil, nil)
    ) throws -> AttributionReport {
        try AttributionReport(store: made.store, baseline: a, candidate: b, batch: nil, conditions: conditions)
    }

    private func score(_ step: Attribution.Step) -> Double {
        step.shifts.first { $0.quantity == .score }?.estimate ?? .nan
    }

    @Test func weightsAloneExplainArmsOfOneVersion() throws {
        let made = try MadeUpResults()
        try made.evaluate(made.checkpoint("full"), .init(isRight: MadeUpResults.share(90)))
        try made.evaluate(made.checkpoint("hybrid"), .init(isRight: MadeUpResults.share(50)))
        let report = try report(made)
        let found = try #require(report.attributions.first)
        #expect(report.attributions.count == 1 && found.causes == [.weights] && found.steps.count == 1)
        #expect(score(found.steps[0]) < -0.2 && found.total.first?.isPaired == true)
        let text = try report.render(as: .table)
        #expect(text.contains("changed: weights.") && text.contains("another architecture"))
    }

    @Test func aWayOverRecordedCellsTellsChangesApart() throws {
        let made = try MadeUpResults()
        let (full, hybrid) = (try made.checkpoint("full"), try made.checkpoint("hybrid"))
        // The old grader was hard on a third of the answers; then came other kernels, and other weights.
        func cell(_ grader: Int, _ kernels: String, _ percent: Int) -> MadeUpResults.Cell {
            .init(kernels: kernels, grader: grader, isRight: MadeUpResults.share(percent))
        }
        try made.evaluate(full, cell(0, "1/old", 50))
        try made.evaluate(full, cell(1, "1/old", 80))
        try made.evaluate(hybrid, cell(1, Assay.kernelVersion, 60))
        var found = try #require(try report(made).attributions.first)
        // full's newest cell is that of the newer grader.
        #expect(found.causes == [.kernel, .weights] && found.steps.map(\.causes) == [[.kernel, .weights]])
        try made.evaluate(hybrid, cell(1, "1/old", 61))
        found = try #require(try report(made).attributions.first)
        #expect(found.steps.map(\.causes) == [[.weights], [.kernel]])
        let total = try #require(found.total.first { $0.quantity == .score })
        #expect(abs(found.steps.map(score).reduce(0, +) - total.estimate) < 1e-12)
        #expect(abs(score(found.steps[0])) > abs(score(found.steps[1])))
    }

    @Test func graderAndGeneratorAreToldApartFromTheWeights() throws {
        let made = try MadeUpResults()
        let (full, hybrid) = (try made.checkpoint("full"), try made.checkpoint("hybrid"))
        let moved: (inout ItemRecord) -> Void = { $0.contentBits ^= 1 }
        try made.evaluate(full, .init(grader: 0, isRight: MadeUpResults.share(60)))
        try made.evaluate(hybrid, .init(version: 2, isRight: MadeUpResults.share(40), change: moved))
        var found = try #require(try report(made).attributions.first)
        #expect(found.causes == [.grader, .generator, .weights] && found.steps.count == 1)
        #expect(found.total.allSatisfy { !$0.isPaired })
        #expect(try report(made).render(as: .markdown).contains("cannot be told apart"))
        // Regraded, and evaluated on the new items too: each change has a step of its own.
        try made.evaluate(full, .init(isRight: MadeUpResults.share(70)))
        found = try #require(try report(made).attributions.first)
        #expect(found.causes == [.generator, .weights])
        try made.evaluate(hybrid, .init(isRight: MadeUpResults.share(69)))
        // Both sides have the old items now: they are compared on those, and nothing is left of the generator.
        found = try #require(try report(made).attributions.first)
        #expect(found.causes == [.weights] && found.total.allSatisfy(\.isPaired))
    }

    @Test func conditionsOfOneCheckpointAreCompared() throws {
        let made = try MadeUpResults()
        let full = try made.checkpoint("full")
        try made.evaluate(full, .init(isRight: MadeUpResults.share(90)))
        let rounded = try Condition("recurrent:int8")
        try made.evaluate(full, .init(condition: rounded, clusters: 12, isRight: MadeUpResults.share(60)))
        let found = try #require(try report(made, "full", "full", ("parallel", "recurrent:int8")).attributions.first)
        // A condition has a grader of its own, whose version is another number and no other cause.
        #expect(found.causes == [.condition] && found.clusters == 12)
        #expect((found.total.first?.estimate ?? 0) < -0.1 && found.total.first?.items == 48)
        let nothing = try report(made, "full", "full")
        #expect(nothing.attributions.allSatisfy { $0.causes.isEmpty })
        #expect(try nothing.render(as: .table).contains("the same in everything that is recorded"))
        #expect(throws: AssayError.self) { try report(made, "full", "full", ("resumed", nil)) }
        #expect(throws: AssayError.self) { try report(made, "full", "full", ("paralel", nil)) }
    }

    @Test func programsGetTheExactSteps() throws {
        let made = try MadeUpResults()
        try made.evaluate(made.checkpoint("full"), .init(isRight: MadeUpResults.share(90)))
        try made.evaluate(made.checkpoint("hybrid"), .init(kernels: "1/old", isRight: MadeUpResults.share(50)))
        let rows = CSV.parse(try report(made).render(as: .csv))
        #expect(rows.map { $0["causes"] } == ["kernel + weights", "kernel + weights"])
        #expect(rows.allSatisfy { $0["is_total"] == "false" && $0["is_paired"] == "true" })
        #expect(try report(made).render(as: .json).contains("\"causes\""))
    }
}
