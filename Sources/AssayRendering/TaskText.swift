import AssayTasks

/// How a task is given to models that bring a tokenizer: items to be answered, or episodes to be played.
public enum TaskText: Sendable {
    /// Items to be answered.
    case items(TextTask)
    /// Episodes to be played by JSON.
    case episodes(AgentText)

    /// The text of a task.
    /// - Parameter shots: examples before an item, or demonstrations before an episode; nil for what is usual.
    /// - Throws: ``AssayError`` when the task has no text, or for a wrong number of examples.
    public init(_ generator: any TaskGenerator, shots: Int? = nil) throws {
        if let world = generator as? any AgentTaskGenerator {
            self = .episodes(try AgentText(world, shots: shots ?? AgentText.defaultShots))
        } else {
            self = .items(try TextTask(generator, shots: shots ?? TextTask.defaultShots))
        }
    }

    /// What identifies the items and how they are written.
    public var identity: TaskIdentity {
        switch self {
        case .items(let task): task.identity
        case .episodes(let world): world.identity
        }
    }

    /// Examples before an item.
    public var shots: Int {
        switch self {
        case .items(let task): task.shots
        case .episodes(let world): world.shots
        }
    }
}
