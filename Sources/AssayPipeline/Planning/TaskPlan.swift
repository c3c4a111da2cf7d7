import AssayCore
import AssayEvaluation
import AssayRendering
import AssayStore
import AssayTasks

/// A task of a batch: a generator, how many clusters of it, and how the models are run over them.
public struct TaskPlan: Sendable {
    /// The name in the suite.
    public let name: String
    /// Makes the items.
    public let generator: any TaskGenerator
    /// How they are said in English; nil where they are given as symbols.
    public let text: TaskText?
    /// Clusters of items that are scored.
    public let clusters: Int
    /// The conditions that the batch asks for and that mean something for this task.
    public let conditions: [Condition]

    init(
        name: String, generator: any TaskGenerator, text: TaskText? = nil, clusters: Int, conditions: [Condition]
    ) {
        self.name = name
        self.generator = generator
        self.text = text
        self.clusters = clusters
        self.conditions = conditions
    }

    /// Whether models trained here can read the items.
    var isSymbolic: Bool { text == nil }

    /// What identifies the items as they are given to models.
    var itemIdentity: TaskIdentity { text?.identity ?? generator.identity }

    /// Whether served models can be asked: it is said in English, and is no episode.
    var isServable: Bool { if case .items? = text { true } else { false } }

    /// The identity of the task in the store.
    var identity: ContentHash {
        let identity = itemIdentity
        return TaskRecord.identity(
            generator: identity.generator, version: identity.version, parameters: identity.parameters,
            stream: BatchPlan.evaluationStream.name)
    }

    /// The version of what grades the responses.
    func graderVersion(_ condition: Condition) -> Int {
        isSymbolic ? CellEvaluator.graderVersion(condition) : TextEvaluator.graderVersion
    }

    /// Whether a checkpoint that was found can read the items.
    func suits(_ checkpoint: FoundCheckpoint) -> Bool {
        isSymbolic ? checkpoint.readsSymbols : checkpoint.readsText
    }
}
