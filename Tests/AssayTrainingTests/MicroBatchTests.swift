import AssayCore
import AssayModels
import AssayTasks
import Testing

@testable import AssayTraining

@Suite struct MicroBatchTests {
    private func plan(seed: UInt64 = 1, width: Int = 16, learningRate: Double = 1e-3) throws -> TrainingPlan {
        try TrainingPlan(
            arm: "a",
            architecture: Architecture(
                name: "tiny", width: width, heads: 2, layers: [LayerConfiguration(mixer: "full")],
                vocabularyCount: Vocabulary.count),
            recipe: Recipe(
                steps: 100, sequencesPerStep: 40, sequencesPerMicroBatch: 4, learningRate: learningRate,
                mixture: [MixtureEntry(task: "a", weight: 3), MixtureEntry(task: "b", weight: 1)]),
            seed: seed, tasks: ["a": EchoTask(name: "a"), "b": EchoTask(length: 20, name: "b")])
    }

    @Test func `tasks are drawn by their weights`() throws {
        let schedule = MicroBatchSchedule(try plan())
        var count = 0
        for step in 1...200 {
            for microBatch in 0..<10 where schedule.task(step: step, microBatch: microBatch).length == 12 { count += 1 }
        }
        // 2,000 draws with probability 3/4: standard deviation 19.4.
        #expect(abs(count - 1_500) < 100)
    }

    @Test func `arms of one seed see the same data whatever the model and the learning rate`() throws {
        let a = MicroBatchSchedule(try plan())
        let b = MicroBatchSchedule(try plan(width: 32, learningRate: 1e-2))
        let c = MicroBatchSchedule(try plan(seed: 2))
        var differs = false
        for step in 1...20 {
            for microBatch in 0..<10 {
                let task = a.task(step: step, microBatch: microBatch)
                #expect(task.length == b.task(step: step, microBatch: microBatch).length)
                var buffers = (MicroBatchBuffer(), MicroBatchBuffer(), MicroBatchBuffer())
                a.fill(&buffers.0, task: task, step: step, microBatch: microBatch)
                b.fill(&buffers.1, task: task, step: step, microBatch: microBatch)
                c.fill(&buffers.2, task: task, step: step, microBatch: microBatch)
                #expect(buffers.0.tokens == buffers.1.tokens)
                differs = differs || buffers.0.tokens != buffers.2.tokens
            }
        }
        #expect(differs)
    }

    @Test func `no sequence is used twice, and targets point at the token before the answer`() throws {
        let schedule = MicroBatchSchedule(try plan())
        let task = EchoTask(length: 40, symbols: 190, name: "long")
        var seen: Set<[Int32]> = []
        var total = 0
        for step in 1...20 {
            for microBatch in 0..<10 {
                var buffer = MicroBatchBuffer()
                schedule.fill(&buffer, task: task, step: step, microBatch: microBatch)
                #expect(buffer.tokens.count == 160)
                #expect(buffer.targets.count == 4)
                for (index, target) in buffer.targets.enumerated() {
                    #expect(Int(target.row) / 40 == index)
                    #expect(buffer.tokens[Int(target.row)] == Vocabulary.query)
                    #expect(buffer.tokens[Int(target.row) + 1] == target.token)
                    #expect(target.weight == Float(1) / 40)
                    total += 1
                }
                seen.formUnion((0..<4).map { Array(buffer.tokens[$0 * 40..<($0 + 1) * 40]) })
            }
        }
        // 800 draws of 190 symbols and 35 lengths: nearly all different, which repeats of indices would not be.
        #expect(total == 800 && seen.count > 700)
    }

    @Test func `the identity of a plan follows what decides the weights and nothing else`() throws {
        let base = try plan()
        #expect(try plan().identity == base.identity)
        #expect(try plan(seed: 2).identity != base.identity)
        #expect(try plan(width: 32).identity != base.identity)
        #expect(try plan(learningRate: 2e-3).identity != base.identity)
        let renamed = try TrainingPlan(
            arm: "other", architecture: base.architecture, recipe: base.recipe, seed: 1, tasks: base.tasks)
        #expect(renamed.identity == base.identity)
        let changed = try TrainingPlan(
            arm: "a", architecture: base.architecture, recipe: base.recipe, seed: 1,
            tasks: ["a": EchoTask(symbols: 9, name: "a"), "b": EchoTask(length: 20, name: "b")])
        #expect(changed.identity != base.identity)
    }

    @Test func `a plan that names an unknown task or lacks vocabulary is refused`() throws {
        let base = try plan()
        let error = #expect(throws: AssayError.self) {
            try TrainingPlan(
                arm: "a", architecture: base.architecture, recipe: base.recipe, seed: 1, tasks: ["a": EchoTask()])
        }
        #expect(error?.problem.contains("'b'") == true)
        var small = base.architecture
        small.vocabularyCount = 100
        #expect(throws: AssayError.self) {
            try TrainingPlan(arm: "a", architecture: small, recipe: base.recipe, seed: 1, tasks: base.tasks)
        }
    }

    @Test func `a recipe's short convolution becomes part of the architecture`() throws {
        let base = try plan()
        var recipe = base.recipe
        recipe.shortConvolution = 4
        let plan = try TrainingPlan(
            arm: "a", architecture: base.architecture, recipe: recipe, seed: 1, tasks: base.tasks)
        #expect(plan.architecture.shortConvolution == 4 && base.architecture.shortConvolution == 0)
    }
}
