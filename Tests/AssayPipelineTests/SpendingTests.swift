import AssayCore
import AssayMetrics
import AssayStore
import Foundation
import Testing

@testable import AssayPipeline

/// Batches that draw their items look by look.
@Suite struct SpendingTests {
    /// The tiny batch with tasks large enough to be drawn in portions, and an arm that is worse without doubt: it is hardly
    /// trained.
    private func bench(_ spending: String = "{method: obrien-fleming, looks: 3}") throws -> Workbench {
        let bench = try Workbench()
        try bench.write(
            "evals/recipes/short.yaml",
            TinyPlans.files["evals/recipes/tiny.yaml"]!.replacing("learning-rate: 0.02", with: "learning-rate: 1e-6"))
        try bench.edit(
            "evals/batches/tiny.yaml", "hybrid: {architecture: hybrid, recipe: tiny}",
            "weak: {architecture: full, recipe: short}")
        try bench.edit("evals/batches/tiny.yaml", "  window: {architecture: window, recipe: tiny}\n", "")
        try bench.edit(
            "evals/batches/tiny.yaml", "conditions: [parallel, recurrent, divergence]", "conditions: [parallel]")
        try bench.edit("evals/batches/tiny.yaml", "  fdr: 0.10", "  fdr: 0.10\n  spending: \(spending)")
        try bench.edit("evals/suites/tiny.yaml", "    clusters: 8", "    clusters: 60")
        try bench.edit("evals/suites/tiny.yaml", TinyPlans.successor + "\n", "")
        try bench.edit("evals/recipes/tiny.yaml", "  successor: 1\n", "")
        try bench.edit("evals/recipes/short.yaml", "  successor: 1\n", "")
        return bench
    }

    @Test func decidedTasksStopAndTheOthersGoOnToTheirLastCluster() throws {
        let bench = try bench("{method: obrien-fleming, looks: 3, metrics: [nll]}")
        let run = try bench.run()
        let store = try bench.store()
        let spent = try store.spending(ofBatch: run.plan.identity, version: SpendingVersion.current)
        #expect(Set(spent.map(\.task)) == ["recall", "values", "tools"])
        let recall = try #require(spent.first { $0.task == "recall" })
        // 60 clusters in whole units of 12; the difference of a trained and an untrained model is seen at once or soon after.
        #expect(recall.clusters == [24, 48, 60] && recall.look < 2 && recall.undecided == 0 && recall.declared == 1)
        #expect(recall.plannedItems > recall.items)
        // Six clusters are one portion.
        #expect(spent.first { $0.task == "values" }?.clusters == [6, 6, 6])
        // Every checkpoint has the clusters that were drawn, and no more.
        for checkpoint in try store.checkpoints(CheckpointSelector(batch: run.plan.identity)) {
            let covers = try CellReader(store: store, batch: run.plan.identity).covers(of: checkpoint.hash)
            let cover = try #require(covers.first { $0.portions[0].taskName == "recall" })
            #expect(cover.key.clusters == recall.drawn)
            #expect(try store.coveredClusters(cover.key) == recall.drawn)
        }
        let comparison = try #require(try store.comparisons(ofBatch: run.plan.identity).first)
        let nll = try #require(comparison.results.first { $0.metric == "nll" && $0.task == "recall" && $0.isPrimary })
        #expect(nll.verdict == .regression && nll.clusters == recall.drawn)
        #expect(nll.note?.contains("stopped at look \(recall.look + 1) of 3") == true)
        #expect(comparison.options.spending?.metrics == ["nll"])
        #expect(run.summary.contains("Items drawn look by look") && run.summary.contains("saved"))
        let csv = try CSV.read(bench.results.appendingPathComponent("tiny/spending.csv"))
        #expect(csv.map { $0["task"] } == ["recall", "tools", "values"])
    }

    @Test(arguments: ["{method: obrien-fleming, looks: 3}", "{method: anytime, looks: 5}"])
    func theResultDoesNotDependOnWorkersStopsOrRuns(_ spending: String) throws {
        let first = try bench(spending)
        let run = try first.run(workers: 1)
        let again = try first.run(workers: 2)
        #expect(again.work.isNothing && again.digest == run.digest && again.summary.contains("Nothing to do"))
        for (workers, questions) in [(3, nil), (2, 30), (1, 60), (2, 90)] as [(Int, Int?)] {
            let bench = try bench(spending)
            if let questions {
                let stop = Countdown(questions)
                #expect(throws: Interrupted.self) { try bench.run(workers: workers, shouldStop: { stop.isOver() }) }
            }
            #expect(try bench.run(workers: workers).digest == run.digest, "\(workers) workers, \(questions ?? 0)")
        }
    }

    @Test func aBatchWithoutLooksTakesWhatWasDrawnAndAddsTheRest() throws {
        let bench = try bench("{method: obrien-fleming, looks: 3, metrics: [nll]}")
        let drawn = try bench.run()
        let spending = "\n  spending: {method: obrien-fleming, looks: 3, metrics: [nll]}"
        try bench.edit("evals/batches/tiny.yaml", spending, "")
        let whole = try bench.run()
        #expect(whole.work.evaluated > 0 && whole.work.trained == 0)
        let fresh = try self.bench()
        try fresh.edit("evals/batches/tiny.yaml", "\n  spending: {method: obrien-fleming, looks: 3}", "")
        let other = try fresh.run()
        func verdicts(_ bench: Workbench, _ run: Workbench.Run) throws -> [AssayMetrics.ComparisonResult] {
            try bench.store().comparisons(ofBatch: run.plan.identity).flatMap(\.results)
        }
        #expect(try verdicts(bench, whole) == verdicts(fresh, other))
        // And what the first batch said of its own clusters stands.
        let results = try verdicts(bench, drawn)
        #expect(results.contains { $0.metric == "nll" && $0.task == "recall" && $0.clusters < 60 })
        let reader = try CellReader(store: bench.store(), batch: drawn.plan.identity)
        let last = try #require(
            try bench.store().checkpoints(CheckpointSelector(step: 12, batch: drawn.plan.identity)).first)
        #expect(try reader.cells(of: last).first { $0.task == "recall" }?.spending?.clusters == [24, 48, 60])
    }

    @Test func equalArmsAreShownToBeEqualAtTheFirstLook() throws {
        let bench = try bench()
        try bench.edit(
            "evals/batches/tiny.yaml", "weak: {architecture: full, recipe: short}",
            "weak: {architecture: full, recipe: tiny}")
        let run = try bench.run()
        let spent = try bench.store().spending(ofBatch: run.plan.identity, version: SpendingVersion.current)
        #expect(spent.first { $0.task == "recall" }?.look == 0)
        let results = try bench.store().comparisons(ofBatch: run.plan.identity).flatMap(\.results)
        #expect(results.allSatisfy { $0.verdict != .regression && $0.verdict != .improvement })
    }

    @Test func theOverviewSaysThatItemsAreDrawn() throws {
        let bench = try bench()
        #expect(try BatchPlan.read(bench.batch).overview().contains("up to 3 portions (obrien-fleming)"))
    }

    @Test(arguments: [
        ("{method: obrien-flemming}", "Did you mean 'obrien-fleming'?"), ("{looks: 4}", "has no 'method'"),
        ("{method: anytime, lokks: 4}", "Did you mean 'looks'?"), ("{method: anytime, looks: 1}", "from 2 to 50"),
        ("{method: anytime, metrics: [acuracy]}", "Did you mean 'accuracy'?"),
        ("{method: anytime, metrics: [hop-accuracy]}", "not among the metrics that decide"),
        ("{method: anytime, metrics: [nll, nll]}", "names 'nll' again"), ("{method: anytime, metrics: []}", "is empty"),
        ("anytime", "not a map of keys and values"),
    ])
    func mistakesAreSaidWithTheirPlace(_ spending: String, words: String) throws {
        let bench = try bench(spending)
        let error = try #require(throws: AssayError.self) { try BatchPlan.read(bench.batch) }
        #expect("\(error)".contains(words) && "\(error)".contains("tiny.yaml:"), "\(error)")
    }

    @Test func looksWithoutMetricsMeanAllThatDecide() throws {
        let (anytime, sequential) = try (bench("{method: anytime}"), bench("{method: obrien-fleming}"))
        let plan = try BatchPlan.read(anytime.batch)
        #expect(plan.comparison.spending == SpendingOptions(method: .anytime, looks: 10))
        #expect(try BatchPlan.read(sequential.batch).comparison.spending?.looks == 5)
    }
}
