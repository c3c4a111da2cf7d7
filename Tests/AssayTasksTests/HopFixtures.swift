@testable import AssayTasks

extension TaskCase {
    /// The tasks of hops and of states, small and large.
    static let hopCases = [
        TaskCase("hop-induction", ["hops": 1, "length": 40, "questions": 4]),
        TaskCase("hop-induction", ["hops": 4]),
        TaskCase("hop-induction", ["hops": 16, "length": 160]),
        TaskCase("hop-induction", ["hops": 3, "alphabet": 26, "length": 512, "questions": 16]),
        TaskCase("pointer-table", ["facts": 3, "hops": 1, "questions": 2, "length": 27, "symbols": 8]),
        TaskCase("pointer-table", ["facts": 62, "hops": 8, "questions": 5, "length": 384, "symbols": 64]),
        TaskCase("kinship", ["system": 0, "facts": 3, "hops": 1, "questions": 2, "length": 27, "symbols": 8]),
        TaskCase("kinship", ["system": 2, "facts": 50, "hops": 8, "questions": 5, "length": 256, "symbols": 64]),
        TaskCase("arithmetic-tree", ["operations": 2, "hops": 2, "questions": 1, "modulus": 5, "length": 16]),
        TaskCase("arithmetic-tree", ["operations": 13, "hops": 8, "modulus": 6, "gap": 16, "length": 256]),
        TaskCase("arithmetic-tree", ["operators": 2, "operations": 8, "hops": 5, "length": 96]),
        TaskCase("operation-ladder", ["facts": 3, "hops": 1, "questions": 2, "length": 27, "symbols": 8]),
        TaskCase(
            "operation-ladder",
            ["facts": 60, "hops": 8, "questions": 5, "modulus": 6, "length": 512, "symbols": 64]),
        TaskCase("deduction", ["chains": 2, "hops": 1, "questions": 2, "length": 32, "symbols": 16]),
        TaskCase("deduction", ["chains": 8, "hops": 5, "questions": 8, "length": 512, "symbols": 64]),
        TaskCase(
            "story", ["people": 3, "objects": 1, "rounds": 2, "sends": 0, "questions": 1, "length": 35]),
        TaskCase(
            "story",
            ["people": 24, "objects": 16, "rounds": 6, "sends": 3, "questions": 12, "length": 1024, "symbols": 32]),
        TaskCase("topological-order", ["nodes": 4, "edges": 4, "ancestors": 2, "hops": 2, "length": 28, "symbols": 8]),
        TaskCase(
            "topological-order",
            ["nodes": 48, "edges": 96, "ancestors": 16, "hops": 12, "length": 384, "symbols": 64]),
        TaskCase("boxes", ["boxes": 3, "items": 2, "operations": 3, "questions": 1, "length": 32, "symbols": 8]),
        TaskCase("boxes", ["boxes": 16, "items": 10, "operations": 96, "questions": 6, "length": 400, "symbols": 64]),
        TaskCase("modular-counter", ["counters": 2, "modulus": 2, "period": 0, "length": 32, "questions": 2]),
        TaskCase("modular-counter", ["counters": 4, "modulus": 8, "period": 64, "length": 256]),
    ]
}
