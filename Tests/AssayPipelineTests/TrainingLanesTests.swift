import AssayCore
import AssayTraining
import Foundation
import Testing

@testable import AssayPipeline

/// Runs that train side by side: the order of what is handed over, and that no run outlives an error or a stop.
@Suite struct TrainingLanesTests {
    private struct Trouble: Error {}

    /// The runs of the tiny batch, the first of them with a number of steps of its own.
    private static func runs(firstSteps steps: Int, in bench: Workbench) throws -> [TrainingLanes.Run] {
        let recipe = try #require(TinyPlans.files["evals/recipes/tiny.yaml"])
        try bench.write("evals/recipes/other.yaml", recipe.replacing("steps: 12", with: "steps: \(steps)"))
        try bench.edit(
            "evals/batches/tiny.yaml", "{architecture: full, recipe: tiny}", "{architecture: full, recipe: other}")
        return try BatchPlan.read(bench.batch).arms.flatMap(\.trainings).map { plan in
            .init(plan: plan, folder: bench.results.appendingPathComponent(plan.identity.short))
        }
    }

    /// What was handed over.
    private static func train(
        _ runs: [TrainingLanes.Run], workers: Int, shouldStop: () -> Bool = { false },
        handOver: (Int) throws -> Void = { _ in }
    ) throws -> [(run: Int, outcome: TrainingOutcome)] {
        var handed: [(run: Int, outcome: TrainingOutcome)] = []
        try TrainingLanes(runs, workers: workers).train(progress: { _ in }, shouldStop: shouldStop) { run, outcome in
            handed.append((run, outcome))
            try handOver(run)
        }
        return handed
    }

    @Test("what became of the runs is handed over in their order, and is the same for any number of workers")
    func order() throws {
        let (one, three) = (try Workbench(), try Workbench())
        // The first run is the last to end.
        let alone = try TrainingLanesTests.train(try TrainingLanesTests.runs(firstSteps: 60, in: one), workers: 1)
        let beside = try TrainingLanesTests.train(try TrainingLanesTests.runs(firstSteps: 60, in: three), workers: 5)
        #expect(beside.map(\.run) == [0, 1, 2])
        #expect(beside.allSatisfy { $0.outcome.end == .finished })
        #expect(beside.map { $0.outcome.log } == alone.map { $0.outcome.log })
        #expect(
            beside.map { $0.outcome.checkpoints.map(\.contentHash) }
                == alone.map { $0.outcome.checkpoints.map(\.contentHash) })
    }

    @Test("the progress is that of the first run under way, with what trains beside it")
    func progress() throws {
        let bench = try Workbench()
        var seen: [TrainingLanes.Progress] = []
        let runs = try TrainingLanesTests.runs(firstSteps: 60, in: bench)
        try TrainingLanes(runs, workers: 2).train(
            progress: { seen.append($0) }, shouldStop: { false }, handOver: { _, _ in })
        #expect(seen.count == 60 + 12 + 12)
        #expect(seen.allSatisfy { (0...1).contains($0.beside) && $0.tokensPerSecond >= 0 })
        #expect(seen.count { $0.run == 0 } >= 60)
    }

    @Test("a run that cannot be trained stops the others, and its error is the one that is told")
    func brokenRun() throws {
        let bench = try Workbench()
        // The second run finds the training of another plan in its folder.
        var runs = try TrainingLanesTests.runs(firstSteps: 100_000, in: bench)
        _ = try TrainingLanesTests.train([runs[2]], workers: 1)
        runs[1].folder = runs[2].folder
        runs.remove(at: 2)
        let error = try #require(throws: AssayError.self) { try TrainingLanesTests.train(runs, workers: 2) }
        #expect(error.problem.contains("another plan"), "\(error)")
    }

    @Test("an outcome that cannot be recorded stops the runs beside it")
    func brokenRecord() throws {
        let bench = try Workbench()
        let runs = try TrainingLanesTests.runs(firstSteps: 100_000, in: bench)
        #expect(throws: Trouble.self) {
            try TrainingLanesTests.train([runs[1], runs[0]], workers: 2, handOver: { _ in throw Trouble() })
        }
    }

    @Test("a stop ends all runs at their next step, and they go on to the same bits")
    func stop() throws {
        let (bench, other) = (try Workbench(), try Workbench())
        let runs = try TrainingLanesTests.runs(firstSteps: 60, in: bench)
        let lock = NSLock()
        var asked = 0
        #expect(throws: Interrupted.self) {
            try TrainingLanesTests.train(
                runs, workers: 2,
                shouldStop: {
                    lock.withLock {
                        asked += 1
                        return asked > 20
                    }
                })
        }
        let rest = try TrainingLanesTests.train(runs, workers: 2)
        let whole = try TrainingLanesTests.train(try TrainingLanesTests.runs(firstSteps: 60, in: other), workers: 1)
        #expect(
            rest.map { $0.outcome.checkpoints.map(\.contentHash) }
                == whole.map { $0.outcome.checkpoints.map(\.contentHash) })
    }
}
