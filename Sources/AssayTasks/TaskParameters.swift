import AssayCore

/// A parameter of a generator: a whole number with a default and a range.
public struct TaskParameter: Sendable, Hashable {
    /// The name used in files.
    public let name: String
    /// The value when none is given.
    public let defaultValue: Int
    /// The values that are allowed.
    public let range: ClosedRange<Int>
    /// What it does, for people.
    public let meaning: String

    /// A parameter.
    public init(_ name: String, _ defaultValue: Int, _ range: ClosedRange<Int>, _ meaning: String) {
        self.name = name
        self.defaultValue = defaultValue
        self.range = range
        self.meaning = meaning
    }
}

/// The values of a generator's parameters: given ones checked, the others at their defaults.
struct ParameterValues {
    private let generator: String
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
                    remedy: "Give \(parameter.range.lowerBound) ... \(parameter.range.upperBound)")
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
