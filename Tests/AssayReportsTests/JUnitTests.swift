import AssayCore
import AssayMetrics
import AssayStatistics
import AssayStore
import Foundation
import Testing

@testable import AssayReports

@Suite struct JUnitTests {
    private func result(_ metric: String, _ verdict: Verdict, note: String? = nil, needed: Int? = nil)
        -> AssayMetrics.ComparisonResult
    {
        AssayMetrics.ComparisonResult(
            metric: metric, task: "recall", condition: "recurrent", slice: "all", baselineValue: 1.5,
            candidateValue: 2, estimate: 0.5, low: 0.4, high: 0.6, adjustedPValue: 0.001, margin: 0.02, pairs: 100,
            clusters: 50, verdict: verdict, isPrimary: true, itemsNeeded: needed, note: note,
            direction: .lowerIsBetter)
    }

    @Test func `a regression fails, what is undecided is skipped with the reason, the rest passes`() throws {
        let text = JUnitReport(
            [
                result("nll", .regression),
                result("accuracy", .undecided, note: "5 clusters, a decision needs 6", needed: 1200),
                result("hop-decay", .noRegression), result("recall-capacity", .improvement),
            ], baseline: "full", candidate: "hybrid", alpha: 0.05
        ).text()
        let root = try #require(parseXML(text))
        let suite = try #require(root.all("testsuite").first)
        let counts = ["tests": "4", "failures": "1", "errors": "0", "skipped": "1"]
        for (name, count) in counts {
            #expect(suite.attributes[name] == count)
            #expect(root.all("testsuites")[0].attributes[name] == count)
        }
        let cases = suite.all("testcase")
        #expect(
            cases.map { $0.attributes["name"] } == [
                "nll recall (recurrent)", "accuracy recall (recurrent)", "hop-decay recall (recurrent)",
                "recall-capacity recall (recurrent)",
            ])
        let failure = try #require(cases[0].all("failure").first)
        #expect(failure.attributes["type"] == "REGRESSION")
        #expect(failure.text.contains("hybrid is worse than full"))
        #expect(failure.text.contains("2.000 instead of 1.500"))
        #expect(failure.text.contains("+0.500 (95 % interval [+0.400, +0.600])"))
        #expect(
            cases[1].all("skipped").first?.attributes["message"]
                == "5 clusters, a decision needs 6; needs 1,200 items")
        #expect(cases[2].children.isEmpty && cases[3].children.isEmpty)
    }

    @Test func `a batch has a suite for each arm, and failed runs are errors`() throws {
        let folder = try TemporaryFolder()
        let sample = try SampleStore(folder.url.appendingPathComponent("a.sqlite"))
        let batch = try #require(try sample.store.batches().first)
        let root = try #require(parseXML(try BatchReport(store: sample.store, batch: batch).text(.junit)))
        let suites = root.all("testsuite")
        #expect(suites.map { $0.attributes["name"] } == ["swa against full", "training"])
        let error = try #require(suites[1].all("error").first)
        #expect(error.text == "loss spike, \"bad\"")
        #expect(suites[1].attributes["errors"] == "1")
    }
}
