import AssayCore
import AssayMetrics
import AssayStore
import Foundation
import Testing

@testable import AssayPipeline

@Suite struct ReplicationTests {
    private static let low = StatePrecision(.bfloat16)

    /// Two seeds of an arm that guesses and of one that knows, at two lengths and in two precisions.
    private static func made() throws -> MadeUpStore {
        try MadeUpStore([
            "guesses": [
                ("short-32", .parallel, [51, 49]), ("short-64", .parallel, [50, 52]),
                ("short-32", .recurrent, [51, 49]), ("short-32", .recurrent(low), [51, 49]),
            ],
            "knows": [
                ("short-32", .parallel, [100, 100]), ("short-64", .parallel, [99, 98]),
                ("short-32", .recurrent, [100, 100]), ("short-32", .recurrent(low), [70, 72]),
            ],
            "lucky": [
                ("short-32", .parallel, [50, 100]), ("short-64", .parallel, [50, 97]),
                ("short-32", .recurrent, [50, 100]), ("short-32", .recurrent(low), [50, 99]),
            ],
        ])
    }

    private func check(_ fields: String) -> String { "      - {\(fields)}" }

    private func outcome(_ fields: String) throws -> ReplicationReport.Outcome {
        try ReplicationTests.made().report(check(fields)).entries[0].checks[0]
    }

    @Test(
        "a check holds, fails, or is undecided by its interval",
        arguments: [
            ("metric: accuracy, task: short-32, arm: knows, above: 0.9", ReplicationVerdict.replicated),
            ("metric: accuracy, task: short-32, arm: guesses, above: 0.9", .notReplicated),
            ("metric: accuracy, task: short-32, arm: guesses, below: 0.7", .replicated),
            ("metric: accuracy, task: short-32, arm: guesses, below: 0.5", .undecided),
            ("metric: scaled-accuracy, task: short-32, arm: guesses, within: 0.3", .replicated),
            ("metric: accuracy, task: short-32, arm: knows, minus: guesses, above: 0.2", .replicated),
            ("metric: accuracy, task: short-32, arm: guesses, minus: knows, above: 0", .notReplicated),
            ("metric: accuracy, task: short-32, arm: knows, over: guesses, above: 1.3", .replicated),
            ("metric: accuracy, task: short-32, arm: lucky, above: 0.9", .undecided),
            ("metric: accuracy, task: short-32, arm: lucky, seeds: best, above: 0.9", .replicated),
            (
                "metric: accuracy, task: short-32, arm: knows, condition: recurrent:bfloat16, "
                    + "change-from: recurrent, below: -0.1", .replicated
            ),
            (
                "metric: accuracy, task: short-32, arm: knows, condition: recurrent:bfloat16, "
                    + "change-from: recurrent, minus: guesses, below: -0.1", .replicated
            ),
            (
                "metric: accuracy, task: short-64, arm: knows, minus: {arm: guesses, task: short-32}, above: 0.2",
                .replicated
            ),
            ("metric: length-generalisation, task: parity, arm: guesses, below: 1.5", .undecided),
        ])
    func verdicts(_ fields: String, _ verdict: ReplicationVerdict) throws {
        let outcome = try outcome(fields)
        #expect(
            outcome.verdict == verdict, "\(outcome.contrast?.value ?? .nan) \(String(describing: outcome.interval))")
    }

    @Test("figures are those of the store: means over seeds, differences, changes")
    func figures() throws {
        let difference = try outcome("metric: accuracy, task: short-64, arm: knows, minus: guesses, above: 0")
        #expect(abs((difference.contrast?.value ?? 0) - 0.475) < 1e-12)
        #expect(difference.contrast?.first == [0.99, 0.98])
        let change = try outcome(
            "metric: accuracy, task: short-32, arm: knows, condition: recurrent:bfloat16, change-from: recurrent, "
                + "below: 0")
        #expect(abs((change.contrast?.value ?? 0) + 0.29) < 1e-12)
    }

    @Test("a finding is the conjunction of its checks, and the headline counts findings")
    func conjunction() throws {
        let made = try ReplicationTests.made()
        let good = check("metric: accuracy, task: short-32, arm: knows, above: 0.9")
        let bad = check("metric: accuracy, task: short-32, arm: guesses, above: 0.9")
        #expect(try made.report(good).entries[0].verdict == .replicated)
        let report = try made.report(good + "\n" + bad)
        #expect(report.entries[0].verdict == .notReplicated)
        #expect(report.headline == "1 finding, batch made-up: 1 NOT REPLICATED")
    }

    @Test("an arm that failed, or is not trained or evaluated yet, leaves its findings undecided, with the reason")
    func unfinished() throws {
        let arm: MadeUpStore.Arm = [("short-32", .parallel, [90])]
        let made = try MadeUpStore(
            ["done": arm, "going": arm, "broken": arm, "unread": []], unfinished: ["going"],
            failed: ["broken": "loss spike"], planned: ["done", "going", "broken", "unread", "later"])
        func note(_ arm: String) throws -> String? {
            let outcome = try made.report(check("metric: accuracy, task: short-32, arm: \(arm), above: 0.5"))
                .entries[0].checks[0]
            #expect(outcome.verdict == (arm == "done" ? .replicated : .undecided))
            return outcome.note
        }
        #expect(try note("done") == nil)
        #expect(try note("going") == "going, seed 0, has not been trained to its end")
        #expect(try note("broken") == "broken, seed 0, failed: loss spike")
        #expect(try note("unread") == "unread, seed 0, has not been evaluated yet")
        #expect(try note("later") == "later has not been trained yet")
    }

    @Test(
        "what does not exist is refused, with the line of the file and what there is",
        arguments: [
            ("metric: accuracy, task: short-32, arm: knowss, above: 0", "no arm 'knowss'", "Did you mean 'knows'?"),
            ("metric: acuracy, task: short-32, arm: knows, above: 0", "no metric 'acuracy'", "'accuracy'"),
            ("metric: accuracy, task: shor-32, arm: knows, above: 0", "task 'shor-32'", "short-32"),
            (
                "metric: accuracy, task: short-64, arm: knows, condition: recurrent, above: 0",
                "not measured under 'recurrent'", "It was under parallel"
            ),
            ("metric: accuracy, task: short-32, arm: knows, slice: load=9, above: 0", "no slice 'load=9'", "all"),
            ("metric: accuracy, task: short-32, arm: knows", "states no bound", "'above', 'below' and 'within'"),
            ("metric: accuracy, task: short-32, arm: knows, above: 0, below: 1", "several bounds", "one of"),
            ("metric: accuracy, task: short-32, arm: knows, within: 0", "within 0", "above 0"),
            ("metric: accuracy, task: short-32, above: 0", "no 'arm'", "Add"),
            (
                "metric: accuracy, task: short-32, arm: knows, larger-than: 0", "'larger-than' is not a key of a check",
                "Known"
            ),
            (
                "metric: accuracy, task: short-32, arm: knows, minus: guesses, over: guesses, above: 0",
                "stands beside 'minus'", "Keep one"
            ),
            (
                "metric: accuracy, task: short-32, arm: knows, minus: guesses, seeds: best, above: 0",
                "needs all seeds", "leave 'seeds' out"
            ),
            ("metric: accuracy, task: short-32, arm: knows, seeds: worst, above: 0", "cannot be 'worst'", "best"),
        ])
    func errors(_ fields: String, _ problem: String, _ remedy: String) throws {
        let error = try #require(throws: AssayError.self) { try outcome(fields) }
        #expect(error.problem.contains(problem), "\(error)")
        #expect(error.remedy?.contains(remedy) == true, "\(error)")
        #expect(error.location?.hasSuffix("findings.yaml:8") == true, "\(error)")
    }

    @Test("a batch that was never run is refused with how to run it, a misspelt one with the near name")
    func batches() throws {
        let made = try ReplicationTests.made()
        let good = check("metric: accuracy, task: short-32, arm: knows, above: 0.9")
        let error = try #require(throws: AssayError.self) { try made.report(good, batch: "mad-up") }
        #expect(error.remedy == "Did you mean 'made-up'?")
        let configuration = try made.configuration(good, batch: "replications")
        #expect(try ReplicationReport(configuration, stores: [made.store], batch: "made-up").batches == ["made-up"])
        let empty = try Store(url: made.folder.appendingPathComponent("empty.sqlite"), mode: .readWrite)
        let none = try #require(throws: AssayError.self) { try ReplicationReport(configuration, stores: [empty]) }
        #expect(none.remedy == "Run it first: assay run evals/batches/replications.yaml")
    }

    @Test("findings may look at batches of their own; what was not run decides nothing, and says so")
    func severalBatches() throws {
        let made = try ReplicationTests.made()
        let good = check("metric: accuracy, task: short-32, arm: knows, above: 0.9")
        func finding(_ name: String, _ batch: String) -> String {
            "  \(name):\n    claim: c\n    source: s\n\(batch)    checks:\n\(good)\n"
        }
        let url = made.folder.appendingPathComponent("several.yaml")
        func report(_ text: String) throws -> ReplicationReport {
            try Data(text.utf8).write(to: url)
            return try ReplicationReport(try ReplicationConfiguration.read(url), stores: [made.store])
        }
        let several = try report(
            "findings:\n" + finding("a", "    batch: made-up\n") + finding("b", "    batch: tonight\n"))
        #expect(several.entries.map(\.verdict) == [.replicated, .undecided] && several.batches == ["made-up"])
        #expect(several.entries[1].checks[0].note == "batch tonight has not been run")
        // A finding's own batch goes before that of the file.
        let own = try report("batch: tonight\nfindings:\n" + finding("a", "    batch: made-up\n") + finding("b", ""))
        #expect(own.entries.map(\.verdict) == [.replicated, .undecided])
        let error = try #require(throws: AssayError.self) { try report("findings:\n" + finding("a", "")) }
        #expect(error.problem.contains("names no batch"), "\(error)")
    }

    @Test("batches may be in several stores; of one that is in two, the first store counts")
    func severalStores() throws {
        func made(_ right: Int) throws -> MadeUpStore {
            try MadeUpStore(["arm": [("short-32", .parallel, [right])]])
        }
        let (good, bad) = (try made(95), try made(50))
        let empty = try Store(url: good.folder.appendingPathComponent("empty.sqlite"), mode: .readWrite)
        let findings = try good.configuration(check("metric: accuracy, task: short-32, arm: arm, above: 0.8"))
        func verdict(_ stores: [Store]) throws -> ReplicationVerdict {
            try ReplicationReport(findings, stores: stores).entries[0].verdict
        }
        #expect(try verdict([empty, good.store, bad.store]) == .replicated)
        #expect(try verdict([bad.store, empty, good.store]) == .notReplicated)
    }

    @Test("every format holds the same figures and verdicts")
    func formats() throws {
        let made = try ReplicationTests.made()
        let report = try made.report(
            check("says: learned, metric: accuracy, task: short-32, arm: knows, above: 0.9") + "\n"
                + check("metric: accuracy, task: short-32, arm: knows, minus: guesses, above: 0.2") + "\n"
                + check("metric: accuracy, task: short-32, arm: lucky, seeds: best, above: 0.9"))
        let csv = CSV.parse(try report.render(as: .csv))
        let json = try JSONSerialization.jsonObject(with: Data(try report.render(as: .json).utf8))
        let objects = try #require(json as? [[String: Any]])
        #expect(csv.count == 3 && objects.count == 3)
        #expect(csv.map { $0["verdict"] } == Array(repeating: "replicated", count: 3))
        #expect(
            csv[1]["other_arm"] == "guesses"
                && csv[1]["value"].flatMap(Double.init) == report.entries[0].checks[1].contrast?.value)
        #expect(objects[0]["finding_verdict"] as? String == "replicated" && objects[0]["seeds"] as? Int == 2)
        let table = try report.render(as: .table)
        #expect(table.contains("learned: knows (accuracy, short-32) > 0.900"))
        #expect(table.contains("+0.500 = 1.000 - 0.500"))
        #expect(table.contains("1.000 (best of 0.500, 1.000)"))
        #expect(
            table.contains("REPLICATED") && table.contains("A. Author 2025, Table 3") && table.contains(".000 to 1.000")
        )
        #expect(try report.render(as: .markdown).hasPrefix("| finding | claimed |"))
    }
}
