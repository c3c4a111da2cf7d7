import AssayCore
import AssayModels
import AssayReinforcement
import AssayTasks
import AssayTensor
import AssayTraining
import Foundation

/// A step of reinforcement learning, rollouts included, against a supervised step of as many tokens, in turns.
enum ReinforcementBenchmark {
    static let mixers = ["full", "gated-delta-net"]

    static func run(_ session: Session) throws {
        for mixer in mixers where session.options.wants("reinforce-\(mixer)") {
            for threads in [1, 2] { try measure(mixer, threads: threads, session) }
        }
    }

    private static func measure(_ mixer: String, threads: Int, _ session: Session) throws {
        let task = try TaskRegistry.make("tool-world", parameters: ["depth": 4, "length": 112])
        let model = try LanguageModel(
            Architecture(
                name: mixer, width: 64, heads: 2,
                layers: [LayerConfiguration](repeating: LayerConfiguration(mixer: mixer), count: 2),
                vocabularyCount: Vocabulary.count))
        let pool = WorkerPool(workers: threads)
        let recipe = ReinforcementRecipe(
            steps: 1_000_000, promptsPerStep: 16, rolloutsPerPrompt: 8, rolloutsPerMicroBatch: 8, learningRate: 1e-5)
        let weights = model.initialWeights(seed: 1)
        let loop = PolicyLoop(
            plan: try ReinforcementPlan(
                arm: "bench", start: ContentHash(of: "bench"), recipe: recipe, seed: 1, task: task), model: model,
            weights: weights, pool: pool)
        let supervised = SupervisedStep(model: model, task: task, pool: pool)
        var last: ReinforcementStep?
        var (ours, theirs): ([Double], [Double]) = ([], [])
        let clock = ContinuousClock()
        let end = clock.now + .seconds(session.options.isQuick ? 3 : 10)
        while clock.now < end || ours.count < 5 {
            let before = last?.tokens ?? 0
            let elapsed = try seconds {
                guard case .done(let step) = loop.step(Int(last?.step ?? 0) + 1, after: last) else {
                    throw AssayError(.defect, "the policy is not finite")
                }
                last = step
            }
            let tokens = (last?.tokens ?? 0) - before
            ours.append(elapsed / tokens)
            theirs.append(supervised.secondsPerToken())
        }
        session.add(
            BenchmarkRow(
                case: "reinforce-\(mixer)", width: 64, length: task.length, threads: threads,
                ours: median(ours) / median(theirs), peer: nil, shareOfPeak: nil, unit: "supervised steps",
                note: "of as many tokens; \(Int(1 / median(ours))) tokens/s"))
    }
}

/// A supervised step over demonstrations of a task, with the trainer's own optimiser.
private final class SupervisedStep {
    private let optimizer: Optimizer
    private let task: any TaskGenerator
    private let runs: [SequenceRun]
    /// The step for which each run has packed the weights.
    private let bound: UnsafeMutableBufferPointer<Int>
    private var step = 0

    private static let microBatches = 16
    private static let rows = 8

    init(model: LanguageModel, task: any TaskGenerator, pool: WorkerPool) {
        self.task = task
        optimizer = Optimizer(
            weights: model.initialWeights(seed: 1), layout: model.layout,
            settings: ReinforcementRecipe(steps: 1).optimizer, microBatches: SupervisedStep.microBatches, pool: pool)
        runs = (0..<pool.workers).map { _ in
            SequenceRun(
                model: model, batch: SupervisedStep.rows, time: task.length,
                targetCapacity: SupervisedStep.rows * task.length, training: true)
        }
        bound = .allocate(capacity: pool.workers)
        bound.initialize(repeating: 0)
    }

    deinit { bound.deallocate() }

    /// Does a step. Tokens are those of demonstrations, padding not counted, as in rollouts.
    func secondsPerToken() -> Double {
        step += 1
        var tokens = [Int](repeating: 0, count: SupervisedStep.microBatches)
        let elapsed = seconds {
            let norm = tokens.withUnsafeMutableBufferPointer { tokens in
                optimizer.computeGradient { index, worker, gradients in
                    tokens[index] = add(index, to: gradients, worker: worker)
                }
            }
            optimizer.apply(step: step, learningRate: 1e-5, gradientNorm: norm)
        }
        return elapsed / Double(tokens.reduce(0, +))
    }

    private func add(_ microBatch: Int, to gradients: FloatBlock, worker: Int) -> Int {
        let run = runs[worker]
        let first = ((step - 1) * SupervisedStep.microBatches + microBatch) * SupervisedStep.rows
        let sequences = (0..<SupervisedStep.rows).map {
            task.trainingSequence(.training(seed: 1), index: first + $0)
        }
        if bound[worker] == step {
            run.bind(gradients: gradients)
        } else {
            run.bind(weights: optimizer.weights, gradients: gradients)
            bound[worker] = step
        }
        sequences.flatMap(\.tokens).withUnsafeBufferPointer { run.load(tokens: $0) }
        let targets = sequences.enumerated().flatMap { row, sequence in
            sequence.questions.flatMap { question in
                question.answer.map {
                    Target(
                        row: Int32(row * task.length + $0 - 1), token: sequence.gold(question, at: $0), weight: 1e-3)
                }
            }
        }
        targets.withUnsafeBufferPointer { run.load(targets: $0) }
        run.forward()
        run.backward()
        return sequences.reduce(0) { $0 + $1.usedLength }
    }
}
