import AssayCore

/// A task: the items of a stream that a generator makes from parameters.
public struct TaskRecord: Sendable, Hashable {
    /// Hash of generator, version, parameters and stream (``identity(generator:version:parameters:stream:)``).
    public var identity: ContentHash
    /// The name when the task was first recorded; batches may call it otherwise.
    public var name: String
    /// The generator.
    public var generator: String
    /// The version of the generator.
    public var version: Int
    /// The parameters by name.
    public var parameters: [String: Int]
    /// The stream of items, such as `evaluation/1`.
    public var stream: String
    /// The family.
    public var family: TaskFamily
    /// The floor that no shortcut may beat.
    public var statedFloor: Double
    /// The measured score of each shortcut by its name.
    public var measuredFloors: [String: Double]

    /// A task; its identity follows from the rest.
    public init(
        name: String, generator: String, version: Int, parameters: [String: Int], stream: String, family: TaskFamily,
        statedFloor: Double, measuredFloors: [String: Double]
    ) {
        identity = TaskRecord.identity(generator: generator, version: version, parameters: parameters, stream: stream)
        self.name = name
        self.generator = generator
        self.version = version
        self.parameters = parameters
        self.stream = stream
        self.family = family
        self.statedFloor = statedFloor
        self.measuredFloors = measuredFloors
    }

    /// The identity of a task.
    public static func identity(
        generator: String, version: Int, parameters: [String: Int], stream: String
    ) -> ContentHash {
        let values = parameters.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" }.joined(separator: "&")
        return ContentHash(of: "\(generator)/v\(version)?\(values)#\(stream)")
    }

    /// What it shares with tasks that differ in nothing but length: the generator with its other parameters.
    public var series: String {
        let others = parameters.filter { !["length", "questions"].contains($0.key) }
        return "\(generator)/v\(version)?"
            + others.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" }.joined(separator: "&")
    }

    /// The floor to correct scores by: the stated one, or a shortcut's when that is higher.
    public var floor: Double { max(statedFloor, measuredFloors.values.max() ?? 0) }
}
