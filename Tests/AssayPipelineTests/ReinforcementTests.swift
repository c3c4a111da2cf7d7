import AssayCore
import AssayReinforcement
import AssayStore
import Foundation
import Testing

@testable import AssayPipeline

@Suite struct ReinforcementTests {
    private static let study = """
        description: so small that it is over at once
        task: {generator: tool-world, depth: 2, records: 3, symbols: 8, length: 48}
        arms:
          full: {architecture: policy, recipe: start, start-step: 2}
          slow: {architecture: policy, recipe: start, policy: {algorithm: reinforce, learning-rate: 0.0001}}
        seeds: [1, 2]
        rollouts: [float32, fp8]
        episodes: 12
        policy:
          steps: 3
          prompts-per-step: 2
          rollouts-per-prompt: 4
          updates-per-step: 2
          importance-cap: 2
          certainty-guard: {share: 0.5}
          collapse: {window: 2}
        """

    private func workbench() throws -> Workbench {
        let bench = try Workbench()
        try bench.write("evals/reinforcement/study.yaml", Self.study)
        try bench.write(
            "evals/architectures/policy.yaml", "width: 16\nheads: 2\nhidden: 16\npattern: \"full x1\"\n")
        try bench.write(
            "evals/recipes/start.yaml",
            "steps: 4\nsequences-per-step: 4\nsequences-per-micro-batch: 4\nwarm-up-steps: 1\ncheckpoint-steps: [2]\n")
        return bench
    }

    private func runner(
        _ bench: Workbench, _ store: Store, workers: Int = 1, shouldStop: @escaping @Sendable () -> Bool = { false }
    ) throws -> ReinforcementRunner {
        ReinforcementRunner(
            study: try ReinforcementStudy.read(bench.url("evals/reinforcement/study.yaml")), store: store,
            results: bench.results, workers: workers, progress: { _ in }, notice: { _ in }, shouldStop: shouldStop)
    }

    @Test func `a file says what each arm does`() throws {
        let bench = try workbench()
        let study = try ReinforcementStudy.read(bench.url("evals/reinforcement/study.yaml"))
        #expect(study.name == "study" && study.episodes == 12 && study.runCount == 8)
        #expect(study.precisions.map(\.name) == ["float32", "fp8"])
        #expect(study.arms.map(\.start) == [.step(2), .step(4)])
        let (full, slow) = (study.arms[0].recipe, study.arms[1].recipe)
        #expect(full.algorithm == .grpo && full.importanceCap == 2 && full.certaintyGuard?.share == 0.5)
        #expect(full.warmUpSteps == 3 && full.collapse.window == 2 && full.updatesPerStep == 2)
        #expect(slow.algorithm == .reinforce && slow.learningRate == 1e-4 && slow.steps == 3)
    }

    @Test func `a study is run once, whatever the workers, and a stopped one goes on`() throws {
        let bench = try workbench()
        let store = try Store(url: bench.storeFile, mode: .readWrite)
        let first = try runner(bench, store)
        try first.run(command: "test")
        #expect(first.done == 8)
        let again = try runner(bench, store)
        try again.run(command: "test")
        #expect(again.done == 0)
        let report = try ReinforcementReport(again)
        #expect(report.results.count == 8)
        for result in report.results {
            #expect(result.log.count == 3)
            #expect(result.log.allSatisfy { $0.mismatch.k3 >= 0 })
            #expect(result.success?.units == 12)
        }
        let text = try report.render(as: .table)
        for part in ["Claimed and measured", "2 of 2 seeds", "NeMo-RL", "collapsed"] {
            #expect(text.contains(part), "\(part)")
        }
        try report.writeFiles(to: again.reportFolder)
        let steps = try String(
            contentsOf: again.reportFolder.appendingPathComponent("policy-steps.csv"), encoding: .utf8)
        #expect(steps.split(separator: "\r\n").count == 1 + 8 * 3)

        let other = try workbench()
        let second = try Store(url: other.storeFile, mode: .readWrite)
        let calls = StopAfter(20)
        #expect(throws: Interrupted.self) {
            try runner(other, second, workers: 2, shouldStop: { calls.isReached }).run(command: "test")
        }
        try runner(other, second, workers: 2).run(command: "test")
        #expect(try second.contentDigest() == store.contentDigest())
    }

    @Test(arguments: [
        ("depth: 2,", "depht: 2,", "depht"), ("seeds: [1, 2]", "seeds: [1, 1]", "seed 1 again"),
        ("[float32, fp8]", "[float32, fp9]", "fp9"), ("[float32, fp8]", "[fp8, fp8]", "again"),
        ("[float32, fp8]", "[fp8/restore]", "restore"), ("start-step: 2", "start-step: 3", "no checkpoint"),
        ("start-step: 2", "start-step: 2, start-success: 0.5", "beside 'start-step'"),
        ("start-step: 2", "start-success: 1.5", "'arms.full.start-success' is 1.5"),
        ("  steps: 3\n", "", "has no 'steps'"), ("algorithm: reinforce", "algorithm: ppo", "ppo"),
        ("prompts-per-step: 2", "prompts-per-step: 0", "'policy.prompts-per-step' is 0"),
        ("rollouts-per-prompt: 4", "rollouts-per-prompt: 3", "rolloutsPerMicroBatch"),
        ("length: 48}", "length: 48, clusters: 3}", "mean nothing here"), ("recipe: start,", "recipe: strt,", "strt"),
        ("episodes: 12", "episodes: 1", "'episodes' is 1"), ("policy:\n", "polcy:\n", "polcy"),
        (
            "generator: tool-world, depth: 2, records: 3, symbols: 8, length: 48", "generator: multi-value-recall",
            "no question"
        ),
    ])
    func `mistakes are told with their line`(find: String, replacement: String, problem: String) throws {
        let bench = try workbench()
        try bench.edit("evals/reinforcement/study.yaml", find, replacement)
        let error = #expect(throws: AssayError.self) {
            try ReinforcementStudy.read(bench.url("evals/reinforcement/study.yaml"))
        }
        #expect(error?.kind == .badInput)
        #expect(error?.description.contains(problem) ?? false, "\(error?.description ?? "")")
        #expect(error?.location?.contains("study.yaml:") ?? false, "\(error?.description ?? "")")
    }
}

/// Says stop from the call of a number on.
private final class StopAfter: @unchecked Sendable {
    private let lock = NSLock()
    private var left: Int

    init(_ calls: Int) { left = calls }

    var isReached: Bool {
        lock.withLock {
            left -= 1
            return left < 0
        }
    }
}
