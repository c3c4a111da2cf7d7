import AssayCore
import Testing

@testable import AssayTasks

/// A generator with parameters, named for the test report.
struct TaskCase: Sendable, CustomTestStringConvertible {
    let name: String
    let parameters: [String: Int]

    init(_ name: String, _ parameters: [String: Int] = [:]) {
        self.name = name
        self.parameters = parameters
    }

    func make() throws -> any TaskGenerator { try TaskRegistry.make(name, parameters: parameters) }

    var testDescription: String {
        name + parameters.sorted { $0.key < $1.key }.map { " \($0.key)=\($0.value)" }.joined()
    }

    /// Every generator at its defaults.
    static let defaults = TaskRegistry.kinds.map { TaskCase($0.name) }

    /// Every generator at its defaults, small, and large.
    static let all =
        defaults + [
            TaskCase("associative-recall", ["pairs": 2, "queries": 2, "length": 20, "symbols": 8]),
            TaskCase("associative-recall", ["pairs": 64, "queries": 32, "length": 512, "symbols": 64, "gap": 64]),
            TaskCase("multi-value-recall", ["keys": 2, "values": 1, "queries": 2, "length": 22, "symbols": 8]),
            TaskCase("multi-value-recall", ["keys": 8, "values": 8, "queries": 4, "length": 256, "symbols": 64]),
            TaskCase("needle", ["distractors": 1, "length": 19, "symbols": 8]),
            TaskCase("needle", ["distractors": 63, "length": 512, "symbols": 64]),
            TaskCase(
                "updated-recall", ["keys": 2, "writes": 2, "queries": 2, "length": 24, "symbols": 8]),
            TaskCase("updated-recall", ["keys": 16, "writes": 4, "queries": 8, "length": 256, "symbols": 64]),
            TaskCase("parity", ["length": 21, "questions": 1]),
            TaskCase("parity", ["length": 512, "questions": 40]),
            TaskCase("modular-arithmetic", ["length": 32, "operators": 1, "questions": 2]),
            TaskCase("modular-arithmetic", ["length": 257, "operators": 2]),
            TaskCase("modular-arithmetic", ["length": 40, "brackets": 1, "questions": 1]),
            TaskCase("modular-arithmetic", ["length": 160, "brackets": 1, "questions": 1]),
            TaskCase("group-word", ["group": 0, "letters": 1, "length": 24, "questions": 3]),
            TaskCase("group-word", ["group": 1, "length": 40]),
            TaskCase("group-word", ["group": 2, "length": 96, "letters": 1]),
            TaskCase("group-word", ["group": 3, "length": 64, "letters": 1]),
            TaskCase("group-word", ["group": 4, "length": 48]),
            TaskCase("group-word", ["group": 5, "length": 128]),
            TaskCase("successor", ["facts": 6, "hops": 1, "questions": 2, "length": 30, "symbols": 8]),
            TaskCase("successor", ["facts": 11, "hops": 8, "questions": 8, "length": 63]),
            TaskCase("successor", ["facts": 40, "hops": 16, "questions": 15, "length": 192, "symbols": 64]),
            TaskCase("variable-tracking", ["chains": 2, "hops": 1, "length": 27, "symbols": 8]),
            TaskCase("variable-tracking", ["chains": 8, "hops": 7, "length": 256, "symbols": 64]),
            TaskCase("tool-world", ["depth": 2, "records": 3, "length": 36, "budget": 3, "symbols": 8]),
            TaskCase("tool-world", ["depth": 8, "records": 24, "length": 192, "budget": 30, "symbols": 32]),
            TaskCase("key-value-service", ["stages": 3, "writes": 2, "decoys": 1, "length": 96, "slack": 2]),
            TaskCase(
                "key-value-service",
                ["stages": 28, "writes": 8, "decoys": 1, "length": 1024, "failures": 20, "interruptions": 2]),
            TaskCase("file-tree", ["edits": 2, "files": 2, "length": 96, "slack": 1]),
            TaskCase("file-tree", ["edits": 16, "files": 3, "length": 896, "failures": 10, "interruptions": 3]),
            TaskCase("warehouse", ["orders": 2, "capacity": 1, "rooms": 4, "spare": 0, "length": 128, "slack": 4]),
            TaskCase(
                "warehouse",
                ["orders": 9, "capacity": 2, "rooms": 12, "length": 896, "failures": 10, "interruptions": 2]),
            TaskCase("ticket-desk", ["tickets": 3, "rules": 3, "gap": 0, "length": 96, "slack": 0]),
            TaskCase(
                "ticket-desk",
                ["tickets": 20, "rules": 16, "gap": 64, "length": 896, "failures": 10, "interruptions": 4]),
            TaskCase("grid-maze", ["horizon": 6, "passages": 2, "marks": 4, "size": 5, "length": 96, "slack": 2]),
            TaskCase(
                "grid-maze",
                [
                    "horizon": 64, "passages": 20, "marks": 16, "size": 16, "length": 1024, "failures": 20,
                    "interruptions": 2,
                ]),
        ] + retrieval + longForms + hopCases
}

extension TaskSequence {
    /// The same sequence with records that fit its tokens again, so that only the meaning can be wrong.
    func resealed() -> TaskSequence {
        var copy = self
        for index in copy.questions.indices {
            copy.questions[index].item.contentBits = ContentBits.of(self, questions[index])
            copy.questions[index].item.length = usedLength
        }
        return copy
    }
}
