import AssayCore
import AssayMetrics
import AssayStore
import Foundation
import Testing

@testable import AssayPipeline

/// Sides that do not match, and values that are no values.
@Suite struct MismatchedSidesTests {
    private func diff(_ made: MadeUpResults, _ tolerance: DiffTolerance = DiffTolerance()) throws -> CheckpointDiff {
        try CheckpointDiff(store: made.store, baseline: "full", candidate: "hybrid", batch: nil, tolerance: tolerance)
    }

    private func refusal(_ made: MadeUpResults, _ tolerance: DiffTolerance = DiffTolerance()) throws -> AssayError {
        try #require(throws: AssayError.self) { try diff(made, tolerance) }
    }

    @Test func otherItemsAreComparedOnTheIntersectionOnlyWhenAsked() throws {
        let made = try MadeUpResults()
        try made.evaluate(made.checkpoint("full"), .init(clusters: 30))
        try made.evaluate(made.checkpoint("hybrid"), .init(clusters: 20, isRight: MadeUpResults.share(50)))
        let error = try refusal(made)
        #expect("\(error)".contains("120 and 80 items of recall") && "\(error)".contains("--common-items"), "\(error)")
        let common = try diff(made, DiffTolerance(commonItems: true))
        let accuracy = try #require(common.primary.first { $0.metric == "accuracy" })
        #expect(accuracy.pairs == 80 && accuracy.note?.contains("on the 80 items that both sides have") == true)
        #expect(
            try common.render(as: .table, onlyPrimary: true).contains("recall: on the 80 items that both sides have"))
        // Where all items match nothing is said.
        let same = try MadeUpResults()
        for arm in ["full", "hybrid"] { try same.evaluate(same.checkpoint(arm)) }
        #expect(try diff(same, DiffTolerance(commonItems: true)).remarks.isEmpty)
    }

    @Test func itemsOfOtherContentAreOtherItems() throws {
        let made = try MadeUpResults(isApart: true)
        try made.evaluate(made.checkpoint("full"))
        // Another generator under the same identity is a defect that the store itself finds; here another version.
        try made.evaluate(made.checkpoint("hybrid"), .init(version: 2, change: { $0.contentBits ^= 1 }))
        let error = try refusal(made)
        #expect(
            "\(error)".contains("different versions of the task (v1") && "\(error)".contains("bridging run"), "\(error)"
        )
        let nothing = try refusal(made, DiffTolerance(allowed: [.generator]))
        #expect("\(nothing)".contains("no item of recall (parallel) in common"), "\(nothing)")
    }

    @Test func aNewGeneratorIsLetPassOnTheItemsThatItLeftAlone() throws {
        let made = try MadeUpResults(isApart: true)
        try made.evaluate(made.checkpoint("full"))
        try made.evaluate(
            made.checkpoint("hybrid"),
            .init(
                version: 2, isRight: MadeUpResults.share(40), change: { if $0.id.cluster >= 15 { $0.contentBits ^= 1 } }
            ))
        let error = try refusal(made)
        #expect("\(error)".contains("evaluate one checkpoint on both"), "\(error)")
        let allowed = try diff(made, DiffTolerance(allowed: [.generator]))
        #expect(allowed.primary.first { $0.metric == "accuracy" }?.pairs == 60)
        #expect(allowed.remarks == ["recall: on the 60 items that both sides have"])
        // With a checkpoint that was evaluated on both, the error names the way.
        try made.train("bridge", seed: 1, steps: [10])
        try made.evaluate(made.checkpoint("bridge"))
        try made.evaluate(
            made.checkpoint("bridge"), .init(version: 2, change: { if $0.id.cluster >= 15 { $0.contentBits ^= 1 } }))
        #expect("\(try refusal(made))".contains("assay drift --task-set"))
        // A side that has both versions is compared on the one that both sides have.
        try made.evaluate(made.checkpoint("hybrid"), .init(isRight: MadeUpResults.share(40)))
        #expect(try diff(made).primary.first { $0.metric == "accuracy" }?.pairs == 80)
    }

    @Test(arguments: [VersionDifference.grader, .kernel])
    func otherVersionsAreRefusedUnlessAllowed(_ version: VersionDifference) throws {
        let made = try MadeUpResults()
        try made.evaluate(made.checkpoint("full"))
        var old = MadeUpResults.Cell(isRight: MadeUpResults.share(30))
        if version == .grader { old.grader = 0 } else { old.kernels = "1/old" }
        try made.evaluate(made.checkpoint("hybrid"), old)
        let error = try refusal(made)
        #expect("\(error)".contains("of the \(version.rawValue)") && "\(error)".contains("--allow \(version.rawValue)"))
        #expect("\(error)".contains(version == .grader ? "assay regrade" : "Evaluate both sides again"), "\(error)")
        let other: VersionDifference = version == .grader ? .kernel : .grader
        #expect(throws: AssayError.self) { try diff(made, DiffTolerance(allowed: [other])) }
        let allowed = try diff(made, DiffTolerance(allowed: [version]))
        #expect(allowed.primary.first { $0.metric == "accuracy" }?.verdict == .regression)
        #expect(
            allowed.remarks.first?.contains(version == .grader ? "graded by versions" : "computed by kernels") == true)
        // Once both sides have this program's version, the older one does not matter.
        try made.evaluate(made.checkpoint("hybrid"))
        #expect(try diff(made).primary.allSatisfy { $0.verdict != .regression })
    }

    @Test func scoresThatAreNoNumbersAreLostItems() throws {
        let made = try MadeUpResults()
        try made.evaluate(made.checkpoint("full"), .init(isRight: MadeUpResults.share(90)))
        try made.evaluate(
            made.checkpoint("hybrid"),
            .init(
                isRight: MadeUpResults.share(90),
                answer: { response in
                    switch response.item.rawValue % 16 {
                    case 1: response.score = .nan
                    case 2: response.score = .infinity
                    case 3: response.nll = .infinity
                    default: break
                    }
                }))
        let results = try diff(made).primary
        let accuracy = try #require(results.first { $0.metric == "accuracy" })
        #expect(accuracy.lost > 0 && accuracy.pairs + accuracy.lost == 80 && accuracy.estimate == 0)
        #expect((accuracy.low ?? 0) < -0.05 && (accuracy.high ?? 0) > 0.05, "lost items widen the interval")
        #expect(accuracy.note?.contains("lost") == true && accuracy.verdict == .undecided)
        let nll = try #require(results.first { $0.metric == "nll" })
        #expect(nll.lost > 0 && nll.estimate?.isFinite == true)
    }

    @Test func aMetricThatOneSideLacksIsUndecidedAndNotLeftOut() throws {
        let made = try MadeUpResults()
        try made.evaluate(made.checkpoint("full"))
        try made.evaluate(made.checkpoint("hybrid"), .init(nll: { _ in nil }))
        let nll = try #require(try diff(made).primary.first { $0.metric == "nll" })
        #expect(nll.verdict == .undecided && nll.estimate == nil && nll.lost == 80 && nll.note != nil)
    }

    @Test func duplicateItemsAreRefused() throws {
        let made = try MadeUpResults()
        let checkpoint = try made.checkpoint("full")
        let item = ItemRecord(
            id: ItemID(cluster: 0, sequence: 0, question: 0), facts: 1, length: 1, distance: 1, load: 1, position: 0,
            contentBits: 1)
        let response = ResponseRecord(item: item.id, status: .graded, score: 1)
        let key = try made.evaluate(checkpoint)
        var other = key
        other.condition = .recurrent
        let before = try made.store.contentDigest()
        #expect(throws: AssayError.self) {
            try made.store.record(
                CellRecord(key: other, taskName: "recall", itemCount: 2, lost: 0, seconds: 1), items: [item, item],
                responses: [response, response])
        }
        // The cell is there whole or not at all.
        #expect(try made.store.contentDigest() == before)
        let twice = CellData(
            task: "t", generator: "t", family: .retrieval, condition: .parallel, floor: 0, stateBytes: 0,
            items: [ScoredItem(item: item, response: response), ScoredItem(item: item, response: response)])
        let error = try #require(throws: AssayError.self) { try compare(baseline: [[twice]], candidate: [[twice]]) }
        #expect("\(error)".contains("appears twice"))
    }

    @Test func metricsOfANewerVersionAreShownAndNotGuessedAt() throws {
        let made = try MadeUpResults()
        for (index, arm) in ["full", "hybrid"].enumerated() {
            let checkpoint = try made.checkpoint(arm)
            try made.store.record(
                MeasurementRecord(
                    identity: ContentHash(of: "m \(arm)"), checkpoint: checkpoint.hash,
                    values: ["accuracy", "quantum-recall", "nll"].map {
                        MetricValue(
                            metric: $0, task: "recall", condition: "parallel", slice: "all", value: Double(index) / 3,
                            n: 10, clusters: 5, lost: 0)
                    }), batch: made.batch.identity)
        }
        let report = try ProxyCardReport(store: made.store, batches: [], target: "accuracy/recall")
        #expect(!report.cards.contains { $0.validity.proxy.contains("quantum") })
        #expect(report.cards.contains { $0.validity.proxy == "nll/recall" })
        #expect(try report.render(as: .table).contains("Left out, of a newer version of assay: quantum-recall"))
        let error = try #require(throws: AssayError.self) {
            try ProxyCardReport(store: made.store, batches: [], target: "quantum-recall/recall")
        }
        #expect("\(error)".contains("no metric of this version"))
        // The value itself is exported as it is.
        let shown = try made.store.measurements(ofBatch: made.batch.identity).flatMap(\.values).map(\.metric)
        #expect(shown.contains("quantum-recall"))
    }
}
