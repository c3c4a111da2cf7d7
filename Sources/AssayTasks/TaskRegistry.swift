import AssayCore

/// A generator as the registry knows it: what a user can ask for.
public struct TaskKind: Sendable {
    /// The generator's name.
    public let name: String
    /// The family.
    public let family: TaskFamily
    /// What it tests, in a sentence.
    public let summary: String
    /// Its parameters.
    public let parameters: [TaskParameter]
    /// Makes the task from parameter values; those not given stand at their defaults.
    public let make: @Sendable ([String: Int]) throws -> any TaskGenerator
}

/// All generators by name.
public enum TaskRegistry {
    /// The generators, by family.
    public static let kinds: [TaskKind] = retrieval + multiHop + stateTracking + longForms + agents

    private static let retrieval =
        [
            AssociativeRecall.kind, MultiValueRecall.kind, UpdatedRecall.kind, Needle.kind, MQAR.kind,
            DistanceRecall.kind,
            CompositionalRecall.kind, NoisyRecall.kind, FuzzyRecall.kind, PhoneBook.kind, NeedleHaystack.kind,
            AssociativeNeedle.kind, Stacks.kind, Induction.kind,
        ] + Copying.kinds + WordAggregation.kinds
    private static let multiHop = [
        Successor.kind, VariableTracking.kind, HopInduction.kind, PointerTable.kind, Kinship.kind, ArithmeticTree.kind,
        OperationLadder.kind, Deduction.kind, Story.kind, TopologicalOrder.kind,
    ]
    private static let stateTracking = [
        Parity.kind, ModularArithmetic.kind, GroupWord.kind, Boxes.kind, ModularCounter.kind,
    ]
    private static let longForms = [
        Conversation.kind, InstructionPersistence.kind, RereadRecall.kind,
    ]
    private static let agents = [
        ToolWorld.kind, KeyValueService.kind, FileTree.kind, Warehouse.kind, TicketDesk.kind, GridMaze.kind,
    ]

    /// The generator of a name.
    /// - Throws: ``AssayError`` with the nearest name when there is none.
    public static func kind(named name: String) throws -> TaskKind {
        if let kind = kinds.first(where: { $0.name == name }) { return kind }
        throw AssayError.badInput(
            "there is no task generator '\(name)'", remedy: Suggestion.remedy(for: name, among: kinds.map(\.name)))
    }

    /// A task from a generator's name and parameters.
    /// - Throws: ``AssayError`` that names the wrong parameter and the bound that it broke.
    public static func make(_ name: String, parameters: [String: Int] = [:]) throws -> any TaskGenerator {
        try kind(named: name).make(parameters)
    }
    /// A task from a generator's name and parameters as a command line gives them, such as `hops=4`.
    /// - Throws: ``AssayError`` that quotes what cannot be read, or names the wrong parameter.
    public static func make(_ name: String, assignments: [String]) throws -> any TaskGenerator {
        let kind = try kind(named: name)
        var values: [String: Int] = [:]
        for text in assignments {
            let parts = text.split(separator: "=", maxSplits: 1)
            let parameter = kind.parameters.first { $0.name == parts.first.map(String.init) }
            let isChoice = parameter.map { !$0.choices.isEmpty } ?? false
            guard parts.count == 2, let value = parameter?.value(of: String(parts[1])) ?? Int(parts[1]) else {
                throw AssayError(
                    .usage, "cannot read '\(text)'",
                    remedy: "Write name=value with " + (isChoice ? parameter?.rangeText ?? "" : "a whole number"))
            }
            values[String(parts[0])] = value
        }
        return try kind.make(values)
    }
}
