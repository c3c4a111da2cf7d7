import AssayCore
import AssayRendering
import AssayTasks
import Foundation

/// The tasks that models are trained on and evaluated with, as a suite file states them.
public struct SuiteConfiguration: Sendable, Hashable {
    /// The name of the file.
    public var name: String
    /// What it is for.
    public var description: String?
    /// The tasks in the order of the file.
    public var tasks: [TaskEntry]
    /// Where it begins.
    public var mark: SourceMark

    private static let keys = ["name", "description", "tasks"]

    /// Reads a suite file.
    public static func read(_ url: URL) throws -> SuiteConfiguration {
        let top = try ConfigurationDocument.read(url, kind: "suite").mapping("suite", keys: keys)
        try ConfigurationLibrary.checkName(top.optional("name"), of: url, kind: .suite)
        let tasks = try top.required("tasks")
        let entries = try tasks.entries().map(TaskEntry.init)
        guard !entries.isEmpty else { throw tasks.failure("is empty", remedy: "Name at least one task") }
        return SuiteConfiguration(
            name: ConfigurationLibrary.name(of: url), description: try top.optional("description")?.text(),
            tasks: entries, mark: top.mark)
    }
}

/// A task of a suite: a generator with parameters, and how much of it.
public struct TaskEntry: Sendable, Hashable {
    /// The name in the suite.
    public var name: String
    /// The generator.
    public var generator: Marked<String>
    /// The parameters of the generator by name; what is not given has the generator's default.
    public var parameters: [String: Marked<Int>]
    /// Clusters of items that are scored; nil for the default.
    public var clusters: Marked<Int>?
    /// The conditions under which it is run; nil for those of the batch.
    public var conditions: [Marked<Condition>]?
    /// How the items are given to models.
    public var rendering: TaskRendering
    /// Examples before an item, for text; nil for the default.
    public var shots: Marked<Int>?
    /// Where it stands.
    public var mark: SourceMark

    init(_ entry: ConfigurationEntry) throws {
        name = try entry.name()
        mark = entry.mark
        var generator: Marked<String>?
        parameters = [:]
        rendering = .symbols
        var values: [ConfigurationEntry] = []
        for field in try entry.value.entries() {
            switch field.key {
            case "generator": generator = try field.value.markedName()
            case "clusters": clusters = Marked(try field.value.integer(in: 1...1_000_000), at: field.value.mark)
            case "conditions": conditions = try field.value.conditions()
            case "rendering": rendering = try field.value.word()
            case "shots": shots = Marked(try field.value.integer(in: TextTask.shotRange), at: field.value.mark)
            default: values.append(field)
            }
        }
        guard let generator else {
            throw AssayError.badInput(
                "task '\(name)' has no 'generator'", at: mark.description, remedy: "Add 'generator: NAME'")
        }
        self.generator = generator
        if let shots, rendering == .symbols {
            throw AssayError.badInput(
                "task '\(name)' has 'shots', but no text that they could be examples of", at: shots.mark.description,
                remedy: "Add 'rendering: text', or leave 'shots' out")
        }
        // A generator or parameter that does not exist is reported by the plan, which knows the near names.
        let known = TaskRegistry.kinds.first { $0.name == generator.value }?.parameters ?? []
        for field in values {
            let parameter = known.first { $0.name == field.key }
            let value = try parameter.flatMap { try field.value.choice(of: $0) }
            parameters[field.key] = Marked(
                try value ?? field.value.integer(in: -1_000_000_000...1_000_000_000), at: field.mark)
        }
    }

    /// Where a parameter stands, or the task when it is not given.
    public func mark(ofParameter parameter: String) -> SourceMark { parameters[parameter]?.mark ?? mark }
}

/// How the items of a task are given to models.
public enum TaskRendering: String, Sendable, Hashable, CaseIterable {
    /// As tokens of the vocabulary that models trained here share.
    case symbols
    /// In English, for models that bring a tokenizer.
    case text
}

extension ConfigurationValue {
    /// The number of a choice of a parameter; nil when it is a plain number.
    fileprivate func choice(of parameter: TaskParameter) throws -> Int? {
        guard !parameter.choices.isEmpty else { return nil }
        let text = try text()
        if let value = parameter.value(of: text) { return value }
        throw failure("cannot be '\(text)'", remedy: Suggestion.remedy(for: text, among: parameter.choices))
    }

    /// Conditions: a list of them, each named once.
    func conditions() throws -> [Marked<Condition>] {
        var conditions: [Marked<Condition>] = []
        for value in try list() {
            let condition = try value.condition()
            guard !conditions.contains(where: { $0.value == condition }) else {
                throw value.failure("names '\(condition.name)' again", remedy: "Name each condition once")
            }
            conditions.append(Marked(condition, at: value.mark))
        }
        guard !conditions.isEmpty else { throw failure("is empty", remedy: "Name at least one condition") }
        return conditions
    }

    /// A condition in its textual form.
    private func condition() throws -> Condition {
        do {
            return try Condition(try text())
        } catch let error as AssayError where error.location == nil {
            throw AssayError.badInput("'\(path)': \(error.problem)", at: mark.description, remedy: error.remedy)
        }
    }
}
