import AssayCore

/// A parameter of a generator: a whole number with a default and a range, or the number of one of several choices.
public struct TaskParameter: Sendable, Hashable {
    /// The name used in files.
    public let name: String
    /// The value when none is given.
    public let defaultValue: Int
    /// The values that are allowed.
    public let range: ClosedRange<Int>
    /// What it does, for people.
    public let meaning: String
    /// What the values 0, 1, ... are called in files; empty for plain numbers.
    public let choices: [String]

    /// A parameter.
    public init(_ name: String, _ defaultValue: Int, _ range: ClosedRange<Int>, _ meaning: String) {
        self.name = name
        self.defaultValue = defaultValue
        self.range = range
        self.meaning = meaning
        choices = []
    }

    /// A parameter that is one of several choices.
    init(_ name: String, choices: [String], _ defaultChoice: String, _ meaning: String) {
        guard let value = choices.firstIndex(of: defaultChoice) else { preconditionFailure("no \(defaultChoice)") }
        self.name = name
        defaultValue = value
        range = 0...choices.count - 1
        self.meaning = meaning
        self.choices = choices
    }

    /// A value as it stands in files.
    public func text(_ value: Int) -> String { choices.indices.contains(value) ? choices[value] : "\(value)" }

    /// The values that are allowed, for people.
    public var rangeText: String {
        choices.isEmpty ? "\(range.lowerBound)...\(range.upperBound)" : choices.joined(separator: ", ")
    }

    /// The value that a word of a file stands for: the name of a choice, or a whole number.
    /// - Returns: nil when it is neither.
    public func value(of text: String) -> Int? { choices.firstIndex(of: text) ?? (choices.isEmpty ? Int(text) : nil) }
}

/// The values of a generator's parameters: given ones checked, the others at their defaults.
struct ParameterValues {
    let generator: String
    /// All values by name.
    let all: [String: Int]

    /// Checks names and ranges.
    /// - Throws: ``AssayError`` that names the first wrong parameter and the bound that it broke.
    init(_ generator: String, _ parameters: [TaskParameter], _ given: [String: Int]) throws {
        var all = Dictionary(uniqueKeysWithValues: parameters.map { ($0.name, $0.defaultValue) })
        for (name, value) in given.sorted(by: { $0.key < $1.key }) {
            guard let parameter = parameters.first(where: { $0.name == name }) else {
                throw AssayError.badInput(
                    "task '\(generator)' has no parameter '\(name)'",
                    remedy: Suggestion.remedy(for: name, among: parameters.map(\.name)))
            }
            guard parameter.range.contains(value) else {
                let bound =
                    value < parameter.range.lowerBound
                    ? "below \(parameter.range.lowerBound)" : "above \(parameter.range.upperBound)"
                throw AssayError.badInput(
                    "task '\(generator)': parameter '\(name)' is \(value), \(bound)",
                    remedy: parameter.choices.isEmpty
                        ? "Give \(parameter.range.lowerBound) ... \(parameter.range.upperBound)"
                        : "Give \(parameter.rangeText)")
            }
            all[name] = value
        }
        self.generator = generator
        self.all = all
    }

    /// The value of a parameter of the generator's own list.
    subscript(name: String) -> Int {
        guard let value = all[name] else { preconditionFailure("no parameter \(name)") }
        return value
    }

    /// Refuses a value that contradicts the others.
    func require(_ name: String, atLeast bound: Int, because reason: String) throws {
        guard self[name] < bound else { return }
        throw AssayError.badInput(
            "task '\(generator)': parameter '\(name)' is \(self[name]), but must be at least \(bound): \(reason)",
            remedy: "Raise '\(name)' or ask for less")
    }

    /// Refuses a value that contradicts the others.
    func require(_ name: String, atMost bound: Int, because reason: String) throws {
        guard self[name] > bound else { return }
        throw AssayError.badInput(
            "task '\(generator)': parameter '\(name)' is \(self[name]), but must be at most \(bound): \(reason)",
            remedy: "Lower '\(name)'")
    }
}
