import AssayCore
import Testing

@testable import AssayTasks

/// What holds for all tasks of hops.
@Suite struct HopTaskTests {
    private static let chains = ["pointer-table", "kinship", "operation-ladder", "deduction"]
    private static let all = chains + ["hop-induction", "arithmetic-tree", "story", "topological-order"]

    @Test("every multi-hop item has its single hops as twins, on the same facts", arguments: all)
    func twins(_ name: String) throws {
        let task = try TaskRegistry.make(name, parameters: name == "hop-induction" ? ["hops": 4] : [:])
        for index in 0..<100 {
            let cluster = task.cluster(.evaluation(seed: 3), index: index)
            let main = cluster[0]
            #expect(main.questions.allSatisfy { $0.item.parent == nil })
            let context = main.turn ?? 0
            var steps: [ItemID: Int] = [:]
            for twin in cluster.dropFirst() {
                var asked: Set<[Int32]> = []
                for question in twin.questions {
                    #expect(question.item.hops == 1)
                    steps[try #require(question.item.parent), default: 0] += 1
                    let start = twin.tokens[..<question.answer.lowerBound].lastIndex(of: Vocabulary.query) ?? 0
                    if question.hiddenGold == nil {
                        #expect(asked.insert(Array(twin.tokens[start..<question.answer.lowerBound])).inserted)
                    }
                }
                if name != "hop-induction", name != "arithmetic-tree" {
                    #expect(twin.tokens[..<context] == main.tokens[..<context])
                }
            }
            for question in main.questions {
                let hops = question.item.hops
                let expected =
                    switch name {
                    case "arithmetic-tree": question.item.facts
                    case "topological-order": parentsAsked(main, question)
                    default: hops
                    }
                #expect(steps.removeValue(forKey: question.item.id) ?? 0 == (hops == 1 ? 0 : expected))
            }
            #expect(steps.isEmpty)
        }
    }

    /// Nodes with parents among the ancestors of the node asked about and itself.
    private func parentsAsked(_ sequence: TaskSequence, _ question: Question) -> Int {
        let inside = Set(sequence.tokens[question.answer] + [sequence.tokens[question.answer.lowerBound - 1]])
        let heads = sequence.tokens.indices.filter { sequence.tokens[$0] == Vocabulary.arrow }.map {
            sequence.tokens[$0 + 1]
        }
        return Set(heads).intersection(inside).count
    }

    @Test("hops are asked as often as each other, at the same length, facts and load", arguments: all)
    func hopsAreNotConfounded(_ name: String) throws {
        let task = try TaskRegistry.make(name)
        var counts: [Int: Int] = [:]
        var places: [Int: Int] = [:]
        var fixed: Set<[Int]> = []
        for index in 0..<1_200 {
            for question in task.cluster(.evaluation(seed: 4), index: index)[0].questions {
                counts[question.item.hops, default: 0] += 1
                places[question.item.hops, default: 0] += question.item.id.question
                fixed.insert([question.item.length, question.item.facts, question.item.load])
            }
        }
        #expect(fixed.count == 1)
        let mean = Double(counts.values.reduce(0, +)) / Double(counts.count)
        #expect(name == "hop-induction" || counts.count >= 3)
        #expect(counts.values.allSatisfy { abs(Double($0) - mean) < 5 * mean.squareRoot() }, "\(counts)")
        // The place among the questions tells nothing.
        let overall = Double(places.values.reduce(0, +)) / Double(counts.values.reduce(0, +))
        for (hops, sum) in places { #expect(abs(Double(sum) / Double(counts[hops] ?? 1) - overall) < 0.2) }
    }

    @Test(
        "no question of an evaluation sequence rests on facts of another one's path",
        arguments: ["pointer-table", "kinship", "operation-ladder", "story"])
    func noGivenPaths(_ name: String) throws {
        let task = try #require(try TaskRegistry.make(name) as? any HopTask)
        func paths(_ task: some HopTask, _ sequence: TaskSequence) -> [[Int]] {
            let reading = HopReading(sequence.tokens, task.grammar)
            let solver = task.solver(reading)
            return reading.asked.compactMap { solver.solve($0)?.support }
        }
        for index in 0..<200 {
            let main = task.cluster(.evaluation(seed: 5), index: index)[0]
            let supports = paths(task, main)
            #expect(supports.count == main.questions.count)
            #expect(Set(supports.joined()).count == supports.joined().count)
        }
    }

    @Test("deduction is balanced for every number of hops, and what is stated does not tell")
    func deductionIsBalanced() throws {
        let task = try Deduction(["hops": 4, "length": 256])
        var counts: [Int: (yes: Int, all: Int)] = [:]
        for index in 0..<1_500 {
            for sequence in task.cluster(.evaluation(seed: 6), index: index) {
                for question in sequence.questions {
                    let isYes = sequence.gold(question) == [Vocabulary.yes]
                    let key = question.item.parent == nil ? question.item.hops : 0
                    counts[key, default: (0, 0)].all += 1
                    if isYes { counts[key, default: (0, 0)].yes += 1 }
                }
            }
        }
        #expect(counts.keys.sorted() == [0, 1, 2, 3, 4])
        for (hops, count) in counts {
            let deviation = abs(Double(count.yes) - Double(count.all) / 2) / (Double(count.all) / 4).squareRoot()
            #expect(deviation < 4, "\(hops): \(count)")
        }
    }

    @Test("training asks every number of hops, single ones most often", arguments: chains + ["hop-induction", "story"])
    func trainingLadder(_ name: String) throws {
        let task = try TaskRegistry.make(name, parameters: name == "story" ? [:] : ["hops": 3])
        var counts = [Int](repeating: 0, count: 4)
        for index in 0..<600 {
            let sequence = task.trainingSequence(.training(seed: 4), index: index)
            for question in sequence.questions { counts[question.item.hops] += 1 }
        }
        #expect(counts[1] > counts[2] && counts[2] > counts[3] && counts[3] > 100, "\(counts)")
    }

    @Test(
        "lengths of 64 and of 4,096 tokens work",
        arguments: all + ["boxes", "modular-counter"])
    func lengths(_ name: String) throws {
        let small: [String: [String: Int]] = [
            "pointer-table": ["facts": 6, "hops": 2, "questions": 2],
            "kinship": ["facts": 6, "hops": 2, "questions": 2],
            "operation-ladder": ["facts": 6, "hops": 2, "questions": 2],
            "deduction": ["chains": 2, "hops": 2, "questions": 2],
            "arithmetic-tree": ["questions": 3],
            "story": ["people": 4, "objects": 2, "rounds": 2, "questions": 2],
            "topological-order": ["nodes": 6, "edges": 8, "ancestors": 3, "hops": 3],
            "boxes": ["boxes": 4, "items": 3, "operations": 8, "questions": 2],
            "hop-induction": ["hops": 4],
        ]
        for (length, parameters) in [(64, small[name] ?? [:]), (4_096, [:])] {
            let task = try TaskRegistry.make(name, parameters: parameters.merging(["length": length]) { $1 })
            for index in 0..<20 {
                #expect(task.cluster(.evaluation(seed: 1), index: index).allSatisfy { task.check($0).isEmpty })
                #expect(task.check(task.trainingSequence(.training(seed: 1), index: index)).isEmpty)
            }
        }
    }

    @Test(
        "contradictory parameters are refused, with the parameter to change",
        arguments: [
            ("hop-induction", ["hops": 16, "questions": 40], "length", "140"),
            ("pointer-table", ["facts": 12], "facts", "20"),
            ("pointer-table", ["facts": 40], "symbols", "40"),
            ("pointer-table", ["length": 97], "length", "98"),
            ("kinship", ["facts": 10], "facts", "15"),
            ("kinship", ["facts": 28], "symbols", "38"),
            ("operation-ladder", ["facts": 14], "facts", "15"),
            ("arithmetic-tree", ["hops": 7], "hops", "6"),
            ("arithmetic-tree", ["hops": 2], "hops", "3"),
            ("arithmetic-tree", ["length": 65], "length", "66"),
            ("deduction", ["questions": 6], "questions", "5"),
            ("deduction", ["chains": 8], "symbols", "38"),
            ("story", ["questions": 5], "questions", "4"),
            ("story", ["people": 4], "people", "5"),
            ("topological-order", ["hops": 6], "hops", "5"),
            ("topological-order", ["edges": 9], "edges", "10"),
            ("topological-order", ["edges": 61], "edges", "60"),
            ("boxes", ["boxes": 5], "boxes", "7"),
            ("boxes", ["questions": 6], "questions", "5"),
            ("modular-counter", ["period": 4], "period", "8"),
            ("modular-counter", ["counters": 1, "period": 0], "counters", "2"),
        ])
    func contradictions(_ name: String, _ parameters: [String: Int], _ parameter: String, _ bound: String) throws {
        let error = try #require(throws: AssayError.self) { try TaskRegistry.make(name, parameters: parameters) }
        #expect(error.problem.contains("'\(parameter)'") && error.problem.contains(bound), "\(error)")
    }
}
