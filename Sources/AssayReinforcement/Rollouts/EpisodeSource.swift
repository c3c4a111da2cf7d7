import AssayCore
import AssayTasks

/// Where the episodes of reinforcement learning come from: the worlds of an agent task, or questions with exact answers
/// of any other task. The reward of an episode is 1 when it is solved, else 0.
public struct EpisodeSource: Sendable {
    /// The task.
    public let task: any TaskGenerator
    /// Tokens that an episode may have.
    public let capacity: Int

    private let key: UInt64

    /// The episodes of a task.
    /// - Throws: ``AssayError`` when the task has no question with an exact answer.
    public init(_ task: any TaskGenerator) throws {
        self.task = task
        key = ContentHash(of: "question/" + task.identity.text).leadingBits
        if task is any AgentTaskGenerator {
            // Twice what demonstrations have, as in evaluation; beyond that an episode is truncated.
            capacity = 2 * task.length
        } else {
            capacity = task.length
            guard !EpisodeSource.questions(task.cluster(.training(seed: 0), index: 0)).isEmpty else {
                throw AssayError.badInput(
                    "task '\(task.identity.generator)' has no question with an exact answer",
                    remedy: "Choose an agent task, or one whose answers are not sets")
            }
        }
    }

    /// Episode number `index` of a stream: for a task that is not an agent's, a question of the cluster of that number
    /// that is drawn by the number, single-hop twins included.
    public func environment(_ stream: ItemStream, index: Int) -> any AgentEnvironment {
        if let task = task as? any AgentTaskGenerator { return task.environment(stream, index: index) }
        var random = CounterRandom(key: key, index: UInt64(index))
        // A cluster without such a question is rare where it exists at all; the next one stands for it.
        for cluster in index... {
            let questions = EpisodeSource.questions(task.cluster(stream, index: cluster))
            if !questions.isEmpty { return random.pick(questions) }
        }
        preconditionFailure("the clusters have no end")
    }

    private static func questions(_ cluster: [TaskSequence]) -> [AnswerEnvironment] {
        cluster.flatMap { sequence in sequence.questions.compactMap { AnswerEnvironment(sequence, $0) } }
    }
}
