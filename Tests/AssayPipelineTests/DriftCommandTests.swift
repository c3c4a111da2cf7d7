import AssayCore
import AssayMetrics
import AssayStatistics
import AssayStore
import Foundation
import Testing

@testable import AssayPipeline

/// Drift of sets of items, of proxies, and by control charts.
@Suite struct DriftCommandTests {
    // MARK: - Sets of items

    /// An old set and a new one with longer contexts, a frozen model on both, and an arm on both that finds the new ones harder.
    private func sets(shift: Int = 6, anchors: Int = 0) throws -> MadeUpResults {
        let made = try MadeUpResults()
        for (arm, shares) in [("full", (80, 80)), ("hybrid", (78, 45))] {
            let checkpoint = try made.checkpoint(arm)
            try made.evaluate(checkpoint, .init(clusters: 40, isRight: MadeUpResults.share(shares.0)))
            try made.evaluate(
                checkpoint,
                .init(
                    version: 2, clusters: 40, isRight: MadeUpResults.share(shares.1, salt: 3),
                    change: {
                        guard $0.id.cluster >= anchors else { return }
                        $0.contentBits ^= 1
                        $0.length += shift
                    }))
        }
        return made
    }

    private func report(
        _ made: MadeUpResults, _ change: (inout TaskSetReport.Checkpoints) -> Void = { _ in }
    ) throws -> TaskSetReport {
        let tasks = try made.store.tasks().sorted { $0.version < $1.version }
        var checkpoints = TaskSetReport.Checkpoints()
        change(&checkpoints)
        return try TaskSetReport(
            store: made.store, old: tasks[0].identity.hexadecimal,
            new: String(tasks[1].identity.hexadecimal.prefix(12)),
            checkpoints: checkpoints)
    }

    @Test func longerContextsAreFoundAndTheBridgeSaysWhatTheyDoToTheComparison() throws {
        let made = try sets()
        let report = try report(made) {
            $0.frozen = "full"
            $0.between = ("full", "hybrid")
        }
        let length = try #require(report.shifts.first { $0.covariate == .length })
        #expect(length.adjustedPValue < 0.01 && length.candidate - length.reference == 6)
        #expect((length.stability ?? 0) > (length.stabilityCutoff ?? 1) && (length.stabilityP ?? 1) < 0.01)
        #expect(report.shifts.filter { $0.covariate != .length }.allSatisfy { $0.adjustedPValue > 0.05 })
        #expect(report.shifts.contains { $0.covariate == .frozenNLL } && report.anchors == 0)
        let accuracy = try #require(report.differences.first { $0.metric == "accuracy" })
        // Hybrid lost next to nothing on the old set and much on the new one.
        #expect(
            accuracy.old > -0.1 && accuracy.new < -0.2 && accuracy.high < 0 && (accuracy.adjustedPValue ?? 1) < 0.05)
        let text = try report.render(as: .table)
        #expect(text.contains("length moved: another set of items") && text.contains("WORSE"))
        #expect(text.contains("No item is in both sets"))
        let rows = CSV.parse(try report.render(as: .csv))
        #expect(Set(rows.compactMap { $0["kind"] }) == ["covariate", "anchors", "difference"])
    }

    @Test func anchorsAreCountedAndHeldAgainstTheFrozenModel() throws {
        let report = try report(sets(anchors: 10)) { $0.frozen = "full" }
        // The made-up model answers other items of the new set rightly, so some anchors moved: the model is not frozen.
        #expect(report.anchors == 40 && (report.movedAnchors ?? 0) > 0)
        let same = try report.render(as: .table)
        #expect(same.contains("40 items are in both sets (anchors)"))
    }

    @Test func equalSetsShowNoDrift() throws {
        let report = try report(sets(shift: 0))
        #expect(report.shifts.allSatisfy { $0.adjustedPValue > 0.05 })
        #expect(try report.render(as: .markdown).contains("no covariate moved beyond chance"))
    }

    @Test func sidesOnDifferentSetsAreLinkedByABridgingRun() throws {
        let made = try sets()
        // An arm that was only evaluated on the new set, as good there as full is.
        try made.train("late", seed: 1, steps: [10])
        try made.evaluate(
            made.checkpoint("late"),
            .init(
                version: 2, clusters: 40, isRight: MadeUpResults.share(80, salt: 3),
                change: {
                    $0.contentBits ^= 1
                    $0.length += 6
                }))
        let several = try #require(throws: AssayError.self) { try report(made) { $0.link = ("full", "late") } }
        #expect("\(several)".contains("--bridge"), "\(several)")
        let linked = try report(made) {
            $0.link = ("full", "late")
            $0.bridge = "hybrid"
        }
        let accuracy = try #require(linked.differences.first { $0.metric == "accuracy" })
        // late - hybrid on the new set is large only because hybrid is weak there; full - hybrid on the old one is not.
        #expect(accuracy.estimate > 0.15 && accuracy.low > 0)
        let absent = try #require(throws: AssayError.self) {
            try report(made) {
                $0.link = ("full", "late")
                $0.bridge = "late"
            }
        }
        #expect("\(absent)".contains("bridging run"), "\(absent)")
    }

    @Test func setsThatDoNotExistOrMeanSeveralVersionsAreRefused() throws {
        let made = try sets()
        func failure(_ old: String, _ new: String) -> String {
            do {
                _ = try TaskSetReport(store: made.store, old: old, new: new, checkpoints: .init())
                return ""
            } catch { return "\(error)" }
        }
        #expect(failure("recall", "recall").contains("2 versions of the task 'recall'"))
        #expect(failure("recal", "recall").contains("Did you mean 'recall'?"))
        #expect(failure("made-up/recal", "recall").contains("Did you mean 'recall'?"))
        #expect(failure("made-upp/recall", "recall").contains("Did you mean 'made-up'?"))
        #expect(throws: AssayError.self) { try report(made) { $0.frozen = "ful" } }
    }

    @Test func aMixtureOfTasksIsASetToo() throws {
        let bench = try Finished.tiny.get()
        let report = try TaskSetReport(store: bench.store(), old: "tiny", new: "tiny/recall", checkpoints: .init())
        #expect((report.composition?.pValue ?? 1) < 0.05 && report.shifts.contains { $0.adjustedPValue < 0.05 })
        let same = try TaskSetReport(store: bench.store(), old: "tiny", new: "tiny", checkpoints: .init())
        #expect(same.composition?.pValue == 1 && same.shifts.allSatisfy { $0.adjustedPValue > 0.5 } && same.anchors > 0)
    }

    // MARK: - Proxies

    /// Eight arms of two seeds under two batches: nll ranks them as the target does under the first, and not under the second.
    private func proxies() throws -> MadeUpResults {
        let arms = (0..<8).map { "arm-\($0)" }
        let made = try MadeUpResults(arms: [])
        let other = BatchRecord(identity: ContentHash(of: "other"), name: "other", control: "arm-0", definition: "{}")
        for (batch, isValid) in [(made.batch, true), (other, false)] {
            for (index, arm) in arms.enumerated() {
                for seed in [1, 2] as [UInt64] {
                    let run = "\(batch.name) \(arm) \(seed)"
                    try made.train(arm, seed: seed, steps: [5, 10], in: batch, run: run)
                    for step in [5, 10] {
                        let target = Double(index) / 8 + Double(seed) / 100
                        let proxy = isValid ? 2 - target : Double((index * 5) % 8)
                        try made.store.record(
                            MeasurementRecord(
                                identity: ContentHash(of: "m \(run) \(step)"),
                                checkpoint: ContentHash(of: "weights \(run) \(step)"),
                                values: [("accuracy", target), ("nll", proxy), ("mystery", 1)].map { name, value in
                                    MetricValue(
                                        metric: name, task: "recall", condition: "parallel", slice: "all", value: value,
                                        n: 10, clusters: 5, lost: 0)
                                }), batch: batch.identity)
                    }
                }
            }
        }
        return made
    }

    @Test func aProxyThatLostItsOrderHasDrifted() throws {
        let made = try proxies()
        let report = try ProxyDriftReport(
            store: made.store, first: "made-up", second: "other", target: "accuracy/recall")
        let nll = try #require(report.rows.first { $0.proxy == "nll/recall" })
        let drift = try #require(nll.drift)
        #expect(drift.arms == 16 && drift.families == 8 && drift.decisionAccuracy?.before == 1)
        #expect(drift.decisionAccuracy?.isDrift == true && !drift.isConclusive)
        let text = try report.render(as: .table)
        #expect(text.contains("DRIFT: order") && text.contains("Left out, of a newer version of assay: mystery"))
        let rows = CSV.parse(try report.render(as: .csv))
        #expect(rows.first { $0["proxy"] == "nll/recall" }?["decision_accuracy_before"] == "1")
        // A constant loss cannot be compared, and the row says so.
        #expect(rows.count == report.rows.count)
    }

    @Test func checkpointsOfOneBatchAreConditionsToo() throws {
        let made = try proxies()
        let report = try ProxyDriftReport(
            store: made.store, first: "made-up@5", second: "made-up", target: "accuracy/recall")
        let nll = try #require(report.rows.first { $0.proxy == "nll/recall" }?.drift)
        #expect(nll.decisionAccuracy?.before == 1 && nll.decisionAccuracy?.isDrift == false)
        #expect(throws: AssayError.self) {
            try ProxyDriftReport(store: made.store, first: "made-up@x", second: "made-up", target: "accuracy/recall")
        }
        let few = try MadeUpResults(arms: ["full"])
        #expect(throws: AssayError.self) {
            try ProxyDriftReport(store: few.store, first: "made-up", second: "made-up", target: "loss")
        }
    }

    // MARK: - Charts and the command

    @Test func chartsFollowTheDifferencesOfAnArm() throws {
        let store = try Finished.tiny.get().store()
        let drift = try DriftReport(store: store, arm: "hybrid", control: nil, batch: nil)
        let chart = ChartReport(drift, monitor: SeriesMonitor(.shewhart))
        #expect(chart.rows.count == drift.results.count && chart.rows.contains { $0.outcome != nil })
        let text = try chart.render(as: .table)
        #expect(text.contains("alarms of the chart shewhart") && text.contains("heavy"))
        #expect(CSV.parse(try chart.render(as: .csv)).count == chart.rows.count)
    }

    @Test(arguments: [
        (["drift"], "Name one of"), (["drift", "full", "--task-set", "recall"], "Name one of"),
        (["drift", "--task-set", "recall"], "--new"), (["drift", "--proxies", "tiny", "--new", "tiny"], "--target"),
        (["drift", "hybrid", "--frozen", "full"], "belong to --task-set"),
        (["drift", "--task-set", "a", "--new", "b", "--between", "full"], "BASELINE,CANDIDATE"),
        (["diff", "full", "hybrid", "--public", "nll/recall"], "--hard"),
        (["diff", "full", "hybrid", "--from-condition", "parallel"], "--attribute"),
        (["diff", "full", "hybrid", "--attribute", "--format", "junit"], "junit"),
    ])
    func optionsThatDoNotGoTogetherAreRefused(_ arguments: [String], words: String) throws {
        let bench = try Finished.tiny.get()
        let result = try Command(arguments, in: bench.folder).wait()
        #expect(result.status == 64 && result.errors.contains(words), "\(result.errors)")
    }

    @Test func everyReportIsACommand() throws {
        let bench = try Finished.tiny.get()
        for arguments in [
            ["drift", "hybrid", "--chart", "cusum"], ["drift", "--task-set", "tiny", "--new", "tiny/recall"],
            ["diff", "full", "hybrid", "--attribute", "--format", "csv"],
        ] {
            let result = try Command(arguments, in: bench.folder).wait()
            #expect(result.status == 0 && !result.output.isEmpty, "\(arguments): \(result.errors)")
        }
    }
}
