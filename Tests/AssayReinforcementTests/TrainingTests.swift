import AssayCore
import AssayModels
import AssayTensor
import AssayTraining
import Foundation
import Testing

@testable import AssayReinforcement

@Suite struct TrainingTests {
    private let quick = ReinforcementRecipe(
        steps: 6, promptsPerStep: 6, rolloutsPerPrompt: 4, rolloutsPerMicroBatch: 4, updatesPerStep: 2,
        learningRate: 3e-3, warmUpSteps: 2, divergenceWeight: 0.01, importanceCap: 2)

    private func start(_ model: LanguageModel, in folder: TemporaryFolder, _ weights: FloatBlock) throws -> Checkpoint {
        let url = folder.url.appendingPathComponent("start")
        let origin = CheckpointOrigin(arm: "a", seed: 1, step: 0, tokens: 0, plan: ContentHash(of: "plan"))
        try CheckpointFolder.write(model: model, weights: weights, origin: origin, to: url)
        return try CheckpointFolder.read(url)
    }

    @Test(arguments: PolicyAlgorithm.allCases)
    func `a bandit is learned from its rewards alone`(algorithm: PolicyAlgorithm) throws {
        let model = try tinyModel()
        let recipe = ReinforcementRecipe(
            steps: 80, algorithm: algorithm, promptsPerStep: 16, rolloutsPerPrompt: 8, rolloutsPerMicroBatch: 32,
            learningRate: 1e-2)
        let weights = model.initialWeights(seed: 1)
        let loop = PolicyLoop(
            plan: try makePlan(recipe), model: model, weights: weights, pool: WorkerPool(workers: 2))
        var log: [ReinforcementStep] = []
        for step in 1...recipe.steps {
            guard case .done(let record) = loop.step(step, after: log.last) else {
                Issue.record("step \(step) failed")
                return
            }
            log.append(record)
        }
        #expect(log[0].reward < 0.45)
        #expect(log.suffix(5).allSatisfy { $0.reward > 0.9 }, "\(log.map(\.reward))")
        #expect(log[79].entropy < log[0].entropy)
        // The reference, which is the start, is left alone.
        let fresh = model.initialWeights(seed: 1)
        #expect(weights.buffer.elementsEqual(fresh.buffer))
        let after = loop.collector.greedyRewards(
            .evaluation(seed: 1), 0..<100, weights: loop.updater.optimizer.weights)
        let before = loop.collector.greedyRewards(.evaluation(seed: 1), 0..<100, weights: weights)
        #expect(before.reduce(0, +) < 60 && after.reduce(0, +) > 95)
    }

    /// With an advantage of 1 for every token, REINFORCE climbs the likelihood of what was sampled.
    @Test func `a policy step is a supervised step where the loss is the same, bit for bit`() throws {
        let model = try tinyModel()
        let weights = noisyWeights(model)
        let pool = WorkerPool(workers: 2)
        let recipe = ReinforcementRecipe(
            steps: 1, algorithm: .reinforce, promptsPerStep: 4, rolloutsPerPrompt: 2, rolloutsPerMicroBatch: 8,
            warmUpSteps: 0)
        let loop = PolicyLoop(
            plan: try makePlan(recipe, task: BanditTask(rounds: 3)), model: model, weights: weights, pool: pool)
        let played = loop.collector.collect(step: 1, weights: weights)
        var batch = RolloutBatch(played, advantages: played.map { _ in 1 }, recipe: recipe)
        let policy = loop.updater.computeGradient(&batch, update: 1)
        loop.updater.optimizer.apply(step: 1, learningRate: 1e-2, gradientNorm: policy.gradientNorm)

        let supervised = FloatBlock(count: weights.count)
        supervised.copy(from: weights)
        let optimizer = Optimizer(
            weights: supervised, layout: model.layout, settings: recipe.optimizer, microBatches: 1, pool: pool)
        let microBatch = batch.microBatches[0]
        let run = SequenceRun(
            model: model, batch: 8, time: microBatch.time, targetCapacity: 8 * microBatch.time, training: true)
        let norm = optimizer.computeGradient { _, _, gradients in
            run.bind(weights: supervised, gradients: gradients)
            batch.tokens(microBatch, rows: 8).withUnsafeBufferPointer { run.load(tokens: $0) }
            let targets = batch.targets(microBatch).map { Target(row: $0.row, token: $0.token, weight: 1 / 8) }
            targets.withUnsafeBufferPointer { run.load(targets: $0) }
            run.forward()
            run.backward()
        }
        optimizer.apply(step: 1, learningRate: 1e-2, gradientNorm: norm)
        #expect(norm == policy.gradientNorm)
        #expect(supervised.buffer.elementsEqual(loop.updater.optimizer.weights.buffer))
        #expect(!supervised.buffer.elementsEqual(weights.buffer))
    }

    @Test func `the number of workers and an interruption change no bit`() throws {
        let model = try tinyModel("gated-delta-net")
        let (home, weights) = (TemporaryFolder(), noisyWeights(model))
        let start = try start(model, in: home, weights)
        let plan = try makePlan(quick, start: start.contentHash, StatePrecision(.bfloat16), task: BanditTask(rounds: 3))
        func run(_ name: String, workers: Int, stopAt: Int? = nil) throws -> ReinforcementOutcome {
            let trainer = try ReinforcementTrainer(
                plan: plan, start: start, folder: home.url.appendingPathComponent(name), workers: workers,
                stateInterval: .zero)
            var done = 0
            return try trainer.run(progress: { _ in done += 1 }, shouldStop: { done == stopAt })
        }
        let whole = try run("whole", workers: 1)
        #expect(whole.end == .finished && whole.log.count == 6)
        #expect(whole.log.allSatisfy { $0.divergence >= 0 && $0.clipped >= 0 })
        #expect(whole.log[5].divergence > 0)
        let other = try run("workers", workers: 3)
        #expect(trace(other.log) == trace(whole.log))
        #expect(other.checkpoint?.contentHash == whole.checkpoint?.contentHash)
        #expect(other.checkpoint?.contentHash != start.contentHash)
        #expect(try run("stopped", workers: 2, stopAt: 2).end == .stopped(step: 2))
        #expect(try run("stopped", workers: 2, stopAt: 2).end == .stopped(step: 4))
        let resumed = try run("stopped", workers: 1)
        #expect(trace(resumed.log) == trace(whole.log))
        #expect(resumed.checkpoint?.contentHash == whole.checkpoint?.contentHash)
        // A run that has ended is not done again, and a damaged state is done again with the same bits.
        let again = try run("stopped", workers: 1, stopAt: 0)
        #expect(again.end == .finished && trace(again.log) == trace(whole.log))
        let state = home.url.appendingPathComponent("stopped").appendingPathComponent(ResumeState.file)
        var data = try Data(contentsOf: state)
        data[data.count - 9] ^= 1
        try data.write(to: state)
        let repaired = try run("stopped", workers: 1)
        #expect(repaired.remarks.count == 1)
        #expect(trace(repaired.log) == trace(whole.log))
    }

    @Test func `a folder of another plan and a checkpoint that is not the plan's are refused`() throws {
        let model = try tinyModel()
        let home = TemporaryFolder()
        let start = try start(model, in: home, noisyWeights(model))
        let folder = home.url.appendingPathComponent("run")
        let plan = try makePlan(quick, start: start.contentHash)
        _ = try ReinforcementTrainer(plan: plan, start: start, folder: folder, workers: 1).run(shouldStop: { true })
        let other = try makePlan(quick, start: start.contentHash, seed: 2)
        #expect(throws: AssayError.self) {
            try ReinforcementTrainer(plan: other, start: start, folder: folder, workers: 1).run()
        }
        #expect(throws: AssayError.self) {
            try ReinforcementTrainer(plan: makePlan(quick), start: start, folder: folder, workers: 1)
        }
    }

    @Test func `numbers that are not finite end the run with their reason, and it stays ended`() throws {
        let model = try tinyModel()
        let home = TemporaryFolder()
        let start = try start(model, in: home, noisyWeights(model))
        var recipe = quick
        recipe.steps = 40
        recipe.learningRate = 10
        recipe.warmUpSteps = 0
        recipe.optimizer.gradientClip = 0
        // Steps as long as this leave no weight that means anything: entropy or reward collapse, or infinity.
        recipe.collapse = CollapseRule(patience: 3, window: 4)
        let plan = try makePlan(recipe, start: start.contentHash)
        let folder = home.url.appendingPathComponent("run")
        let outcome = try ReinforcementTrainer(plan: plan, start: start, folder: folder, workers: 1).run()
        guard case .collapsed(let step, _) = outcome.end else {
            Issue.record("ended as \(outcome.end)")
            return
        }
        #expect(step <= 40)
        let again = try ReinforcementTrainer(plan: plan, start: start, folder: folder, workers: 1).run()
        #expect(again.end == outcome.end)
        #expect(trace(again.log) == trace(outcome.log))
        // Weights that are infinite from the start show in the first rollout.
        let broken = PolicyLoop(
            plan: plan, model: model, weights: start.weights, pool: WorkerPool(workers: 1))
        for i in 0..<model.layout.count { broken.updater.optimizer.weights.pointer[i] = .infinity }
        guard case .failed(.nonFiniteRollout) = broken.step(1, after: nil) else {
            Issue.record("infinite weights went through")
            return
        }
    }

    @Test func `recipes that cannot be are refused with the field`() throws {
        var cases: [(String, ReinforcementRecipe)] = []
        func add(_ field: String, _ change: (inout ReinforcementRecipe) -> Void) {
            var recipe = quick
            change(&recipe)
            cases.append((field, recipe))
        }
        add("steps") { $0.steps = 0 }
        add("one rollout") { ($0.promptsPerStep, $0.rolloutsPerPrompt, $0.rolloutsPerMicroBatch) = (1, 1, 1) }
        add("rolloutsPerMicroBatch") { $0.rolloutsPerMicroBatch = 5 }
        add("updatesPerStep") { $0.updatesPerStep = 0 }
        add("learningRate") { $0.learningRate = .nan }
        add("temperature") { $0.temperature = 0 }
        add("clipLow") { $0.clipLow = -0.1 }
        add("divergenceWeight") { $0.divergenceWeight = -1 }
        add("importanceCap") { $0.importanceCap = 0 }
        add("guard's share") { $0.certaintyGuard?.share = 0 }
        add("collapse") { $0.collapse.window = 1 }
        for (field, recipe) in cases {
            let error = #expect(throws: AssayError.self) { try makePlan(recipe) }
            #expect(error?.problem.contains(field) ?? false, "\(field): \(error?.problem ?? "")")
        }
        #expect(throws: AssayError.self) { try makePlan(quick, StatePrecision(.int8, .atRestore)) }
    }
}
