import AssayCore
import AssayModels
import AssayTasks
import AssayTensor
import Foundation
import Testing

@testable import AssayReinforcement

@Suite struct RolloutTests {
    private func collector(
        _ model: LanguageModel, _ recipe: ReinforcementRecipe, task: any TaskGenerator, workers: Int = 1
    ) throws -> RolloutCollector {
        RolloutCollector(
            model: model, source: try EpisodeSource(task), recipe: recipe, precision: .float32, seed: 3,
            pool: WorkerPool(workers: workers))
    }

    @Test(arguments: [0.5, 1, 2])
    func `tokens are drawn with the probabilities that are recorded`(temperature: Double) throws {
        let model = try tinyModel()
        let weights = noisyWeights(model, scale: 1.5)
        let recipe = ReinforcementRecipe(
            steps: 1, promptsPerStep: 50, rolloutsPerPrompt: 40, temperature: temperature, certaintyGuard: nil)
        let played = try collector(model, recipe, task: BanditTask()).collect(step: 1, weights: weights)
        #expect(played.count == 2000)
        // For each token, -log p has the entropy of its distribution as its mean.
        let excess = played.map { -$0.logProbabilities[0] - $0.entropy }
        let mean = excess.reduce(0, +) / 2000
        let deviation = (excess.reduce(0) { $0 + $1 * $1 } / 2000).squareRoot()
        #expect(deviation > 0.05)
        #expect(abs(mean) < 4 * deviation / 2000.0.squareRoot())
        // And the log-probabilities are those of the definition at the temperature.
        for trajectory in played.prefix(5) {
            let prompt = Array(trajectory.tokens.dropLast())
            let width = model.architecture.vocabularyCount
            let logits = model.reference(tokens: prompt, weights: weights).suffix(width).map { $0 / temperature }
            let top = logits.max() ?? 0
            let normaliser = top + log(logits.reduce(0.0) { $0 + exp($1 - top) })
            let token = Int(trajectory.tokens[prompt.count])
            #expect(abs(logits[logits.startIndex + token] - normaliser - trajectory.logProbabilities[0]) < 1e-4)
        }
    }

    @Test func `rollouts of a prompt share the prompt but not the samples, and the next step has other prompts`() throws
    {
        let model = try tinyModel()
        let recipe = ReinforcementRecipe(steps: 2, promptsPerStep: 4, rolloutsPerPrompt: 3, rolloutsPerMicroBatch: 4)
        let weights = noisyWeights(model)
        let collector = try collector(model, recipe, task: BanditTask(rounds: 3))
        let first = collector.collect(step: 1, weights: weights)
        #expect(first.map(\.group) == [0, 0, 0, 1, 1, 1, 2, 2, 2, 3, 3, 3])
        for group in 0..<4 {
            let members = first.filter { $0.group == group }
            #expect(Set(members.map { Array($0.tokens[..<$0.actions[0]]) }).count == 1)
            #expect(Set(members.map(\.tokens)).count == 3)
        }
        // Prompt, action, observation, action, observation, action: what comes after the last action is never read.
        for trajectory in first {
            #expect(trajectory.actions.count == 3 && trajectory.logProbabilities.count == 3)
            #expect(trajectory.tokens.count == trajectory.actions[2] + 1)
        }
        #expect(Set(collector.collect(step: 2, weights: weights).map(\.tokens)).isDisjoint(with: first.map(\.tokens)))
    }

    @Test func `a rollout that is too sure for too long is stopped without reward, an optimal play is not`() throws {
        let model = try tinyModel()
        // A head that shouts: every token is all but certain.
        let weights = noisyWeights(model, scale: 40)
        let guarded = CertaintyGuard(probability: 0.9, share: 0.25)
        let recipe = ReinforcementRecipe(
            steps: 1, promptsPerStep: 8, rolloutsPerPrompt: 2, temperature: 0.01, certaintyGuard: guarded)
        func played(_ task: BanditTask, _ recipe: ReinforcementRecipe) throws -> [Trajectory] {
            try collector(model, recipe, task: task).collect(step: 1, weights: weights)
        }
        // 25 % of 40 tokens.
        let long = try played(BanditTask(rounds: 2, budget: 40), recipe)
        #expect(long.contains { $0.isGuarded })
        for trajectory in long where trajectory.isGuarded {
            #expect(trajectory.reward == 0 && !trajectory.hasFailed)
            #expect(trajectory.logProbabilities.count == trajectory.actions.count)
            #expect(trajectory.actions.count >= 10 && trajectory.actions.count < 40)
        }
        // The optimal play says 40 tokens.
        let optimal = try played(BanditTask(rounds: 40, budget: 40), recipe)
        #expect(!optimal.contains { $0.isGuarded })
        var unguarded = recipe
        unguarded.certaintyGuard = nil
        let free = try played(BanditTask(rounds: 2, budget: 40), unguarded)
        #expect(!free.contains { $0.isGuarded })
    }

    @Test func `questions with exact answers are episodes: the answer solves them, anything else does not`() throws {
        for name in ["successor", "associative-recall", "group-word", "variable-tracking"] {
            let task = try TaskRegistry.make(name)
            guard let source = try? EpisodeSource(task) else { continue }
            var prompts: Set<[Int32]> = []
            for index in 0..<40 {
                let world = source.environment(.training(seed: 1), index: index)
                #expect(!world.isOver && world.prompt.count <= source.capacity)
                prompts.insert(world.prompt)
                var (right, wrong) = (world, world)
                _ = right.act(world.expertAction)
                #expect(right.isSolved && right.isOver)
                _ = wrong.act(world.expertAction.map { $0 + 1 })
                #expect(!wrong.isSolved && wrong.isOver)
                let held = source.environment(.evaluation(seed: 1), index: index)
                #expect(!prompts.contains(held.prompt))
            }
            #expect(prompts.count > 30, "\(name)")
        }
    }

    @Test func `a task whose answers are sets is refused`() throws {
        #expect(throws: AssayError.self) { try EpisodeSource(try TaskRegistry.make("multi-value-recall")) }
    }
}
