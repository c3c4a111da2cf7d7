import AssayCore
import AssayModels
import AssayTasks
import AssayTensor
import Foundation
import Testing

@testable import AssayTraining

@Suite struct AdamWTests {
    private func makePlan(clip: Double) throws -> TrainingPlan {
        try TrainingPlan(
            arm: "a",
            architecture: Architecture(
                name: "tiny", width: 32, heads: 2, layers: [LayerConfiguration(mixer: "full")],
                vocabularyCount: Vocabulary.count),
            recipe: Recipe(
                steps: 20, sequencesPerStep: 24, sequencesPerMicroBatch: 4, learningRate: 1e-2, warmUpSteps: 3,
                weightDecay: 0.3, beta1: 0.8, beta2: 0.95, epsilon: 1e-6, gradientClip: clip,
                mixture: [MixtureEntry(task: "echo", weight: 1)]),
            seed: 3, tasks: ["echo": EchoTask()])
    }

    /// AdamW by its definition (Loshchilov and Hutter, algorithm 2, with the decay scaled by the learning rate as in
    /// PyTorch), in double precision, over parameters one by one.
    @Test(arguments: [0, 0.05, 1000])
    func `updates are those of an independent implementation in double precision`(clip: Double) throws {
        let plan = try makePlan(clip: clip)
        let recipe = plan.recipe
        let model = try LanguageModel(plan.architecture)
        let engine = StepEngine(plan: plan, model: model, pool: WorkerPool(workers: 2))
        var weights = engine.weights.buffer.map(Double.init)
        var m = [Double](repeating: 0, count: weights.count)
        var v = m
        for step in 1...8 {
            let record = engine.computeGradient(step: step, tokens: 0)
            let gradient = engine.gradient.buffer.map(Double.init)
            let norm = gradient.reduce(0) { $0 + $1 * $1 }.squareRoot()
            #expect(abs(record.gradientNorm - norm) < 1e-9 * norm)
            let scale = clip > 0 && norm > clip ? clip / norm : 1
            if clip == 0.05 { #expect(scale < 1) }
            let rate = LearningRateSchedule(recipe).rate(step: step)
            for specification in model.layout.specifications {
                for i in specification.offset..<specification.offset + specification.count {
                    let g = gradient[i] * scale
                    m[i] = recipe.beta1 * m[i] + (1 - recipe.beta1) * g
                    v[i] = recipe.beta2 * v[i] + (1 - recipe.beta2) * g * g
                    let mHat = m[i] / (1 - pow(recipe.beta1, Double(step)))
                    let vHat = v[i] / (1 - pow(recipe.beta2, Double(step)))
                    let decay = specification.decays ? recipe.weightDecay : 0
                    weights[i] -= rate * (mHat / (vHat.squareRoot() + recipe.epsilon) + decay * weights[i])
                }
            }
            engine.apply(record)
            var worst = 0.0
            for i in weights.indices { worst = max(worst, abs(weights[i] - Double(engine.weights.pointer[i]))) }
            #expect(worst < 2e-6, "step \(step)")
        }
    }

    @Test func `a step's gradient is the mean over its micro-batches of the gradient of their mean loss`() throws {
        let plan = try makePlan(clip: 0)
        let model = try LanguageModel(plan.architecture)
        let engine = StepEngine(plan: plan, model: model, pool: WorkerPool(workers: 2))
        let record = engine.computeGradient(step: 3, tokens: 100)
        var loss = 0.0
        var gradient = [Double](repeating: 0, count: model.layout.count)
        let task = EchoTask()
        // All 24 sequences alone: each micro-batch holds four of one answer token each, so all weigh the same.
        for index in 48..<72 {
            let sequence = task.trainingSequence(.training(seed: 3), index: index)
            let run = SequenceRun(model: model, batch: 1, time: 12, targetCapacity: 1, training: true)
            let block = FloatBlock(count: model.layout.count)
            run.bind(weights: engine.weights, gradients: block)
            sequence.tokens.withUnsafeBufferPointer { run.load(tokens: $0) }
            let position = sequence.questions[0].answer.lowerBound
            [Target(row: Int32(position - 1), token: sequence.tokens[position], weight: 1)]
                .withUnsafeBufferPointer { run.load(targets: $0) }
            loss += run.forward() / 24
            run.backward()
            for i in gradient.indices { gradient[i] += Double(block.pointer[i]) / 24 }
        }
        #expect(abs(record.loss - loss) < 1e-5)
        #expect(record.tokens == 100 + 24 * 12)
        let norm = gradient.reduce(0) { $0 + $1 * $1 }.squareRoot()
        for i in gradient.indices { #expect(abs(gradient[i] - Double(engine.gradient.pointer[i])) < 1e-5 * norm) }
    }
}
