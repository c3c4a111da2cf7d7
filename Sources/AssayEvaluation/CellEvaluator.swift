import AssayCore
import AssayModels
import AssayTasks
import AssayTensor

/// Runs a checkpoint over tasks: scores every item of a cell.
///
/// Items are made and scored in units of fixed size, so the results do not depend on the number of workers.
public struct CellEvaluator {
    private let crew: EvaluationCrew
    private let pool: WorkerPool

    /// Raised whenever the same logits would be graded otherwise.
    public static func graderVersion(_ condition: Condition) -> Int {
        switch condition.path {
        case .parallel, .sampled, .stateError: 1
        case .recurrent, .resumed, .speculative, .divergence: 2
        }
    }

    /// Sequences that a decoder advances together: whole tiles of the matrix kernels.
    static let slots = Condition.batches.upperBound
    /// Clusters that a worker makes and scores at a time.
    private static let clustersPerUnit = 12
    /// Episodes that a worker plays at a time, trials included: more than there are slots, so that few slots stand idle.
    private static let episodesPerUnit = 96
    /// Tokens that one step of a rollout may take: what the episodes have to read is read at once.
    private static let rolloutRows = 96

    /// An evaluator of a model with weights, which must not change while it lives.
    public init(model: LanguageModel, weights: FloatBlock, workers: Int) {
        self.init(model: model, weights: weights, workers: workers, makeDecoder: EvaluationWorker.plainDecoder)
    }

    init(
        model: LanguageModel, weights: FloatBlock, workers: Int, makeDecoder: @escaping DecoderFactory
    ) {
        pool = WorkerPool(workers: max(workers, 1))
        crew = EvaluationCrew(model: model, weights: weights, count: pool.workers, makeDecoder: makeDecoder)
    }

    /// The kernel paths that mean something for a task: an agent acts, and that runs in the recurrent form only.
    public static func paths(for task: any TaskGenerator) -> [KernelPath] {
        task is any AgentTaskGenerator ? [.recurrent, .sampled] : KernelPath.allCases.filter { $0 != .sampled }
    }

    /// Whether a condition means something for a task.
    public static func supports(_ condition: Condition, for task: any TaskGenerator) -> Bool {
        paths(for: task).contains(condition.path)
    }

    /// Clusters that are evaluated of those asked for. The conditions that compare two ways to run a model decode every
    /// token of a sequence, not only up to its last answer, and each token counts, not each answer: they take the first
    /// clusters up to ``comparedTokens`` tokens, though at least one unit of them.
    public static func clusters(_ asked: Int, of task: any TaskGenerator, under condition: Condition) -> Int {
        guard !condition.path.givesAnswers else { return asked }
        return min(asked, max(clustersPerUnit, comparedTokens / task.length))
    }

    /// Tokens after which a comparison of two ways to run a model has seen enough.
    public static let comparedTokens = 16_384

    /// Clusters that go through the model together on a worker; portions of whole units are evaluated like the whole.
    public static func unit(of task: any TaskGenerator, under condition: Condition) -> Int {
        task is any AgentTaskGenerator ? max(1, episodesPerUnit / condition.trials) : clustersPerUnit
    }

    /// Scores the items of the first clusters of a stream; for an agent task, that many episodes.
    /// - Parameters:
    ///   - first: the cluster to begin with; those before it count among the clusters, but were evaluated before.
    ///   - shouldStop: asked before every unit, by any worker.
    /// - Throws: `CancellationError` when it was stopped; ``AssayError`` when the condition means nothing for the task,
    ///   or the model cannot take one of its swaps.
    public func evaluate(
        task: any TaskGenerator, stream: ItemStream, from first: Int = 0, clusters: Int, condition: Condition,
        shouldStop: @Sendable () -> Bool = { false }
    ) throws -> CellResult {
        guard CellEvaluator.supports(condition, for: task) else {
            throw AssayError.badInput(
                "condition '\(condition.name)' means nothing for task '\(task.identity.generator)'",
                remedy: "Use " + CellEvaluator.paths(for: task).map(\.rawValue).joined(separator: ", "))
        }
        let clock = ContinuousClock()
        let start = clock.now
        let workers = try crew.workers(condition.swaps)
        let clusters = CellEvaluator.clusters(max(clusters, 0), of: task, under: condition)
        let perUnit = CellEvaluator.unit(of: task, under: condition)
        let units = stride(from: max(0, first), to: clusters, by: perUnit).map { $0..<min($0 + perUnit, clusters) }
        var results = [[ScoredItem]?](repeating: nil, count: units.count)
        results.withUnsafeMutableBufferPointer { results in
            pool.run(units.count) { unit, worker in
                guard !shouldStop() else { return }
                results[unit] = score(
                    task: task, stream: stream, clusters: units[unit], condition: condition, worker: workers[worker])
            }
        }
        guard results.allSatisfy({ $0 != nil }) else { throw CancellationError() }
        let scored = results.flatMap { $0 ?? [] }
        return CellResult(
            items: scored.map(\.item), responses: scored.map(\.response), seconds: (clock.now - start) / .seconds(1))
    }

    private func score(
        task: any TaskGenerator, stream: ItemStream, clusters: Range<Int>, condition: Condition,
        worker: EvaluationWorker
    ) -> [ScoredItem] {
        if let task = task as? any AgentTaskGenerator {
            return play(task, stream: stream, clusters: clusters, condition: condition, worker: worker)
        }
        let sequences = clusters.map { task.cluster(stream, index: $0) }
        switch condition.path {
        case .parallel:
            let run = worker.run(length: task.length, chunk: condition.chunk)
            return ParallelScoring.score(sequences.flatMap { $0 }, run: run)
        case .recurrent, .sampled, .resumed, .speculative:
            return RecurrentScoring.score(
                sequences.flatMap { $0 }, task: task, condition: condition, worker: worker)
        case .divergence:
            return Divergence(condition, length: task.length, worker: worker).score(CellEvaluator.compared(sequences))
        case .stateError:
            return StateErrorScoring(condition, length: task.length, worker: worker)
                .score(CellEvaluator.compared(sequences))
        }
    }

    /// Plays the episodes of some clusters, in as many trials as the condition asks for. Where the model acts greedily, the
    /// expert's demonstrations of the same episodes are scored beside them, with the expert's actions in place.
    private func play(
        _ task: any AgentTaskGenerator, stream: ItemStream, clusters: Range<Int>, condition: Condition,
        worker: EvaluationWorker
    ) -> [ScoredItem] {
        let starts = clusters.flatMap { cluster in
            let environment = task.environment(stream, index: cluster)
            return (0..<condition.trials).map { Rollout.Start(environment: environment, trial: $0) }
        }
        let shape = DecoderShape(
            capacity: episodeCapacity(task), precision: condition.precision, rows: CellEvaluator.rolloutRows)
        let policy = DecoderPolicy(
            decoder: worker.decoder(shape), vocabulary: worker.vocabulary, rows: shape.rows, condition: condition,
            key: "trials/\(task.identity.text)/\(stream.name)")
        let played = Rollout.run(starts, policy: policy, slots: shape.slots)
        guard condition.path == .recurrent else { return played }
        let demonstrations = clusters.flatMap { task.cluster(stream, index: $0) }
        let forced = RecurrentScoring.score(
            demonstrations, task: task, condition: condition, worker: worker, shape: shape)
        return (played + forced).sorted { $0.item.id < $1.item.id }
    }

    /// The main sequence of each cluster: its twins would show nothing else.
    private static func compared(_ clusters: [[TaskSequence]]) -> [TaskSequence] {
        clusters.compactMap { $0.first { !$0.questions.isEmpty } }
    }

    /// Tokens that an episode may have: twice what demonstrations have, beyond which it is truncated.
    private func episodeCapacity(_ task: any AgentTaskGenerator) -> Int { 2 * task.length }
}
